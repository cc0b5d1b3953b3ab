package dynamo

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Ask records that people are asked about a Step from that time on. Who asks again changes
// nothing. Ask returns the record after the write. It returns shift.ErrDeploymentRestoring,
// shift.ErrDeploymentClosed or shift.ErrDeploymentUnknown unless the record is open.
func (l *Ledger) Ask(ctx context.Context, id string, step int, at time.Time) (shift.Record, error) {
	earlier := expression.Name(askedStep).AttributeNotExists().Or(expression.Name(askedStep).LessThan(expression.Value(step)))
	record, done, err := l.update(ctx, id,
		expression.Set(expression.Name(askedStep), expression.Value(step)).
			Set(expression.Name(askedAt), expression.Value(shift.Milliseconds(at))),
		is(shift.StatusOpen).And(earlier))
	if err == nil && !done {
		err = record.CheckOpen()
	}
	if err != nil {
		return record, fmt.Errorf("ask about step %d of %s: %w", step, id, err)
	}
	return record, nil
}

// AnswerStep records what a person has said about the Step that is asked about, on condition that
// nobody has said anything yet. step is the Step that the person named, or 0. The same answer
// may arrive again. AnswerStep returns the record after the write. It returns shift.ErrNotAsked
// for what answers no question that stands, and shift.ErrDeploymentRestoring,
// shift.ErrDeploymentClosed or shift.ErrDeploymentUnknown unless the record is open.
func (l *Ledger) AnswerStep(ctx context.Context, id string, step int, c shift.Command) (shift.Record, error) {
	record, err := l.Record(ctx, id)
	if err == nil {
		err = record.CheckAnswer(step, c)
	}
	if err != nil {
		return record, fmt.Errorf("answer %s: %w", id, err)
	}
	asked := record.Asked.Step
	if _, given := record.AnswerFor(asked); given {
		return record, nil
	}
	text, err := encodeJSON(answers, shift.Answer{Step: asked, Command: c})
	if err != nil {
		return record, err
	}
	list := &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberS{Value: text}}}
	update := expression.Set(expression.Name(answered), expression.Value(asked)).
		Set(expression.Name(answers), expression.ListAppend(
			expression.Name(answers).IfNotExists(expression.Value(&types.AttributeValueMemberL{})), expression.Value(list)))
	first := expression.Name(answered).AttributeNotExists().Or(expression.Name(answered).LessThan(expression.Value(asked)))
	stands := expression.Name(askedStep).Equal(expression.Value(asked)).
		And(expression.Name(intent).LessThan(expression.Value(asked)))
	record, done, err := l.update(ctx, id, update, is(shift.StatusOpen).And(stands).And(first))
	if err == nil && !done {
		err = record.CheckAnswer(asked, c) // nil if the same answer has arrived meanwhile
	}
	if err != nil {
		return record, fmt.Errorf("answer %s: %w", id, err)
	}
	return record, nil
}
