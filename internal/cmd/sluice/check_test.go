package main

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/world"
)

const watched = `{"function": "orders", "alarms": ["orders-errors"]}`

func TestCheckNamesAlarmsThatCannotFireAsMeant(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, watched, `{"alarms": [{"name": "orders-errors", "metric": "Errors", "statistic": "Minimum", "threshold": 1, "periodSeconds": 300, "evaluationPeriods": 3, "datapointsToAlarm": 2, "treatMissingData": "breaching"}]}`)
	file := writeFile(t, "deployment.yaml", "function: orders\nalarms: [orders-errors, gone]\nstrategy: Canary10Percent5Minutes\n")
	got := a.run("check", "-f", file)
	assert.Equal(t, statusFailed, got.status)
	assert.Empty(t, got.stderr)
	for _, want := range []string{"2 alarms", "alarms[1]: AlarmNotFound", "gone", "AlarmOfMinimum", "AlarmTooSlow", "datapointsToAlarm 2", "AlarmOnMissingData"} {
		assert.Contains(t, got.stdout, want)
	}
	plan := a.run("plan", "-f", file, "--check", "--json")
	require.Equal(t, statusOK, plan.status, plan.stderr)
	assert.Contains(t, plan.stdout, "Alarm orders-errors takes the Minimum of Errors")
}

func TestCheckOfAlarmsThatAreRightFindsNothing(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, watched, `{"alarms": [{"name": "orders-errors", "metric": "Errors", "statistic": "Sum", "threshold": 5, "treatMissingData": "notBreaching"}]}`)
	got := a.run("check", "-f", writeFile(t, "deployment.json", watched))
	assert.Equal(t, statusOK, got.status, got.stdout+got.stderr)
	assert.Contains(t, got.stdout, "nothing found")
	got = a.run("check", "-f", writeFile(t, "deployment.json", watched), "--json")
	assert.JSONEq(t, `{"targets": ["lambda:orders:live"], "alarms": ["orders-errors"], "hooks": [], "findings": [], "notes": [], "unchecked": []}`, got.stdout)
}

func TestTheAlarmsThatAnAlarmJoinsAreKnownInItsRegion(t *testing.T) {
	t.Parallel()
	const abroad = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:"
	for _, test := range [][4]string{
		{"all", "one", "eu-west-1", "one"}, {abroad + "all", "one", "eu-west-1", abroad + "one"},
		{"all", abroad + "one", "eu-west-1", abroad + "one"}, {"all", abroad + "one", "us-east-1", "one"},
	} {
		assert.Equal(t, test[3], childOf(test[0], test[1], test[2]))
	}
}

// whole is a deployment that names one of everything.
const whole = `{"function": "orders", "alarms": ["orders-errors"], "strategy": "Canary10Percent10Minutes", "judge": {"synthetic": {"function": "orders-load"}},
	"hooks": {"beforeTraffic": [{"function": "orders-smoke"}], "afterTraffic": [{"function": "orders-report"}]}}`

// checkedAccount is an account in which a file is checked.
type checkedAccount struct {
	name     string // of the golden file
	file     string // whole if empty
	deployed string // what else names functions of the account
	scenario string
	prepare  func(t *testing.T, a *remoteWorld)
	args     []string
	status   int
}

const goodAlarm = `"alarms": [{"name": "orders-errors", "metric": "Errors", "statistic": "Sum", "threshold": 5, "treatMissingData": "notBreaching"}]`

var checkedAccounts = []checkedAccount{
	{name: "well", scenario: `{` + goodAlarm + `}`, status: statusOK},
	{name: "alias-missing", scenario: `{` + goodAlarm + `, "functions": {"orders": {"aliases": {"beta": {"version": "1"}, "prod": {"version": "1"}}}}}`, status: statusFailed},
	{
		name: "alias-created", scenario: `{` + goodAlarm + `, "functions": {"orders": {"aliases": {}}}}`, status: statusOK,
		file: `{"function": "orders", "createAlias": true, "alarms": ["orders-errors"]}`,
	},
	{name: "untagged", scenario: `{` + goodAlarm + `, "functions": {"orders": {"tags": {"team": "a"}}, "orders-smoke": {"tags": {}}}}`, prepare: denyUntagged, status: statusFailed},
	{
		name: "several-targets", status: statusFailed,
		deployed: `{"targets": [{"function": "orders"}, {"function": "billing"}], "alarms": ["orders-errors"]}`,
		file:     `{"targets": [{"function": "orders", "version": "7"}, {"function": "gone"}, {"function": "billing", "alias": "live"}], "alarms": ["none", "orders-errors"]}`,
		scenario: `{` + goodAlarm + `, "functions": {"billing": {"aliases": {"live": {"version": "1", "additional": "2", "percent": 5}}, "versions": 2}}}`,
	},
	{name: "role-differs", scenario: `{` + goodAlarm + `, "functions": {"orders": {"roles": {"$LATEST": "another"}}}}`, status: statusFailed},
	{
		name: "alarms", scenario: `{"alarms": [{"name": "fires"}, {"name": "new"}, {"name": "slow", "metric": "Errors", "threshold": 1, "periodSeconds": 3600, "treatMissingData": "notBreaching"}]}`, status: statusFailed,
		file: `{"function": "orders", "strategy": "Canary10Percent10Minutes", "alarms": ["fires", "new", "slow", "none"]}`,
		prepare: func(t *testing.T, a *remoteWorld) {
			require.NoError(t, a.SetAlarm("fires", "ALARM", "12 errors in a minute"))
			require.NoError(t, a.SetAlarm("new", "INSUFFICIENT_DATA", "no data yet"))
		},
	},
	{name: "hooks-missing", scenario: `{` + goodAlarm + `, "functions": {"orders-smoke": {"absent": true}, "orders-load": {"absent": true}}}`, status: statusFailed},
	{name: "callers", scenario: `{` + goodAlarm + `}`, status: statusFailed, prepare: func(t *testing.T, a *remoteWorld) {
		const queue = "arn:aws:sqs:us-east-1:123456789012:"
		require.NoError(t, a.Cloud().MapEventSource("orders", "", localaws.EventSource{ARN: queue + "by-name"}))
		require.NoError(t, a.Cloud().MapEventSource("orders", "1", localaws.EventSource{ARN: queue + "by-version"}))
		require.NoError(t, a.Cloud().MapEventSource("orders", "live", localaws.EventSource{ARN: queue + "by-alias"}))
		require.NoError(t, a.Cloud().MapEventSource("orders", "", localaws.EventSource{ARN: queue + "disabled", Disabled: true}))
		require.NoError(t, a.Cloud().AddURL("orders"))
		require.NoError(t, a.Cloud().AddAliasURL("orders", "live"))
		require.NoError(t, a.Cloud().AddPermission("orders", "", localaws.Grant{Sid: "nightly", Service: "events.amazonaws.com", SourceARN: "arn:aws:events:us-east-1:123456789012:rule/nightly"}))
		require.NoError(t, a.Cloud().AddPermission("orders", "live", localaws.Grant{Sid: "api", Service: "apigateway.amazonaws.com"}))
	}},
	{name: "switched-off", scenario: `{` + goodAlarm + `}`, status: statusFailed, prepare: func(t *testing.T, a *remoteWorld) {
		require.NoError(t, a.Cloud().ReserveConcurrency("orders", 0))
	}},
	{name: "provisioned", scenario: `{` + goodAlarm + `, "functions": {"orders": {"provisionedSeconds": {"live": 60}}}}`, status: statusOK},
	{name: "provisioned-version", scenario: `{` + goodAlarm + `}`, status: statusOK, prepare: func(t *testing.T, a *remoteWorld) {
		require.NoError(t, a.Cloud().ProvisionConcurrency("orders", "1", localaws.ProvisionedConcurrency{Executions: 10}))
	}},
	{name: "thin-traffic", scenario: `{` + goodAlarm + `, "traffic": {"requestsPerMinute": 3}}`, status: statusOK},
	{name: "no-traffic", scenario: `{` + goodAlarm + `, "traffic": {"requestsPerMinute": 0}}`, status: statusOK},
	{name: "permission-missing", scenario: `{` + goodAlarm + `}`, status: statusFailed, prepare: func(_ *testing.T, a *remoteWorld) {
		a.permit(func(actor string, needed localaws.Permission, _ map[string]string) bool {
			return actor != flow.SetWeight.Function || needed.Action != "lambda:UpdateAlias"
		})
	}},
	{name: "held", scenario: `{` + goodAlarm + `}`, status: statusFailed, prepare: holdOrders},
	{
		name: "held-waits", scenario: `{` + goodAlarm + `}`, status: statusOK, prepare: holdOrders,
		file: `{"function": "orders", "whenHeld": "wait", "alarms": ["orders-errors"]}`,
	},
	{name: "not-allowed", scenario: `{` + goodAlarm + `, "faults": [` + denied(
		"lambda:GetFunctionConcurrency", "lambda:ListEventSourceMappings", "lambda:ListFunctionUrlConfigs", "lambda:GetPolicy", "lambda:InvokeFunction", "iam:SimulatePrincipalPolicy", "cloudwatch:GetMetricData", "dynamodb:GetItem") + `]}`, status: statusOK},
	{name: "nothing-allowed", scenario: `{` + goodAlarm + `, "faults": [` + denied("lambda:GetFunctionConfiguration") + `]}`, status: statusOK},
	{name: "not-installed", scenario: `{` + goodAlarm + `}`, args: []string{"--name-prefix", "elsewhere"}, status: statusFailed},
	{name: "front-ends-off", scenario: `{}`, file: `{"cloudfront": {"distribution": "E1ABCDEF234567", "release": "r2"}, "alarms": ["orders-errors"]}`, status: statusFailed},
}

// denied are faults that deny calls to the user of the command.
func denied(calls ...string) string {
	var all []string
	for _, call := range calls {
		all = append(all, `{"call": "`+call+`", "actor": "somebody", "error": "deny"}`)
	}
	return strings.Join(all, ", ")
}

// permit decides what the roles of Sluice's Lambdas allow.
func (a *remoteWorld) permit(decide world.Permits) {
	a.WrapPermits(func(world.Permits) world.Permits { return decide })
}

// denyUntagged allows the roles what the stack's do by default: only functions with the tags.
func denyUntagged(_ *testing.T, a *remoteWorld) {
	a.permit(func(_ string, needed localaws.Permission, tags map[string]string) bool {
		switch {
		case !strings.HasPrefix(needed.Action, "lambda:"), needed.Action == "lambda:ListTags":
			return true
		case needed.Action == "lambda:InvokeFunction":
			return tags[flow.TagHook] != "" || tags[flow.TagSynthetic] != ""
		}
		return tags[flow.TagAlias] != ""
	})
}

// holdOrders starts a deployment of orders that lasts.
func holdOrders(t *testing.T, a *remoteWorld) {
	_, err := a.Start("before", json.RawMessage(`{"function": "orders", "strategy": "Canary10Percent60Minutes"}`))
	require.NoError(t, err)
	require.NoError(t, a.Advance(5*time.Minute))
}

// readers are the calls that a check may make. Of InvokeFunction it makes only dry runs.
var readers = []string{
	"cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "dynamodb:GetItem", "iam:SimulatePrincipalPolicy",
	"lambda:GetAlias", "lambda:GetFunction", "lambda:GetFunctionConcurrency", "lambda:GetFunctionConfiguration", "lambda:GetPolicy",
	"lambda:GetProvisionedConcurrencyConfig", "lambda:InvokeFunction", "lambda:ListAliases", "lambda:ListEventSourceMappings",
	"lambda:ListFunctionUrlConfigs", "lambda:ListProvisionedConcurrencyConfigs", "lambda:ListTags",
}

// watchReaders lets a test fail if the user of the command calls anything but readers, or if a
// hook runs.
func (a *remoteWorld) watchReaders(t *testing.T, called func(action string)) {
	a.OnHook(func(function string, _ []byte) { t.Errorf("the hook %s ran", function) })
	a.Cloud().OnCall(func(c localaws.Call) {
		if c.Actor != "somebody" {
			return
		}
		called(c.Action())
		if !slices.Contains(readers, c.Action()) {
			t.Errorf("%s was called", c.Action())
		}
	})
}

// longLines returns the lines that are wider than a page and could be broken.
func longLines(text string) (long []string) {
	for line := range strings.Lines(text) {
		if len([]rune(line)) > pageWidth+1 && !strings.Contains(line, "arn:") {
			long = append(long, line)
		}
	}
	return long
}

func TestGoldenCheckOfAccounts(t *testing.T) {
	t.Parallel()
	called := map[string]bool{}
	var mu sync.Mutex
	t.Run("accounts", func(t *testing.T) {
		for _, test := range checkedAccounts {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				a := newRemoteWorld(t, cmp.Or(test.deployed, whole), test.scenario)
				if test.prepare != nil {
					test.prepare(t, a)
				}
				a.watchReaders(t, func(action string) {
					mu.Lock()
					defer mu.Unlock()
					called[action] = true
				})
				got := a.run(append([]string{"check", "-f", writeFile(t, "deployment.json", cmp.Or(test.file, whole))}, test.args...)...)
				assert.Equal(t, test.status, got.status, got.stderr)
				assert.Empty(t, got.stderr)
				assert.Empty(t, longLines(got.stdout))
				assertGolden(t, "check-"+test.name+".txt", got.stdout)
			})
		}
	})
	for _, action := range readers {
		assert.True(t, called[action], "%s is never called", action)
	}
}

func TestCheckNotesThatTheFirstStepWaitsForItsWindow(t *testing.T) {
	t.Parallel()
	input := `{"function": "orders", "judge": "off", "window": {"days": ["Sat"], "from": "09:00", "to": "16:00", "timeZone": "Europe/Berlin"}}`
	a := newRemoteWorld(t, input, `{}`)
	got := a.run("check", "-f", writeFile(t, "deployment.json", input))
	text := strings.Join(strings.Fields(got.stdout), " ")
	assert.Contains(t, text, "a deployment that starts now waits: the window of step 1 is closed: Sat 09:00-16:00 Europe/Berlin, opens Sat 3 Jan 08:00 UTC")
	got = a.run("check", "--json", "-f", writeFile(t, "open.json", strings.NewReplacer("Sat", "Thu", "09:00", "00:00").Replace(input)))
	assert.Contains(t, got.stdout, `"targets"`)
	assert.NotContains(t, got.stdout, "OutsideWindow")
}

func TestGoldenCheckForPrograms(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, whole, `{`+goodAlarm+`, "traffic": {"requestsPerMinute": 3}, "functions": {"orders-smoke": {"absent": true}}, "faults": [`+denied("iam:SimulatePrincipalPolicy")+`]}`)
	got := a.run("check", "-f", writeFile(t, "deployment.json", whole), "--json")
	assert.Equal(t, statusFailed, got.status)
	assertGolden(t, "check.json", got.stdout)
}

func TestCheckOfAFileThatIsNotValidAsksNobody(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, whole, `{}`)
	got := a.run("check", "-f", writeFile(t, "deployment.json", `{"function": "orders", "alarm": 1}`))
	assert.Equal(t, statusInvalid, got.status)
	assert.Empty(t, a.operations())
}
