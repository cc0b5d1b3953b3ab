package proof

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/announce/eventbridge"
	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// maxEventBytes is the smallest limit that EventBridge is known to have had for an event.
const maxEventBytes = 256 << 10

// The largest announcement must fit into an event. It tells of as many Targets as one
// deployment can open, with the longest names, and of more Reasons than are told, each with
// texts without end. JSON needs six bytes for each of these characters.
func TestTheLargestAnnouncementFitsIntoAnEvent(t *testing.T) {
	t.Parallel()
	const endless = 5000
	text := strings.Repeat("<", endless)
	execution := "arn:aws-us-gov:states:us-gov-west-1:123456789012:execution:" + strings.Repeat("m", 80) + ":" + strings.Repeat("e", 80)
	now := time.Date(2026, 11, 30, 9, 0, 0, 123456789, time.UTC)
	d := shift.Deployment{ID: execution, Warnings: shift.LongestWarnings()}
	for i := range d.Warnings {
		d.Warnings[i].Text = strings.Repeat("<", len(d.Warnings[i].Text))
		d.Warnings[i].Subject = strings.Repeat("<", len(d.Warnings[i].Subject))
	}
	var arrivals []shift.Arrival
	for i := range 49 { // 2 items each of the 98 that fit into an opening
		name := fmt.Sprintf("%02d%s", i, strings.Repeat("f", 62))
		target := flow.LambdaTarget(name, strings.Repeat("a", 128))
		version := shift.Version(strings.Repeat("9", 20))
		d.Changes = append(d.Changes, shift.Change{Target: target, Stable: version, Candidate: version})
		arrivals = append(arrivals, shift.Arrival{Target: target, Candidate: version})
	}
	var reasons []shift.Reason
	for range 20 {
		reasons = append(reasons, shift.Reason{Name: text, Subject: text, Text: text})
	}
	record := shift.Record{
		ID: execution, Deployment: &d, Arrivals: arrivals, Outcome: shift.Stranded, Intent: 1, Reasons: reasons, Cause: text,
	}

	for _, a := range []shift.Announcement{
		explain.Announce(d, shift.Started, shift.Progress{Reasons: reasons}, now),
		explain.Announce(d, shift.ShiftedTo, shift.Progress{Weight: 1, Step: 100, Reasons: reasons}, now),
		explain.AnnounceOutcome(record, now),
	} {
		cloud := localaws.New(localaws.Config{Now: func() time.Time { return now }})
		size := 0
		cloud.OnEvents(func(events []localaws.Event) {
			for _, e := range events {
				size += len(e.Source) + len(e.DetailType) + len(e.Detail) + len("2026-11-30T09:")
				for _, r := range e.Resources {
					size += len(r)
				}
			}
		})
		announcer := eventbridge.FromConfig(localaws.ClientConfig(flow.Close.Function, cloud))
		require.NoError(t, announcer.Announce(t.Context(), a), string(a.State))
		require.Len(t, a.Reasons, 10)
		detail, err := json.Marshal(a)
		require.NoError(t, err)
		require.Greater(t, size, len(detail))
		t.Logf("%s: %d bytes", a.State, size)
		assert.Less(t, size, maxEventBytes/2, "with room for what is added to announcements later")
	}
}
