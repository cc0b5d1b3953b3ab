package explain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

func TestAComparisonIsToldInPlainSentences(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		signal shift.JudgedSignal
		want   []string
	}{
		{
			"worse, and stable is not without errors",
			shift.JudgedSignal{
				Signal: judge.Errors, Conclusion: judge.Worse, Stable: judge.Count{Requests: 43100, Bad: 129}, Candidate: judge.Count{Requests: 4812, Bad: 101},
				Odds: 7.143, Evidence: 66_680, Threshold: 166.7, Hidden: 0.03, Since: time.Date(2026, 5, 4, 12, 31, 0, 0, time.UTC),
			},
			[]string{
				"candidate: 101 of 4,812 requests failed (2.1%); stable: 129 of 43,100 requests failed (0.3%), since 12:31 UTC",
				"the odds of a bad request are 7.14 times those of stable; up to 3% more could hide",
				"chance alone does this less than once in 40,000 deployments",
			},
		},
		{
			"worse, and stable had no error",
			shift.JudgedSignal{
				Signal: judge.Slow, Conclusion: judge.Worse, Stable: judge.Count{Requests: 900}, Candidate: judge.Count{Requests: 100, Bad: 20},
				Odds: 1e6, Evidence: 1e30, Threshold: 666.7, Hidden: 0.3,
			},
			[]string{
				"candidate: 20 of 100 requests were slow (20%); stable: 0 of 900 requests were slow (0%)",
				"the odds of a bad request are beyond all bounds, because stable had no bad request; up to 30% more could hide",
				"chance alone does this less than once in 1,000,000,000 deployments",
			},
		},
		{
			"nothing reported",
			shift.JudgedSignal{Signal: judge.Errors, Conclusion: judge.CannotTell, Odds: 1, Evidence: 1, Threshold: 166.7, Hidden: 1},
			[]string{"CloudWatch has reported no request of either version"},
		},
		{
			"no request of the candidate reported",
			shift.JudgedSignal{Signal: judge.Errors, Conclusion: judge.CannotTell, Stable: judge.Count{Requests: 40}, Odds: 1, Evidence: 1, Threshold: 166.7, Hidden: 1},
			[]string{
				"candidate: no request reported; stable: 0 of 40 requests failed (0%)",
				"no request was bad; any number of bad requests could hide",
				"the evidence against the candidate is 1; it decides from 167 on",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, explain.Compared(shift.Judged{Signals: []shift.JudgedSignal{tt.signal}}))
		})
	}
}
