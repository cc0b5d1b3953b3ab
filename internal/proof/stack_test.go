package proof

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
	"sluice/internal/localaws"
	"sluice/internal/shift"
	"sluice/internal/world"
)

// A stack is a person's stack of CloudFormation whose alias Sluice shifts. CloudFormation may take
// its steps in any order, and Sluice goes on beside it.
type stack struct {
	t *testing.T
	w *world.World
	// grain is how far time passes between two choices.
	grain time.Duration
	// moves are what a person may do, each once.
	moves []localaws.StackMove
	log   []string
	// deaf is how many commands may find nobody to obey them.
	deaf int
}

const stackName = "shop"

// form is what a template says.
type form struct {
	code     string // of the function; a version is published for each
	config   string // the strategy's name
	shift    string // more properties of the custom resource
	topic    string // policies of a resource beside; empty for none
	plain    bool   // without Sluice
	function string // the function's name
	long     bool   // with a wait condition
	macro    bool   // as it is for CodeDeploy, and one line more: the macro makes the rest of it
}

// template writes the template of a form, as the macro leaves it.
func template(f form) string {
	function := f.function
	if function == "" {
		function = "orders"
	}
	version := "Version" + f.code
	resources := map[string]any{
		"Orders": map[string]any{"Type": "AWS::Lambda::Function", "Properties": map[string]any{
			"FunctionName": function, "Runtime": "nodejs22.x", "Handler": "index.handler", "Role": "arn:aws:iam::123456789012:role/orders",
			"Code": map[string]any{"S3Bucket": "code", "S3Key": f.code}, "Tags": []any{map[string]any{"Key": flow.TagAlias, "Value": "live"}, map[string]any{"Key": flow.TagShiftedBy, "Value": flow.ShiftedByStack}},
		}},
		version: map[string]any{
			"Type": "AWS::Lambda::Version", "DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain",
			"Properties": map[string]any{"FunctionName": ref("Orders")},
		},
	}
	alias := map[string]any{"Type": "AWS::Lambda::Alias", "Properties": map[string]any{
		"Name": "live", "FunctionName": ref("Orders"), "FunctionVersion": getAtt(version, "Version"),
	}}
	resources["Live"] = alias
	if f.macro {
		addCodeDeploy(f, resources, alias)
	}
	if !f.plain && !f.macro {
		alias["Properties"].(map[string]any)["FunctionVersion"] = getAtt("Shift", "Live")
		properties := map[string]any{
			"ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:" + world.FunctionPrefix + flow.StackShift, "ServiceTimeout": "3600", "Protocol": "1",
			"Targets":              []any{map[string]any{"Key": "Live", "Function": ref("Orders"), "Alias": "live", "Version": getAtt(version, "Version")}},
			"DeploymentConfigName": f.config, "Judge": "off",
		}
		if f.shift != "" {
			if err := json.Unmarshal([]byte("{"+f.shift+"}"), &properties); err != nil {
				panic(err)
			}
		}
		resources["Shift"] = map[string]any{"Type": "Custom::SluiceShift", "Properties": properties}
		if f.long {
			handle, wait := "Handle"+f.code, "Wait"+f.code
			properties["Handle"] = ref(handle)
			resources[handle] = map[string]any{"Type": "AWS::CloudFormation::WaitConditionHandle"}
			resources[wait] = map[string]any{"Type": "AWS::CloudFormation::WaitCondition", "DependsOn": "Shift", "Properties": map[string]any{"Handle": ref(handle), "Count": "1", "Timeout": "21600"}}
			alias["DependsOn"] = []any{wait}
		}
	}
	if f.topic != "" {
		topic := map[string]any{"Type": "AWS::SNS::Topic", "Properties": map[string]any{"DisplayName": f.code}}
		if err := json.Unmarshal([]byte("{"+f.topic+"}"), &topic); err != nil {
			panic(err)
		}
		resources["Topic"] = topic
	}
	return encode(f, resources)
}

// encode writes the template of a form with these resources.
func encode(f form, resources map[string]any) string {
	whole := map[string]any{"Resources": resources}
	if f.macro {
		whole["Transform"] = []any{flow.DefaultMacro}
	}
	text, err := json.Marshal(whole)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// addCodeDeploy makes a template one whose alias CodeDeploy shifts, as SAM leaves it.
func addCodeDeploy(f form, resources, alias map[string]any) {
	alias["UpdatePolicy"] = map[string]any{"CodeDeployLambdaAliasUpdate": map[string]any{"ApplicationName": ref("Application"), "DeploymentGroupName": ref("Group")}}
	resources["Application"] = map[string]any{"Type": "AWS::CodeDeploy::Application", "Properties": map[string]any{"ComputePlatform": "Lambda"}}
	resources["Group"] = map[string]any{"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": map[string]any{
		"ApplicationName": ref("Application"), "ServiceRoleArn": "arn:aws:iam::123456789012:role/codedeploy", "DeploymentConfigName": f.config,
		"AlarmConfiguration": map[string]any{"Enabled": true, "Alarms": []any{map[string]any{"Name": "orders-errors"}}},
	}}
}

func ref(name string) any        { return map[string]any{"Ref": name} }
func getAtt(of, name string) any { return map[string]any{"Fn::GetAtt": []any{of, name}} }
func withBeside(f form) form     { f.topic = `"Metadata": {}`; return f }
func withBehind(f form) form     { f.topic = `"DependsOn": "Live"`; return f }
func ofCanary(code string) form {
	return form{code: code, config: "CodeDeployDefault.LambdaCanary10Percent1Minute"}
}
func ofMacro(code string) form                 { f := ofCanary(code); f.macro = true; return f }
func withShift(f form, properties string) form { f.shift = properties; return f }

// newStack makes the account, with the stack as the first form has it.
func newStack(t *testing.T, config localaws.CloudFormationConfig, scenario string, first form) *stack {
	t.Helper()
	st := newStackWorld(t, config, scenario)
	require.NoError(t, st.create(first))
	require.Equal(t, "CREATE_COMPLETE", st.status(), st)
	return st
}

// newStackWorld makes the account, without the stack.
func newStackWorld(t *testing.T, config localaws.CloudFormationConfig, scenario string) *stack {
	t.Helper()
	s := scenarioOf(t, scenario)
	s.Stacks, s.Open = config, true
	w, err := world.New(s)
	require.NoError(t, err)
	return &stack{t: t, w: w, grain: 30 * time.Second}
}

func (s *stack) create(first form) error {
	_, err := s.client().CreateStack(s.t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String(stackName), TemplateBody: aws.String(template(first)), Capabilities: []types.Capability{types.CapabilityCapabilityAutoExpand},
	})
	if err != nil {
		return err
	}
	return s.play(firstChoice)
}

// stackRollsBack plays a stack whose update fails after its shift.
func stackRollsBack(t *testing.T, watch func(*world.World)) error {
	t.Helper()
	s := newStackWorld(t, failTopic(localaws.CloudFormationConfig{}), `{}`)
	defer s.w.Close()
	watch(s.w)
	if err := s.create(ofCanary("1")); err != nil {
		return err
	}
	s.update(withBehind(ofCanary("2")))
	return s.play(firstChoice)
}

// waitingStackIsCancelled plays a stack whose update is cancelled while its shift waits for its
// turn, and then one that is cancelled in the middle of its shift.
func waitingStackIsCancelled(t *testing.T, watch func(*world.World)) error {
	t.Helper()
	s := newStackWorld(t, localaws.CloudFormationConfig{}, `{}`)
	defer s.w.Close()
	watch(s.w)
	if err := s.create(ofCanary("1")); err != nil {
		return err
	}
	require.NoError(t, s.w.Cloud().UpdateCode("orders", "by hand"))
	_, err := s.w.Cloud().Publish("orders")
	require.NoError(t, err)
	_, err = s.w.Start("by-hand", json.RawMessage(`{"function": "orders", "version": "2", "judge": "off", "strategy": {"canary": {"percent": 10, "bakeMinutes": 20}}}`))
	require.NoError(t, err)
	for _, code := range []string{"2", "3"} {
		s.update(ofCanary(code))
		s.w.HappenAfter(75*time.Second, func() {
			_, _ = s.client().CancelUpdateStack(t.Context(), &cloudformation.CancelUpdateStackInput{StackName: aws.String(stackName)})
		})
		if err := s.play(firstChoice); err != nil {
			return err
		}
	}
	return nil
}

func firstChoice([]string) int { return 0 }

func (s *stack) client() *cloudformation.Client {
	return cloudformation.NewFromConfig(s.w.Config("deployer"))
}

// update begins an update.
func (s *stack) update(f form) {
	s.t.Helper()
	_, err := s.client().UpdateStack(s.t.Context(), &cloudformation.UpdateStackInput{
		StackName: aws.String(stackName), TemplateBody: aws.String(template(f)), Capabilities: []types.Capability{types.CapabilityCapabilityAutoExpand},
	})
	require.NoError(s.t, err)
}

// play lets CloudFormation and Sluice go on until both have ended.
func (s *stack) play(pick func([]string) int) error {
	player := &localaws.StackPlayer{
		Stacks: s.w.Cloud().CloudFormation(), Pick: pick, Dawdle: true, MaxSteps: 20_000,
		Moves: func() []localaws.StackMove { return slices.Clone(s.moves) },
		Log:   func(line string) { s.log = append(s.log, fmt.Sprintf("%s %s", s.w.Elapsed(), line)) },
		Settled: func(a localaws.StackAction) bool {
			return slices.Contains([]string{"Orders", "Application", "Group"}, a.Resource) || strings.HasPrefix(a.Resource, "Version") || strings.HasPrefix(a.Resource, "Handle")
		},
		Wakes: func() (time.Time, bool) {
			if s.w.IsIdle() || s.w.Problem() != nil {
				return time.Time{}, false
			}
			return s.w.Now().Truncate(s.grain).Add(s.grain), true
		},
		Pass: func(until time.Time) { s.pass(until) },
	}
	err := player.Run(s.t.Context())
	if problem := s.w.Problem(); problem != nil {
		return problem
	}
	return err
}

func (s *stack) pass(until time.Time) {
	for next, more := s.w.Next(); more && !next.After(until); next, more = s.w.Next() {
		s.w.Step()
	}
	if s.w.Problem() == nil {
		_ = s.w.Advance(until.Sub(s.w.Now())) // play returns its problem
	}
}

// byHand publishes a version and points the alias at it, as somebody does beside the stack.
func (s *stack) byHand() {
	s.t.Helper()
	require.NoError(s.t, s.w.Cloud().UpdateCode("orders", "by hand"))
	published, err := s.w.Cloud().Publish("orders")
	require.NoError(s.t, err)
	_, err = s.w.Cloud().UpdateAlias(localaws.Alias{Function: "orders", Name: "live", FunctionVersion: published.Version})
	require.NoError(s.t, err)
}

// once is something that a person does at any time, or never.
func (s *stack) once(name string, do func()) {
	s.moves = append(s.moves, localaws.StackMove{Name: name, Optional: true, Do: func(context.Context) {
		s.moves = slices.DeleteFunc(s.moves, func(m localaws.StackMove) bool { return m.Name == name })
		do()
	}})
}

func (s *stack) status() string {
	found, exists := s.w.Cloud().CloudFormation().Stack(stackName)
	if !exists {
		return "DELETE_COMPLETE"
	}
	return found.Status
}

// serving is what the alias serves: its version, and the weights if it has any.
func (s *stack) serving() string {
	alias, exists := s.w.Cloud().Alias("orders", "live")
	if !exists {
		return "nothing"
	}
	if len(alias.Weights) > 0 {
		return fmt.Sprint(alias.FunctionVersion, alias.Weights)
	}
	return alias.FunctionVersion
}

// recorded is the version of the alias that the stack has recorded.
func (s *stack) recorded() string {
	stacks := s.w.Cloud().CloudFormation()
	state, _ := stacks.Stack(stackName)
	for logical := range state.Resources {
		if logical == "Shift" || strings.HasPrefix(logical, "SluiceShift") { // the macro names its own
			value, _ := stacks.Attribute(stackName, logical, "Live")
			return value
		}
	}
	return ""
}

// String tells what has happened.
func (s *stack) String() string {
	lines := append(slices.Clone(s.log), "of the stack:")
	lines = append(lines, s.w.Cloud().CloudFormation().History(stackName)...)
	for _, x := range s.w.Executions() {
		lines = append(lines, fmt.Sprintf("execution %s: %s %s: %s", x.Name(), x.Status(), s.w.Outcome(x.ARN()), x.Failure()))
	}
	return strings.Join(lines, "\n")
}

// verify checks the invariant of stacks: an update that was taken back leaves every alias as it
// was, one that has succeeded has moved it; no alias has weights, nothing hangs, and nobody waits
// for an answer any more.
func (s *stack) verify(before, after, recorded string) error {
	want := map[string]string{"UPDATE_COMPLETE": after, "UPDATE_ROLLBACK_COMPLETE": before}[s.status()]
	if recorded != "" && s.serving() == recorded && want == before {
		want = recorded
	}
	switch {
	case want == "":
		return fmt.Errorf("the stack is %s", s.status())
	case s.serving() != want:
		return fmt.Errorf("%s, and the alias serves %s, not %s", s.status(), s.serving(), want)
	case s.recorded() != "" && s.recorded() != want && recorded == "":
		return fmt.Errorf("%s, and the stack has recorded %s, not %s", s.status(), s.recorded(), want)
	case s.w.AnyRunning():
		return fmt.Errorf("an execution still runs")
	case s.w.DeadLetters() > s.deaf:
		return fmt.Errorf("%d events could not be handled", s.w.DeadLetters())
	}
	return s.verifyLedger()
}

// verifyLedger checks that nobody waits for an answer, and that no URL is kept.
func (s *stack) verifyLedger() error {
	for _, item := range s.w.Tables().Items(world.LedgerTable) {
		if text := fmt.Sprint(item); strings.Contains(text, "X-Amz-Signature") {
			return fmt.Errorf("the ledger keeps a request of CloudFormation: %s", text)
		}
	}
	return nil
}

// ways are the ways in which CloudFormation may roll back, where it does not say how.
var ways = map[string]localaws.CloudFormationConfig{
	"as documented": {}, "with stale attributes": {StaleAttributes: true}, "in order": {RollbackInOrder: true}, "writing dependants": {RewriteDependants: true},
}

// failTopic makes the resource beside or behind the alias fail.
func failTopic(c localaws.CloudFormationConfig) localaws.CloudFormationConfig {
	c.Opaque = func(change localaws.OpaqueChange) localaws.OpaqueResult {
		if change.Logical == "Topic" && !change.Rollback && change.Properties["DisplayName"] == "2" {
			return localaws.OpaqueResult{Failure: "no topic"}
		}
		return localaws.OpaqueResult{}
	}
	return c
}

// stackStory is a scenario of a stack.
type stackStory struct {
	name     string
	scenario string
	first    form
	// begin begins the update, and what happens beside it.
	begin func(s *stack)
	fails bool // the resource Topic fails
	// before and after are the versions at the end; "" for the ordinary 1 and 2.
	before, after string
	// recorded may be served instead of before.
	recorded string
	// ends are statuses that must be reached in some order.
	ends []string
	// grain is how far time passes between two choices at least. It is 30 seconds, and 2 minutes
	// without CHAOS=all.
	grain time.Duration
}

var stackStories = []stackStory{
	{name: "a healthy version", first: ofCanary("1"), begin: func(s *stack) { s.update(withBeside(ofCanary("2"))) }, ends: []string{"UPDATE_COMPLETE"}},
	{name: "a healthy version of a long plan", first: ofLong(ofCanary("1")), begin: func(s *stack) { s.update(withBeside(ofLong(ofCanary("2")))) }, ends: []string{"UPDATE_COMPLETE"}},
	{
		name: "an alarm in mid-shift", scenario: ordersErrors, first: ofCanary("1"), begin: func(s *stack) {
			s.update(withBeside(withShift(ofCanary("2"), alarmed)))
			s.once("the alarm fires", func() { require.NoError(s.t, s.w.SetAlarm("orders-errors", "ALARM", "it is broken")) })
		},
		ends: []string{"UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"},
	},
	{
		name: "an alarm in mid-shift of a long plan", scenario: ordersErrors, first: ofLong(ofCanary("1")), begin: func(s *stack) {
			s.update(ofLong(withShift(ofCanary("2"), alarmed)))
			s.once("the alarm fires", func() { require.NoError(s.t, s.w.SetAlarm("orders-errors", "ALARM", "it is broken")) })
		},
		ends: []string{"UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"},
	},
	{name: "a resource behind the alias fails", first: ofCanary("1"), fails: true, begin: func(s *stack) { s.update(withBehind(ofCanary("2"))) }, ends: []string{"UPDATE_ROLLBACK_COMPLETE"}},
	{name: "a resource behind the alias fails, long", first: ofLong(ofCanary("1")), fails: true, begin: func(s *stack) { s.update(withBehind(ofLong(ofCanary("2")))) }, ends: []string{"UPDATE_ROLLBACK_COMPLETE"}},
	{name: "a resource beside the alias fails", first: ofCanary("1"), fails: true, begin: func(s *stack) { s.update(withBeside(ofCanary("2"))) }, ends: []string{"UPDATE_ROLLBACK_COMPLETE"}},
	{
		name: "the update is cancelled", first: ofCanary("1"), begin: func(s *stack) {
			s.update(withBeside(ofCanary("2")))
			s.once("somebody cancels the update", func() {
				_, _ = s.client().CancelUpdateStack(s.t.Context(), &cloudformation.CancelUpdateStackInput{StackName: aws.String(stackName)})
			})
		},
		ends: []string{"UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"},
	},
	{
		name: "the execution is stopped", first: ofCanary("1"), begin: func(s *stack) {
			s.update(ofCanary("2"))
			s.once("somebody stops the execution", func() {
				for _, x := range s.w.Executions() {
					_ = s.w.Machine().Stop(x.ARN(), "", "")
				}
			})
		},
		ends: []string{"UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"},
	},
	{
		name: "an update of the strategy alone", first: ofCanary("1"), begin: func(s *stack) {
			s.update(form{code: "1", config: "AllAtOnce"})
		},
		after: "1", ends: []string{"UPDATE_COMPLETE"},
	},
	{name: "adopted without a new version", first: form{code: "1", plain: true}, begin: func(s *stack) { s.update(ofCanary("1")) }, after: "1", ends: []string{"UPDATE_COMPLETE"}},
	{name: "adopted with a new version", first: form{code: "1", plain: true}, begin: func(s *stack) { s.update(ofCanary("2")) }, ends: []string{"UPDATE_COMPLETE"}},
	{name: "adopted with a new version, and a failure", first: form{code: "1", plain: true}, fails: true, begin: func(s *stack) { s.update(withBehind(ofCanary("2"))) }, ends: []string{"UPDATE_ROLLBACK_COMPLETE"}},
	{
		name: "somebody pauses it, and the stack waits no longer", first: ofCanary("1"), grain: 5 * time.Minute, begin: func(s *stack) {
			s.update(withShift(ofCanary("2"), `"ServiceTimeout": "600"`))
			s.w.HappenAfter(30*time.Second, func() { s.w.Command(ordersLive, shift.Pause, "lunch") })
			s.w.HappenAfter(40*time.Minute, func() {
				s.deaf = 1 // the command may come when nobody is there to hear it
				s.w.Command(ordersLive, shift.Resume, "back")
			})
		},
		// CloudFormation may notice only after the answer that it has waited for too long.
		ends: []string{"UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"},
	},
	{
		name: "somebody deploys by hand, and then the stack", first: ofCanary("1"), begin: func(s *stack) {
			s.byHand()
			s.update(ofCanary("2"))
		},
		after: "3", ends: []string{"UPDATE_COMPLETE"},
	},
	{
		name: "somebody deploys by hand, and the stack fails", first: ofCanary("1"), fails: true, begin: func(s *stack) {
			s.byHand()
			s.update(withBehind(ofCanary("2")))
		},
		// CloudFormation may write the version that it has recorded, before or after Sluice.
		before: "2", recorded: "1", ends: []string{"UPDATE_ROLLBACK_COMPLETE"},
	},
	{
		name: "no word from DescribeStacks", first: ofCanary("1"), fails: true,
		scenario: `{"faults": [{"call": "cloudformation:DescribeStacks", "error": "throttle", "fromSeconds": 150, "untilSeconds": 100000}]}`,
		begin:    func(s *stack) { s.update(withBehind(ofCanary("2"))) },
		ends:     []string{"UPDATE_ROLLBACK_COMPLETE"},
	},
	{name: "the line is removed", first: ofCanary("1"), begin: func(s *stack) { s.update(form{code: "1", plain: true, topic: `"Metadata": {}`}) }, after: "1", ends: []string{"UPDATE_COMPLETE"}},
	// The macro processes these templates, as a transform that CloudFormation runs.
	{name: "a healthy version of a template for CodeDeploy", scenario: ordersErrors, first: ofMacro("1"), begin: func(s *stack) { s.update(withBeside(ofMacro("2"))) }, ends: []string{"UPDATE_COMPLETE"}},
	{
		name: "an alarm in mid-shift of a template for CodeDeploy", scenario: ordersErrors, first: ofMacro("1"), begin: func(s *stack) {
			s.update(ofMacro("2"))
			s.w.HappenAfter(30*time.Second, func() { require.NoError(s.t, s.w.SetAlarm("orders-errors", "ALARM", "it is broken")) })
		},
		ends: []string{"UPDATE_ROLLBACK_COMPLETE"},
	},
	{name: "the line is added with a new version", scenario: ordersErrors, first: form{code: "1", plain: true}, begin: func(s *stack) { s.update(ofMacro("2")) }, ends: []string{"UPDATE_COMPLETE"}},
}

const ordersErrors = `{"alarms": [{"name": "orders-errors"}]}`

const alarmed = `"AlarmConfigurations": [{"Enabled": "true", "Alarms": [{"Name": "orders-errors"}]}]`

func ofLong(f form) form { f.long = true; return f }

// TestStacksInEveryOrder plays each story in every order that CloudFormation may take, in one way
// of rolling back, and with CHAOS=all in each.
func TestStacksInEveryOrder(t *testing.T) {
	t.Parallel()
	all := os.Getenv("CHAOS") == "all"
	for i, story := range stackStories {
		for n, way := range slices.Sorted(maps.Keys(ways)) {
			if config := ways[way]; all || n == i%len(ways) {
				t.Run(story.name+", "+way, func(t *testing.T) {
					t.Parallel()
					reached := map[string]int{}
					runs, err := localaws.EveryOrder(20_000, func(c *localaws.StackChoices) error {
						s := story.start(t, config)
						defer s.w.Close()
						err := s.play(c.Pick)
						if err == nil {
							err = s.verify(orElse(story.before, "1"), orElse(story.after, "2"), story.recorded)
						}
						reached[s.status()]++
						if err != nil {
							return fmt.Errorf("%w\n%s", err, s)
						}
						return nil
					})
					require.NoError(t, err)
					t.Log(runs, "orders", reached)
					for _, end := range story.ends {
						assert.Positive(t, reached[end], end)
					}
					assert.Len(t, reached, len(story.ends), "%v", reached)
				})
			}
		}
	}
}

func (story stackStory) start(t *testing.T, config localaws.CloudFormationConfig) *stack {
	t.Helper()
	if story.fails {
		config = failTopic(config)
	}
	s := newStack(t, config, orElse(story.scenario, `{}`), story.first)
	s.log = nil
	if os.Getenv("CHAOS") != "all" {
		s.grain = 2 * time.Minute
	}
	s.grain = max(s.grain, story.grain)
	story.begin(s)
	return s
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
