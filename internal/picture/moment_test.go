package picture

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

// The execution may be of an earlier or a later version of Sluice. A part of the document
// in another form must not hide the other parts.
func TestUnreadablePartOfADocumentDoesNotHideTheRest(t *testing.T) {
	t.Parallel()
	const text = `{"progress": {"step": 1, "weight": 1000}, "failure": {"Error": "AlarmFired", "Cause": "orders-5xx"}, "release": %s,
		"rollback": {"outcome": "RolledBack", "undone": %s, "cause": "AlarmFired: orders-5xx"}}`
	const undone = `[{"target": "lambda:orders:live", "fate": "back", "stable": "1", "found": "10% on 2"}]`
	for name, test := range map[string]struct {
		release, undone string
		notes           []string
	}{
		"the form of this version":          {`{}`, undone, []string{"lambda:orders:live is back on 1 (it had 10% on 2)"}},
		"sentences, as in earlier versions": {`{}`, `["lambda:orders:live is back on 1", "lambda:stock:live is gone again"]`, []string{"lambda:orders:live is back on 1", "lambda:stock:live is gone again"}},
		"an unknown form":                   {`{}`, `{"lambda:orders:live": true}`, nil},
		"a release in another form":         {`[1]`, undone, []string{"lambda:orders:live is back on 1 (it had 10% on 2)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var learned document
			v := &visit{name: flow.Rollback.State, learn: func(d document) { learned = d }}
			m, made := v.exit(operator.Event{
				Type: "TaskStateExited", State: flow.Rollback.State, Data: json.RawMessage(fmt.Sprintf(text, test.release, test.undone)),
			})
			require.True(t, made)
			assert.Equal(t, shareOf(shift.None), m.Weight)
			assert.Equal(t, test.notes, m.Notes)
			require.NotNil(t, learned.Failure)
			assert.Equal(t, "AlarmFired", learned.Failure.Error)
			require.NotNil(t, learned.Progress)
			assert.Equal(t, 1, learned.Progress.Step)
		})
	}
}

func TestRepeatedPollsPassedOnlyIfTheirVerdictIsPass(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		verdict string
		n       int
		want    string
	}{
		{shift.Pass.String(), 1, "1 more check passed"},
		{shift.Pass.String(), 1574, "1,574 more checks passed"},
		{shift.Wait.String(), 1, "1 more check with the same result"},
		{shift.Wait.String(), 16, "16 more checks with the same result"},
		{shift.Hold.String(), 2, "2 more checks with the same result"},
	} {
		assert.Equal(t, test.want, Moment{Verdict: test.verdict}.RepeatedText(test.n))
	}
}

func TestAComparisonWithOtherNumbersIsARepeatedPoll(t *testing.T) {
	t.Parallel()
	check := func(reasons ...shift.Reason) Moment {
		m := Moment{State: flow.CheckAlarms.State}
		describeCheck(document{Document: flow.Document{Progress: &shift.Progress{Reasons: reasons}}}, &m)
		return m
	}
	const orders, stock = "lambda:orders:live", "lambda:stock:live"
	before := check(shift.Reason{Name: shift.NothingFound, Subject: orders, Text: "120 requests"})
	for name, test := range map[string]struct {
		next shift.Reason
		want bool
	}{
		"other numbers":    {shift.Reason{Name: shift.NothingFound, Subject: orders, Text: "194 requests"}, true},
		"another result":   {shift.Reason{Name: shift.CannotTell, Subject: orders, Text: "120 requests"}, false},
		"another target":   {shift.Reason{Name: shift.NothingFound, Subject: stock, Text: "120 requests"}, false},
		"no comparison":    {shift.Reason{Name: shift.AlarmWithoutData, Subject: orders, Text: "120 requests"}, false},
		"the same reasons": {shift.Reason{Name: shift.NothingFound, Subject: orders, Text: "120 requests"}, true},
	} {
		assert.Equal(t, test.want, check(test.next).IsRepeatedPoll(before), name)
	}
	asked := func(n int) Moment {
		return check(shift.Reason{Name: shift.CannotTell, Subject: orders, Text: "12 requests"},
			shift.Reason{Name: shift.SyntheticAsked, Subject: "load", Text: fmt.Sprintf("load was asked for %d requests", n)})
	}
	assert.True(t, asked(60).IsRepeatedPoll(asked(31)))
}
