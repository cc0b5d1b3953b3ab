// Package announcer puts together what several functions announce with.
package announcer

import (
	"io"
	"os"
	"time"

	"sluice/internal/announce/emf"
	"sluice/internal/announce/eventbridge"
	"sluice/internal/assembly"
)

// FromSettings announces on the event bus, and counts what it has announced.
func FromSettings(s assembly.Settings) *emf.Announcer {
	var out io.Writer = os.Stdout
	if s.Runtime.Output != nil {
		out = s.Runtime.Output
	}
	now := time.Now
	if s.Runtime.Now != nil {
		now = s.Runtime.Now
	}
	return emf.New(eventbridge.FromConfig(s.AWS, s.EventBus), s.Metrics, out, now)
}
