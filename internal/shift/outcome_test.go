package shift_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"sluice/internal/shift"
)

func TestACauseSaysWhyWhatWasUndoneAndWhatToDo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		outcome         shift.Outcome
		reasons, undone []string
		want            string
	}{
		{
			shift.Rejected, []string{"TargetHeld: lambda:orders:live is held"}, nil,
			"TargetHeld: lambda:orders:live is held. No traffic was moved. Mend this and start a new execution.",
		},
		{
			shift.RolledBack, []string{"AlarmFired: orders-5xx", "alarm b has insufficient data"}, []string{"a is back on 1", "b is back on 7"},
			"AlarmFired: orders-5xx; alarm b has insufficient data. a is back on 1; b is back on 7. " +
				"Look at the candidate's logs, mend it, publish a new version and start a new execution.",
		},
		{
			shift.Stranded, []string{"RouteChanged: it has 100% on 3"}, []string{"lambda:orders:live was left alone"},
			"RouteChanged: it has 100% on 3. lambda:orders:live was left alone. " +
				"A person must look: see what the target should serve, set it by hand, then start a new execution.",
		},
		{shift.Promoted, []string{"Unexpected: boom"}, nil, "Unexpected: boom"},
	}
	for _, test := range tests {
		t.Run(string(test.outcome), func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, shift.Explain(test.outcome, test.reasons, test.undone))
		})
	}
}

func TestALongCauseStillBeginsWithTheErrorAndEndsWithWhatToDo(t *testing.T) {
	t.Parallel()
	var reasons, undone []string
	for i := range 49 {
		reasons = append(reasons, fmt.Sprintf("AlarmFired: %d %s", i, strings.Repeat("é", 256)))
		undone = append(undone, fmt.Sprintf("lambda:%s:live is back on 1", strings.Repeat("x", 64)))
	}
	got := shift.Explain(shift.Stranded, reasons, undone)
	assert.LessOrEqual(t, utf8.RuneCountInString(got), 3000)
	assert.True(t, strings.HasPrefix(got, "AlarmFired: 0 "))
	assert.True(t, strings.HasSuffix(got, "set it by hand, then start a new execution."), "what a person can do is never cut off")
	assert.NotContains(t, shift.Explain(shift.Rejected, []string{"X: a\nForged: b"}, nil), "\n")
}

func TestCauseIsToldApartFromItsAdvice(t *testing.T) {
	t.Parallel()
	for _, o := range []shift.Outcome{shift.Rejected, shift.RolledBack, shift.Stranded} {
		cause := shift.Explain(o, []string{"AlarmFired: a"}, []string{"b is back"})
		assert.NotEmpty(t, o.Advice())
		assert.Equal(t, "AlarmFired: a. b is back", o.Why(cause))
		assert.Equal(t, cause, o.Why(cause)+". "+o.Advice())
	}
	assert.Empty(t, shift.Promoted.Advice())
	assert.Equal(t, "as it is", shift.Promoted.Why("as it is"))
}
