package proof

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// The poll comes every 60 s; the alarm fires between two of them.
func TestTheTrafficIsBackAtOnceWhateverTheAlarmIsCalled(t *testing.T) {
	t.Parallel()
	const fires = 400
	for _, name := range []string{
		"[prod] orders-5xx", "orders-5xx[0]", "[]", "[0]", "]", "a.b", "#x", ":y", "$n", "50%5B",
		`"orders" isn't \ well`, " ", "alarm#1", "日本 🚨", strings.Repeat("[", 255), strings.Repeat("🚨", 63),
	} {
		for _, atStart := range []string{"OK", "ALARM"} {
			t.Run(fmt.Sprintf("%.30s, %s at the start", name, atStart), func(t *testing.T) {
				t.Parallel()
				called, err := json.Marshal(name)
				require.NoError(t, err)
				state := func(at int, to string) string {
					return fmt.Sprintf(`{"atSeconds": %d, "do": "setAlarmState", "alarm": %s, "state": %q}`, at, called, to)
				}
				s, err := world.DecodeScenario([]byte(`{"latencyMs": 100, "events": [` + strings.Join([]string{
					state(0, atStart), state(370, "OK"), state(380, "INSUFFICIENT_DATA"), state(fires, "ALARM"),
				}, ", ") + `]}`))
				require.NoError(t, err)
				r, err := world.Simulate(json.RawMessage(fmt.Sprintf(
					`{"function": "orders", "strategy": "Canary10Percent10Minutes", "alarms": [%s], "alarmsAtStart": "ignoreUntilOk"}`, called)), s, nil)
				require.NoError(t, err)
				require.Equal(t, string(shift.RolledBack), r.Outcome, r.Cause)
				back := r.Routes[len(r.Routes)-1]
				require.Zero(t, back.Percent)
				assert.InDelta(t, fires, back.Seconds, (2 * time.Second).Seconds())
			})
		}
	}
}
