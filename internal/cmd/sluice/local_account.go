package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sluice-aws/sluice/internal/dashboard"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/stack"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// localAccount is an AWS account that is played on a port of this machine.
type localAccount struct {
	endpoint string
	page     string // the URL of its dashboard
	flags    localFlags
	stderr   io.Writer
	tell     func(world.News) // is called with what happens
	world    *world.Paced
	// template and fleet are nil if the functions run in this process.
	template []byte
	fleet    *stack.Fleet
}

// create creates the account of the inputs, and of other deployments. It checks all that it is made
// of.
func (a *localAccount) create(s inputs, others ...json.RawMessage) error {
	pace := world.Pace{
		Speed: a.flags.speed, Tell: a.tell,
		Problem: func(err error) { fmt.Fprintf(a.stderr, "sluice: %v\n", err) },
	}
	if a.flags.functions == asBootstraps {
		pace.Run = func(ctx context.Context, function string, payload []byte) ([]byte, bool, error) {
			return a.fleet.Run(ctx, function, payload)
		}
	}
	var err error
	if a.world, err = world.NewPaced(pace, s.scenario, append(others, s.deployment)...); err != nil {
		return fmt.Errorf("create the account: %w", err)
	}
	a.world.OnHook(a.showEvent)
	if a.flags.functions == asBootstraps {
		if a.template, err = readTemplate(); err != nil {
			a.world.Close()
			return err
		}
	}
	return nil
}

// showEvent shows the event of a hook that was written for CodeDeploy, as the usual console.log of
// such a hook does. Nothing else in the account has the id to answer with.
func (a *localAccount) showEvent(hook string, event []byte) {
	var e shift.LifecycleEvent
	if json.Unmarshal(event, &e) == nil && e.HookID != "" {
		fmt.Fprintf(a.stderr, "sluice: the hook %s was asked: %s\n", hook, event)
	}
}

// dashboard returns what the account's dashboard works with: that of a person who has configured
// the aws command for it.
func (a *localAccount) dashboard() dashboard.Config {
	home := account{
		environment: environment{getenv: func(string) string { return "" }, now: time.Now},
		prefix:      strings.TrimSuffix(world.FunctionPrefix, "-"), machine: a.world.StateMachine(), table: world.LedgerTable,
	}
	c := home.dashboard(a.config("dashboard"))
	c.Place, c.Clock = "sluice local", a.world.Clock
	return c
}

// config is the AWS configuration of somebody who works in the account.
func (a *localAccount) config(keyID string) aws.Config {
	_, region, _ := a.world.Place()
	return aws.Config{
		Region: region, BaseEndpoint: &a.endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: keyID, SecretAccessKey: "local"}, nil
		}),
	}
}

func (a *localAccount) place() (at stack.Place) {
	at.Partition, at.Region, at.Account = a.world.Place()
	at.Endpoint = a.endpoint
	return at
}

// readTemplate reads the stack's template.
func readTemplate() ([]byte, error) {
	template, err := os.ReadFile(templateFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s here: run this command in the repository's folder", templateFile)
	}
	if err != nil {
		return nil, fmt.Errorf("read the stack's template: %w", err)
	}
	return template, nil
}

// deploy puts the account on its endpoint. It creates the functions of the stack's template, each of
// which runs in processes of its own and calls the endpoint, unless they run in this process.
func (a *localAccount) deploy() error {
	a.world.Listen(a.endpoint)
	if a.flags.functions != asBootstraps {
		return nil
	}
	functions, err := stack.Read(a.template, a.place())
	if err != nil {
		return err
	}
	for _, f := range functions { // the account has its own front ends
		maps.Copy(f.Variables, a.world.FrontEnds())
	}
	logs := io.Discard
	if verbose() {
		logs = a.stderr
	}
	a.fleet, err = stack.NewFleet(functions, stack.Site{Place: a.place(), Bootstraps: bootstrapsDir, Prefix: world.FunctionPrefix, Logs: logs})
	if err != nil {
		return fmt.Errorf("%w: build them with make %s", err, bootstrapsDir)
	}
	return nil
}

// verbose reports whether --verbose was given.
func verbose() bool { return slog.Default().Enabled(context.Background(), slog.LevelInfo) }

func (a *localAccount) close() {
	a.world.Close()
	if a.fleet == nil {
		return
	}
	a.fleet.Close()
	if verbose() {
		a.printStartTimes(a.stderr)
	}
}

// printStartTimes prints how long each process took until it was ready for its first
// event.
func (a *localAccount) printStartTimes(to io.Writer) {
	t := &table{indent: gutter}
	starts := a.fleet.Starts()
	for _, name := range sortedKeys(starts) {
		for _, s := range starts[name] {
			if s.Ready > 0 {
				t.add(name, "ready after "+s.Ready.Round(time.Millisecond).String())
			}
		}
	}
	t.write(to)
}

// print prints how to use the account: commands that can be pasted as one block, and
// others to try.
func (a *localAccount) print(to io.Writer, s inputs) {
	fmt.Fprintf(to, "An AWS account is on %s, where time passes %s. Ctrl-C ends it.\nIts dashboard is on %s\nIn another terminal:\n\n", a.endpoint, speedText(a.flags.speed), a.page)
	release, err := file{json: s.deployment}.release("")
	if err != nil {
		return // cannot happen: the deployment was decoded before
	}
	printLines(to, a.walkthrough(s, release))
	fmt.Fprintf(to, "\nOther things to try:\n\n")
	printLines(to, a.moreCommands(release))
	a.printHooks(to, s)
}

func printLines(to io.Writer, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(to, "  %s\n", line)
	}
}

// walkthrough lists commands that start a deployment and set its alarms off. The whole
// list can be pasted, and pasted again: each time there is new code, and a new name.
func (a *localAccount) walkthrough(s inputs, release shift.Release) []string {
	_, region, _ := a.world.Place()
	lines := []string{
		fmt.Sprintf("export AWS_ENDPOINT_URL=%s AWS_REGION=%s AWS_DEFAULT_REGION=%[2]s", a.endpoint, region),
		"export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_PAGER=",
	}
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if a.world.FrontEnds()[flow.CloudFront.Variable] != "" { // the client puts the account before the host
		add("export AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE=%s", strings.Replace(a.endpoint, "127.0.0.1", "localhost", 1))
	}
	for _, arrival := range release.Arrivals {
		if function, _, err := flow.SplitLambdaTarget(arrival.Target); err == nil && arrival.Candidate == "" {
			add(`aws lambda update-function-code --function-name %s --s3-bucket code --s3-key "$(date +%%s).zip"`, function)
			add("aws lambda wait function-updated-v2 --function-name %s", function)
		}
	}
	add(`aws stepfunctions start-execution --name "walk-$(date +%%s)" --state-machine-arn %s \`, a.world.StateMachine())
	add("  --input '%s'", a.exampleInput(s))
	routes := func() {
		for _, arrival := range release.Arrivals {
			add("%s", a.routeCommand(arrival.Target))
		}
	}
	routes()
	for _, alarm := range release.Alarms {
		add("aws cloudwatch set-alarm-state %s --state-value ALARM --state-reason 'by hand'", alarmArguments(alarm))
	}
	add("%s watch %s", invokedAs(), release.Arrivals[0].Target)
	routes()
	return lines
}

// alarmArguments names an alarm to the aws command.
func alarmArguments(alarm string) string {
	if a, is := shift.ParseAlarmARN(alarm); is {
		return fmt.Sprintf("--region %s --alarm-name %s", a.Region, a.Name)
	}
	return "--alarm-name " + alarm
}

// routeCommand returns a command that shows what a Target serves.
func (a *localAccount) routeCommand(t shift.Target) string {
	switch t.Kind() {
	case shift.KindCloudFront:
		distribution, _ := flow.SplitCloudFrontTarget(t) // the input was decoded before
		return fmt.Sprintf("aws cloudfront-keyvaluestore get-key --kvs-arn %s --key %s", a.world.FrontEnds()[flow.CloudFront.Variable], distribution)
	case shift.KindRoute53:
		zone, name, _ := flow.SplitRoute53Target(t)
		return fmt.Sprintf("aws route53 list-resource-record-sets --hosted-zone-id %s --start-record-name %s --max-items 4", zone, name)
	case shift.KindSwitch:
		return fmt.Sprintf("aws cloudfront get-distribution-config --id %s --query DistributionConfig.Aliases", a.switchOf(t))
	}
	function, alias, _ := flow.SplitLambdaTarget(t)
	return fmt.Sprintf("aws lambda get-alias --function-name %s --name %s", function, alias)
}

// switchOf returns the distribution that has a switched name to serve it.
func (a *localAccount) switchOf(t shift.Target) string {
	pairs, _ := flow.ParseSwitchPairs(a.world.FrontEnds()[flow.Switch.Variable]) // the account has written them
	for _, p := range pairs {
		if flow.SwitchTarget(p.Name) == t {
			return p.Switch
		}
	}
	return ""
}

// invokedAs returns how the user calls this command: bin/sluice in a clone, ./sluice where an
// archive was unpacked, or sluice.
func invokedAs() string { return os.Args[0] }

// moreCommands lists commands that are not part of the walkthrough.
func (a *localAccount) moreCommands(release shift.Release) []string {
	target := release.Arrivals[0].Target
	lines := []string{
		fmt.Sprintf("%s status", invokedAs()),
		fmt.Sprintf("%s abort %s --reason 'by hand'", invokedAs(), target),
		fmt.Sprintf("%s promote %s", invokedAs(), target),
		fmt.Sprintf("%s history %s", invokedAs(), target),
		fmt.Sprintf("aws stepfunctions list-executions --state-machine-arn %s", a.world.StateMachine()),
	}
	for _, arrival := range release.Arrivals {
		if function, alias, err := flow.SplitLambdaTarget(arrival.Target); err == nil {
			lines = append(lines,
				fmt.Sprintf("aws lambda invoke --function-name %s:%s answer.json", function, alias),
				fmt.Sprintf("aws lambda publish-version --function-name %s", function))
		}
	}
	return append(lines, "aws dynamodb scan --table-name sluice")
}

// printHooks lists the functions that can be used as hooks.
func (a *localAccount) printHooks(to io.Writer, s inputs) {
	var waiting []string
	names := sortedKeys(s.scenario.Hooks)
	for _, name := range names {
		if s.scenario.Hooks[name].Result == world.HookHangs {
			waiting = append(waiting, name)
		}
	}
	if len(names) == 0 {
		return
	}
	fmt.Fprintf(to, "\nHooks that the input can name: %s.", strings.Join(names, ", "))
	if len(waiting) > 0 {
		fmt.Fprintf(to, "\nIn the mode callback, %s waits for aws stepfunctions send-task-success\nwith the task token from the execution's history.", strings.Join(waiting, ", "))
	}
	fmt.Fprintf(to, "\nIn the mode codedeploy, a hook answers as to CodeDeploy, by aws deploy\nput-lifecycle-event-hook-execution-status, with\nAWS_ENDPOINT_URL_CODEDEPLOY=%s.", a.world.HookURL())
	fmt.Fprintln(to)
}

// exampleStrategy bakes for so long that whoever reads between two commands still finds
// the deployment open, even if time passes 60 times as fast.
const exampleStrategy = "Canary10Percent600Minutes"

// exampleInput returns an input to start, on one line. It leaves out the hooks of the
// sample, because one of them waits for a person's answer.
func (a *localAccount) exampleInput(s inputs) string {
	if a.flags.deployment == "" {
		s.scenario.Hooks = nil
		return string(sampleDeployment(s.scenario, exampleStrategy))
	}
	var line bytes.Buffer
	if json.Compact(&line, s.deployment) != nil {
		return string(s.deployment)
	}
	return line.String()
}

// speedText says how fast time passes.
func speedText(speed float64) string {
	if speed == 1 {
		return "as it does here"
	}
	return fmt.Sprintf("%g times as fast", speed)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
