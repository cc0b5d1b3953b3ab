package inspection

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/iam"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/task"
)

// tagged is an account in which every function has all tags of Sluice.
type tagged struct{ Functions }

func (tagged) Tags(context.Context, string) (map[string]string, error) {
	return map[string]string{flow.TagAlias: "live", flow.TagHook: "true", flow.TagSynthetic: "true"}, nil
}

// asked are the calls of a deployment that names everything.
func asked(t *testing.T) map[string][]operator.Ask {
	t.Helper()
	var all map[string][]operator.Ask
	for _, input := range []string{
		`{"function": "orders", "createAlias": true, "keepVersions": 5, "alarms": ["errors"], "judge": {"synthetic": {"function": "load"}}, "hooks": {"beforeTraffic": [{"function": "smoke:live"}]}}`,
		`{"function": "orders", "version": "3"}`,
	} {
		release, err := request.DecodeInput([]byte(input), "")
		require.NoError(t, err)
		in := &inspecting{
			Inspector: Inspector{Functions: tagged{}}, Report: NewReport(), ctx: t.Context(),
			home: "arn:aws:lambda:eu-west-1:111122223333:function:", seen: task.Inspected{Release: release},
		}
		if found := in.asks(); all == nil {
			all = found
		}
	}
	return all
}

func stackRoles(t *testing.T) iam.Template {
	t.Helper()
	text, err := os.ReadFile("../../infra/testdata/sluice.template.json")
	require.NoError(t, err)
	roles, err := iam.Parse(text, iam.Place{Partition: "aws", Region: "eu-west-1", Account: "111122223333"})
	require.NoError(t, err)
	return roles
}

func TestTheRolesOfTheStackAllowWhatIsAskedAbout(t *testing.T) {
	t.Parallel()
	roles := stackRoles(t)
	for by, asks := range asked(t) {
		for _, a := range asks {
			decision := roles.Functions["sluice-"+by].Decide(iam.Request{Action: a.Action, Resource: a.Resource, Tags: a.Tags})
			assert.True(t, decision.Allowed, "%s: %s on %s", by, a.Action, a.Resource)
			if a.Resource != "*" {
				decision = roles.Functions["sluice-"+by].Decide(iam.Request{Action: a.Action, Resource: a.Resource})
				assert.False(t, decision.Allowed, "%s: %s on %s without tags", by, a.Action, a.Resource)
			}
		}
	}
}

// notAsked are the calls of Lambda and CloudWatch that a deployment may do without.
var notAsked = map[string]string{
	"lambda:ListTags":                        "the check itself reads the tags",
	"lambda:ListAliases":                     "only for the text of an error",
	"lambda:GetProvisionedConcurrencyConfig": "only while Lambda moves weights; Open is asked about",
}

func TestWhateverTheRolesAllowOnWhatIsNamedIsAskedAbout(t *testing.T) {
	t.Parallel()
	roles, asks := stackRoles(t), asked(t)
	for _, by := range Asked() {
		known := map[string]bool{}
		for _, a := range asks[by] {
			known[a.Action] = true
		}
		for _, s := range roles.Functions["sluice-"+by].Statements {
			for _, action := range s.Actions {
				service, _, _ := strings.Cut(action, ":")
				if (service == "lambda" || service == "cloudwatch") && notAsked[action] == "" && s.Sid != "WakeCandidates" {
					assert.True(t, known[action], "%s: %s of %s; known: %v", by, action, s.Sid, slices.Sorted(maps.Keys(known)))
				}
			}
		}
	}
}

func TestThinTrafficIsToldByTheStepThatSeesTheMost(t *testing.T) {
	t.Parallel()
	release, err := request.DecodeInput([]byte(`{"function": "orders", "strategy": "Canary10Percent10Minutes"}`), "")
	require.NoError(t, err)
	release.Judging = shift.DefaultJudging()
	for _, test := range []struct {
		name   string
		served Served
		want   string
		says   string
	}{
		{"nobody", Served{}, NoTraffic, "no request to lambda:orders:live in the last week"},
		{"3 a minute", Served{Covers: Week, Requests: 3 * Week.Minutes()}, ThinTraffic, "at your 3 requests a minute (the average of the last week), 10 minutes at 10% show the candidate 3 requests: too few to see a 5% failure"},
		{"many", Served{Covers: Week, Requests: 3000 * Week.Minutes()}, "", ""},
		{"some beside", Served{Covers: Week, Requests: 3000 * Week.Minutes(), Beside: 1000 * Week.Minutes()}, AliasBypassed, "25% of the requests to orders did not come through the alias live"},
		{"hardly any beside", Served{Covers: Week, Requests: 3000 * Week.Minutes(), Beside: Week.Minutes()}, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := &inspecting{
				Inspector: Inspector{Traffic: fixedTraffic(test.served)}, Report: NewReport(), ctx: t.Context(), seen: task.Inspected{Release: release},
			}
			in.inspectTraffic()
			if test.want == "" {
				assert.Empty(t, in.Notes)
				return
			}
			require.Len(t, in.Notes, 1)
			assert.Equal(t, test.want, in.Notes[0].Name)
			assert.Contains(t, in.Notes[0].Text, test.says)
			assert.Equal(t, "targets[0]", in.Notes[0].Path)
		})
	}
}

// An alarm sees no failure where nothing of the candidate fails.
func TestThinTrafficIsToldWhereOnlyAlarmsWatch(t *testing.T) {
	t.Parallel()
	const alarms = `, "judge": "off", "alarms": ["orders-5xx"]`
	for _, test := range []struct {
		name, input string
		perMinute   float64
		says        string // empty if nothing is told
	}{
		{"3 a minute", `"strategy": "Canary10Percent10Minutes"` + alarms, 3, "at your 3 requests a minute (the average of the last week), 10 minutes at 10% show the candidate 3 requests: too few for an alarm to see a 5% failure, because in 86% of the cases none of them fails. Bake longer"},
		{"13 in all", `"strategy": "Canary10Percent10Minutes"` + alarms, 13, "in 51% of the cases none of them fails"},
		{"14 in all", `"strategy": "Canary10Percent10Minutes"` + alarms, 14, ""},
		{"the longest step counts", `"strategy": {"steps": [{"percent": 10, "bakeMinutes": 1}, {"percent": 50, "bakeMinutes": 10}, {"percent": 100}]}` + alarms, 3, ""},
		{"alarms watch at 100%, too", `"strategy": "AllAtOnce", "watchMinutes": 10` + alarms, 1, "10 minutes at 100% show the candidate 10 requests"},
		{"nothing bakes", `"strategy": "AllAtOnce"` + alarms, 1, ""},
		{"nothing watches", `"strategy": "Canary10Percent10Minutes", "judge": "off"`, 3, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			release, err := request.DecodeInput([]byte(`{"function": "orders", `+test.input+`}`), "")
			require.NoError(t, err)
			in := &inspecting{
				Inspector: Inspector{Traffic: fixedTraffic(Served{Covers: Week, Requests: test.perMinute * Week.Minutes()})}, Report: NewReport(), ctx: t.Context(), seen: task.Inspected{Release: release},
			}
			in.inspectTraffic()
			if test.says == "" {
				assert.Empty(t, in.Notes)
				return
			}
			require.Len(t, in.Notes, 1)
			assert.Equal(t, ThinTraffic, in.Notes[0].Name)
			assert.Contains(t, in.Notes[0].Text, test.says)
			assert.Empty(t, in.Findings)
		})
	}
}

// fixedTraffic is the same for each Target.
type fixedTraffic Served

func (f fixedTraffic) Served(_ context.Context, targets []shift.Target, span time.Duration, _ time.Time) (map[shift.Target]Served, error) {
	all := map[shift.Target]Served{}
	for _, t := range targets {
		all[t] = Served(f)
	}
	return all, nil
}
