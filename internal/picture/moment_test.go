package picture

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
	"sluice/internal/operator"
	"sluice/internal/shift"
)

// An execution may have been run by an earlier version, or a later one: what it says of
// one thing in another form does not hide the rest.
func TestWhatCannotBeReadHidesNothingElse(t *testing.T) {
	t.Parallel()
	const text = `{"progress": {"step": 1, "weight": 1000}, "failure": {"Error": "AlarmFired", "Cause": "orders-5xx"}, "release": %s,
		"rollback": {"outcome": "RolledBack", "undone": %s, "cause": "AlarmFired: orders-5xx"}}`
	const now = `[{"target": "lambda:orders:live", "fate": "back", "stable": "1", "found": "10% on 2"}]`
	for name, test := range map[string]struct {
		release, undone string
		notes           []string
	}{
		"this version's":             {`{}`, now, []string{"lambda:orders:live is back on 1 (it had 10% on 2)"}},
		"sentences, as there were":   {`{}`, `["lambda:orders:live is back on 1", "lambda:stock:live is gone again"]`, []string{"lambda:orders:live is back on 1", "lambda:stock:live is gone again"}},
		"what nobody has thought of": {`{}`, `{"lambda:orders:live": true}`, nil},
		"a release of another form":  {`[1]`, now, []string{"lambda:orders:live is back on 1 (it had 10% on 2)"}},
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
