package task

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
	"sluice/internal/shift/judge"
)

// notebook is a ledger for check-alarms. It keeps comparisons unless it fails.
type notebook struct {
	record shift.Record
	kept   []shift.Comparison
	err    error
}

func (n *notebook) Record(context.Context, string) (shift.Record, error) { return n.record, nil }

func (n *notebook) StopIgnoring(context.Context, string, []string) error { return nil }

func (n *notebook) KeepComparisons(_ context.Context, _ string, list []shift.Comparison) error {
	n.kept = list
	return n.err
}

// comparer is a Gate that always says the same.
type comparer []shift.Observation

func (c comparer) Observe(context.Context, shift.Subject) ([]shift.Observation, error) { return c, nil }

func TestAComparisonIsRecordedAndDecidesEvenIfThatFails(t *testing.T) {
	t.Parallel()
	worse := shift.Observation{
		Verdict: shift.Fail, Reason: shift.Reason{Name: shift.CandidateWorse, Text: "20%"},
		Judged: &shift.Judged{Target: orders, Conclusion: judge.Worse},
	}
	for name, test := range map[string]struct {
		found comparer
		fails error
		kept  int
		want  shift.Verdict
	}{
		"recorded":              {comparer{worse}, nil, 1, shift.Fail},
		"not recorded":          {comparer{worse}, shift.ErrThrottled, 1, shift.Fail},
		"nothing was compared":  {comparer{{Verdict: shift.Pass}}, nil, 0, shift.Pass},
		"restored in meanwhile": {comparer{worse}, shift.ErrDeploymentRestoring, 1, shift.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			ledger := &notebook{record: s.record, err: test.fails}
			call := s.document(&shift.Progress{Step: 1, Steps: 3, NextStep: 2})
			call.Now = noon
			got, err := CheckAlarms{Ledger: ledger, Gates: []Gate{test.found}}.Handle(t.Context(), call)
			require.NoError(t, err)
			assert.Equal(t, test.want, got.Verdict)
			assert.Len(t, ledger.kept, test.kept)
			for _, c := range ledger.kept {
				assert.Equal(t, shift.Comparison{Judged: *worse.Judged, At: noon, Reason: worse.Reason}, c)
			}
		})
	}
}
