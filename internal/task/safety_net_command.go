package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// answerQuestion answers which Deployment holds a Target, and what time it is.
func (n SafetyNet) answerQuestion(ctx context.Context, q request.Asked, now time.Time, answer *flow.Answer) error {
	if q.Target == "" {
		answer.At = now
		return nil
	}
	holder, err := n.Ledger.Holder(ctx, q.Target)
	if err != nil {
		return fmt.Errorf("find who holds %s: %w", q.Target, err)
	}
	if err := holder.CheckMeant(q.Target, now); err != nil {
		return err
	}
	answer.DeploymentID, answer.At = holder.DeploymentID, now
	return nil
}

// handleCommand carries out a person's command. An abort is done at once; every other order
// is stored and obeyed at the next poll. Only the first try looks up the Deployment: if
// that try closes the Deployment and then fails, nobody holds the Target any more.
func (n SafetyNet) handleCommand(ctx context.Context, c request.Commanded, now time.Time, answer *flow.Answer) error {
	if c.Command.At.After(now) {
		c.Command.At = now // a fast clock must not win over commands that are given later
	}
	if answer.DeploymentID == "" {
		id, err := n.findDeployment(ctx, c)
		if err != nil {
			return err
		}
		answer.DeploymentID = id
	}
	id := answer.DeploymentID
	slog.InfoContext(ctx, "commanded", "deployment", id, "target", c.Target, "command", c.Command.Order, "reason", c.Command.Reason, "given", c.Command.At)
	switch c.Command.Order {
	case shift.Abort:
		return n.abort(ctx, id, c.Command.AbortReason(), now, answer)
	case shift.Approve, shift.Reject:
		return n.answerStep(ctx, id, c, now, answer)
	}
	stands, err := n.Ledger.Command(ctx, id, c.Command)
	if err != nil {
		return fmt.Errorf("tell %s to %s: %w", id, c.Command.Order, err)
	}
	if stands.Precedence() != c.Command.Precedence() {
		slog.InfoContext(ctx, "a later command stands", "deployment", id, "command", stands.Order, "given", stands.At)
		answer.Instead = stands.Order
	}
	return nil
}

// findDeployment returns the Deployment that a command is for.
func (n SafetyNet) findDeployment(ctx context.Context, c request.Commanded) (string, error) {
	if c.DeploymentID == "" {
		holder, err := n.Ledger.Holder(ctx, c.Target)
		if err != nil {
			return "", fmt.Errorf("find who holds %s: %w", c.Target, err)
		}
		return holder.DeploymentID, holder.CheckMeant(c.Target, c.Command.At)
	}
	record, err := n.Ledger.Record(ctx, c.DeploymentID)
	if errors.Is(err, shift.ErrDeploymentUnknown) && c.Command.Order == shift.Abort {
		return c.DeploymentID, n.checkUnopened(ctx, c.DeploymentID)
	}
	if err == nil && !record.Concerns(c.Target) {
		err = fmt.Errorf("%w: %s has nothing to do with %s", flow.ErrInvalidCommand, c.DeploymentID, c.Target)
	}
	return c.DeploymentID, err
}

// checkUnopened says whether a Deployment without a record may still open, because its execution
// is running. That of a stack may be started yet: stack-shift has recorded it before.
func (n SafetyNet) checkUnopened(ctx context.Context, id string) error {
	ended, err := n.Executions.Ended(ctx, id)
	if errors.Is(err, shift.ErrExecutionUnknown) && flow.IsStackExecution(id) {
		return nil
	}
	if ended || errors.Is(err, shift.ErrExecutionUnknown) {
		return fmt.Errorf("%w: %s", shift.ErrDeploymentUnknown, id)
	}
	return err
}

// answerStep stores what a person says about the Step that people are asked about. An approval is
// obeyed at the next poll. A rejection puts the traffic back at once. If it is interrupted before
// that, its repetition or the next poll does.
func (n SafetyNet) answerStep(ctx context.Context, id string, c request.Commanded, now time.Time, answer *flow.Answer) error {
	record, err := n.Ledger.AnswerStep(ctx, id, c.Step, c.Command)
	if given, _ := record.AnswerFor(record.Asked.Step); given.Order == shift.Reject && given.At.Equal(c.Command.At) {
		err = nil // an earlier try of this rejection has stored it, and may have put the traffic back
	}
	if err != nil {
		return err
	}
	answer.Step = record.Asked.Step
	if c.Command.Order == shift.Reject {
		return n.abort(ctx, id, c.Command.RejectionReason(answer.Step), now, answer)
	}
	return nil
}

// freeze freezes the account, or ends a freeze.
func (n SafetyNet) freeze(ctx context.Context, f shift.Freeze, now time.Time, answer *flow.Answer) error {
	if f.At.After(now) {
		ends := !f.Until.After(f.At)
		f.At = now // a fast clock must not win over later orders
		if ends {
			f.Until = now
		}
	}
	if f.Until.After(f.At) {
		if err := f.Check(now); err != nil {
			return err
		}
	}
	stands, err := n.Ledger.SetFreeze(ctx, f)
	if err != nil {
		return err
	}
	slog.InfoContext(ctx, "freeze ordered", "until", stands.Until, "given", stands.At, "reason", stands.Reason, "by", stands.By)
	answer.At, answer.Freeze = now, &stands
	return nil
}

// abort puts a Deployment back. If it was put back already, the answer says how it ended.
// If it was Promoted or Unchanged, an error says so.
func (n SafetyNet) abort(ctx context.Context, id string, reason shift.Reason, now time.Time, answer *flow.Answer) error {
	record, err := n.restoreOrReject(ctx, id, []shift.Reason{reason}, now)
	answer.Outcome, answer.Reasons, answer.Cause = record.Outcome, record.Reasons, record.Cause
	if err == nil && (record.Outcome == shift.Promoted || record.Outcome == shift.Unchanged) {
		return fmt.Errorf("abort %s: %w", id, record.CheckOpen())
	}
	return n.queueIfThrottled(ctx, ignoreSettling(ctx, err, record, now), record, now)
}
