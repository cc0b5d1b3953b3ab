package dynamo_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Package shift says when an alarm counts. The ledger's conditions decide the same in one
// call, together with the write. Both must agree for every record.
func TestTheLedgerCountsAlarmsAsTheDomainDoes(t *testing.T) {
	t.Parallel()
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t)
		n++
		id := fmt.Sprintf("%s-%d", first, n)
		names := rapid.SampledFrom([]string{"a", "b[0]", "c%5B"})
		at := rapid.Custom(func(r *rapid.T) time.Time {
			return noon.Add(time.Duration(rapid.IntRange(0, 3).Draw(r, "ms")) * time.Millisecond / 2)
		})
		status := rapid.SampledFrom([]string{"opening", "open", "restoring", "closed"}).Draw(r, "status")
		var alarms []shift.Alarm
		for _, name := range rapid.SliceOfDistinct(names, rapid.ID[string]).Draw(r, "alarms") {
			a := shift.Alarm{Name: name}
			if rapid.Bool().Draw(r, "has changed") {
				a.Since = at.Draw(r, "since")
			}
			alarms = append(alarms, a)
		}
		_, err := w.Open(t.Context(), id, release(orders), noon)
		require.NoError(r, err)
		if status != "opening" {
			_, err = w.Describe(t.Context(), describe(id, orders), rapid.SliceOfDistinct(names, rapid.ID[string]).Draw(r, "ignored"), alarms)
			require.NoError(r, err)
		}
		if status == "restoring" || status == "closed" {
			_, err = w.MarkRestoring(t.Context(), id, reasons("Aborted: no"), noon)
			require.NoError(r, err)
		}
		if status == "closed" {
			w.closed(t, id)
		}
		record := w.record(t, id)
		alarm, changed, wasOK := names.Draw(r, "alarm"), at.Draw(r, "changed"), rapid.Bool().Draw(r, "was OK")

		if rapid.Bool().Draw(r, "went to OK") {
			counts, want := record.CheckCalmed(alarm, changed)
			err := w.MarkCalmed(t.Context(), id, alarm, changed)
			requireSame(r, want, err)
			require.Equal(r, counts, len(w.record(t, id).UntilOK) < len(record.UntilOK))
			return
		}
		want := record.CheckFired(alarm, changed, wasOK)
		got, err := w.MarkFired(t.Context(), id, alarm, changed, wasOK, reasons("AlarmFired: x"))
		requireSame(r, want, err)
		marked := record.Status == shift.StatusOpen && w.record(t, id).Status == shift.StatusRestoring
		require.Equal(r, want == nil && record.Status == shift.StatusOpen, marked)
		require.Equal(r, w.record(t, id), got)
	})
}

// requireSame checks that the ledger returns the sentinel that package shift returns.
func requireSame(r *rapid.T, want, got error) {
	if want == nil {
		require.NoError(r, got)
		return
	}
	for _, known := range []error{shift.ErrAlarmIgnored, shift.ErrDeploymentOpening, shift.ErrDeploymentClosed} {
		require.Equal(r, errors.Is(want, known), errors.Is(got, known), "%v, and the domain says %v", got, want)
	}
}
