package proof

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// The order of the queue, as seen from outside: nobody takes a Target for which somebody waits who
// came long before.

// queueing is who stands in the queue.
type queueing struct{ waiting map[string]shift.Waiting }

// unfair is for how long somebody may have waited whom another one overtakes: who looks at the
// queue may take a while until it locks, and did not see who came then.
const unfair = 2 * time.Minute

// queued is told of every write of the queue.
func (r *run) queued(id string, item dynamodb.Item) {
	if r.waiting == nil {
		r.waiting = map[string]shift.Waiting{}
	}
	if item == nil {
		delete(r.waiting, id)
		return
	}
	w := shift.Waiting{ID: id, Since: r.w.Now()}
	_ = json.Unmarshal([]byte(text(item, "arrivals")), &w.Arrivals)
	r.waiting[id] = w
}

// takes is told who takes a Target.
func (r *run) takes(t shift.Target, id string) {
	if d := r.deployments[id]; d == nil || r.isRevert(id) || r.isReplacing(id) || r.isWayBack(id) {
		return
	}
	since := r.w.Now()
	if own, queued := r.waiting[id]; queued {
		since = own.Since
	}
	for other, w := range r.waiting {
		if w.Concerns(t) && w.Since.Add(unfair).Before(since) && r.stillWaits(other) {
			r.breaks("queue: %s has taken %s before %s, who has waited since %s", nameOf(id), t, nameOf(other), w.Since.Format(time.TimeOnly))
		}
	}
}

// stillWaits says whether a Deployment in the queue has neither opened nor ended.
func (r *run) stillWaits(id string) bool {
	_, has := r.deployments[id]
	x, known := r.w.Machine().Execution(id)
	return !has && known && x.Status() == asl.Running
}

func (r *run) isRevert(id string) bool { return strings.Contains(r.inputOf(id), `"revert"`) }

func (r *run) isReplacing(id string) bool { return strings.Contains(r.inputOf(id), `"replace"`) }

// isWayBack says whether it takes back a stack's update.
func (r *run) isWayBack(id string) bool {
	return strings.HasPrefix(nameOf(id), flow.StackExecutionPrefix) && strings.Contains(r.inputOf(id), `"pass"`)
}

func (r *run) inputOf(id string) string {
	if x, known := r.w.Machine().Execution(id); known {
		return string(x.Input())
	}
	return ""
}

// playEvents plays a deployment of version 2, among five, and what the events start.
func playEvents(t *testing.T, input, more string, events ...string) (*world.World, []*asl.Execution) {
	t.Helper()
	w, seen := observe(t, scenarioOf(t, `{`+more+`"functions": {"orders": {"versions": 6, "roles": {"6": "other"}, "aliases": {"live": {"version": "1"}}}}, "latencyMs": 20, "events": [`+strings.Join(events, ", ")+`]}`), json.RawMessage(input))
	seen.play(json.RawMessage(input))
	require.NoError(t, w.Advance(3*time.Hour))
	require.Empty(t, seen.verify())
	for _, item := range w.Tables().Items(world.LedgerTable) {
		assert.NotEqual(t, "waiting", text(item, flow.LedgerPartitionKey), "nobody is left in the queue")
	}
	return w, w.Executions()
}

func starting(at float64, version, whenHeld, more string) string {
	return fmt.Sprintf(`{"atSeconds": %g, "do": "startExecution", "input": {"function": "orders", "version": %q, "whenHeld": %q%s}}`, at, version, whenHeld, more)
}

const (
	slowly = `{"function": "orders", "version": "2", "strategy": {"canary": {"percent": 10, "bakeMinutes": 30}}}`
	atOnce = `, "strategy": "AllAtOnce"`
)

// endingsOf is how the executions ended.
func endingsOf(w *world.World, all []*asl.Execution) (list []string) {
	for _, x := range all {
		list = append(list, w.Outcome(x.ARN()))
	}
	return list
}

func TestTheNewestWins(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, input string
		events      []string
		outcomes    []string
		serves      string
		superseded  []int // which say so
	}{
		{"one replaces the one that runs", slowly, []string{starting(200, "3", "replace", atOnce)}, []string{"RolledBack", "Promoted"}, "3", []int{0}},
		{"it is replaced in turn", slowly, []string{starting(200, "3", "replace", `, "strategy": {"canary": {"percent": 10, "bakeMinutes": 30}}`), starting(600, "4", "replace", atOnce)},
			[]string{"RolledBack", "RolledBack", "Promoted"}, "4", []int{0, 1}},
		{"two replace it at once", slowly, []string{starting(200, "3", "replace", atOnce), starting(200.1, "4", "replace", atOnce)},
			[]string{"RolledBack", "Rejected", "Promoted"}, "4", []int{0, 1}},
		{"those that wait give way, too", slowly, []string{starting(100, "3", "wait", ""), starting(150, "4", "wait", ""), starting(400, "5", "replace", atOnce)},
			[]string{"RolledBack", "Rejected", "Rejected", "Promoted"}, "5", []int{0, 1, 2}},
		{"who comes later waits behind it", slowly, []string{starting(200, "3", "replace", atOnce), starting(201, "4", "wait", atOnce)},
			[]string{"RolledBack", "Promoted", "Promoted"}, "4", []int{0}},
		{"one whose hook is awaited", `{"function": "orders", "version": "2", "hooks": {"beforeTraffic": [{"function": "smoke", "mode": "callback", "timeoutSeconds": 7200}]}}`,
			[]string{starting(200, "3", "replace", atOnce)}, []string{"Rejected", "Promoted"}, "3", []int{0}},
		{"nobody holds it", `{"function": "orders", "version": "2", "strategy": "AllAtOnce"}`, []string{starting(200, "3", "replace", atOnce)}, []string{"Promoted", "Promoted"}, "3", nil},
		{"one that fails lets the other go on", slowly, []string{starting(200, "3", "fail", atOnce)}, []string{"Promoted", "Rejected"}, "2", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			hooks := ""
			if strings.Contains(test.input, "smoke") {
				hooks = `"hooks": {"smoke": {"result": "hang"}}, `
			}
			w, all := playEvents(t, test.input, hooks, test.events...)
			require.Equal(t, test.outcomes, endingsOf(w, all))
			alias, _ := w.Cloud().Alias("orders", "live")
			assert.Equal(t, test.serves, alias.FunctionVersion)
			for _, n := range test.superseded {
				record, err := w.Ledger().Record(t.Context(), all[n].ARN())
				require.NoError(t, err)
				assert.Equal(t, shift.Superseded, shift.FirstReason(record.Reasons).Name)
				assert.Contains(t, record.Cause, "superseded by ")
				x, known := w.Machine().Execution(shift.FirstReason(record.Reasons).Subject)
				require.True(t, known, "its subject is the execution that has taken its place")
				assert.Contains(t, string(x.Input()), "replace")
				if record.Outcome == shift.RolledBack {
					assert.Less(t, record.ClosedAt.Sub(x.Started()), 2*world.SweepEvery+soon, "it goes back as after an abort")
				}
			}
		})
	}
}

// What may not take its first step yet leaves a healthy deployment alone until then.
func TestTheNewestWinsOnlyWhenItMayGo(t *testing.T) {
	t.Parallel()
	const window = `, "strategy": "AllAtOnce", "window": {"days": ["Thu"], "from": %q, "to": "23:00", "timeZone": "UTC"}`
	freeze := `{"atSeconds": 100, "do": "freeze", "forSeconds": 600, "reason": "the sale"}`
	for _, test := range []struct {
		name     string
		events   []string
		outcomes []string
		from, to time.Duration // when the holder ends
	}{
		{"its window opens while the holder goes on", []string{starting(200, "3", "replace", fmt.Sprintf(window, "00:20"))}, []string{"RolledBack", "Promoted"}, 20 * time.Minute, 22 * time.Minute},
		{"its window opens when the holder has ended", []string{starting(200, "3", "replace", fmt.Sprintf(window, "02:00"))}, []string{"Promoted", "Promoted"}, 30 * time.Minute, 35 * time.Minute},
		{"the account is frozen", []string{freeze, starting(200, "3", "replace", atOnce+`, "whenFrozen": "wait"`)}, []string{"RolledBack", "Promoted"}, 700 * time.Second, 14 * time.Minute},
		{"another one waits already", []string{starting(150, "4", "wait", atOnce), starting(200, "3", "replace", fmt.Sprintf(window, "00:20"))}, []string{"RolledBack", "Rejected", "Promoted"}, 20 * time.Minute, 22 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w, all := playEvents(t, slowly, "", test.events...)
			require.Equal(t, test.outcomes, endingsOf(w, all))
			record, err := w.Ledger().Record(t.Context(), all[0].ARN())
			require.NoError(t, err)
			ended := record.ClosedAt.Sub(all[0].Started())
			assert.GreaterOrEqual(t, ended, test.from)
			assert.Less(t, ended, test.to)
			alias, _ := w.Cloud().Alias("orders", "live")
			assert.Equal(t, "3", alias.FunctionVersion)
		})
	}
}

// What would be rejected anyway has nobody give way.
func TestWhoCannotOpenReplacesNobody(t *testing.T) {
	t.Parallel()
	const fires = `{"atSeconds": 60, "do": "setAlarmState", "alarm": "b", "state": "ALARM"}`
	for _, test := range []struct {
		name     string
		events   []string
		cause    string
		outcomes []string
	}{
		{"its alarm fires", []string{fires, starting(200, "3", "replace", atOnce+`, "alarms": ["b"]`)}, "AlarmFiring", []string{"Promoted", "Rejected"}},
		{"its role differs", []string{starting(200, "6", "replace", atOnce)}, "RoleDiffers", []string{"Promoted", "Rejected"}},
		{"it expects what will not serve", []string{starting(200, "3", "replace", atOnce+`, "expectStable": "4"`)}, "StableDiffers", []string{"Promoted", "Rejected"}},
		{"others wait", []string{fires, starting(100, "4", "wait", atOnce), starting(200, "3", "replace", atOnce+`, "alarms": ["b"]`)}, "AlarmFiring", []string{"Promoted", "Promoted", "Rejected"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w, all := playEvents(t, slowly, `"alarms": [{"name": "b"}], `, test.events...)
			require.Equal(t, test.outcomes, endingsOf(w, all))
			record, err := w.Ledger().Record(t.Context(), all[len(all)-1].ARN())
			require.NoError(t, err)
			assert.Contains(t, record.Cause, test.cause)
			assert.Less(t, record.ClosedAt.Sub(all[len(all)-1].Started()), time.Minute, "and says so at once")
		})
	}
}

// Its first try has taken the lock and is lost. Somebody waits by the time of the second one, and is
// not ahead of it.
func TestATryAfterTheLockWasTakenDoesNotWaitForOthers(t *testing.T) {
	t.Parallel()
	r, err := play(baseOf(t, "two wait, and one replaces them"), guard{}, strike{
		actor: flow.Open.Function, action: "dynamodb:UpdateItem", nth: 1, fault: theFault("slower than the Lambda may be, and late"),
	})
	require.NoError(t, r.story(err))
	require.Len(t, r.struck, 1)
	assert.Equal(t, shift.Promoted, r.outcome())
}

// A revert takes away what harms: nobody replaces it, and it lets nobody go first.
func TestARevertIsNotReplaced(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"targets": [{"function": "orders"}, {"cloudfrontSwitch": {"name": "www.example.com", "candidate": "E2GREEN"}}], "strategy": "AllAtOnce"}`)
	b := baseOf(t, "a switched name promoted")
	_ = input
	scenario := scenarioOf(t, b.scenario)
	scenario.Open = true
	w, seen := observe(t, scenario, json.RawMessage(b.input))
	x := seen.play(json.RawMessage(b.input))
	w.StartSoon("back", json.RawMessage(`{"revert": "`+x.ARN()+`"}`))
	require.NoError(t, w.Advance(30*time.Second))
	var again map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(b.input), &again))
	again["whenHeld"] = json.RawMessage(`"replace"`)
	text, _ := json.Marshal(again)
	w.StartSoon("newest", text)
	require.NoError(t, w.Advance(3*time.Hour))
	require.Empty(t, seen.verify())
	assert.Equal(t, []string{"Promoted", "Promoted", "Promoted"}, endingsOf(w, w.Executions()), "one after the other")
}

// What takes back a stack's update takes away what harms, too.
func TestTheWayBackOfAStackIsNotReplaced(t *testing.T) {
	t.Parallel()
	const slow = `"judge": "off", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}`
	back := json.RawMessage(`{"function": "orders", "version": "2", "whenFrozen": "pass", ` + slow + `}`)
	scenario := scenarioOf(t, `{"functions": {"orders": {"versions": 3, "aliases": {"live": {"version": "1"}}}}, "events": [`+starting(60, "3", "replace", `, `+slow)+`]}`)
	scenario.Open = true
	w, seen := observe(t, scenario, back)
	w.StartSoon(flow.StackExecutionPrefix+"1", back)
	require.NoError(t, w.Advance(3*time.Hour))
	require.Empty(t, seen.verify())
	assert.Equal(t, []string{"Promoted", "Promoted"}, endingsOf(w, w.Executions()), "one after the other")
}

// It is spared while it waits, too, and goes before all that wait and do not put traffic back.
func TestTheWayBackOfAStackPassesThoseThatWait(t *testing.T) {
	t.Parallel()
	const (
		holds  = `{"function": "orders", "version": "2", "judge": "off", "strategy": {"steps": [{"percent": 100, "bakeMinutes": 10}]}}`
		freeze = `{"atSeconds": 30, "do": "freeze", "forSeconds": 7200, "reason": "the sale"}`
	)
	back := json.RawMessage(`{"targets": [{"function": "orders", "version": "3"}], "strategy": "AllAtOnce", "judge": "off", "whenHeld": "wait", "whenFrozen": "pass"}`)
	for _, test := range []struct {
		name     string
		events   []string
		outcomes map[string]string // by the version
	}{
		{"one comes that replaces those that wait", []string{starting(60, "4", "wait", atOnce), starting(200, "5", "replace", atOnce)}, map[string]string{"4": "Rejected", "5": "Promoted"}},
		{"one waits that replaces others and is frozen", []string{freeze, starting(60, "4", "replace", atOnce+`, "whenFrozen": "wait"`)}, map[string]string{"4": "Promoted"}},
		{"others wait", []string{starting(60, "4", "wait", atOnce), starting(61, "5", "wait", atOnce)}, map[string]string{"4": "Promoted", "5": "Promoted"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w, seen := observe(t, scenarioOf(t, `{"functions": {"orders": {"versions": 5, "aliases": {"live": {"version": "1"}}}}, "events": [`+strings.Join(test.events, ", ")+`]}`), json.RawMessage(holds))
			w.HappenAfter(2*time.Minute, func() { w.StartSoon(flow.StackExecutionPrefix+"1", back) })
			seen.play(json.RawMessage(holds))
			require.NoError(t, w.Advance(5*time.Hour))
			require.Empty(t, seen.verify())
			var holder, way shift.Record
			opened := map[string]time.Time{}
			for _, x := range w.Executions() {
				record, err := w.Ledger().Record(t.Context(), x.ARN())
				require.NoError(t, err)
				switch candidate := record.Moves()[0].Candidate; candidate {
				case "3":
					way = record
				case "2":
					holder = record
				default:
					assert.Equal(t, test.outcomes[string(candidate)], string(record.Outcome), "version %s", candidate)
					opened[string(candidate)] = record.OpenedAt
				}
			}
			require.Equal(t, shift.Promoted, holder.Outcome)
			require.Equal(t, shift.Promoted, way.Outcome, "%v", way.Reasons)
			assert.Less(t, way.OpenedAt.Sub(holder.ClosedAt), 2*time.Minute, "it goes first")
			for candidate, outcome := range test.outcomes {
				if outcome == "Promoted" {
					assert.True(t, opened[candidate].After(way.ClosedAt), "version %s goes afterwards", candidate)
				}
			}
		})
	}
}

// Twenty wait, each gets its turn in the order of arrival, and they do not look twenty times as
// often as one.
func TestAQueueIsFairAndCalm(t *testing.T) {
	t.Parallel()
	const many = 20
	play := func(waiters int) (w *world.World, all []*asl.Execution, looks int) {
		var events []string
		for n := range waiters {
			events = append(events, starting(30+float64(n), fmt.Sprint(2+n%4), "wait", `, "unchanged": "succeed", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}`))
		}
		input := json.RawMessage(`{"function": "orders", "version": "2", "strategy": {"canary": {"percent": 10, "bakeMinutes": 60}}, "judge": "off"}`)
		w, seen := observe(t, scenarioOf(t, `{"functions": {"orders": {"versions": 5, "aliases": {"live": {"version": "1"}}}}, "traffic": {"requestsPerMinute": 0}, "events": [`+strings.Join(events, ", ")+`]}`), input)
		x, err := w.Start("main", input)
		require.NoError(t, err)
		for x.Status() == asl.Running {
			require.True(t, w.Step())
		}
		looks = w.Invocations(flow.Open.Function)
		require.NoError(t, w.Advance(24*time.Hour))
		require.Empty(t, seen.verify())
		return w, w.Executions(), looks
	}
	_, _, alone := play(1)
	w, all, looks := play(many)
	assert.LessOrEqual(t, looks, 6*alone, "%d look %d times while the first deployment runs, and one %d times", many, looks, alone)
	var before time.Time
	for _, x := range all {
		record, err := w.Ledger().Record(t.Context(), x.ARN())
		require.NoError(t, err)
		require.Equal(t, shift.StatusClosed, record.Status)
		assert.True(t, record.OpenedAt.After(before), "%s opens after the one before it", x.Name())
		before = record.OpenedAt
	}
}

// Who is stopped while it waits stands in nobody's way, even if nobody hears that it was stopped.
func TestAStoppedWaiterStandsInNobodysWay(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"false", "true"} {
		t.Run("its event is lost: "+lost, func(t *testing.T) {
			t.Parallel()
			input := json.RawMessage(`{"function": "orders", "version": "2", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}}`)
			w, seen := observe(t, scenarioOf(t, `{"functions": {"orders": {"versions": 4, "aliases": {"live": {"version": "1"}}}}, "delivery": {"executions": {"lost": `+lost+`}},
				"events": [`+starting(60, "3", "wait", "")+`, `+starting(61, "4", "wait", atOnce)+`]}`), input)
			w.HappenAfter(5*time.Minute, func() { require.NoError(t, w.Machine().Stop(w.Executions()[1].ARN(), "", "")) })
			seen.play(input)
			require.NoError(t, w.Advance(time.Hour))
			require.Empty(t, seen.verify())
			assert.Equal(t, []string{"Promoted", "Rejected", "Promoted"}, endingsOf(w, w.Executions()))
		})
	}
}
