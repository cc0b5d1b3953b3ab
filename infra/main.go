// Command infra is the CDK app. It defines Sluice's resources in AWS. `make synth` runs it
// through the cdk command, which passes the settings as context. `make package` has it write what
// is deployed without CDK.
package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func main() {
	err := run(os.Args[1:])
	stderr := os.Stderr
	// jsii waits for its process twice, and sometimes prints an error about the second time.
	os.Stderr, _ = os.Open(os.DevNull)
	jsii.Close()
	if err != nil {
		fmt.Fprintln(stderr, err)
		os.Exit(1)
	}
}

// run synthesizes the stacks, or writes the package into a folder.
func run(args []string) error {
	switch {
	case len(args) == 0:
		return synthesize()
	case len(args) == 2 && args[0] == "package":
		return writePackage(args[1])
	default:
		return errors.New("usage: infra, as CDK's app, or infra package FOLDER")
	}
}

func synthesize() error {
	app := awscdk.NewApp(&awscdk.AppProps{AnalyticsReporting: jsii.Bool(false)})
	s, err := settingsOf(app)
	if err != nil {
		return err
	}
	b, err := readBuilt(dist, functionNames(s))
	if err != nil {
		return err
	}
	newStacks(app, s, b)
	app.Synth(nil)
	return nil
}

// settingsOf reads the settings from an app's context.
func settingsOf(app awscdk.App) (settings, error) {
	all, _ := app.Node().GetAllContext(nil).(map[string]any)
	find := func(name string) any { return app.Node().TryGetContext(jsii.String(name)) }
	return readSettings(find, slices.Collect(maps.Keys(all)))
}

// dist is the folder into which make build writes the Lambdas, relative to cdk.json.
const dist = "dist"
