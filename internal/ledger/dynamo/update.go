package dynamo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Describe completes an opening. It writes the Deployment, the alarms that are ignored until
// they have been OK, and the time when each alarm entered the state that was read. The first
// description wins, so that a straggling try cannot replace the one that another try works
// with. Describe returns the record after the write. If the record is not open, it returns
// shift.ErrDeploymentRestoring, shift.ErrDeploymentClosed or shift.ErrDeploymentUnknown.
func (l *Ledger) Describe(ctx context.Context, d shift.Deployment, ignored []string, alarms []shift.Alarm) (shift.Record, error) {
	text, err := encodeJSON(deployment, d)
	if err != nil {
		return shift.Record{}, err
	}
	since := make(map[string]int64, len(alarms))
	for _, a := range alarms {
		since[mapKey(a.Name)] = shift.Milliseconds(a.Since)
	}
	update := expression.Set(expression.Name(deployment), expression.Value(text)).
		Set(expression.Name(seen), expression.Value(since))
	if len(ignored) > 0 { // DynamoDB has no empty sets
		update = update.Set(expression.Name(untilOK), stringSet(ignored))
	}
	undescribed := expression.Name(deployment).AttributeNotExists()
	record, _, err := l.update(ctx, d.ID, update, is(shift.StatusOpen).And(undescribed))
	if err == nil {
		err = record.CheckOpen() // if it is open, this try or another one has described it
	}
	if err != nil {
		return record, fmt.Errorf("describe %s: %w", d.ID, err)
	}
	return record, nil
}

// Intend records that the Routes are about to be moved to a Step. An intent never goes down.
// Intend returns the record after the write. If the record is not open, it also returns
// shift.ErrDeploymentRestoring or shift.ErrDeploymentClosed, and shift.ErrStepPassed if a
// later Step is intended. If there is no record, it returns shift.ErrDeploymentUnknown.
func (l *Ledger) Intend(ctx context.Context, id string, step int) (shift.Record, error) {
	record, done, err := l.update(ctx, id,
		expression.Set(expression.Name(intent), expression.Value(step)),
		is(shift.StatusOpen).And(expression.Name(intent).LessThanEqual(expression.Value(step))))
	if err == nil && !done {
		err = record.CheckOpen()
		if err == nil {
			err = fmt.Errorf("%w: step %d is intended", shift.ErrStepPassed, record.Intent)
		}
	}
	if err != nil {
		return record, fmt.Errorf("intend step %d of %s: %w", step, id, err)
	}
	return record, nil
}

// Land records the writes that took effect. It returns shift.ErrDeploymentRestoring,
// shift.ErrDeploymentClosed or shift.ErrDeploymentUnknown unless the record is open.
func (l *Ledger) Land(ctx context.Context, id string, writes shift.Landed) error {
	text, err := encodeJSON(landed, writes)
	if err != nil {
		return err
	}
	return l.change(ctx, "record the landed writes of", id,
		expression.Set(expression.Name(landed), expression.Value(text)), is(shift.StatusOpen))
}

// StopIgnoring makes alarms count that were ignored until they had been OK. It returns
// shift.ErrDeploymentRestoring, shift.ErrDeploymentClosed or shift.ErrDeploymentUnknown
// unless the record is open.
func (l *Ledger) StopIgnoring(ctx context.Context, id string, alarms []string) error {
	if len(alarms) == 0 {
		return nil
	}
	return l.change(ctx, "stop ignoring alarms of", id,
		expression.Delete(expression.Name(untilOK), stringSet(alarms)), is(shift.StatusOpen))
}

// KeepComparisons records how the versions of the Targets were compared. It returns
// shift.ErrDeploymentRestoring, shift.ErrDeploymentClosed or shift.ErrDeploymentUnknown
// unless the record is open.
func (l *Ledger) KeepComparisons(ctx context.Context, id string, list []shift.Comparison) error {
	text, err := encodeJSON(comparisons, list)
	if err != nil {
		return err
	}
	return l.change(ctx, "record the comparisons of", id,
		expression.Set(expression.Name(comparisons), expression.Value(text)), is(shift.StatusOpen))
}

// MarkRestoring marks a record as restoring, for these reasons. From then on Intend refuses.
// A second call keeps the reasons of the first. MarkRestoring returns the record. If the
// record is already closed, it also returns shift.ErrDeploymentClosed. If there is no record,
// it returns shift.ErrDeploymentUnknown.
func (l *Ledger) MarkRestoring(ctx context.Context, id string, why []shift.Reason, at time.Time) (shift.Record, error) {
	record, done, err := l.update(ctx, id, restoring(why, at), is(shift.StatusOpen))
	if err == nil && !done && record.Status != shift.StatusRestoring {
		err = refusal(record)
	}
	if err != nil {
		return record, fmt.Errorf("mark %s as restoring: %w", id, err)
	}
	return record, nil
}

func restoring(why []shift.Reason, at time.Time) expression.UpdateBuilder {
	return expression.Set(expression.Name(status), expression.Value(shift.StatusRestoring)).
		Set(expression.Name(reasons), expression.Value(storeReasons(why))).
		Set(expression.Name(markedAt), expression.Value(at.UTC()))
}

// MarkFired is MarkRestoring for an alarm that went to ALARM. It returns
// shift.ErrAlarmIgnored for an event that is not newer than the state that Open has read, and
// for an alarm that is ignored until it has been OK. wasOK says that the alarm was OK just
// before, so that it counts. MarkFired returns shift.ErrDeploymentOpening while Open has not
// yet written what it has read.
func (l *Ledger) MarkFired(ctx context.Context, id, alarm string, at time.Time, wasOK bool, why []shift.Reason) (shift.Record, error) {
	counts := seenBefore(alarm, at)
	if !wasOK {
		counts = counts.And(expression.Not(expression.Contains(expression.Name(untilOK), alarm)))
	}
	record, done, err := l.update(ctx, id, restoring(why, at), is(shift.StatusOpen).And(counts))
	if err == nil && !done {
		err = record.CheckFired(alarm, at, wasOK)
	}
	if err == nil && !done && record.Status != shift.StatusRestoring {
		err = refusal(record)
	}
	if err != nil {
		return record, fmt.Errorf("mark %s as restoring for alarm %s: %w", id, alarm, err)
	}
	return record, nil
}

// MarkCalmed makes an alarm count that was ignored until it had been OK. The event must be
// newer than the state that Open has read. MarkCalmed does nothing if the alarm already
// counts or the record is not open. It returns shift.ErrDeploymentOpening as MarkFired does,
// or shift.ErrDeploymentUnknown.
func (l *Ledger) MarkCalmed(ctx context.Context, id, alarm string, at time.Time) error {
	record, done, err := l.update(ctx, id,
		expression.Delete(expression.Name(untilOK), stringSet([]string{alarm})),
		is(shift.StatusOpen).
			And(seenBefore(alarm, at)).
			And(expression.Contains(expression.Name(untilOK), alarm)))
	if err == nil && !done {
		_, err = record.CheckCalmed(alarm, at)
	}
	if err != nil {
		return fmt.Errorf("make alarm %s count for %s: %w", alarm, id, err)
	}
	return nil
}

// Command stores a person's command, in place of an earlier one. A command that arrives twice,
// or after a later one, changes nothing. Command returns the command that is stored
// afterwards. It returns shift.ErrDeploymentRestoring, shift.ErrDeploymentClosed or
// shift.ErrDeploymentUnknown unless the record is open.
func (l *Ledger) Command(ctx context.Context, id string, c shift.Command) (shift.Command, error) {
	text, err := encodeJSON(command, c)
	if err != nil {
		return c, err
	}
	later := expression.Name(precedence).AttributeNotExists().Or(expression.Name(precedence).LessThan(expression.Value(c.Precedence())))
	record, done, err := l.update(ctx, id,
		expression.Set(expression.Name(command), expression.Value(text)).
			Set(expression.Name(precedence), expression.Value(c.Precedence())),
		is(shift.StatusOpen).And(later))
	switch {
	case err != nil || done:
	case record.Status == shift.StatusOpen && record.Command != nil:
		return *record.Command, nil
	default:
		err = refusal(record)
	}
	if err != nil {
		return c, fmt.Errorf("command %s: %w", id, err)
	}
	return c, nil
}

// Restore records the Targets that are known to be restored. It returns
// shift.ErrDeploymentClosed or shift.ErrDeploymentUnknown, or another error for a record that
// is open.
func (l *Ledger) Restore(ctx context.Context, id string, targets []shift.Target) error {
	if len(targets) == 0 {
		return nil
	}
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = string(t)
	}
	return l.change(ctx, "record the restored targets of", id,
		expression.Add(expression.Name(restored), stringSet(names)), is(shift.StatusRestoring))
}

// change is an update that returns an error if it is refused.
func (l *Ledger) change(ctx context.Context, what, id string, u expression.UpdateBuilder, while expression.ConditionBuilder) error {
	record, done, err := l.update(ctx, id, u, while)
	if err == nil && !done {
		err = refusal(record)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", what, id, err)
	}
	return nil
}

// update changes a record if a condition holds, always in one call. It returns the changed
// record and true, or the unchanged record and false.
func (l *Ledger) update(ctx context.Context, id string, u expression.UpdateBuilder, while expression.ConditionBuilder) (r shift.Record, done bool, err error) {
	e, err := expression.NewBuilder().WithUpdate(u).WithCondition(while.And(isReadable())).Build()
	if err != nil {
		return shift.Record{}, false, fmt.Errorf("build the update: %w", err)
	}
	out, err := l.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                           l.table,
		Key:                                 recordKey(id),
		UpdateExpression:                    e.Update(),
		ConditionExpression:                 e.Condition(),
		ExpressionAttributeNames:            e.Names(),
		ExpressionAttributeValues:           e.Values(),
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if err == nil {
		r, err = decodeRecord(out.Attributes)
		return r, err == nil, err
	}
	found, refused := refusedItem(err)
	switch {
	case !refused:
		return shift.Record{}, false, meaning(err)
	case len(found) == 0:
		return shift.Record{}, false, shift.ErrDeploymentUnknown
	}
	r, err = decodeRecord(found)
	return r, false, err
}

// seenBefore is the condition that the state of an alarm that Open has read began before this
// time. It does not hold while Open has not yet written what it has read.
func seenBefore(alarm string, at time.Time) expression.ConditionBuilder {
	return expression.Name(seen).AppendName(expression.NameNoDotSplit(mapKey(alarm))).LessThan(expression.Value(shift.Milliseconds(at)))
}

// mapKey encodes a name as the key of a map that conditions use. The name of an alarm may
// have any characters. The expression builder always takes brackets in a key for the index of
// a list, whichever function builds the name (feature/dynamodb/expression,
// NameBuilder.BuildOperand).
func mapKey(name string) string { return withoutBrackets.Replace(name) }

var withoutBrackets = strings.NewReplacer("[", "%5B", "]", "%5D", "%", "%25")

// nameOfMapKey reverses mapKey.
func nameOfMapKey(key string) string { return withBrackets.Replace(key) }

var withBrackets = strings.NewReplacer("%5B", "[", "%5D", "]", "%25", "%")

// isReadable is the condition that no newer code has written the record. Its contents could
// have a meaning that this code does not know.
func isReadable() expression.ConditionBuilder {
	number := expression.Name(schema)
	return number.AttributeNotExists().Or(number.LessThanEqual(expression.Value(shift.Schema)))
}

func is(s shift.Status) expression.ConditionBuilder {
	return expression.Name(status).Equal(expression.Value(s))
}

func stringSet(values []string) expression.ValueBuilder {
	return expression.Value(&types.AttributeValueMemberSS{Value: values})
}
