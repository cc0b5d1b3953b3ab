package proof

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// An alarm may fire after Open has read it, and its event may come before Open has
// written that down. Nobody else would tell of it before the next poll.
func TestAnAlarmThatFiresWhileADeploymentIsOpenedIsNotForgotten(t *testing.T) {
	t.Parallel()
	const read = 0.62 // seconds, after DescribeAlarms
	b := base{name: "an alarm that fires while Open opens",
		input:    `{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 50}}, "alarms": ["a"]}`,
		scenario: fmt.Sprintf(`{%s, "events": [{"atSeconds": %v, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, chaosFunctions, read), outcome: shift.RolledBack}
	for slow, within := range map[time.Duration]time.Duration{
		2 * time.Second:  5 * time.Second,  // safety-net waits for it
		40 * time.Second: 70 * time.Second, // Lambda invokes it again, after a minute
	} {
		t.Run(slow.String(), func(t *testing.T) {
			t.Parallel()
			slower := fault{name: "slower", strike: done(func(r *run) { r.w.Stall(slow) })}
			r, err := play(b, guard{}, strike{actor: "open-deployment", action: "dynamodb:UpdateItem", nth: 1, fault: slower})
			require.NoError(t, r.story(err))
			require.Len(t, r.struck, 1)
			require.Equal(t, shift.RolledBack, r.outcome())
			routes := r.w.Routes()
			require.Len(t, routes, 2, "there and back")
			assert.LessOrEqual(t, routes[1].Seconds-routes[0].Seconds, within.Seconds())
		})
	}
}

// While Open is tried again and again, it reads the alarm anew each time: an event that
// is older than a try may take is Open's affair, and nobody's dead letter.
func TestAnEventThatOpenHasReadByNowIsLetGo(t *testing.T) {
	t.Parallel()
	b := base{name: "a long opening", input: `{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		scenario: `{` + chaosFunctions + `, "faults": [{"call": "lambda:GetAlias", "actor": "open-deployment", "error": "throttle", "untilSeconds": 600}],
		  "events": [{"atSeconds": 1, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}, {"atSeconds": 2, "do": "setAlarmState", "alarm": "a", "state": "OK"}]}`, outcome: shift.Promoted}
	r, err := play(b, guard{})
	require.NoError(t, r.story(err))
	require.Equal(t, shift.Promoted, r.outcome())
	assert.Zero(t, r.w.DeadLetters())
}

// Looking at targets takes the account's few requests a second, in which the
// restorations of whatever else the alarm concerns wait for their turn.
func TestTheTargetsOfADeploymentThatIsBeingOpenedAreLookedAtOnce(t *testing.T) {
	t.Parallel()
	const many = 10
	b := base{name: "an alarm that fires while Open opens many targets",
		input:    string(targets(many, `, "strategy": {"canary": {"percent": 10, "bakeMinutes": 50}}, "alarms": ["a"]`)),
		scenario: `{"events": [{"atSeconds": 10, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, outcome: shift.RolledBack}
	var opened bool
	slow := fault{name: "slow", strike: done(func(r *run) { r.w.Stall(30 * time.Second); opened = true })}
	var looks, marks int
	count := guard{without: func(_ *run, c *wireCall) (*http.Response, error) {
		switch {
		case opened || c.actor != flow.SafetyNet:
		case c.operation == http.MethodGet && strings.Contains(c.path, "/aliases/"):
			looks++
		case c.operation == "UpdateItem":
			marks++
		}
		return nil, nil
	}}
	r, err := play(b, count, strike{actor: flow.Open.Function, action: "dynamodb:UpdateItem", nth: 1, fault: slow})
	require.NoError(t, r.story(err))
	require.Len(t, r.struck, 1)
	require.Equal(t, shift.RolledBack, r.outcome())
	assert.Greater(t, marks, 2, "it is tried again")
	assert.LessOrEqual(t, looks, many)
}

// Of an alarm that does not say when it has changed, nobody can tell that it did so
// before the deployment: it is taken for one that does so now.
func TestAnAlarmWhoseTimeCannotBeReadIsNotForgotten(t *testing.T) {
	t.Parallel()
	timeless := func(state, before string) []byte {
		return fmt.Appendf(nil, `{"source": %q, "detail-type": %q, "time": "now",
			"detail": {"alarmName": "a", "state": {"value": %q, "timestamp": "now"}, "previousState": {"value": %q}}}`, flow.AlarmSource, flow.AlarmDetailType, state, before)
	}
	for name, test := range map[string]struct {
		scenario, more string
		comes          map[time.Duration][]byte
	}{
		"it fires": {`"events": [{"atSeconds": 70, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]`, ``,
			map[time.Duration][]byte{71 * time.Second: timeless("ALARM", "OK")}},
		"it counts again": {`"events": [{"atSeconds": 0, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]`, `, "alarmsAtStart": "ignoreUntilOk"`,
			map[time.Duration][]byte{65 * time.Second: timeless("OK", "ALARM"), 71 * time.Second: timeless("ALARM", "INSUFFICIENT_DATA")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			input := json.RawMessage(`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"]` + test.more + `}`)
			w, seen := observe(t, scenarioOf(t, `{`+chaosFunctions+`, "delivery": {"alarms": {"lost": true}}, `+test.scenario+`}`), input)
			for at, event := range test.comes {
				w.At(w.Now().Add(at), func() { w.Wake(event, 0) })
			}
			r := w.Result(seen.play(input))
			assert.Empty(t, seen.verify(), story(r))
			require.Equal(t, "RolledBack", r.Outcome, story(r))
			require.Len(t, w.Routes(), 2, "there and back")
			assert.InDelta(t, 71, w.Routes()[1].Seconds, 2)
		})
	}
}
