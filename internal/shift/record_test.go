package shift_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestOnlyAnOpenRecordLetsTrafficShift(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		record shift.Record
		is     error
		want   string
	}{
		{"open", shift.Record{Status: shift.StatusOpen}, nil, ""},
		{"restoring", shift.Record{Status: shift.StatusRestoring, Reasons: reasons("AlarmFired: a", "b")}, shift.ErrDeploymentRestoring, "AlarmFired: a; b"},
		{
			"closed", shift.Record{Status: shift.StatusClosed, Outcome: shift.RolledBack, ClosedAt: noon, Reasons: reasons("AlarmFired: a")},
			shift.ErrDeploymentClosed, "it ended as RolledBack at 2026-05-04T12:00:00Z",
		},
		{
			"closed without a reason", shift.Record{Status: shift.StatusClosed, Outcome: shift.Promoted, ClosedAt: noon},
			shift.ErrDeploymentClosed, "it ended as Promoted at 2026-05-04T12:00:00Z",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.record.CheckOpen()
			require.ErrorIs(t, err, test.is)
			if test.is != nil {
				assert.ErrorContains(t, err, test.want)
			}
		})
	}
}

func TestWhatIsLeftToRestoreIsWhatWasTouchedAndIsNotBack(t *testing.T) {
	t.Parallel()
	other := shift.Change{Target: payments, Stable: "7", Candidate: "9"}
	d := &shift.Deployment{Changes: []shift.Change{change, other}}
	tests := []struct {
		name   string
		record shift.Record
		want   []shift.Change
	}{
		{"not yet opened", shift.Record{Intent: 1}, nil},
		{"nothing was meant to be written", shift.Record{Deployment: d}, nil},
		{"all", shift.Record{Deployment: d, Intent: 1}, []shift.Change{change, other}},
		{"one is back", shift.Record{Deployment: d, Intent: 1, Restored: []shift.Target{orders}}, []shift.Change{other}},
		{"all are back", shift.Record{Deployment: d, Intent: 3, Restored: []shift.Target{payments, orders}}, []shift.Change{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, test.record.Pending())
			assert.Equal(t, []shift.Change{change, other}, d.Changes, "the deployment is never edited")
		})
	}
}

func TestATargetIsQuarantinedIfTheDeploymentMayHaveCreatedIt(t *testing.T) {
	t.Parallel()
	created, moved := shift.Change{Target: "lambda:new:live", Candidate: "1"}, shift.Change{Target: orders, Stable: "1", Candidate: "2"}
	d := &shift.Deployment{Changes: []shift.Change{moved, created}}
	for _, test := range []struct {
		name   string
		record shift.Record
		want   []shift.Target
	}{
		{"rolled back", shift.Record{Deployment: d, Intent: 1, Outcome: shift.RolledBack}, []shift.Target{"lambda:new:live"}},
		{"stranded", shift.Record{Deployment: d, Intent: 1, Outcome: shift.Stranded}, []shift.Target{"lambda:new:live"}},
		{"promoted", shift.Record{Deployment: d, Intent: 1, Outcome: shift.Promoted}, nil},
		{"never shifted", shift.Record{Deployment: d, Outcome: shift.Rejected}, nil},
		{"never opened", shift.Record{Outcome: shift.Rejected}, nil},
	} {
		assert.Equal(t, test.want, test.record.Quarantined(), test.name)
	}
}

func TestTheRouteOfALandedWriteIsKnownWithItsRevision(t *testing.T) {
	t.Parallel()
	c := shift.Change{Target: orders, Stable: "1", Candidate: "2"}
	d := &shift.Deployment{Changes: []shift.Change{c}, Plan: shift.Plan{Steps: []shift.Step{{Weight: 1000, Bake: 60}, {Weight: shift.All}}}}
	landed := func(step int, r shift.Revision) shift.Record {
		return shift.Record{Deployment: d, Intent: step, Landed: shift.Landed{Step: step, Revisions: map[shift.Target]shift.Revision{orders: r}}}
	}
	tenth, known := landed(1, "r1").LandedRoute(c)
	assert.True(t, known)
	assert.Equal(t, shift.Route{Serving: "1", Additional: "2", Weight: 1000, Revision: "r1"}, tenth)
	whole, known := landed(2, "r2").LandedRoute(c)
	assert.True(t, known)
	assert.Equal(t, shift.Route{Serving: "2", Revision: "r2"}, whole)
	further := landed(1, "r1")
	further.Intent = 2
	for name, r := range map[string]shift.Record{
		"a further step is intended": further,
		"nothing landed":             {Deployment: d}, "no revision": landed(1, ""), "no such step": landed(3, "r3"), "no step": landed(0, "r0"), "not opened": {Landed: landed(1, "r1").Landed},
	} {
		_, known := r.LandedRoute(c)
		assert.False(t, known, name)
	}
}

// Whatever the platform made of a write, its Revision says that it is the Deployment's own.
func TestARouteWithTheRevisionOfALandedWriteIsRestoredWhateverItsWeight(t *testing.T) {
	t.Parallel()
	c := shift.Change{Target: orders, Stable: "1", Candidate: "2"}
	r := shift.Record{
		Deployment: &shift.Deployment{Changes: []shift.Change{c}, Plan: shift.Plan{Steps: []shift.Step{{Weight: 1250, Bake: 60}, {Weight: shift.All}}}}, Intent: 1,
		Landed: shift.Landed{Step: 1, Revisions: map[shift.Target]shift.Revision{orders: "r1"}},
	}
	rounded := shift.Route{Serving: "1", Additional: "2", Weight: 1300, Revision: "r1"}
	way := r.Restoration(c, rounded, true)
	assert.True(t, way.Ours)
	assert.Equal(t, &shift.Route{Serving: "1"}, way.Write)
	rounded.Revision = "r2"
	assert.False(t, r.Restoration(c, rounded, true).Ours, "somebody else has written it")
	rounded.Revision = ""
	assert.False(t, r.Restoration(c, rounded, true).Ours)
	created := shift.Change{Target: orders, Candidate: "2", Maker: "first"}
	assert.False(t, r.Restoration(created, shift.Route{Serving: "3", Revision: "r1"}, true).Ours, "no revision fences a deletion")
}

func TestOnlyAStrandedDeploymentIsLeftToPeople(t *testing.T) {
	t.Parallel()
	for _, o := range []shift.Outcome{shift.Promoted, shift.Unchanged, shift.Rejected, shift.RolledBack, shift.Stranded} {
		assert.Equal(t, o == shift.Stranded, shift.Record{Outcome: o}.LeftToPeople(), o)
	}
}

func TestAnEventThatBringsNothingNewSaysWhatHasBecomeOfItsVersion(t *testing.T) {
	t.Parallel()
	before := shift.Arrived{DeploymentID: "one", Candidate: "2", Outcome: shift.RolledBack}
	assert.Equal(t, "DeployedBefore: version 2 of lambda:orders:live was already deployed (RolledBack) by one; start an execution yourself to deploy it again",
		shift.DeployedBeforeReason(orders, before).String())
}

func TestLandedWritesCountOnlyForTheirOwnStep(t *testing.T) {
	t.Parallel()
	landed := shift.Landed{Step: 2, Revisions: map[shift.Target]shift.Revision{orders: "r2"}}
	assert.Equal(t, landed.Revisions, landed.At(2))
	assert.Empty(t, landed.At(1))
	assert.Empty(t, landed.At(3))
}

func TestARecordKnowsTheRevisionsOfItsLastStep(t *testing.T) {
	t.Parallel()
	a, b := shift.Target("lambda:a:live"), shift.Target("lambda:b:live")
	d := &shift.Deployment{Changes: []shift.Change{{Target: a, Revision: "a0"}, {Target: b, Revision: "b0"}}}
	landed := shift.Landed{Step: 2, Revisions: map[shift.Target]shift.Revision{a: "a2"}}
	tests := []struct {
		name   string
		record shift.Record
		step   int
		want   map[shift.Target]shift.Revision
	}{
		{"before the first step, those that Open has read", shift.Record{Deployment: d}, 0, map[shift.Target]shift.Revision{a: "a0", b: "b0"}},
		{"after a step, those of its writes", shift.Record{Deployment: d, Landed: landed}, 2, map[shift.Target]shift.Revision{a: "a2", b: "b0"}},
		{"none of a step whose writes it does not know", shift.Record{Deployment: d, Landed: landed}, 1, nil},
		{"none before it is opened", shift.Record{}, 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, tt.record.RevisionsAfter(tt.step))
		})
	}
}

func TestARecordConcernsItsOwnTargets(t *testing.T) {
	t.Parallel()
	r := shift.Record{Arrivals: []shift.Arrival{{Target: orders}, {Target: payments}}}
	assert.True(t, r.Concerns(orders))
	assert.True(t, r.Concerns(payments))
	assert.False(t, r.Concerns("lambda:other:live"))
	assert.False(t, shift.Record{}.Concerns(orders))
}

func TestARecordSaysWhereItStands(t *testing.T) {
	t.Parallel()
	d := &shift.Deployment{}
	for _, test := range []struct {
		record                   shift.Record
		opening, intent, mayStay bool
	}{
		{shift.Record{Status: shift.StatusOpen}, true, false, false},
		{shift.Record{Status: shift.StatusOpen, Deployment: d}, false, false, false},
		{shift.Record{Status: shift.StatusRestoring}, false, false, false},
		{shift.Record{Status: shift.StatusOpen, Intent: 1}, true, false, false},
		{shift.Record{Status: shift.StatusClosed, Deployment: d, Intent: 1, Outcome: shift.RolledBack}, false, true, true},
		{shift.Record{Status: shift.StatusClosed, Deployment: d, Intent: 1, Outcome: shift.Promoted}, false, true, false},
		{shift.Record{Status: shift.StatusClosed, Deployment: d, Outcome: shift.Rejected}, false, false, false},
	} {
		assert.Equal(t, test.opening, test.record.Opening(), "%+v", test.record)
		assert.Equal(t, test.intent, test.record.HasIntent(), "%+v", test.record)
		assert.Equal(t, test.mayStay, test.record.MayStray(), "%+v", test.record)
	}
}

func TestARestorationFailsAPollForEachOfItsReasons(t *testing.T) {
	t.Parallel()
	fired, aborted := shift.AlarmFiredReason("a", "no"), shift.Reason{Name: shift.Aborted, Text: "by hand"}
	assert.Equal(t, []shift.Observation{{Verdict: shift.Fail, Reason: fired}, {Verdict: shift.Fail, Reason: aborted}},
		shift.Record{Reasons: []shift.Reason{fired, aborted}}.Observe())
	assert.Equal(t, shift.Reason{Name: shift.AlarmFired, Subject: "a", Text: "a is in ALARM: no"}, fired)
}

func TestAnExecutionThatEndedIsTold(t *testing.T) {
	t.Parallel()
	for status, text := range map[string]string{
		"":        "the execution has ended before the deployment was finished",
		"ABORTED": "the execution ended as ABORTED before the deployment was finished",
	} {
		reason := shift.ExecutionEndedReason(status)
		assert.Equal(t, shift.Reason{Name: shift.ExecutionEnded, Text: text}, reason)
		assert.True(t, shift.Record{Reasons: []shift.Reason{reason}}.EndedBefore())
	}
	assert.False(t, shift.Record{}.EndedBefore())
	assert.False(t, shift.Record{Reasons: []shift.Reason{{Name: shift.Aborted}}}.EndedBefore())
}

func TestARouteIsKnownOnlyAfterALandedWriteOfTheLastStep(t *testing.T) {
	t.Parallel()
	plan := plan(t, shift.Step{Weight: 1000, Bake: minute}, shift.Step{Weight: shift.All})
	d := &shift.Deployment{Changes: []shift.Change{change}, Plan: plan}
	landed := shift.Landed{Step: 1, Revisions: map[shift.Target]shift.Revision{orders: "r1"}}
	for name, test := range map[string]struct {
		record shift.Record
		known  bool
	}{
		"landed":            {shift.Record{Deployment: d, Intent: 1, Landed: landed}, true},
		"another target":    {shift.Record{Deployment: d, Intent: 1, Landed: shift.Landed{Step: 1, Revisions: map[shift.Target]shift.Revision{payments: "r1"}}}, false},
		"without revision":  {shift.Record{Deployment: d, Intent: 1, Landed: shift.Landed{Step: 1, Revisions: map[shift.Target]shift.Revision{orders: ""}}}, false},
		"never opened":      {shift.Record{Intent: 1, Landed: landed}, false},
		"a step is written": {shift.Record{Deployment: d, Intent: 2, Landed: landed}, false},
		"no step":           {shift.Record{Deployment: d, Landed: shift.Landed{Revisions: landed.Revisions}}, false},
		"beyond the plan":   {shift.Record{Deployment: d, Intent: 3, Landed: shift.Landed{Step: 3, Revisions: landed.Revisions}}, false},
	} {
		route, known := test.record.LandedRoute(change)
		assert.Equal(t, test.known, known, name)
		if known {
			assert.Equal(t, shift.Route{Serving: "1", Additional: "2", Weight: 1000, Revision: "r1"}, route)
		} else {
			assert.Equal(t, shift.Route{}, route, name)
		}
	}
}

// A Revision that nobody knows is not that of a write.
func TestOnlyARevisionThatAWriteReturnedMakesARouteTheDeploymentsOwn(t *testing.T) {
	t.Parallel()
	plan := plan(t, shift.Step{Weight: 1000, Bake: minute}, shift.Step{Weight: shift.All})
	r := shift.Record{
		Deployment: &shift.Deployment{Changes: []shift.Change{change}, Plan: plan}, Intent: 1,
		Landed: shift.Landed{Step: 1, Revisions: map[shift.Target]shift.Revision{orders: "r1"}},
	}
	before := change.Before()
	foreign := shift.Route{Serving: "7", Revision: "r1"}
	assert.Equal(t, shift.Restoration{Ours: true, Write: &before}, r.Restoration(change, foreign, true))
	assert.Equal(t, shift.Restoration{}, r.Restoration(change, shift.Route{Revision: "r1"}, false), "it is gone")
	assert.Equal(t, shift.Restoration{Ours: true, Rotate: true}, r.Restoration(change, shift.Route{Serving: "1", Revision: "r1"}, true), "it is explained already")
	foreign.Revision = "r9"
	assert.Equal(t, shift.Restoration{}, r.Restoration(change, foreign, true))
	r.Landed.Revisions = nil
	foreign.Revision = ""
	assert.Equal(t, shift.Restoration{}, r.Restoration(change, foreign, true), "nobody knows a revision")
	r.Landed.Revisions = map[shift.Target]shift.Revision{orders: ""}
	assert.Equal(t, shift.Restoration{}, r.Restoration(change, foreign, true))
	created := shift.Change{Target: orders, Candidate: "2", Maker: "first"}
	r.Landed.Revisions = map[shift.Target]shift.Revision{orders: "r1"}
	assert.Equal(t, shift.Restoration{}, r.Restoration(created, shift.Route{Serving: "7", Revision: "r1"}, true), "nothing is written back that was not there")
}

func TestBeforeTheFirstStepTheRevisionsAreThoseOfTheOpening(t *testing.T) {
	t.Parallel()
	r := shift.Record{
		Deployment: &shift.Deployment{Changes: []shift.Change{change}},
		Landed:     shift.Landed{Revisions: map[shift.Target]shift.Revision{orders: "of no step"}},
	}
	assert.Equal(t, map[shift.Target]shift.Revision{orders: "r0"}, r.RevisionsAfter(0))
	assert.Nil(t, shift.Record{}.RevisionsAfter(0))
}
