package task

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// receipts are the writes that have reached all viewers.
type receipts map[string]bool

func (r receipts) Arrived(_ context.Context, _ shift.Target, receipt string) (bool, error) {
	if receipt == "lost" {
		return false, errLost
	}
	return r[receipt], nil
}

func TestTheArrivalGateAsksByTheReceiptsOfTheStep(t *testing.T) {
	t.Parallel()
	slow, quick := shift.Change{Target: "route53:Z1:a.b", Lag: 60}, shift.Change{Target: "lambda:orders:live"}
	subject := shift.Subject{
		Deployment: shift.Deployment{Changes: []shift.Change{slow, quick}, Plan: shift.Plan{Steps: []shift.Step{{Weight: shift.All, Bake: 120}}}},
		Progress:   shift.Progress{Step: 1, Baked: 60, Wait: 60},
	}
	gate := ArrivalGate{Router: receipts{"c1": true}}
	for receipt, want := range map[string]shift.Observation{
		"c1": {Verdict: shift.Pass}, "c2": subject.ObserveArrival(slow, false, nil), "lost": subject.ObserveArrival(slow, false, errLost),
	} {
		subject.Progress.Receipts = map[shift.Target]string{slow.Target: receipt, quick.Target: "lost"}
		got, err := gate.Observe(t.Context(), subject)
		require.NoError(t, err)
		assert.Equal(t, []shift.Observation{want}, got)
	}
	subject.Progress.Baked = 0
	got, err := gate.Observe(t.Context(), subject)
	require.NoError(t, err)
	assert.Empty(t, got, "it still bakes")
}
