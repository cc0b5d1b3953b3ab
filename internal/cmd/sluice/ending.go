package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

// ending is how an execution ended, and the Outcome of its deployment.
type ending struct {
	location
	// Outcome is empty if there is none, or none yet.
	Outcome shift.Outcome `json:"outcome"`
	Status  string        `json:"status"`
	Error   string        `json:"error"`
	// Cause says why it ended, and what a person can do.
	Cause   string  `json:"cause"`
	Seconds float64 `json:"seconds"`
	// Warnings are about alarms that could not fire as they are meant to.
	Warnings []string `json:"warnings,omitempty"`
}

// endStatuses are the statuses of executions, by the event that ends them.
var endStatuses = map[string]string{
	operator.Succeeded: "SUCCEEDED", operator.Failed: "FAILED", operator.Aborted: "ABORTED", operator.TimedOut: "TIMED_OUT",
}

// conclude finds the deployment's Outcome in the execution's end, or else in the
// Ledger.
func (w *watcher) conclude(ctx context.Context) (ending, error) {
	end := ending{
		location: w.where, Status: endStatuses[w.last.Type], Error: w.last.Failure.Error, Cause: w.last.Failure.Cause,
		Seconds: w.last.At.Sub(w.began).Seconds(), Warnings: w.run.Warnings,
	}
	if w.last.Type == operator.Succeeded {
		var summary shift.Summary
		if json.Unmarshal(w.last.Data, &summary) != nil {
			return end, fmt.Errorf("the execution's output is not Sluice's: %s is an execution of another state machine", w.where.Execution)
		}
		end.Outcome, end.Cause = summary.Outcome, summary.Reason
		return end, nil
	}
	if failures := []shift.Outcome{shift.Rejected, shift.RolledBack, shift.Stranded}; slices.Contains(failures, shift.Outcome(end.Error)) {
		end.Outcome = shift.Outcome(end.Error)
		return end, nil
	}
	return w.waitForSafetyNet(ctx, end)
}

// unknownToLedger says what it means that the Ledger does not know the deployment.
func (w *watcher) unknownToLedger() string {
	for _, m := range w.run.Moments {
		if m.State == "SetWeight" {
			return fmt.Sprintf("It has moved traffic, and the ledger's table %s does not know it: name the table with --table or --name-prefix, and look where the traffic is.", w.account.tableName())
		}
	}
	return "It had not locked any target, so no traffic was moved."
}

// waitForSafetyNet waits until the safety net has closed a deployment whose execution
// ended without closing it.
func (w *watcher) waitForSafetyNet(ctx context.Context, end ending) (ending, error) {
	for since := w.now(); ; {
		record, err := w.records.Record(ctx, string(w.where.Execution))
		switch {
		case errors.Is(err, shift.ErrDeploymentUnknown):
			end.Cause = joinSentences(end.Cause, w.unknownToLedger())
			return end, nil
		case err == nil && record.Status == shift.StatusClosed:
			w.endOutage()
			end.Outcome, end.Cause = record.Outcome, record.Cause
			w.closed = &record
			return end, w.show(nil)
		case ctx.Err() != nil:
			return end, ctx.Err()
		}
		pause, given := w.awaitRecord(ctx, record, err, w.now().Sub(since) > maxRestoreTime)
		if given != "" {
			end.Cause = joinSentences(end.Cause, given)
			return end, nil
		}
		if err := w.wait(ctx, pause); err != nil {
			return end, err
		}
	}
}

// awaitRecord returns how long to wait until the record is read again, or why it is not waited for
// any longer.
func (w *watcher) awaitRecord(ctx context.Context, record shift.Record, err error, overdue bool) (pause time.Duration, given string) {
	switch {
	case err == nil:
		w.endOutage()
	case isPassing(err) && !errors.Is(err, shift.ErrThrottled):
		if pause, err = w.endure(ctx, err); err == nil {
			return pause, ""
		}
	case !overdue && errors.Is(err, shift.ErrThrottled):
		return pollEvery, ""
	}
	switch {
	case err != nil:
		return 0, fmt.Sprintf("The ledger's table %s cannot be read (%v), so it is not known where the traffic is. The safety net puts it back within two minutes, and announces that.",
			w.account.tableName(), err)
	case overdue:
		return 0, fmt.Sprintf("The traffic is not back yet: the deployment's record is %s. The safety net retries every minute. Look at its logs, and check where the aliases point.", record.Status)
	}
	return pollEvery, ""
}

func joinSentences(cause, more string) string {
	if cause == "" {
		return more
	}
	return cause + ". " + more
}

// isSuccess reports whether nobody has to do anything.
func (e ending) isSuccess() bool { return e.Outcome == shift.Promoted || e.Outcome == shift.Unchanged }

// pictureEnd returns the ending in the form that a picture shows.
func (e ending) pictureEnd() *picture.End {
	return &picture.End{At: fromSeconds(e.Seconds), Outcome: e.Outcome, Status: e.Status, Error: e.Error, Cause: e.Cause}
}

func (e ending) print(to io.Writer, run *picture.Run) {
	t := &table{indent: gutter}
	t.add("outcome", outcomeText(string(e.Outcome), e.Status, e.Error))
	t.addCause(run.Explanation())
	t.addCompared(run.Compared())
	t.add("time", picture.Clock(fromSeconds(e.Seconds))+run.BackText())
	t.write(to)
}

// badEndingError is returned for a watched execution that ended badly. The ending has
// been printed already.
type badEndingError struct{}

func (badEndingError) Error() string { return "the execution ended badly" }

// noExecutionError says that the execution does not exist.
type noExecutionError struct{ execution operator.Execution }

func (e noExecutionError) Error() string {
	return fmt.Sprintf("there is no execution %s: it was never started, or it ended more than 90 days ago", e.execution)
}

// interruptedError says that the user interrupted the command.
type interruptedError struct{ message string }

func (e interruptedError) Error() string { return e.message }
