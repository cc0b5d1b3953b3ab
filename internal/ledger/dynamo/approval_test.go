package dynamo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func said(order shift.Order, after time.Duration) shift.Command {
	return shift.Command{Order: order, Reason: "the numbers", At: noon.Add(after), By: "arn:aws:iam::123456789012:user/ana"}
}

func TestAQuestionKeepsItsFirstTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	for _, at := range []time.Duration{0, time.Hour} {
		record, err := w.Ask(t.Context(), first, 2, noon.Add(at))
		require.NoError(t, err)
		assert.Equal(t, shift.AskedStep{Step: 2, At: noon.Truncate(time.Millisecond)}, record.Asked)
	}
	record, err := w.Ask(t.Context(), first, 1, noon.Add(time.Hour))
	require.NoError(t, err, "a try that comes late")
	assert.Equal(t, 2, record.Asked.Step)
	record, err = w.Ask(t.Context(), first, 3, noon.Add(2*time.Hour))
	require.NoError(t, err)
	assert.Equal(t, shift.AskedStep{Step: 3, At: noon.Add(2 * time.Hour).Truncate(time.Millisecond)}, record.Asked)

	_, err = w.Ask(t.Context(), "arn:unknown", 2, noon)
	require.ErrorIs(t, err, shift.ErrDeploymentUnknown)
	_, err = w.MarkRestoring(t.Context(), first, nil, noon)
	require.NoError(t, err)
	_, err = w.Ask(t.Context(), first, 4, noon)
	require.ErrorIs(t, err, shift.ErrDeploymentRestoring)
}

func TestAnAnswerCountsForOneStepAndOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	_, err := w.AnswerStep(t.Context(), first, 0, said(shift.Approve, 0))
	require.ErrorIs(t, err, shift.ErrNotAsked, "nobody was asked")
	_, err = w.Ask(t.Context(), first, 2, noon)
	require.NoError(t, err)
	_, err = w.AnswerStep(t.Context(), first, 0, said(shift.Approve, -time.Minute))
	require.ErrorIs(t, err, shift.ErrNotAsked, "given before the question")
	_, err = w.AnswerStep(t.Context(), first, 3, said(shift.Approve, time.Minute))
	require.ErrorIs(t, err, shift.ErrNotAsked, "about another step")

	for range 2 {
		record, err := w.AnswerStep(t.Context(), first, 2, said(shift.Approve, time.Minute))
		require.NoError(t, err)
		assert.Equal(t, []shift.Answer{{Step: 2, Command: said(shift.Approve, time.Minute)}}, record.Answers)
	}
	_, err = w.AnswerStep(t.Context(), first, 0, said(shift.Reject, 2*time.Minute))
	require.ErrorIs(t, err, shift.ErrNotAsked, "somebody has answered")

	_, err = w.Ask(t.Context(), first, 3, noon.Add(time.Hour))
	require.NoError(t, err)
	record, err := w.AnswerStep(t.Context(), first, 0, said(shift.Reject, time.Hour))
	require.NoError(t, err)
	assert.Equal(t, []shift.Answer{{Step: 2, Command: said(shift.Approve, time.Minute)}, {Step: 3, Command: said(shift.Reject, time.Hour)}}, record.Answers)
}

// What happens between the reading and the writing of an answer is refused by the write.
func TestAnAnswerLosesAgainstWhatCameBefore(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before func(t *testing.T, w *world) error
		err    error
	}{
		"another answer": {func(t *testing.T, w *world) error {
			_, err := w.AnswerStep(t.Context(), first, 2, said(shift.Reject, time.Second))
			return err
		}, shift.ErrNotAsked},
		"the same answer": {func(t *testing.T, w *world) error {
			_, err := w.AnswerStep(t.Context(), first, 2, said(shift.Approve, time.Minute))
			return err
		}, nil},
		"the step is taken": {func(t *testing.T, w *world) error {
			_, err := w.Intend(t.Context(), first, 2)
			return err
		}, shift.ErrNotAsked},
		"a question about the next step": {func(t *testing.T, w *world) error {
			_, err := w.Ask(t.Context(), first, 3, noon.Add(time.Second))
			return err
		}, shift.ErrNotAsked},
		"a rollback": {func(t *testing.T, w *world) error {
			_, err := w.MarkRestoring(t.Context(), first, nil, noon)
			return err
		}, shift.ErrDeploymentRestoring},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.opened(t, first, orders)
			_, err := w.Ask(t.Context(), first, 2, noon)
			require.NoError(t, err)
			w.between(func() { require.NoError(t, test.before(t, w)) })
			record, err := w.AnswerStep(t.Context(), first, 2, said(shift.Approve, time.Minute))
			if test.err == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, test.err)
			}
			assert.LessOrEqual(t, len(record.Answers), 1)
		})
	}
}

func TestTheLaterFreezeWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	none, err := w.Freeze(t.Context())
	require.NoError(t, err)
	assert.Zero(t, none)
	freeze := func(at, until time.Duration, by string) shift.Freeze {
		return shift.Freeze{Until: noon.Add(until), Reason: "the sale", By: by, At: noon.Add(at)}
	}
	later, lifted := freeze(time.Hour, 48*time.Hour, ""), freeze(2*time.Hour, 2*time.Hour, "ana")
	for _, step := range []struct{ order, stands shift.Freeze }{
		{freeze(0, 24*time.Hour, "ben"), freeze(0, 24*time.Hour, "ben")},
		{later, later},                                           // and nobody is named who gave the earlier one
		{freeze(0, 24*time.Hour, "ben"), later},                  // comes late
		{freeze(time.Hour-time.Second, time.Hour, "ana"), later}, // would lift it, and was given before
		{lifted, lifted},
		{later, lifted},
	} {
		stands, err := w.SetFreeze(t.Context(), step.order)
		require.NoError(t, err)
		assert.Equal(t, step.stands, stands)
		stored, err := w.Freeze(t.Context())
		require.NoError(t, err)
		assert.Equal(t, step.stands, stored)
	}
}
