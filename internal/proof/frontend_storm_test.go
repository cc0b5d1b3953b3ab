package proof

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// recordStorm is many deployments of names at once, in one account, which has five requests a
// second, and in one zone, which takes one batch after the other.
type recordStorm struct {
	w        *world.World
	targets  []shift.Target
	records  []shift.Record
	fired    map[shift.Target]time.Time
	back     map[shift.Target]time.Time // since when a name leads to Stable alone
	calls    map[string]int             // of Route 53, by Lambda, action and error
	requests int
	refused  int // of these, for their rate
	took     time.Duration
}

// blowRecords plays n deployments, of which some have an alarm that fires at a time.
func blowRecords(t testing.TB, n, firing int, at time.Duration) *recordStorm {
	t.Helper()
	s := &recordStorm{fired: map[shift.Target]time.Time{}, back: map[shift.Target]time.Time{}, calls: map[string]int{}}
	scenario := world.DefaultScenario()
	scenario.RequestsPerMinute, scenario.Latency = 0, 50*time.Millisecond
	var inputs []json.RawMessage
	for i := range n {
		zone, name := fmt.Sprintf("Z0SHOP%d", i%10), fmt.Sprintf("n%03d.example.com", i)
		s.targets = append(s.targets, shift.Target("route53:"+zone+":"+name))
		inputs = append(inputs, json.RawMessage(fmt.Sprintf(`{"targets": [{"route53": {"zone": %q, "name": %q, "candidate": {"values": {"A": ["203.0.113.7"]}}}}],
			"strategy": "Canary10Percent30Minutes", "alarms": ["a%d"]}`, zone, name, i)))
	}
	for i := range firing {
		name := fmt.Sprintf("a%d", i*n/firing)
		s.fired[s.targets[i*n/firing]] = world.Epoch.Add(at)
		scenario.Events = append(scenario.Events, world.Happening{At: at, Do: world.SetAlarmState, Alarm: name, State: localaws.AlarmAlarm})
	}
	var err error
	s.w, err = world.New(scenario, inputs...)
	require.NoError(t, err)
	defer s.w.Close()
	s.w.Cloud().OnCall(s.called)
	s.w.Cloud().OnRecordChange(s.look)
	for i, input := range inputs {
		_, err := s.w.Start(fmt.Sprintf("storm-%d", i), input)
		require.NoError(t, err)
	}
	require.NoError(t, s.w.Run())
	s.took = s.w.Elapsed()
	ledger := dynamo.FromConfig(s.w.Config("observer"), world.LedgerTable)
	for _, x := range s.w.Executions() {
		record, err := ledger.Record(context.Background(), x.ARN())
		require.NoError(t, err)
		require.Equal(t, shift.StatusClosed, record.Status)
		s.records = append(s.records, record)
	}
	return s
}

func (s *recordStorm) called(c localaws.Call) {
	if c.Service != "route53" {
		return
	}
	s.calls[c.Actor+" "+c.Operation+" "+c.ErrorCode]++
	s.requests++
	if slices.Contains([]string{"Throttling", "PriorRequestNotComplete"}, c.ErrorCode) {
		s.refused++
	}
}

// look notes which names lead to Stable alone.
func (s *recordStorm) look(c localaws.RecordChange) {
	for _, t := range s.targets {
		if zone, _, _ := flow.SplitRoute53Target(t); zone != c.ZoneID {
			continue
		}
		d := s.w.Division(t)
		if d.Additional != "" || d.Serving != "A 192.0.2.1" {
			delete(s.back, t)
		} else if _, known := s.back[t]; !known {
			s.back[t] = s.w.Now()
		}
	}
}

// delays are the times from an alarm until the name leads to Stable alone, sorted.
func (s *recordStorm) delays() []time.Duration {
	var list []time.Duration
	for target, at := range s.fired {
		list = append(list, s.back[target].Sub(at)) // one that is not back is back before its time
	}
	slices.Sort(list)
	return list
}

// Throttling makes deployments slow. It rolls none back, the requests that are repeated are few,
// and those whose alarm fires are back about as soon as the account accepts the two calls of each.
func TestAHundredNamesAtOnceAreThrottledAndNotRolledBack(t *testing.T) {
	t.Parallel()
	const n, firing = 100, 20
	s := blowRecords(t, n, firing, 15*time.Minute)
	for i, r := range s.records {
		wanted := shift.Promoted
		if _, fires := s.fired[s.targets[i]]; fires {
			wanted = shift.RolledBack
		}
		assert.Equal(t, wanted, r.Outcome, "%s: %s", s.targets[i], r.Cause)
	}
	promoted, undone := blowRecords(t, 1, 0, 0), blowRecords(t, 1, 1, 15*time.Minute)
	needed := (n-firing)*promoted.requests + firing*undone.requests
	delays := s.delays()
	t.Logf("the last one ends after %s; %d requests, %d refused, %d needed; alarm to restored: median %s, worst %s",
		s.took, s.requests, s.refused, needed, percentile(delays, .5), delays[firing-1])
	assert.Positive(t, s.refused, "the account's rate is reached")
	assert.LessOrEqual(t, float64(s.requests)/float64(needed), 1.5, "throttling multiplied the requests: %v", s.calls)
	assert.Positive(t, delays[0])
	const alone = firing * 2 * time.Second / 5
	assert.LessOrEqual(t, delays[firing-1], 2*alone)
}

// Somebody else may use up all requests of the account for long.
func TestThrottlingForLongRollsNoNameBack(t *testing.T) {
	t.Parallel()
	for name, throttled := range map[string]string{
		"every poll":                `"actor": "check-alarms"`,
		"twenty minutes of shifts":  `"actor": "set-weight", "fromSeconds": 60, "untilSeconds": 1260`,
		"twenty minutes before all": `"untilSeconds": 1200`,
		"twenty minutes at the end": `"fromSeconds": 480, "untilSeconds": 1680`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var faults []string
			for _, operation := range []string{"ListResourceRecordSets", "ChangeResourceRecordSets", "GetChange"} {
				faults = append(faults, `{"call": "route53:`+operation+`", "error": "throttle", `+throttled+`}`)
			}
			s, err := world.DecodeScenario([]byte(`{"faults": [` + strings.Join(faults, ", ") + `]}`))
			require.NoError(t, err)
			r, err := world.Simulate(json.RawMessage(`{"targets": [`+nameTarget+`], "strategy": `+halves+`, "alarms": ["a"]}`), s, nil)
			require.NoError(t, err)
			assert.Equal(t, string(shift.Promoted), r.Outcome, r.Cause)
		})
	}
}
