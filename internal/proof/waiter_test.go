package proof

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// The time of the state stands still while a deployment waits for its turn. What the
// ledger and the announcements say of its beginning and its end does not.
func TestAWaiterBeginsAndEndsWhenItsTurnHasCome(t *testing.T) {
	t.Parallel()
	for version, outcome := range map[string]shift.Outcome{"2": shift.Unchanged, "3": shift.Promoted} {
		t.Run(string(outcome), func(t *testing.T) {
			t.Parallel()
			first := json.RawMessage(`{"function": "orders", "version": "2"}`)
			w, seen := observe(t, scenarioOf(t, `{"functions": {"orders": {"versions": 3, "aliases": {"live": {"version": "1"}}}}, "events": [
			  {"atSeconds": 60, "do": "startExecution", "input": {"function": "orders", "version": "`+version+`", "whenHeld": "wait"}}]}`), first)
			seen.play(first)
			require.Empty(t, seen.verify())
			waiter := w.Executions()[1]
			record := seen.ledger("deployment#"+waiter.ARN(), "record")
			require.Equal(t, string(outcome), record.text("outcome"))

			turn, err := time.Parse(time.RFC3339, seen.ledger("deployment#"+w.Executions()[0].ARN(), "record").text("closedAt"))
			require.NoError(t, err)
			opened, err := time.Parse(time.RFC3339, record.text("openedAt"))
			require.NoError(t, err)
			closed, err := time.Parse(time.RFC3339, record.text("closedAt"))
			require.NoError(t, err)
			assert.False(t, opened.Before(turn), "opened at %s", opened)
			assert.False(t, closed.Before(opened), "closed at %s", closed)
			if outcome == shift.Promoted {
				assert.False(t, record.deployment().OpenedAt.Before(turn), "described at %s", record.deployment().OpenedAt)
			}
			for _, a := range w.Announcements() {
				if a.DeploymentID == waiter.ARN() {
					assert.False(t, a.At.Before(turn), "%s is announced of %s", a.State, a.At)
				}
			}
		})
	}
}
