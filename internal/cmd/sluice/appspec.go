package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// aboutFiles tells what a deployment's file may be.
const aboutFiles = `

The file is JSON or YAML. It may be an AppSpec of CodeDeploy: then --strategy,
--alarm and --hook-mode say what an AppSpec does not.`

// appSpecFlags say what an AppSpec does not say.
type appSpecFlags struct {
	strategy string
	alarms   []string
	hookMode string
}

func (a *appSpecFlags) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.strategy, "strategy", "", "shift an AppSpec by this `STRATEGY`")
	cmd.Flags().StringArrayVar(&a.alarms, "alarm", nil, "watch this `ALARM` with an AppSpec; may be repeated")
	cmd.Flags().StringVar(&a.hookMode, "hook-mode", "", "how an AppSpec's hooks answer: `MODE` is codedeploy\n(the default), sync or callback")
}

// fields are the fields of an input that the flags stand for.
func (a appSpecFlags) fields() map[string]any {
	fields := map[string]any{}
	if a.strategy != "" {
		fields["strategy"] = a.strategy
	}
	if len(a.alarms) > 0 {
		fields["alarms"] = a.alarms
	}
	if a.hookMode != "" {
		fields["hookMode"] = a.hookMode
	}
	return fields
}

// fieldFlags are the flags by the fields that they stand for.
var fieldFlags = map[string]string{"strategy": "--strategy", "alarms": "--alarm", "hookMode": "--hook-mode"}

// flagOf returns the flag that a problem is about; empty if it is about none.
func flagOf(path string) string {
	field, _, _ := strings.Cut(path, "[")
	field, _, _ = strings.Cut(field, ".")
	return fieldFlags[field]
}

// read reads a deployment's file, and adds to it what the flags say.
func (a appSpecFlags) read(from source, stdin io.Reader) (file, error) {
	f, err := from.read(stdin)
	if err != nil {
		return f, err
	}
	return a.apply(f)
}

// apply writes what the flags say beside the AppSpec in a file. It returns an invalidError if the
// file has none, or says the same.
func (a appSpecFlags) apply(f file) (file, error) {
	said := a.fields()
	if len(said) == 0 {
		return f, nil
	}
	var problems strictjson.Problems
	root := strictjson.Parse(f.json, &problems)
	if len(problems.List()) > 0 {
		return f, f.invalid(&request.InputError{Problems: problems.List()})
	}
	var in strictjson.Object
	if root.IsObject() {
		in = root.Members()
	}
	holds := root.IsObject() && in.Field("appSpec").Present()
	switch {
	case !holds && !request.IsAppSpec(f.json):
		return f, misplaced(said, func(string) bool { return true }, "%s: goes with an AppSpec, and %s is none: write it there, as %s", f)
	case !holds:
		said["appSpec"], f.appSpec = json.RawMessage(f.json), true
	default:
		err := misplaced(said, func(field string) bool { return in.Field(field).Present() }, "%s: %s has %[3]s already: remove one of the two", f)
		if err != nil {
			return f, err
		}
		for _, name := range in.Names() {
			said[name] = in.Field(name).Raw()
		}
	}
	var err error
	f.json, err = json.MarshalIndent(said, "", "  ")
	return f, err
}

// misplaced returns an invalidError about the flags that say what must not be said beside a file.
func misplaced(said map[string]any, is func(field string) bool, format string, f file) error {
	wrong := &invalidError{}
	for _, field := range sortedKeys(said) {
		if is(field) {
			wrong.lines = append(wrong.lines, fmt.Sprintf(format, fieldFlags[field], f.name, field))
		}
	}
	return wrong.orNil()
}
