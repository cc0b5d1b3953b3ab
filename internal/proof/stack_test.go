package proof

import (
	"cmp"
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

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// A stack is a person's stack of CloudFormation whose alias Sluice shifts. CloudFormation may take
// its steps in any order, and Sluice goes on beside it.
type stack struct {
	w *world.World
	// grain is how far time passes between two choices.
	grain time.Duration
	// moves are what a person may do, each once.
	moves []localaws.StackMove
	log   []string
	// deaf is how many commands may find nobody to obey them.
	deaf int
	// dues are what happens when the stack has a status.
	dues []due
	// green is the version that the alias of the other stack has to serve, if there is one.
	green string
	// keeps says that the Ledger may keep a request to which nobody has come.
	keeps bool
	// seen, if set, is called before each choice.
	seen func()
	// problem is why the story cannot be played.
	problem error
}

// try notes why the story cannot be played.
func (s *stack) try(err error) {
	if s.problem == nil {
		s.problem = err
	}
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
	alias    string // the alias's name
	name     string // of the resource beside; the code if it is empty
	macro    bool   // as it is for CodeDeploy, and one line more: the macro makes the rest of it
	// keepsFailed says that an update which fails is not rolled back.
	keepsFailed bool
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
	name := orElse(f.alias, "live")
	alias := map[string]any{"Type": "AWS::Lambda::Alias", "Properties": map[string]any{
		"Name": name, "FunctionName": ref("Orders"), "FunctionVersion": getAtt(version, "Version"),
	}}
	resources["Live"] = alias
	if f.macro {
		addCodeDeploy(f, resources, alias)
	}
	if !f.plain && !f.macro {
		alias["Properties"].(map[string]any)["FunctionVersion"] = getAtt("Shift", "Live")
		properties := map[string]any{
			"ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:" + world.FunctionPrefix + flow.StackShift, "ServiceTimeout": "3600", "Protocol": "1",
			"Targets":              []any{map[string]any{"Key": "Live", "Function": ref("Orders"), "Alias": name, "Version": getAtt(version, "Version")}},
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
		topic := map[string]any{"Type": "AWS::SNS::Topic", "Properties": map[string]any{"DisplayName": orElse(f.name, f.code)}}
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

// newStackWorld makes the account, without the stack. latency is how long each call takes.
func newStackWorld(config localaws.CloudFormationConfig, scenario string, latency time.Duration) (*stack, error) {
	s, err := world.DecodeScenario([]byte(scenario))
	if err != nil {
		return nil, err
	}
	s.Stacks, s.Open, s.Latency = config, true, latency
	w, err := world.New(s)
	if err != nil {
		return nil, err
	}
	return &stack{w: w, grain: 30 * time.Second}, nil
}

func (s *stack) create(first form) error {
	_, err := s.client().CreateStack(context.Background(), &cloudformation.CreateStackInput{
		StackName: aws.String(stackName), TemplateBody: aws.String(template(first)), Capabilities: []types.Capability{types.CapabilityCapabilityAutoExpand},
	})
	if err == nil {
		err = s.play(firstChoice)
	}
	if err == nil && s.status() != "CREATE_COMPLETE" {
		err = fmt.Errorf("the stack is %s, and nothing has begun", s.status())
	}
	return err
}

// stackRollsBack plays a stack whose update fails after its shift.
func stackRollsBack(_ *testing.T, watch func(*world.World)) error {
	s, err := newStackWorld(failTopic(localaws.CloudFormationConfig{}), `{}`, 0)
	if err != nil {
		return err
	}
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
	s, err := newStackWorld(localaws.CloudFormationConfig{}, `{}`, 0)
	if err != nil {
		return err
	}
	defer s.w.Close()
	watch(s.w)
	if err := s.create(ofCanary("1")); err != nil {
		return err
	}
	require.NoError(t, s.w.Cloud().UpdateCode("orders", "by hand"))
	_, err = s.w.Cloud().Publish("orders")
	require.NoError(t, err)
	_, err = s.w.Start("by-hand", json.RawMessage(`{"function": "orders", "version": "2", "judge": "off", "strategy": {"canary": {"percent": 10, "bakeMinutes": 20}}}`))
	require.NoError(t, err)
	for _, code := range []string{"2", "3"} {
		s.update(ofCanary(code))
		s.w.HappenAfter(75*time.Second, s.cancel)
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
	_, err := s.client().UpdateStack(context.Background(), &cloudformation.UpdateStackInput{
		StackName: aws.String(stackName), TemplateBody: aws.String(template(f)), DisableRollback: aws.Bool(f.keepsFailed),
		Capabilities: []types.Capability{types.CapabilityCapabilityAutoExpand},
	})
	s.try(err)
}

// cancel cancels the update, if there is one.
func (s *stack) cancel() {
	_, _ = s.client().CancelUpdateStack(context.Background(), &cloudformation.CancelUpdateStackInput{StackName: aws.String(stackName)})
}

// play lets CloudFormation and Sluice go on until both have ended.
func (s *stack) play(pick func([]string) int) error {
	player := &localaws.StackPlayer{
		Stacks: s.w.Cloud().CloudFormation(), Pick: func(of []string) int {
			if s.seen != nil {
				s.seen()
			}
			return pick(of)
		}, Dawdle: true, MaxSteps: 20_000,
		Moves: s.next,
		Log:   func(line string) { s.log = append(s.log, fmt.Sprintf("%s %s", s.w.Elapsed(), line)) },
		Settled: func(a localaws.StackAction) bool {
			other, _ := s.w.Cloud().CloudFormation().Stack(otherStack)
			return a.Stack == other.ID || slices.Contains([]string{"Orders", "Application", "Group"}, a.Resource) ||
				strings.HasPrefix(a.Resource, "Version") || strings.HasPrefix(a.Resource, "Handle")
		},
		Wakes: func() (time.Time, bool) {
			if s.w.IsIdle() || s.w.Problem() != nil {
				return time.Time{}, false
			}
			return s.w.Now().Truncate(s.grain).Add(s.grain), true
		},
		Pass: func(until time.Time) { s.pass(until) },
	}
	err := player.Run(context.Background())
	return cmp.Or(s.problem, s.w.Problem(), err)
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
	s.try(s.w.Cloud().UpdateCode("orders", "by hand"))
	published, err := s.w.Cloud().Publish("orders")
	s.try(err)
	_, err = s.w.Cloud().UpdateAlias(localaws.Alias{Function: "orders", Name: "live", FunctionVersion: published.Version})
	s.try(err)
}

// once is something that a person does at any time, or never.
func (s *stack) once(name string, do func()) {
	s.moves = append(s.moves, localaws.StackMove{Name: name, Optional: true, Do: func(context.Context) {
		s.moves = slices.DeleteFunc(s.moves, func(m localaws.StackMove) bool { return m.Name == name })
		do()
	}})
}

// due is something that happens as soon as the stack has a status, once.
func (s *stack) due(status, name string, do func()) {
	s.dues = append(s.dues, due{status, localaws.StackMove{Name: name, Do: func(context.Context) {
		s.dues = slices.DeleteFunc(s.dues, func(d due) bool { return d.move.Name == name })
		do()
	}}})
}

// due is something that happens as soon as the stack has a status.
type due struct {
	status string
	move   localaws.StackMove
}

// next returns what may happen beside CloudFormation's actions.
func (s *stack) next() []localaws.StackMove {
	moves := slices.Clone(s.moves)
	for _, d := range s.dues {
		if d.status == s.status() {
			moves = append(moves, d.move)
		}
	}
	return moves
}

// remember returns what delivers the first event for stack-shift from now on again.
func (s *stack) remember() (again func()) {
	var first []byte
	s.w.OnInvocation(func(function string, event []byte) {
		if function == flow.StackShift && first == nil {
			first = event
		}
	})
	return func() { s.w.InvokeLater(flow.StackShift, first) }
}

// other makes a stack with another alias of the function, or updates it. It has the version as a
// number.
func (s *stack) other(version string) {
	text, _ := json.Marshal(map[string]any{"Resources": map[string]any{
		"Shift": map[string]any{"Type": "Custom::SluiceShift", "Properties": map[string]any{
			"ServiceToken":         "arn:aws:lambda:us-east-1:123456789012:function:" + world.FunctionPrefix + flow.StackShift,
			"Targets":              []any{map[string]any{"Key": "Green", "Function": "orders", "Alias": "green", "Version": version}},
			"DeploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent1Minute", "Judge": "off",
		}},
		"Green": map[string]any{"Type": "AWS::Lambda::Alias", "Properties": map[string]any{
			"Name": "green", "FunctionName": "orders", "FunctionVersion": getAtt("Shift", "Green"),
		}},
	}})
	if _, exists := s.w.Cloud().CloudFormation().Stack(otherStack); exists {
		_, err := s.client().UpdateStack(context.Background(), &cloudformation.UpdateStackInput{StackName: aws.String(otherStack), TemplateBody: aws.String(string(text))})
		s.try(err)
		s.green = version
		return
	}
	_, err := s.client().CreateStack(context.Background(), &cloudformation.CreateStackInput{StackName: aws.String(otherStack), TemplateBody: aws.String(string(text))})
	s.try(err)
	s.try(s.play(firstChoice))
	s.green = version
}

const otherStack = "other"

// wantedOfOther is what the alias of the other stack has to serve.
func (s *stack) wantedOfOther() string {
	if other, _ := s.w.Cloud().CloudFormation().Stack(otherStack); other.Status == "UPDATE_ROLLBACK_COMPLETE" {
		return "1"
	}
	return s.green
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
	if alias, exists := s.w.Cloud().Alias("orders", "prod"); exists {
		return s.servingOf("live") + ", and prod " + alias.FunctionVersion
	}
	return s.servingOf("live")
}

func (s *stack) servingOf(name string) string {
	alias, exists := s.w.Cloud().Alias("orders", name)
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

// excludes says whether a story cannot be played in a way of rolling back.
func (story stackStory) excludes(way string) bool { return story.drifts && way == "writing dependants" }

// versionBefore and versionAfter are what the alias serves when the update was taken back, and when
// it has succeeded.
func (story stackStory) versionBefore() string { return orElse(story.before, "1") }
func (story stackStory) versionAfter() string  { return orElse(story.after, "2") }

// tellsTheStack says whether the stack has recorded what its alias serves.
func (story stackStory) tellsTheStack() bool {
	return story.recorded == "" && !story.noWait && !story.unrecorded
}

// verify checks the invariant of stacks: an update that was taken back leaves every alias as it
// was, one that has succeeded has moved it; no alias has weights, nothing hangs, and nobody waits
// for an answer any more.
func (s *stack) verify(story stackStory) error {
	want := s.wanted(story)
	switch {
	case want == "":
		return fmt.Errorf("the stack is %s", s.status())
	case s.serving() != want:
		return fmt.Errorf("%s, and the alias serves %s, not %s", s.status(), s.serving(), want)
	case s.green != "" && s.servingOf("green") != s.wantedOfOther():
		return fmt.Errorf("the alias of the other stack serves %s, not %s", s.servingOf("green"), s.wantedOfOther())
	case story.tellsTheStack() && s.recorded() != "" && !strings.HasSuffix(want, s.recorded()):
		return fmt.Errorf("%s, and the stack has recorded %s, not %s", s.status(), s.recorded(), want)
	case s.w.AnyRunning():
		return fmt.Errorf("an execution still runs")
	case s.w.DeadLetters() > s.deaf:
		return fmt.Errorf("%d events could not be handled", s.w.DeadLetters())
	}
	return s.verifyLedger()
}

// wanted is what the alias has to serve at the end of a story.
func (s *stack) wanted(story stackStory) string {
	before, recorded := story.versionBefore(), story.recorded
	want := map[string]string{"UPDATE_COMPLETE": story.versionAfter(), "UPDATE_ROLLBACK_COMPLETE": before, "DELETE_COMPLETE": "nothing"}[s.status()]
	// The stack does not hear that its shift was put back; a later one is taken back with its update. So
	// is the first one, if its own update has failed, so that the next one has not begun.
	if story.noWait && s.serving() == "1" && (!s.isPromoted() || len(s.dues) > 0) {
		want = "1"
	}
	if recorded != "" && s.serving() == recorded && want == before {
		want = recorded
	}
	return want
}

// isPromoted says whether the first shift of the stack was promoted.
func (s *stack) isPromoted() bool {
	executions := s.w.Executions()
	first := slices.IndexFunc(executions, func(x *asl.Execution) bool { return flow.IsStackExecution(x.ARN()) })
	return first >= 0 && s.w.Outcome(executions[first].ARN()) == string(shift.Promoted)
}

// verifyLedger checks that nobody waits for an answer, and that no URL is kept.
func (s *stack) verifyLedger() error {
	for _, item := range s.w.Tables().Items(world.LedgerTable) {
		if text := fmt.Sprint(item); strings.Contains(text, "X-Amz-Signature") && !s.keeps {
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
	// earlier are updates before, which end before the story begins.
	earlier []form
	// begin begins the update, and what happens beside it.
	begin func(s *stack)
	fails bool // the resource Topic fails
	// before and after are the versions at the end; "" for the ordinary 1 and 2.
	before, after string
	// recorded may be served instead of before.
	recorded string
	// ends are statuses that must be reached in some order.
	ends []string
	// timesOut says that CloudFormation may wait for an answer for too long.
	timesOut bool
	// aborts says that the shift is aborted in the first order, if nothing disturbs it.
	aborts bool
	// drifts says that CloudFormation may write the version that it has recorded when it rolls back,
	// if it writes an alias that nothing has touched.
	drifts bool
	// disturbed is until when the story's scenario disturbs CloudFormation.
	disturbed time.Duration
	// unrecorded says that the stack may have recorded another version than its alias serves.
	unrecorded bool
	// noWait says that the stack does not wait for its shift.
	noWait bool
	// grain is how far time passes between two choices at least. It is 30 seconds, and 2 minutes
	// without CHAOS=all.
	grain time.Duration
	// wide says that it has hundreds of orders: without CHAOS=all some of them are drawn.
	wide bool
}

var stackStories = []stackStory{
	{name: "a healthy version", first: ofCanary("1"), begin: func(s *stack) { s.update(withBeside(ofCanary("2"))) }, ends: []string{"UPDATE_COMPLETE"}},
	{name: "a healthy version of a long plan", first: ofLong(ofCanary("1")), begin: func(s *stack) { s.update(withBeside(ofLong(ofCanary("2")))) }, ends: []string{"UPDATE_COMPLETE"}},
	{
		name: "an alarm in mid-shift", wide: true, scenario: ordersErrors, first: ofCanary("1"), begin: func(s *stack) {
			s.update(withBeside(withShift(ofCanary("2"), alarmed)))
			s.once("the alarm fires", func() { s.try(s.w.SetAlarm("orders-errors", "ALARM", "it is broken")) })
		},
		ends: []string{"UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"},
	},
	{
		name: "an alarm in mid-shift of a long plan", wide: true, scenario: ordersErrors, first: ofLong(ofCanary("1")), begin: func(s *stack) {
			s.update(ofLong(withShift(ofCanary("2"), alarmed)))
			s.once("the alarm fires", func() { s.try(s.w.SetAlarm("orders-errors", "ALARM", "it is broken")) })
		},
		ends: []string{"UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"},
	},
	{name: "a resource behind the alias fails", first: ofCanary("1"), fails: true, begin: func(s *stack) { s.update(withBehind(ofCanary("2"))) }, ends: []string{"UPDATE_ROLLBACK_COMPLETE"}},
	{
		name: "the rollback is late", first: ofCanary("1"), fails: true, begin: func(s *stack) {
			s.update(withBehind(ofCanary("2")))
		},
		ends: []string{"UPDATE_ROLLBACK_COMPLETE"},
	},
	{name: "a resource behind the alias fails, long", wide: true, first: ofLong(ofCanary("1")), fails: true, begin: func(s *stack) { s.update(withBehind(ofLong(ofCanary("2")))) }, ends: []string{"UPDATE_ROLLBACK_COMPLETE"}},
	{name: "a resource beside the alias fails", wide: true, first: ofCanary("1"), fails: true, begin: func(s *stack) { s.update(withBeside(ofCanary("2"))) }, ends: []string{"UPDATE_ROLLBACK_COMPLETE"}},
	{
		name: "the update is cancelled", wide: true, first: ofCanary("1"), begin: func(s *stack) {
			s.update(withBeside(ofCanary("2")))
			s.once("somebody cancels the update", s.cancel)
		},
		ends: []string{"UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"},
	},
	{
		name: "the update is cancelled in mid-shift", wide: true, first: ofCanary("1"), begin: func(s *stack) {
			s.update(withBeside(ofCanary("2")))
			s.w.HappenAfter(45*time.Second, s.cancel)
		},
		aborts: true,
		ends:   []string{"UPDATE_ROLLBACK_COMPLETE"},
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
		name: "somebody pauses it, and the stack waits no longer", wide: true, first: ofCanary("1"), timesOut: true, grain: 5 * time.Minute, begin: func(s *stack) {
			s.update(withShift(ofCanary("2"), `"ServiceTimeout": "600"`))
			s.w.HappenAfter(30*time.Second, func() { s.w.Command(ordersLive, shift.Pause, "lunch") })
			s.deaf = 2 // a command may come when nobody is there to hear it
			s.w.HappenAfter(40*time.Minute, func() {
				s.w.Command(ordersLive, shift.Resume, "back")
			})
		},
		// CloudFormation may notice only after the answer that it has waited for too long.
		ends: []string{"UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"},
	},
	{
		name: "somebody deploys by hand, and then the stack", before: "2", recorded: "1", first: ofCanary("1"), begin: func(s *stack) {
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
		name: "no word from DescribeStacks", disturbed: 100_000 * time.Second, first: ofCanary("1"), fails: true,
		scenario: `{"faults": [{"call": "cloudformation:DescribeStacks", "error": "throttle", "fromSeconds": 150, "untilSeconds": 100000}]}`,
		begin:    func(s *stack) { s.update(withBehind(ofCanary("2"))) },
		ends:     []string{"UPDATE_ROLLBACK_COMPLETE"},
	},
	{
		name: "an update of the strategy alone fails", first: ofCanary("1"), earlier: []form{ofCanary("2")}, fails: true, begin: func(s *stack) {
			s.update(withBehind(form{code: "2", config: "AllAtOnce"}))
		},
		before: "2", ends: []string{"UPDATE_ROLLBACK_COMPLETE"},
	},
	{
		name: "the stack does not wait", first: unwaited(ofCanary("1")), begin: func(s *stack) { s.update(withBeside(unwaited(ofCanary("2")))) },
		noWait: true, ends: []string{"UPDATE_COMPLETE"},
	},
	{
		name: "the stack does not wait, and fails", first: unwaited(ofCanary("1")), fails: true, begin: func(s *stack) { s.update(withBehind(unwaited(ofCanary("2")))) },
		noWait: true, ends: []string{"UPDATE_ROLLBACK_COMPLETE"},
	},
	{
		name: "the stack does not wait, and the next update fails", first: unwaited(ofCanary("1")), fails: true, begin: func(s *stack) {
			s.update(unwaited(ofCanary("2")))
			s.due("UPDATE_COMPLETE", "an update of the strategy alone", func() { s.update(withBehind(unwaited(form{code: "2", config: "AllAtOnce"}))) })
		},
		noWait: true, drifts: true, before: "2", ends: []string{"UPDATE_ROLLBACK_COMPLETE"},
	},
	{
		name: "the stack is deleted in mid-shift", first: unwaited(ofCanary("1")), begin: func(s *stack) {
			s.update(unwaited(ofCanary("2")))
			s.due("UPDATE_COMPLETE", "somebody deletes the stack", func() {
				_, err := s.client().DeleteStack(context.Background(), &cloudformation.DeleteStackInput{StackName: aws.String(stackName)})
				s.try(err)
			})
		},
		noWait: true, ends: []string{"DELETE_COMPLETE"},
	},
	{
		name: "the update is tried again with the ids of before", wide: true, first: ofCanary("1"), begin: func(s *stack) {
			s.update(keptFailed(withBeside(ofCanary("2"))))
			s.once("somebody aborts", func() {
				s.deaf++ // nobody may be there to hear it
				s.w.Command(ordersLive, shift.Abort, "no")
			})
			s.due("UPDATE_FAILED", "somebody tries again", func() { s.update(withBeside(ofCanary("2"))) })
		},
		ends: []string{"UPDATE_COMPLETE"},
	},
	{
		name: "the rollback fails, and is continued", first: ofCanary("1"), fails: true, begin: func(s *stack) {
			s.update(withBehind(ofCanary("2")))
			s.due("UPDATE_ROLLBACK_IN_PROGRESS", "somebody stops what takes back", func() {
				for _, x := range s.w.Executions() {
					_ = s.w.Machine().Stop(x.ARN(), "", "")
				}
			})
			s.due("UPDATE_ROLLBACK_FAILED", "somebody continues it", func() {
				_, err := s.client().ContinueUpdateRollback(context.Background(), &cloudformation.ContinueUpdateRollbackInput{StackName: aws.String(stackName)})
				s.try(err)
			})
		},
		ends: []string{"UPDATE_ROLLBACK_COMPLETE"},
	},
	{
		name: "an event comes again during the next update", first: ofCanary("1"), begin: func(s *stack) {
			again := s.remember()
			s.update(form{code: "1", config: "AllAtOnce"})
			s.due("UPDATE_COMPLETE", "the next update", func() {
				s.update(ofCanary("2"))
				s.once("the first event comes again", again)
			})
		},
		ends: []string{"UPDATE_COMPLETE"},
	},
	{
		name: "the alias is renamed", first: ofCanary("1"), earlier: []form{ofCanary("2")}, begin: func(s *stack) { s.update(withBeside(renamed(ofCanary("3")))) },
		before: "2", after: "nothing, and prod 3", ends: []string{"UPDATE_COMPLETE"},
	},
	{
		name: "the alias is renamed, and the stack fails", first: ofCanary("1"), earlier: []form{ofCanary("2")}, fails: true, begin: func(s *stack) {
			s.update(withBehind(renamed(form{code: "3", config: "AllAtOnce", name: "2"})))
		},
		before: "2", ends: []string{"UPDATE_ROLLBACK_COMPLETE"},
	},
	{
		name: "another stack shifts another alias of the function", first: ofCanary("1"), earlier: []form{ofCanary("2")}, begin: func(s *stack) {
			s.other("1")
			s.update(ofCanary("3"))
			s.once("the other stack is updated", func() { s.other("2") })
		},
		before: "2", after: "3", ends: []string{"UPDATE_COMPLETE"},
	},
	{name: "the line is removed", first: ofCanary("1"), begin: func(s *stack) { s.update(form{code: "1", plain: true, topic: `"Metadata": {}`}) }, after: "1", ends: []string{"UPDATE_COMPLETE"}},
	// The macro processes these templates, as a transform that CloudFormation runs.
	{name: "a healthy version of a template for CodeDeploy", scenario: ordersErrors, first: ofMacro("1"), begin: func(s *stack) { s.update(withBeside(ofMacro("2"))) }, ends: []string{"UPDATE_COMPLETE"}},
	{
		name: "an alarm in mid-shift of a template for CodeDeploy", scenario: ordersErrors, first: ofMacro("1"), begin: func(s *stack) {
			s.update(ofMacro("2"))
			s.w.HappenAfter(30*time.Second, func() { s.try(s.w.SetAlarm("orders-errors", "ALARM", "it is broken")) })
		},
		ends: []string{"UPDATE_ROLLBACK_COMPLETE"},
	},
	{name: "the line is added with a new version", scenario: ordersErrors, first: form{code: "1", plain: true}, begin: func(s *stack) { s.update(ofMacro("2")) }, ends: []string{"UPDATE_COMPLETE"}},
	{
		name: "the account is frozen when the stack rolls back", first: ofCanary("1"), fails: true, begin: func(s *stack) {
			s.update(withBehind(ofCanary("2")))
			s.due("UPDATE_ROLLBACK_IN_PROGRESS", "somebody freezes the account", func() { s.w.Freeze(24*time.Hour, "it is broken") })
		},
		ends: []string{"UPDATE_ROLLBACK_COMPLETE"},
	},
	// An update that changes no version leaves what somebody has deployed by hand.
	{
		name: "an update of the strategy alone after somebody deploys by hand", first: ofCanary("1"), begin: func(s *stack) {
			s.byHand()
			s.update(withBeside(form{code: "1", config: "AllAtOnce"}))
		},
		drifts: true, before: "2", after: "2", unrecorded: true, ends: []string{"UPDATE_COMPLETE"},
	},
	{
		name: "an update of the strategy alone after somebody deploys by hand, long", first: ofLong(ofCanary("1")), begin: func(s *stack) {
			s.byHand()
			s.update(withBeside(ofLong(form{code: "1", config: "AllAtOnce"})))
		},
		drifts: true, before: "2", after: "2", unrecorded: true, ends: []string{"UPDATE_COMPLETE"},
	},
	{
		name: "an update of the strategy alone after somebody deploys by hand fails", first: ofCanary("1"), fails: true, begin: func(s *stack) {
			s.byHand()
			s.update(withBehind(form{code: "1", config: "AllAtOnce", name: "2"}))
		},
		drifts: true, before: "2", after: "2", unrecorded: true, ends: []string{"UPDATE_ROLLBACK_COMPLETE"},
	},
	{
		name: "an update of the strategy alone after somebody deploys by hand is cancelled", first: ofCanary("1"), begin: func(s *stack) {
			s.byHand()
			s.update(withBehind(form{code: "1", config: "AllAtOnce"}))
			s.once("somebody cancels the update", s.cancel)
		},
		drifts: true, before: "2", after: "2", unrecorded: true, ends: []string{"UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"},
	},
	// The request of an update may come when the stack rolls back already. It takes back nothing of the
	// update before.
	{
		name: "a later update is cancelled", first: ofCanary("1"), earlier: []form{ofCanary("2")}, begin: func(s *stack) {
			s.update(ofCanary("3"))
			s.w.HappenAfter(12*time.Second, s.cancel)
		},
		before: "2", after: "3", ends: []string{"UPDATE_ROLLBACK_COMPLETE"},
	},
}

const ordersErrors = `{"alarms": [{"name": "orders-errors"}]}`

const alarmed = `"AlarmConfigurations": [{"Enabled": "true", "Alarms": [{"Name": "orders-errors"}]}]`

func ofLong(f form) form     { f.long = true; return f }
func unwaited(f form) form   { return withShift(f, `"Wait": "false"`) }
func keptFailed(f form) form { f.keepsFailed = true; return f }
func renamed(f form) form    { f.alias = "prod"; return f }

// TestStacksInEveryOrder plays each story in every order that CloudFormation may take, in one way
// of rolling back, and with CHAOS=all in each. Without CHAOS=all it draws orders of wide stories.
func TestStacksInEveryOrder(t *testing.T) {
	t.Parallel()
	all := whole(t)
	for i, story := range stackStories {
		for n, way := range slices.Sorted(maps.Keys(ways)) {
			if !story.excludes(way) && (all || n == i%len(ways)) {
				t.Run(story.name+", "+way, func(t *testing.T) {
					t.Parallel()
					if story.wide && !all {
						for seed := range uint64(8) {
							_, err := story.play(ways[way], stackOrder{seed: seed}.pick())
							require.NoError(t, err, seed)
						}
						return
					}
					reached := map[string]int{}
					runs, err := localaws.EveryOrder(20_000, func(c *localaws.StackChoices) error {
						status, err := story.play(ways[way], c.Pick)
						reached[status]++
						return err
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

// play plays a story in one order, verifies its end, and returns the status of its stack.
func (story stackStory) play(config localaws.CloudFormationConfig, pick func([]string) int) (string, error) {
	s, err := story.prepare(config, 0)
	if err != nil {
		return "", err
	}
	defer s.w.Close()
	if err = story.enter(s); err == nil {
		err = s.play(pick)
	}
	if err == nil {
		err = s.verify(story)
	}
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, s)
	}
	return s.status(), err
}

// prepare makes the account of a story, without the stack.
func (story stackStory) prepare(config localaws.CloudFormationConfig, latency time.Duration) (*stack, error) {
	if story.fails {
		config = failTopic(config)
	}
	return newStackWorld(config, orElse(story.scenario, `{}`), latency)
}

// enter makes the stack of a story, and begins what the story is about.
func (story stackStory) enter(s *stack) error {
	if err := s.create(story.first); err != nil {
		return err
	}
	for _, f := range story.earlier {
		s.update(f)
		if err := s.play(firstChoice); err != nil {
			return err
		}
	}
	s.log = nil
	if os.Getenv("CHAOS") != "all" {
		s.grain = 2 * time.Minute
	}
	s.grain = max(s.grain, story.grain)
	story.begin(s)
	return s.problem
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
