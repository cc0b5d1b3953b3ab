package proof

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// A deployment that waits for its turn has no record yet. Whoever waits for its Outcome must
// hear of it all the same, when it is stopped or aborted; and it must not open later.
func TestAWaiterThatIsEndedIsAnnouncedAsRejected(t *testing.T) {
	t.Parallel()
	first := json.RawMessage(`{"function": "orders", "version": "2", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}}`)
	ends := map[string]func(t *testing.T, w *world.World, waiter string){
		shift.ExecutionEnded: func(t *testing.T, w *world.World, waiter string) {
			require.NoError(t, w.Machine().Stop(waiter, "", ""))
		},
		shift.Aborted: func(t *testing.T, w *world.World, waiter string) {
			event, err := request.EncodeCommand(request.Commanded{
				Target: ordersLive, DeploymentID: waiter, Command: shift.Command{Order: shift.Abort, Reason: "not this one", At: w.Now()},
			})
			require.NoError(t, err)
			w.Wake(event, 0)
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, seen := observe(t, scenarioOf(t, `{"functions": {"orders": {"versions": 3, "aliases": {"live": {"version": "1"}}}}, "events": [
			  {"atSeconds": 60, "do": "startExecution", "input": {"function": "orders", "version": "3", "whenHeld": "wait"}}]}`), first)
			w.HappenAfter(2*time.Minute, func() {
				waiter := w.Executions()[1].ARN()
				if name == shift.Aborted {
					seen.aborted[waiter] = true
				}
				end(t, w, waiter)
			})
			seen.play(first)
			require.Empty(t, seen.verify())

			waiter := w.Executions()[1].ARN()
			var told []string
			for _, a := range w.Announcements() {
				if a.DeploymentID == waiter {
					told = append(told, string(a.State))
					require.NotEmpty(t, a.Reasons)
					assert.Equal(t, name, a.Reasons[0].Name)
					assert.Less(t, a.At.Sub(world.Epoch), 2*time.Minute+30*time.Second, "at once")
				}
			}
			assert.Equal(t, []string{string(shift.Rejected)}, told)
			assert.Equal(t, string(shift.Promoted), w.Outcome(w.Executions()[0].ARN()), "the one that holds the target goes on")
		})
	}
}
