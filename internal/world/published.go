package world

import (
	"encoding/json"
	"fmt"

	"sluice/internal/localaws"
	"sluice/internal/shift"
)

// published starts an execution for a version that somebody has published, as the
// stack's rule on CloudTrail's events does. Versions that Sluice itself publishes
// belong to executions already.
func (w *World) published(p localaws.Published) {
	if _, ours := w.functions[p.Actor]; ours {
		return
	}
	w.clock.after(defaultDelay, sluice, func() {
		input, _ := json.Marshal(map[string]string{ // texts marshal
			"trigger": string(shift.Event), "function": p.ARN, "version": p.Version,
		})
		// EventBridge names the executions that it starts by identifiers of its own.
		_, err := w.Start(fmt.Sprintf("published-%.40s-%s-%d", p.Function, p.Version, w.clock.made), input)
		if err != nil {
			w.problem = fmt.Errorf("start an execution for version %s of %s: %w", p.Version, p.Function, err)
		}
	})
}
