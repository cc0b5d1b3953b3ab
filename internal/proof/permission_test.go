package proof

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/assembly/panel"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/iam"
	"github.com/sluice-aws/sluice/internal/world"
)

// stackRoles are the roles of a stack, as package infra synthesizes it.
func stackRoles(s world.Stack) iam.Template {
	var t world.Templates
	for name, into := range map[string]*[]byte{"sluice": &t.Default, "sluice-by-name": &t.ByName, "sluice-front-ends": &t.FrontEnds, "sluice-hook-endpoint": &t.HookEndpoint} {
		var err error
		if *into, err = os.ReadFile("../../infra/testdata/" + name + ".template.json"); err != nil {
			panic(err)
		}
	}
	roles, err := t.Roles(s)
	if err != nil {
		panic(err)
	}
	return roles
}

const stackPrefix = world.FunctionPrefix

// All tests run with the stack's policies.
func init() {
	world.EnforcePolicies(stackRoles)
	world.AddLambda(flow.Spec{Function: flow.Panel, Timeout: flow.PanelTimeout}, panel.New)
}

func lambdaARN(function string) string {
	return "arn:aws:lambda:" + world.Region + ":" + world.Account + ":function:" + function
}

// here are the roles where inputs that name no place are played.
func here() iam.Template {
	return stackRoles(world.Stack{Region: world.Region, Account: world.Account, HookEndpoint: true})
}

// course is something to play with the stack's policies.
type course struct {
	name string
	// play plays it, and hands over the worlds that come of it before they begin.
	play func(t *testing.T, watch func(*world.World)) error
}

// courses are every scenario, and what only a fault brings about.
func courses(t *testing.T) []course {
	t.Helper()
	var all []course
	require.NoError(t, filepath.WalkDir(scenarios, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			all = append(all, course{strings.TrimPrefix(path, scenarios+"/"), func(t *testing.T, watch func(*world.World)) error {
				return playScenario(t, path, watch)
			}})
		}
		return err
	}))
	// An alias that set-weight has created and takes back itself: it was stopped in
	// the middle.
	b := baseOf(t, "an alias that is created, with an alarm")
	for _, s := range single(t, b) {
		if s.number > 0 && s.fault.name == "stopped, a zombie at 0.6 s a call" {
			all = append(all, course{fmt.Sprint(b.name, ", ", s), func(_ *testing.T, watch func(*world.World)) error {
				_, err := play(b, observed(watch), s)
				return err
			}})
		}
	}
	// At a slower pace whoever restores has given up to look for the alias before it is created.
	slow := strike{actor: flow.SetWeight.Function, action: "dynamodb:UpdateItem", nth: 1, fault: fault{
		name: "stopped, a zombie at 10 s a call", class: slowed, pace: 10 * time.Second, strike: zombie(10 * time.Second),
	}}
	all = append(all, course{fmt.Sprint(b.name, ", ", slow), func(_ *testing.T, watch func(*world.World)) error {
		_, err := play(b, observed(watch), slow)
		return err
	}})
	all = append(all, course{"a stack that rolls back", stackRollsBack}, course{"a stack that is cancelled while it waits", waitingStackIsCancelled})
	all = append(all, course{"somebody looks at the widget and presses a button", widgetIsUsed})
	for name, settling := range laterProvisioned {
		all = append(all, course{name, settling.play})
	}
	return all
}

// laterProvisioned are courses in which an alias gets provisioned concurrency after Open has
// read that it has none: each function that finds its weights moving has to ask again.
var laterProvisioned = map[string]provisionedLater{
	"provisioned later, then verified":     {bake: 0, scenario: `{}`},
	"provisioned later, then polled":       {bake: 10, scenario: `{}`},
	"provisioned later, then refused":      {bake: 10, scenario: `{"events": [{"atSeconds": 40, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}], "delivery": {"alarms": {"lost": true}}}`},
	"provisioned later, then stopped":      {bake: 10, scenario: `{"events": [{"atSeconds": 40, "do": "stopExecution"}]}`},
	"provisioned later, and written twice": {bake: 0, scenario: `{"faults": [{"call": "lambda:UpdateAlias", "error": "loseReply", "times": 1}]}`},
}

type provisionedLater struct {
	bake     int // minutes at 100 %
	scenario string
}

func (p provisionedLater) play(t *testing.T, watch func(*world.World)) error {
	t.Helper()
	input := json.RawMessage(fmt.Sprintf(`{"function": "orders", "judge": "off", "alarms": ["a"], "strategy": {"steps": [{"percent": 100, "bakeMinutes": %d}]}, "hooks": {"beforeTraffic": [{"function": "smoke"}]}}`, p.bake))
	scenario := scenarioOf(t, p.scenario)
	scenario.Hooks = map[string]world.HookBehaviour{"smoke": {Result: world.HookSucceeds, After: 20 * time.Second}}
	w, err := world.New(scenario, input)
	require.NoError(t, err)
	defer w.Close()
	watch(w)
	w.HappenAfter(5*time.Second, func() { // while the hook is awaited
		require.NoError(t, w.Cloud().ProvisionConcurrency("orders", "live", localaws.ProvisionedConcurrency{Executions: 1, Settle: 10 * time.Minute}))
	})
	if _, err := w.Start(world.Simulated, input); err != nil {
		return err
	}
	return w.Run()
}

func playScenario(t *testing.T, path string, watch func(*world.World)) error {
	t.Helper()
	p := readPlayed(t, path)
	scenario := world.DefaultScenario()
	if p.Scenario != nil {
		var err error
		scenario, err = world.DecodeScenario(p.Scenario)
		require.NoError(t, err)
	}
	w, err := world.New(scenario, p.Input)
	require.NoError(t, err)
	defer w.Close()
	watch(w)
	if _, err := w.Start(world.Simulated, p.Input); err != nil {
		return err
	}
	return w.Run()
}

// observed takes no precaution away: it hands over the world of one run, at its first call.
func observed(watch func(*world.World)) guard {
	var begun sync.Once
	return guard{without: func(r *run, _ *wireCall) (*http.Response, error) {
		begun.Do(func() { watch(r.w) })
		return nil, nil
	}}
}

// allowed is something that a Lambda was allowed, and where it first was.
type allowed struct {
	actor   string
	request iam.Request
	where   course
}

var (
	playedAll sync.Once
	everUsed  []allowed
)

// used plays all courses, once, and collects what the Lambdas were allowed.
func used(t *testing.T) []allowed {
	t.Helper()
	playedAll.Do(func() {
		known := map[string]bool{}
		for _, c := range courses(t) {
			require.NoError(t, c.play(t, func(w *world.World) {
				w.WrapPermits(func(ask world.Permits) world.Permits {
					return func(actor string, needed localaws.Permission, tags map[string]string) bool {
						yes := ask(actor, needed, tags)
						// With all our tags it is only asked what would be.
						if key := fmt.Sprint(actor, needed, tags); yes && !known[key] && !maps.Equal(tags, world.WantedTags) {
							known[key] = true
							everUsed = append(everUsed, allowed{actor, world.RequestFor(needed, tags), c})
						}
						return yes
					}
				})
			}), c.name)
		}
	})
	require.NotEmpty(t, everUsed)
	return everUsed
}

// unused are the permissions that no scenario and no fault needs, each with why the
// role has it.
var unused = map[string]string{
	"logs:CreateLogStream":     "Lambda writes the function's log in the role's name",
	"logs:PutLogEvents":        "Lambda writes the function's log in the role's name",
	"xray:PutTraceSegments":    "Lambda sends the function's traces in the role's name",
	"xray:PutTelemetryRecords": "Lambda sends the function's traces in the role's name",
	// The local AWS has no CodeDeploy. The adapter's tests have its answers.
	"codedeploy:GetDeploymentConfig": "stack-shift reads a strategy of the user's own in CodeDeploy",
	"sqs:SendMessage":                "Lambda puts an event that failed for good among the dead letters in the role's name",
}

func TestEveryPermissionIsUsedOrItsReasonIsWritten(t *testing.T) {
	t.Parallel()
	seen := used(t)
	template := here()
	assert.Len(t, template.Functions, len(functionsOfTheWorld(t)), "a role for each function")
	for _, name := range slices.Sorted(maps.Keys(template.Functions)) {
		for _, s := range template.Functions[name].Statements {
			assert.False(t, s.Deny, "%s %s", name, s.Sid)
			for _, action := range s.Actions {
				assert.NotContains(t, action, "*", "%s may do whatever begins so", name)
				one := s
				one.Actions = []string{action}
				uses := slices.ContainsFunc(seen, func(a allowed) bool {
					return stackPrefix+a.actor == name && iam.Role{Statements: []iam.Statement{one}}.Decide(a.request).Allowed
				})
				if unused[action] == "" && !uses {
					t.Errorf("the role of %s allows %s in %s, which nothing uses: take it away, or write its reason into unused", name, action, s.Sid)
				}
			}
		}
	}
}

func functionsOfTheWorld(t *testing.T) []string {
	t.Helper()
	w, err := world.New(world.DefaultScenario())
	require.NoError(t, err)
	defer w.Close()
	return w.Lambdas()
}

// The test removes each permission in turn, and expects the first course that needs it to fail
// and to name it.
func TestCallThatLosesItsPermissionIsNamed(t *testing.T) {
	t.Parallel()
	seen, template := used(t), here()
	taken := 0
	for _, name := range slices.Sorted(maps.Keys(template.Functions)) {
		function := strings.TrimPrefix(name, stackPrefix)
		for _, action := range actionsOf(template.Functions[name]) {
			if unused[action] != "" {
				continue
			}
			taken++
			t.Run(function+" without "+action, func(t *testing.T) {
				t.Parallel()
				i := slices.IndexFunc(seen, func(a allowed) bool { return a.actor == function && a.request.Action == action })
				require.GreaterOrEqual(t, i, 0, "nothing uses it")
				err := seen[i].where.play(t, func(w *world.World) {
					w.WrapPermits(func(whole world.Permits) world.Permits {
						return func(actor string, needed localaws.Permission, tags map[string]string) bool {
							return !(actor == function && needed.Action == action) && whole(actor, needed, tags)
						}
					})
				})
				assert.ErrorContains(t, err, fmt.Sprintf("the role of %s does not allow %s on ", function, action), seen[i].where.name)
			})
		}
	}
	assert.Greater(t, taken, 30)
}

// actionsOf returns all actions of a role, each once.
func actionsOf(role iam.Role) []string {
	var all []string
	for _, s := range role.Statements {
		all = append(all, s.Actions...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestFunctionWithoutOurTagsIsOutOfReach(t *testing.T) {
	t.Parallel()
	template := here()
	for name, role := range template.Functions {
		for _, s := range role.Statements {
			for _, action := range s.Actions {
				if !strings.HasPrefix(action, "lambda:") {
					continue
				}
				for _, resource := range []string{lambdaARN("payroll"), lambdaARN("payroll:live")} {
					allowed := role.Decide(iam.Request{Action: action, Resource: resource, Tags: map[string]string{"team": "payroll"}}).Allowed
					// ListEventSourceMappings has no resource that a policy could name.
					reads := action == "lambda:ListTags" && slices.Contains([]string{flow.Publish.Function, flow.SafetyNet}, strings.TrimPrefix(name, stackPrefix)) ||
						name == stackPrefix+flow.Close.Function && action == "lambda:ListEventSourceMappings"
					assert.Equal(t, reads, allowed, "%s may %s on %s, which carries none of our tags", name, action, resource)
				}
			}
		}
	}
}

// Each tag permits one thing: to be shifted, to be invoked as a hook, or to be asked for
// synthetic requests.
func TestATagPermitsWhatItIsForAndNothingElse(t *testing.T) {
	t.Parallel()
	template := here()
	orders := lambdaARN("orders:live")
	for _, permission := range []struct{ tag, function, action string }{
		{flow.TagAlias, flow.SetWeight.Function, "lambda:UpdateAlias"},
		{flow.TagHook, flow.BeforeHook.Function, "lambda:InvokeFunction"},
		{flow.TagSynthetic, flow.CheckAlarms.Function, "lambda:InvokeFunction"},
	} {
		for _, tag := range []string{flow.TagAlias, flow.TagHook, flow.TagSynthetic} {
			request := iam.Request{Action: permission.action, Resource: orders, Tags: map[string]string{tag: "x"}}
			allowed := template.Functions[stackPrefix+permission.function].Decide(request).Allowed
			assert.Equal(t, tag == permission.tag, allowed, "%s may %s on what carries %s", permission.function, permission.action, tag)
		}
	}
}

func TestStateMachineInvokesItsOwnFunctionsAndNothingElse(t *testing.T) {
	t.Parallel()
	role := here().StateMachines[flow.DefaultNamePrefix]
	invoke := func(function string) bool {
		return role.Decide(iam.Request{Action: "lambda:InvokeFunction", Resource: lambdaARN("" + function), Tags: world.WantedTags}).Allowed
	}
	for _, spec := range flow.Specs() {
		assert.True(t, invoke(stackPrefix+spec.Function+":1"), spec.Function)
		assert.True(t, invoke(stackPrefix+spec.Function+":23"), "%s: a version that another deploy has published", spec.Function)
		assert.True(t, invoke(stackPrefix+spec.Function), "%s: an execution of an earlier commit, whose definition names no version", spec.Function)
	}
	for _, other := range []string{stackPrefix + flow.SafetyNet, stackPrefix + flow.SafetyNet + ":1", "orders", "orders:1", stackPrefix, stackPrefix + ":1", stackPrefix + flow.Rollback.Function + "-2:1"} {
		assert.False(t, invoke(other), other)
	}
}
