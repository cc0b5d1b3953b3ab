package task

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Rollback handles every failure. It finds in the Ledger what there is to undo, which may
// be nothing.
type Rollback struct {
	Ledger    RejectingLedger
	Router    RouteWriter
	Announcer Announcer
	// Together runs a function for several Targets at once; nil is Concurrently.
	Together Together
	// Now and Pause are the clock for calls that wait for their turn; nil is the real one.
	Now   Clock
	Pause Pause
}

// restorer nudges only in the first try. Further tries follow within seconds; in the
// meantime the sweeps nudge.
func (h Rollback) restorer(retry int) Restorer {
	return Restorer{Ledger: h.Ledger, Router: h.Router, Announcer: h.Announcer, Together: h.Together, Now: h.Now, Pause: h.Pause, Nudges: retry == 0}
}

// Handle is the handler of flow.Rollback. It does not repeat a throttled call: the state is
// retried, and finds out first whether the safety net was faster.
func (h Rollback) Handle(ctx context.Context, call flow.Call[flow.Document]) (flow.Undoing, error) {
	h.Router = restoringRouter{RouteWriter: h.Router, pace: newPaces(h.Router, h.Now, h.Pause)}
	reasons := rollbackReasons(call.Document)
	closed, undone, err := h.restorer(call.Retry).MarkAndRestore(ctx, reasons, func(ctx context.Context) (shift.Record, error) {
		return h.mark(ctx, call, reasons)
	}, call.Now)
	switch {
	case errors.Is(err, shift.ErrDeploymentUnknown):
		return h.reject(ctx, call, reasons)
	case errors.Is(err, shift.ErrDeploymentClosed) && closed.Status == shift.StatusClosed:
		return h.answerEnded(ctx, call, closed, reasons)
	case err != nil:
		return flow.Undoing{}, err
	}
	return flow.Undoing{Outcome: closed.Outcome, Undone: undone, Reasons: closed.Reasons, Cause: closed.Cause}, nil
}

// patience is how long a Deployment is left to somebody else who has just begun to restore
// it. The longest restoration, of 32 Targets, takes two calls for each, at 15 a second.
const patience = 5 * time.Second

// mark marks the Deployment as restoring. If the safety net has just begun to restore it, it
// returns shift.ErrDeploymentRestoring: two that restore the same Targets at the same time
// would take each other's requests. The next try comes about a second later. A mark of its own
// has the time at which the state was entered, which all tries have in common. A Deployment that
// replaces this one marks it too, but leaves the restoration to it, so that mark is not waited for.
func (h Rollback) mark(ctx context.Context, call flow.Call[flow.Document], reasons []shift.Reason) (shift.Record, error) {
	record, err := h.Ledger.MarkRestoring(ctx, call.ExecutionID, reasons, call.Now)
	byNet := err == nil && !record.MarkedAt.Equal(call.Now) && shift.FirstReason(record.Reasons).Name != shift.Superseded
	if byNet && h.Now.read().Sub(record.MarkedAt) < patience {
		return record, fmt.Errorf("%w by somebody else, since %s", shift.ErrDeploymentRestoring, record.MarkedAt.UTC().Format(time.RFC3339))
	}
	return record, err
}

// reject ends a Deployment that never opened.
func (h Rollback) reject(ctx context.Context, call flow.Call[flow.Document], reasons []shift.Reason) (flow.Undoing, error) {
	var arrivals []shift.Arrival
	if call.Document.Release != nil {
		arrivals = call.Document.Release.Arrivals
	}
	record, err := rejectUnopened(ctx, h.Ledger, h.Announcer, call.ExecutionID, arrivals, reasons, call.Now)
	if err != nil {
		return flow.Undoing{}, err
	}
	return flow.Undoing{Outcome: record.Outcome, Reasons: record.Reasons, Cause: record.Cause}, nil
}

// answerEnded answers for a Deployment that an earlier try or the safety net has already
// closed.
func (h Rollback) answerEnded(ctx context.Context, call flow.Call[flow.Document], record shift.Record, reasons []shift.Reason) (flow.Undoing, error) {
	if err := announceIfPending(ctx, h.Announcer, h.Ledger, record, call.Now); err != nil {
		return flow.Undoing{}, err
	}
	undoing := flow.Undoing{Outcome: record.Outcome, Reasons: record.Reasons, Cause: record.Cause}
	if record.Outcome == shift.Unchanged { // traffic was never touched, but something failed
		undoing.Outcome = shift.Rejected
		if !call.Document.IsOpened() {
			undoing.Unchanged = unchangedSummary(record.Moves(), record.Cause)
		}
	}
	failure := call.Document.Failure
	if failure != nil && call.Retry == 0 && !isKnownEnd(*failure, record) {
		undoing.Reasons = shift.BoundReasons(append(slices.Clone(record.Reasons), reasons...))
		undoing.Cause = explain.Cause(undoing.Outcome, undoing.Reasons, nil)
	}
	return undoing, nil
}

// isKnownEnd says whether a failure only reports that somebody else has put the Deployment
// back. The record explains that better. It is false for an execution that was redriven
// after it had ended: the redrive is what failed then.
func isKnownEnd(failure flow.Failure, record shift.Record) bool {
	byOther := failure.Error == flow.DeploymentClosed || failure.Error == flow.DeploymentRestoring
	return byOther && record.Cause != "" && !record.EndedBefore()
}

// rollbackReasons returns why to roll back: the failure that was caught, or else the
// Reasons of the last judgement.
func rollbackReasons(doc flow.Document) []shift.Reason {
	switch {
	case doc.Failure != nil:
		return []shift.Reason{{Name: doc.Failure.Error, Text: errorMessage(doc.Failure.Cause)}}
	case doc.Progress != nil && len(doc.Progress.Reasons) > 0:
		return doc.Progress.Reasons
	}
	return []shift.Reason{{Name: flow.Unexpected, Text: "the state machine came here without saying why"}}
}

// errorReport is the JSON in which Lambda reports an error.
type errorReport struct {
	ErrorMessage string `json:"errorMessage"`
	ErrorType    string `json:"errorType"`
}

// readReport returns the report that a cause is. Of another text it returns an empty one.
func readReport(cause string) errorReport {
	var report errorReport
	_ = json.Unmarshal([]byte(cause), &report)
	return report
}

func errorMessage(cause string) string {
	return cmp.Or(readReport(cause).ErrorMessage, cause, "Step Functions gave no cause; see the execution's history")
}
