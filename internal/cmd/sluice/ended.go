package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"sluice/internal/operator"
	"sluice/internal/picture"
	"sluice/internal/shift"
)

// ended is how an execution ended, and what came of its deployment.
type ended struct {
	location
	// Outcome is empty when there is none (yet).
	Outcome shift.Outcome `json:"outcome"`
	Status  string        `json:"status"`
	Error   string        `json:"error"`
	// Cause is why, and what a person can do.
	Cause   string  `json:"cause"`
	Seconds float64 `json:"seconds"`
}

// statuses of executions, by the event that ends them.
var endStatuses = map[string]string{
	operator.Succeeded: "SUCCEEDED", operator.Failed: "FAILED", operator.Aborted: "ABORTED", operator.TimedOut: "TIMED_OUT",
}

// conclude finds what came of the deployment: what the execution says of it, and
// what the Ledger says where the execution could not.
func (w *watcher) conclude(ctx context.Context) (ended, error) {
	end := ended{
		location: w.where, Status: endStatuses[w.last.Type], Error: w.last.Failure.Error, Cause: w.last.Failure.Cause,
		Seconds: w.last.At.Sub(w.began).Seconds(),
	}
	if w.last.Type == operator.Succeeded {
		var summary shift.Summary
		if err := json.Unmarshal(w.last.Data, &summary); err != nil {
			return end, fmt.Errorf("the execution's output is not Sluice's: %w", err)
		}
		end.Outcome, end.Cause = summary.Outcome, summary.Reason
		return end, nil
	}
	if failures := []shift.Outcome{shift.Rejected, shift.RolledBack, shift.Stranded}; slices.Contains(failures, shift.Outcome(end.Error)) {
		end.Outcome = shift.Outcome(end.Error)
		return end, nil
	}
	return w.settle(ctx, end)
}

// settle waits for the safety net to close what an execution has left.
func (w *watcher) settle(ctx context.Context, end ended) (ended, error) {
	since := w.now()
	for {
		record, err := w.records.Record(ctx, string(w.where.Execution))
		overdue := w.now().Sub(since) > restoresWithin
		switch {
		case errors.Is(err, shift.ErrDeploymentUnknown):
			end.Cause = joined(end.Cause, "It had not taken the lock of any target, so that no traffic was moved.")
			return end, nil
		case err == nil && record.Status == shift.StatusClosed:
			end.Outcome, end.Cause = record.Outcome, record.Cause
			w.closed = &record
			return end, w.tell(nil)
		case ctx.Err() != nil:
			return end, ctx.Err()
		case err != nil && (overdue || !errors.Is(err, shift.ErrThrottled)):
			end.Cause = joined(end.Cause, fmt.Sprintf("The ledger's table %s cannot be read (%v), and it alone knows what came of the traffic: the safety net puts it back within two minutes, and announces it.",
				w.account.tableName(), err))
			return end, nil
		case overdue:
			end.Cause = joined(end.Cause, fmt.Sprintf("The traffic is not back yet: the deployment's record is %s, and the safety net tries on every minute. Look at its logs, and at where the aliases point.", record.Status))
			return end, nil
		}
		if err := w.wait(ctx, askEvery); err != nil {
			return end, err
		}
	}
}

func joined(cause, more string) string {
	if cause == "" {
		return more
	}
	return cause + ". " + more
}

// well says whether nothing is asked of anybody.
func (e ended) well() bool { return e.Outcome == shift.Promoted || e.Outcome == shift.Unchanged }

// drawn is the end as it is drawn.
func (e ended) drawn() *picture.End {
	return &picture.End{At: seconds(e.Seconds), Outcome: e.Outcome, Status: e.Status, Error: e.Error, Cause: e.Cause}
}

func (e ended) text(to io.Writer, run *picture.Run) {
	t := &table{indent: gutter}
	t.add("outcome", outcomeOf(string(e.Outcome), e.Status, e.Error))
	t.addCause(run.Explanation())
	t.add("time", picture.Clock(seconds(e.Seconds)))
	t.write(to)
}

// endedError is the end of a watched execution that was not well: all has been said
// of it.
type endedError struct{}

func (endedError) Error() string { return "the execution did not end well" }

// noExecutionError says that there is nothing to watch.
type noExecutionError struct{ execution operator.Execution }

func (e noExecutionError) Error() string {
	return fmt.Sprintf("there is no execution %s: it was never started, or it ended more than 90 days ago", e.execution)
}

// interruptedError is the end of watching, by the person who watched.
type interruptedError struct{ message string }

func (e interruptedError) Error() string { return e.message }
