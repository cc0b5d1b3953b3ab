// Package announcer builds the announcer that several functions share.
package announcer

import (
	"io"
	"os"
	"time"

	"github.com/sluice-aws/sluice/internal/announce/emf"
	"github.com/sluice-aws/sluice/internal/announce/eventbridge"
	"github.com/sluice-aws/sluice/internal/assembly"
)

// FromSettings returns an announcer that uses the event bus and counts its announcements.
func FromSettings(s assembly.Settings) *emf.Announcer {
	var out io.Writer = os.Stdout
	if s.Runtime.Output != nil {
		out = s.Runtime.Output
	}
	now := time.Now
	if s.Runtime.Now != nil {
		now = s.Runtime.Now
	}
	return emf.New(eventbridge.FromConfig(s.AWS), s.Metrics, out, now)
}
