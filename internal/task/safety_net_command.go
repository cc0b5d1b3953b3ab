package task

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"sluice/internal/flow"
	"sluice/internal/request"
	"sluice/internal/shift"
)

// answerQuestion answers who holds a Target, and what time it is.
func (n SafetyNet) answerQuestion(ctx context.Context, q request.Asked, now time.Time, answer *flow.Answer) error {
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

// handleCommand does what a person asks. Abort is done at once; the rest is obeyed at
// the next poll. Which Deployment is meant is asked once: when a try has closed it
// and failed after that, nobody holds the Target any more.
func (n SafetyNet) handleCommand(ctx context.Context, c request.Commanded, now time.Time, answer *flow.Answer) error {
	if c.Command.At.After(now) {
		c.Command.At = now // whose clock is fast has no last word for the time to come
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
	if c.Command.Order == shift.Abort {
		return n.abort(ctx, id, c.Command.Reason, now, answer)
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

// findDeployment is the Deployment that a command is for.
func (n SafetyNet) findDeployment(ctx context.Context, c request.Commanded) (string, error) {
	if c.DeploymentID == "" {
		holder, err := n.Ledger.Holder(ctx, c.Target)
		if err != nil {
			return "", fmt.Errorf("find who holds %s: %w", c.Target, err)
		}
		return holder.DeploymentID, holder.CheckMeant(c.Target, c.Command.At)
	}
	record, err := n.Ledger.Record(ctx, c.DeploymentID)
	if err == nil && !record.Concerns(c.Target) {
		err = fmt.Errorf("%w: %s has nothing to do with %s", flow.ErrInvalidCommand, c.DeploymentID, c.Target)
	}
	return c.DeploymentID, err
}

// abort puts a Deployment back. One that was put back already answers how that has
// ended, one that has got through that it has.
func (n SafetyNet) abort(ctx context.Context, id, reason string, now time.Time, answer *flow.Answer) error {
	record, err := n.restoreNow(ctx, id, []shift.Reason{{Name: shift.Aborted, Text: reason}}, now)
	answer.Outcome, answer.Reasons, answer.Cause = record.Outcome, record.Reasons, record.Cause
	if err == nil && (record.Outcome == shift.Promoted || record.Outcome == shift.Unchanged) {
		return fmt.Errorf("abort %s: %w", id, record.CheckOpen())
	}
	return ignoreSettling(ctx, err, record, now)
}
