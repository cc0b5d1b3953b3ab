package proof

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// The world begins on Thursday, 1 January 2026, at 00:00 UTC.

// asking is an input with an approval before the first step and one before the last.
const asking = `{"function": "orders", "alarms": ["a"], "judge": "off", "strategy": {"steps": [
	{"percent": 10, "bakeMinutes": 5, "approval": {"waitMinutes": 60}},
	{"percent": 100, "approval": {"waitMinutes": 60, "whenNobodyAnswers": "%s"}}]}}`

func playEntry(t *testing.T, input, scenario string) (*world.World, world.Result) {
	t.Helper()
	w, seen := observe(t, scenarioOf(t, scenario), json.RawMessage(input))
	r := w.Result(seen.play(json.RawMessage(input)))
	require.Empty(t, seen.verify())
	return w, r
}

// taken are the shares of the candidate, each with the minutes after which it got it.
func taken(w *world.World) (steps []string) {
	for _, a := range w.Announcements() {
		if a.State == shift.ShiftedTo {
			steps = append(steps, fmt.Sprintf("%s after %d min", a.Weight, int(a.At.Sub(world.Epoch).Minutes())))
		}
	}
	return steps
}

func TestAStepWaitsForAPerson(t *testing.T) {
	t.Parallel()
	answers := func(list string) string { return `{"events": [` + list + `]}` }
	answer := func(order string, at int) string {
		return fmt.Sprintf(`{"atSeconds": %d, "do": %q, "target": "lambda:orders:live", "reason": "seen"}`, at, order)
	}
	for name, test := range map[string]struct {
		then, scenario string
		outcome        shift.Outcome
		steps          []string
		cause          string
		letters        int
	}{
		"both are approved":     {"rollback", answers(answer("approve", 600) + "," + answer("approve", 1800)), shift.Promoted, []string{"10% after 12 min", "100% after 32 min"}, "", 0},
		"nobody answers":        {"rollback", answers(answer("approve", 600)), shift.RolledBack, []string{"10% after 12 min"}, "ApprovalExpired: nobody approved step 2 within 1h", 0},
		"nobody objects":        {"promote", answers(answer("approve", 600)), shift.Promoted, []string{"10% after 12 min", "100% after 77 min"}, "", 0},
		"nobody answers at all": {"promote", answers(""), shift.Rejected, nil, "ApprovalExpired: nobody approved step 1 within 1h", 0},
		"the first is rejected": {"rollback", answers(answer("reject", 600)), shift.Rejected, nil, "ApprovalRejected: step 1 was rejected: seen", 0},
		"the last is rejected":  {"promote", answers(answer("approve", 600) + "," + answer("reject", 1800)), shift.RolledBack, []string{"10% after 12 min"}, "ApprovalRejected: step 2 was rejected: seen", 0},
		"one answer is for one step": {"rollback", `{"events": [` + answer("approve", 600) + `], "delivery": {"commands": {"copies": 3}}}`,
			shift.RolledBack, []string{"10% after 12 min"}, "ApprovalExpired", 0},
		"one that comes too late is for none": {"rollback", `{"events": [` + answer("approve", 600) + `,` + answer("approve", 620) + `, ` + answer("approve", 1800) + `], "delivery": {"commands": {"delayMs": 2000000}}}`,
			shift.RolledBack, []string{"10% after 43 min"}, "ApprovalExpired", 2},
		"a promotion passes approvals": {"rollback", answers(answer("promote", 600)), shift.Promoted, []string{"100% after 12 min"}, "", 0},
		"an alarm is still watched":    {"promote", answers(answer("approve", 600) + `, {"atSeconds": 1800, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}`), shift.RolledBack, []string{"10% after 12 min"}, "AlarmFired", 0},
		"and polled":                   {"promote", `{"delivery": {"alarms": {"lost": true}}, "events": [` + answer("approve", 600) + `, {"atSeconds": 1800, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, []string{"10% after 12 min"}, "AlarmFired", 0},
		"also before the first step":   {"promote", answers(`{"atSeconds": 600, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}`), shift.Rejected, nil, "AlarmFired", 0},
		"an abort acts at once":        {"promote", answers(answer("approve", 600) + "," + answer("abort", 1800)), shift.RolledBack, []string{"10% after 12 min"}, "Aborted", 0},
		"a pause adds up":              {"promote", answers(answer("approve", 600) + "," + answer("pause", 1200) + "," + answer("approve", 1800) + "," + answer("resume", 7200)), shift.Promoted, []string{"10% after 12 min", "100% after 120 min"}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, r := playEntry(t, fmt.Sprintf(asking, test.then), test.scenario)
			assert.Equal(t, string(test.outcome), r.Outcome, r.Cause)
			assert.Equal(t, test.steps, taken(w))
			assert.Contains(t, r.Cause, test.cause)
			assert.Equal(t, test.letters, w.DeadLetters())
		})
	}
}

// A rejection and an abort do not wait for the next poll.
func TestNoWaitDelaysARollbackThatIsAskedFor(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"reject", "abort"} {
		w, seen := observe(t, scenarioOf(t, `{"events": [{"atSeconds": 600, "do": "approve", "target": "lambda:orders:live"},
			{"atSeconds": 2000, "do": "`+order+`", "target": "lambda:orders:live"}]}`), json.RawMessage(fmt.Sprintf(asking, "promote")))
		var back time.Duration
		w.Cloud().OnAliasChange(func(c localaws.AliasChange) {
			if len(c.After.Weights) == 0 {
				back = w.Elapsed()
				assert.Equal(t, flow.SafetyNet, c.Actor)
			}
		})
		seen.play(json.RawMessage(fmt.Sprintf(asking, "promote")))
		require.Empty(t, seen.verify())
		assert.InDelta(t, 2000, back.Seconds(), 5, order)
	}
}

// People are asked once for each step, with what to type.
func TestPeopleAreAskedByAnAnnouncement(t *testing.T) {
	t.Parallel()
	w, _ := playEntry(t, fmt.Sprintf(asking, "rollback"), `{"events": [{"atSeconds": 600, "do": "approve", "target": "lambda:orders:live"}],
		"faults": [{"call": "events:PutEvents", "actor": "check-alarms", "error": "fail", "times": 4}]}`)
	ids := map[string]int{}
	for _, a := range w.Announcements() {
		if a.State == shift.ApprovalAsked {
			ids[a.ID]++
			assert.Contains(t, a.Summary, fmt.Sprintf("sluice approve lambda:orders:live --step %d --reason", a.Step+1))
		}
	}
	arn := w.Executions()[0].ARN()
	assert.Equal(t, map[string]int{arn + "/AwaitingApproval/1": 1, arn + "/AwaitingApproval/2": 1}, ids)
}

// A day of waiting for a person takes at most 900 transitions, also before the first step and
// while the deployment is paused.
func TestADayOfWaitingForAPersonTakesFewTransitions(t *testing.T) {
	t.Parallel()
	day := func(steps, events string) int {
		_, r := playEntry(t, `{"function": "orders", "alarms": ["a"], "judge": "off", "strategy": {"steps": [`+steps+`]}}`, `{"events": [`+events+`]}`)
		require.Equal(t, string(shift.Promoted), r.Outcome, r.Cause)
		return r.Transitions
	}
	without := day(`{"percent": 10, "bakeMinutes": 5}, {"percent": 100}`, ``)
	for name, transitions := range map[string]int{
		"at a step":             day(`{"percent": 10, "bakeMinutes": 5}, {"percent": 100, "approval": {"waitMinutes": 1440, "whenNobodyAnswers": "promote"}}`, ``),
		"before the first step": day(`{"percent": 10, "bakeMinutes": 5, "approval": {"waitMinutes": 1440, "whenNobodyAnswers": "promote"}}, {"percent": 100}`, ``),
		"at a step, paused":     day(`{"percent": 10, "bakeMinutes": 5}, {"percent": 100, "approval": {"waitMinutes": 1440, "whenNobodyAnswers": "promote"}}`, `{"atSeconds": 400, "do": "pause", "target": "lambda:orders:live"}, {"atSeconds": 500, "do": "approve", "target": "lambda:orders:live"}, {"atSeconds": 86800, "do": "resume", "target": "lambda:orders:live"}`),
		"a freeze":              day(`{"percent": 10, "bakeMinutes": 5}, {"percent": 100}`, `{"atSeconds": 30, "do": "freeze", "forSeconds": 86700}`),
		"a pause":               day(`{"percent": 10, "bakeMinutes": 5}, {"percent": 100}`, `{"atSeconds": 30, "do": "pause", "target": "lambda:orders:live"}, {"atSeconds": 86430, "do": "resume", "target": "lambda:orders:live"}`),
	} {
		t.Logf("%s: %d transitions for 24 hours", name, transitions-without)
		assert.Greater(t, transitions-without, 500, name)
		assert.LessOrEqual(t, transitions-without, 900, name)
	}
}

// A window is one of clocks: Thursday, 09:00 in Berlin is 08:00 UTC.
func TestAStepWaitsForItsWindow(t *testing.T) {
	t.Parallel()
	const strategy = `"judge": "off", "alarms": ["a"], "strategy": {"steps": [{"percent": 10, "bakeMinutes": 600}, {"percent": 100}]}`
	for name, test := range map[string]struct {
		input, scenario string
		outcome         shift.Outcome
		steps           []string
	}{
		"for every step": {`{"function": "orders", ` + strategy + `, "window": {"days": ["Mon", "Tue", "Wed", "Thu", "Fri"], "from": "09:00", "to": "16:00", "timeZone": "Europe/Berlin"}}`,
			`{}`, shift.Promoted, []string{"10% after 480 min", "100% after 1920 min"}},
		"not for the way back": {`{"function": "orders", ` + strategy + `, "window": {"days": ["Thu"], "from": "09:00", "to": "16:00", "timeZone": "Europe/Berlin"}}`,
			`{"events": [{"atSeconds": 72000, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, []string{"10% after 480 min"}},
		"a promotion passes it": {`{"function": "orders", ` + strategy + `, "window": {"days": ["Sun"], "from": "09:00", "to": "16:00", "timeZone": "UTC"}}`,
			`{"events": [{"atSeconds": 600, "do": "promote", "target": "lambda:orders:live"}]}`, shift.Promoted, []string{"100% after 11 min"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, r := playEntry(t, test.input, test.scenario)
			assert.Equal(t, string(test.outcome), r.Outcome, r.Cause)
			assert.Equal(t, test.steps, taken(w))
		})
	}
}

func TestAFreezeHoldsEveryDeployment(t *testing.T) {
	t.Parallel()
	const input = `{"function": "orders", "alarms": ["a"], "judge": "off", "strategy": {"canary": {"percent": 10, "bakeMinutes": 30}}%s}`
	frozen := func(from, length int) string {
		return fmt.Sprintf(`{"atSeconds": %d, "do": "freeze", "forSeconds": %d, "reason": "the sale"}`, from, length)
	}
	for name, test := range map[string]struct {
		with, events string
		outcome      shift.Outcome
		steps        []string
		cause        string
	}{
		"one that runs holds its weight":      {``, frozen(60, 7200), shift.Promoted, []string{"10% after 0 min", "100% after 121 min"}, ""},
		"until it is lifted":                  {``, frozen(60, 7200) + `, {"atSeconds": 3600, "do": "unfreeze"}`, shift.Promoted, []string{"10% after 0 min", "100% after 63 min"}, ""},
		"a promotion waits, too":              {``, frozen(60, 7200) + `, {"atSeconds": 120, "do": "promote", "target": "lambda:orders:live"}`, shift.Promoted, []string{"10% after 0 min", "100% after 121 min"}, ""},
		"an alarm still puts it back":         {``, frozen(60, 7200) + `, {"atSeconds": 3600, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}`, shift.RolledBack, []string{"10% after 0 min"}, "AlarmFired"},
		"a new one is refused":                {``, frozen(0, 7200), shift.Rejected, nil, "DeploymentsFrozen: "},
		"or waits with its traffic on stable": {`, "whenFrozen": "wait"`, frozen(0, 7200), shift.Promoted, []string{"10% after 120 min", "100% after 150 min"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := `{"events": [` + test.events + `], "candidate": {"pendingSeconds": 20}}`
			w, r := playEntry(t, fmt.Sprintf(input, test.with), scenario)
			assert.Equal(t, string(test.outcome), r.Outcome, r.Cause)
			assert.Equal(t, test.steps, taken(w))
			assert.Contains(t, r.Cause, test.cause)
		})
	}
}

// A pause, an approval, a window and a freeze at once add up to one Wait with all its reasons.
func TestAllThatIsWaitedForIsToldAtOnce(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "judge": "off", "strategy": {"steps": [{"percent": 10, "bakeMinutes": 5},
		{"percent": 100, "approval": {"waitMinutes": 10}, "window": {"days": ["Thu"], "from": "02:00", "to": "03:00", "timeZone": "UTC"}}]}}`)
	w, seen := observe(t, scenarioOf(t, `{"events": [{"atSeconds": 400, "do": "pause", "target": "lambda:orders:live"},
		{"atSeconds": 410, "do": "freeze", "forSeconds": 3600, "reason": "the sale"},
		{"atSeconds": 5000, "do": "resume", "target": "lambda:orders:live"},
		{"atSeconds": 7500, "do": "approve", "target": "lambda:orders:live"}]}`), input)
	var most []string
	w.HappenAfter(3000*time.Second, func() {
		for _, e := range w.Executions()[0].History() {
			var doc flow.Document
			if e.StateEntered != nil && json.Unmarshal(e.StateEntered.Input, &doc) == nil && doc.Progress != nil {
				var names []string
				for _, reason := range doc.Progress.Reasons {
					names = append(names, reason.Name)
				}
				if len(names) > len(most) {
					most = names
				}
			}
		}
	})
	r := w.Result(seen.play(input))
	require.Empty(t, seen.verify())
	slices.Sort(most)
	assert.Equal(t, []string{shift.AwaitingApproval, shift.Frozen, shift.OutsideWindow, shift.Paused}, most)
	assert.Equal(t, string(shift.Promoted), r.Outcome, "the ten minutes for an answer begin when nothing else keeps the step out: %s", r.Cause)
}
