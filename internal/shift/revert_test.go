package shift_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// promoted is the record of a Deployment of two Targets that was promoted at noon.
func promoted() shift.Record {
	return shift.Record{
		ID: "first", Status: shift.StatusClosed, Outcome: shift.Promoted, ClosedAt: noon,
		Deployment: &shift.Deployment{ID: "first", Changes: []shift.Change{
			{Target: "lambda:a:live", Stable: "1", Candidate: "2", Detail: "a"},
			{Target: "cloudfront:E1", Stable: "r1", Candidate: "r2", Detail: "b"},
		}},
	}
}

func TestARevertBringsWhatServedBeforeInTheReverseOrder(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []shift.Arrival{
		{Target: "cloudfront:E1", Candidate: "r1", ExpectStable: "r2", Detail: "b"},
		{Target: "lambda:a:live", Candidate: "1", ExpectStable: "2", Detail: "a"},
	}, promoted().Return())
}

func TestWhatCanBeReverted(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, test := range []struct {
		name   string
		change func(*shift.Record)
		after  time.Duration
		why    string
	}{
		{"at once", func(*shift.Record) {}, 0, ""},
		{"within the setting's time", func(*shift.Record) {}, 3*day - 1, ""},
		{"after it", func(*shift.Record) {}, 3 * day, "it was promoted at 2026-05-04T12:00:00Z, and could be reverted until 2026-05-07T12:00:00Z"},
		{"within its own longer time", func(r *shift.Record) { r.Deployment.RevertWindow = 7 * 24 * 3600 }, 5 * day, ""},
		{"after its own shorter time", func(r *shift.Record) { r.Deployment.RevertWindow = 3600 }, day, "could be reverted until 2026-05-04T13:00:00Z"},
		{"where none was allowed", func(r *shift.Record) { r.Deployment.RevertWindow = shift.NoRevertWindow }, 0, "its setting allowed no revert"},
		{"one that goes on", func(r *shift.Record) { r.Status, r.Outcome = shift.StatusOpen, "" }, 0, "has not ended: abort it"},
		{"one that was put back", func(r *shift.Record) { r.Outcome = shift.RolledBack }, 0, "ended as RolledBack, so what it found serves already"},
		{"one that is stranded", func(r *shift.Record) { r.Outcome = shift.Stranded }, 0, "ended as Stranded"},
		{"one that shifted nothing", func(r *shift.Record) { r.Outcome, r.Deployment = shift.Unchanged, nil }, 0, "ended as Unchanged"},
		{"one that created a target", func(r *shift.Record) { r.Deployment.Changes[1].Stable = "" }, 0, "has created cloudfront:E1, which served nothing before"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := promoted()
			test.change(&r)
			err := r.CheckRevert(noon.Add(test.after), shift.DefaultRevertWindow)
			if test.why == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, shift.ErrRevertRefused)
			assert.ErrorContains(t, err, test.why)
		})
	}
}

func TestWhatWasPromotedSinceIsInTheWayOfARevert(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		other shift.Arrived
		found bool
	}{
		{"itself", shift.Arrived{DeploymentID: "first", Outcome: shift.Promoted, ClosedAt: noon}, false},
		{"an earlier one", shift.Arrived{DeploymentID: "other", Outcome: shift.Promoted, ClosedAt: noon.Add(-1)}, false},
		{"one at the same time", shift.Arrived{DeploymentID: "other", Outcome: shift.Promoted, ClosedAt: noon}, true},
		{"a later one", shift.Arrived{DeploymentID: "other", Outcome: shift.Promoted, ClosedAt: noon.Add(time.Hour)}, true},
		{"one that was put back", shift.Arrived{DeploymentID: "other", Outcome: shift.RolledBack, ClosedAt: noon.Add(time.Hour)}, false},
		{"one that goes on", shift.Arrived{DeploymentID: "other"}, false},
	} {
		err := promoted().CheckNewest("lambda:a:live", []shift.Arrived{test.other})
		assert.Equal(t, test.found, err != nil, test.name)
		if test.found {
			assert.ErrorIs(t, err, shift.ErrRevertRefused)
		}
	}
}

func TestARevertSaysOfWhatAndWhy(t *testing.T) {
	t.Parallel()
	assert.Empty(t, shift.Deployment{}.RevertReasons())
	d := shift.Deployment{Reverts: "arn:aws:states:us-east-1:1:execution:sluice:orders-1", RevertReason: "customers call"}
	assert.Equal(t, []shift.Reason{{Name: shift.Reverted, Subject: d.Reverts, Text: "it reverted orders-1: customers call"}}, d.RevertReasons())
	assert.Equal(t, "it reverted orders-1: customers call", d.RevertReasons()[0].String())
}

// A revert that reaches some viewers late is not put back for it.
func TestASlowRevertGoesOn(t *testing.T) {
	t.Parallel()
	c := shift.Change{Target: "switch:www.example.com", Stable: "E2", Candidate: "E1", Lag: 300}
	for reverts, then := range map[string]shift.AfterWait{"": shift.RollBackAfterWait, "first": shift.GoOnAfterWait} {
		s := shift.Subject{Deployment: shift.Deployment{Reverts: reverts, Changes: []shift.Change{c}}}
		assert.Equal(t, then, s.ObserveArrival(c, false, nil).Limit.Then)
	}
}
