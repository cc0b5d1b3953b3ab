package operator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestOnlyActionsThatMakeSenseAreOffered(t *testing.T) {
	t.Parallel()
	given := morning
	pause := &shift.Command{Order: shift.Pause, At: given}
	open := shift.Record{Status: shift.StatusOpen, Deployment: &shift.Deployment{}}
	with := func(r shift.Record, c *shift.Command) shift.Record { r.Command = c; return r }
	ended := shift.Progress{Waits: []shift.Waited{{Name: shift.Paused, Since: given.Add(time.Minute), Over: true}}}
	for _, tt := range []struct {
		name  string
		stand operator.Stand
		want  []shift.Order
	}{
		{"it is opening", operator.Stand{Record: shift.Record{Status: shift.StatusOpen}}, []shift.Order{shift.Abort}},
		{"it is open", operator.Stand{Record: open}, []shift.Order{shift.Abort, shift.Promote, shift.Pause}},
		{"it is paused", operator.Stand{Record: with(open, pause)}, []shift.Order{shift.Abort, shift.Promote, shift.Resume}},
		{"its pause has ended by itself", operator.Stand{Record: with(open, pause), Progress: ended}, []shift.Order{shift.Abort, shift.Promote, shift.Pause}},
		{"it was paused again", operator.Stand{Record: with(open, &shift.Command{Order: shift.Pause, At: given.Add(time.Hour)}), Progress: ended}, []shift.Order{shift.Abort, shift.Promote, shift.Resume}},
		{"it was promoted", operator.Stand{Record: with(open, &shift.Command{Order: shift.Promote, At: given})}, []shift.Order{shift.Abort, shift.Pause}},
		{"its traffic is being put back", operator.Stand{Record: shift.Record{Status: shift.StatusRestoring, Deployment: &shift.Deployment{}}}, nil},
		{"it is closed", operator.Stand{Record: shift.Record{Status: shift.StatusClosed}}, nil},
		{"the ledger does not know it", operator.Stand{}, nil},
		{"it waits for its turn", operator.Stand{Queued: true}, []shift.Order{shift.Abort}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []shift.Order
			for _, a := range operator.ActionsFor(tt.stand) {
				got = append(got, a.Order)
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestActionSaysBeforehandWhatItWillDo(t *testing.T) {
	t.Parallel()
	abort, found := operator.FindAction("abort")
	require.True(t, found)
	assert.Equal(t, "Abort puts all traffic of the deployment that holds lambda:orders:live back on the stable version at once, for every target of that deployment. One that waits for its turn leaves the queue.", abort.Before("lambda:orders:live"))
	_, found = operator.FindAction("delete")
	assert.False(t, found)
	// Polls of a long wait are further apart, and a freeze holds a promotion.
	approve, _ := operator.FindAction("approve")
	assert.Contains(t, approve.Before("lambda:orders:live"), "at its next poll: usually within 5 minutes, later where it waits for days.")
	promote, _ := operator.FindAction("promote")
	assert.Equal(t, "it goes to 100% at its next poll, unless an alarm fires or a freeze holds it", promote.Effect)
	for _, a := range operator.Actions() {
		assert.NotEmpty(t, a.Short+a.Effect+a.Because, a.Order)
		assert.Contains(t, a.About(), "TARGET", a.Order)
	}
}
