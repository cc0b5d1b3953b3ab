package judge

import (
	"encoding/json"
	"math"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// measuredCount is a Count as testdata/prototype.json writes it: [requests, bad].
type measuredCount [2]int64

func (m measuredCount) count() Count { return Count{Requests: m[0], Bad: m[1]} }

// prototypeValues are what the prototype of the method computed. Its note says by which
// formulas.
type prototypeValues struct {
	Cases []struct {
		Name    string
		Signal  Signal
		Record  Record
		Minutes []struct {
			Stable, Candidate measuredCount
			Alone             bool
		}
		Want struct {
			LnSideBySide, LnRecordBeside, LnRecordAlone float64
			Unspent, Clump                              float64
			SinceMinute                                 int
			Odds, Difference, Hidden, Fisher            float64
			Fails                                       bool
		}
	}
	Histories []struct {
		Name        string
		Minutes     []measuredCount
		Clump, Sway float64
	}
}

func readPrototype(t *testing.T) (values prototypeValues) {
	t.Helper()
	raw, err := os.ReadFile("testdata/prototype.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &values))
	return values
}

func TestEvidenceHasTheValuesOfThePrototype(t *testing.T) {
	t.Parallel()
	for _, c := range readPrototype(t).Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			rules := DefaultSettings().rules(c.Signal)
			rules.clumping = clumping{excess: 1, historyPairs: 2} // the prototype is less careful
			e := newEvidence(rules, c.Record)
			hasAlone := false
			for i, m := range c.Minutes {
				e.add(tally{at: minuteAt(i), stable: m.Stable.count(), candidate: m.Candidate.count(), alone: m.Alone})
				hasAlone = hasAlone || m.Alone
			}
			close := func(want, got float64, what string) {
				assert.InDelta(t, want, got, 1e-7*math.Max(1, math.Abs(want)), what)
			}
			close(c.Want.LnSideBySide, e.logValue(sideBySide), "ln E side by side")
			if rules.record {
				close(c.Want.LnRecordBeside, e.logValue(recordBeside), "ln E against the record")
				close(c.Want.LnRecordAlone, e.logValue(recordAlone), "ln E against the record at 100 %")
			}
			close(c.Want.Unspent, e.stakes.unspent(), "stake for minutes to come")
			close(c.Want.Clump, e.badPerCause(), "clump")
			since, effect := e.since(sideBySide, recordBeside, recordAlone)
			assert.Equal(t, minuteAt(c.Want.SinceMinute), since, "since")
			close(c.Want.Odds, effect.comparison().Odds, "odds")
			close(c.Want.Difference, effect.comparison().Difference, "difference")
			if hasAlone {
				return // there, the prototype fails, and counts requests at 100 % as beside Stable
			}
			close(c.Want.Hidden, e.sample().hidden(), "hidden")
			close(c.Want.Fisher, newSplit(effect.candidate, effect.stable).chanceOfAtLeast(float64(effect.candidate.Bad)), "Fisher's test")
			assert.Equal(t, c.Want.Fails, e.fails(-math.Log(rules.falseAlarms)), "fails")
		})
	}
}

func TestBaselineHasTheValuesOfThePrototype(t *testing.T) {
	t.Parallel()
	for _, c := range readPrototype(t).Histories {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			var history []Minute
			for i, m := range c.Minutes {
				if m[0] > 0 { // CloudWatch has no figures of a minute without requests
					history = append(history, Minute{At: minuteAt(i), Stable: served(m[0], m[1])})
				}
			}
			b := NewBaseline(history, LatencyLimits{})
			assert.InDelta(t, c.Clump, b.Errors.Clump, 1e-9)
			assert.InDelta(t, c.Sway, b.Errors.Sway, 1e-9)
		})
	}
}

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// minuteAt is the start of a minute, counted from noon.
func minuteAt(number int) time.Time { return noon.Add(time.Duration(number) * time.Minute) }

// served is what CloudWatch reports of requests of which some failed.
func served(requests, failed int64) Measured {
	return Measured{Requests: Reported(float64(requests)), Errors: Reported(float64(failed))}
}
