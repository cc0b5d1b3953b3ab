package shift_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestHowARecordEndsIsWhatBecameOfItsTargets(t *testing.T) {
	t.Parallel()
	d := &shift.Deployment{Changes: []shift.Change{change, {Target: payments, Stable: "7", Candidate: "9"}}}
	alone, back := shift.Undone{Target: orders, Fate: shift.LeftAlone, Found: "100% on 3"}, shift.Undone{Target: payments, Fate: shift.Back, Stable: "7"}
	before := shift.Undone{Target: orders, Fate: shift.BackBefore}
	for _, test := range []struct {
		name    string
		record  shift.Record
		results []shift.Undone
		outcome shift.Outcome
		undone  []shift.Undone
	}{
		{"never opened", shift.Record{}, nil, shift.Rejected, []shift.Undone{}},
		{"opened, and nothing was written", shift.Record{Deployment: d}, nil, shift.Rejected, []shift.Undone{}},
		{"all back", shift.Record{Deployment: d, Intent: 1}, []shift.Undone{back}, shift.RolledBack, []shift.Undone{back}},
		{"one back by an earlier try", shift.Record{Deployment: d, Intent: 1, Restored: []shift.Target{orders}}, []shift.Undone{back},
			shift.RolledBack, []shift.Undone{before, back}},
		{"one left alone", shift.Record{Deployment: d, Intent: 2}, []shift.Undone{alone, back}, shift.Stranded, []shift.Undone{alone, back}},
		{"one left alone, the other back before", shift.Record{Deployment: d, Intent: 2, Restored: []shift.Target{orders}}, []shift.Undone{alone},
			shift.Stranded, []shift.Undone{before, alone}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.record.Reasons = reasons("AlarmFired: a")
			ending, undone := test.record.End(test.results, noon)
			assert.Equal(t, shift.Ending{Outcome: test.outcome, Reasons: reasons("AlarmFired: a"), At: noon}, ending)
			assert.Equal(t, test.undone, undone)
		})
	}
}

// An abort may be carried out long after it was asked for, such as when a permission was missing.
func TestARecordEndsNoEarlierThanItWasOpened(t *testing.T) {
	t.Parallel()
	for at, want := range map[time.Time]time.Time{noon.Add(-time.Minute): noon, noon: noon, noon.Add(time.Minute): noon.Add(time.Minute)} {
		ending, _ := shift.Record{OpenedAt: noon}.End(nil, at)
		assert.Equal(t, want, ending.At)
	}
}

func TestNobodyIsToldWhileATargetMaySettleByItself(t *testing.T) {
	t.Parallel()
	r := shift.Record{MarkedAt: noon}
	assert.True(t, r.MaySettle(noon.Add(15*time.Minute-time.Second)))
	assert.False(t, r.MaySettle(noon.Add(15*time.Minute)))
}

func TestARestorationIsOverdueWhenNothingCanSettleAnyMore(t *testing.T) {
	t.Parallel()
	r := shift.Record{Status: shift.StatusRestoring, MarkedAt: noon}
	assert.False(t, r.IsOverdue(noon.Add(15*time.Minute-time.Second)))
	assert.True(t, r.IsOverdue(noon.Add(15*time.Minute)))
	r.Status = shift.StatusClosed
	assert.False(t, r.IsOverdue(noon.Add(time.Hour)))
}

func TestOnlyWhatMayHealIsTriedAgainSoon(t *testing.T) {
	t.Parallel()
	for err, heals := range map[error]bool{
		shift.ErrThrottled:            true,
		shift.ErrRevisionMismatch:     true,
		shift.ErrDeploymentOpening:    true,
		errors.New("service is down"): true,
		shift.ErrDeploymentUnknown:    false,
		shift.ErrDeploymentRestoring:  false,
		shift.ErrDeploymentClosed:     false,
		shift.ErrRouteSettling:        false,
		shift.ErrLedgerDamaged:        false,
		shift.ErrSchemaTooNew:         false,
	} {
		assert.Equal(t, heals, shift.HealsSoon(fmt.Errorf("restore: %w", err)), err)
	}
}
