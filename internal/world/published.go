package world

import (
	"encoding/json"
	"fmt"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// startForVersion starts an execution for a version that somebody has published, as the
// stack's rule for CloudTrail events does. Versions that Sluice itself publishes already
// belong to executions.
func (w *World) startForVersion(p localaws.Published) {
	if _, ours := w.functions[p.Actor]; ours {
		return
	}
	w.clock.after(defaultDelay, sluice, func() {
		input, _ := json.Marshal(map[string]string{ // strings can always be encoded
			"trigger": string(shift.Event), "function": p.ARN, "version": p.Version,
		})
		// EventBridge generates the names of the executions that it starts.
		_, err := w.Start(fmt.Sprintf("published-%.40s-%s-%d", p.Function, p.Version, w.clock.made), input)
		if err != nil {
			w.problem = fmt.Errorf("start an execution for version %s of %s: %w", p.Version, p.Function, err)
		}
	})
}
