package task

import (
	"context"
	"fmt"
	"time"

	"sluice/internal/flow"
	"sluice/internal/shift"
)

// ClosingLedger is what close-deployment needs of the Ledger.
type ClosingLedger interface {
	// Record reads a record.
	Record(ctx context.Context, id string) (shift.Record, error)
	// Close ends a record, on condition that its status is as it was read, and that it
	// is described if it was then.
	Close(ctx context.Context, r shift.Record, e shift.Ending) (shift.Record, error)
	Retirer
}

// RouteReader reads Routes.
type RouteReader interface {
	Route(context.Context, shift.Target) (shift.Route, error)
}

// CloseDeployment ends a Deployment whose Plan is done.
type CloseDeployment struct {
	Ledger    ClosingLedger
	Router    RouteReader
	Announcer Announcer
	// Wait is for throttled calls; nil is Sleep.
	Wait Wait
}

// Handle is the handler of flow.Close. The Routes are verified before the record
// is closed, and the record before that: once it is closed, the next Deployment
// may already be shifting them.
func (h CloseDeployment) Handle(ctx context.Context, call flow.Call[flow.Document]) (shift.Summary, error) {
	d, progress := *call.Document.Deployment, *call.Document.Progress
	record, err := h.Ledger.Record(ctx, d.ID)
	if err != nil {
		return shift.Summary{}, fmt.Errorf("read the record: %w", err)
	}
	if record.Outcome == shift.Promoted { // an earlier try has closed it
		err = announceIfPending(ctx, h.Announcer, h.Ledger, record, call.Now)
	} else {
		err = h.close(ctx, d, record, call.Now)
	}
	if err != nil {
		return shift.Summary{}, err
	}
	return shift.Summary{
		Outcome: shift.Promoted, Changes: d.Moves(), Seconds: progress.Total, Steps: progress.Step, Checks: progress.Checks,
	}, nil
}

// close ends an open record. Nobody can have announced that before.
func (h CloseDeployment) close(ctx context.Context, d shift.Deployment, record shift.Record, at time.Time) error {
	if err := record.CheckOpen(); err != nil {
		return err
	}
	if err := h.verify(ctx, d); err != nil {
		return err
	}
	closed, err := h.Ledger.Close(ctx, record, shift.Ending{Outcome: shift.Promoted, At: at})
	if err != nil {
		return fmt.Errorf("close the deployment: %w", err)
	}
	return announceOutcome(ctx, h.Announcer, h.Ledger, closed, at)
}

func (h CloseDeployment) verify(ctx context.Context, d shift.Deployment) error {
	return h.Wait.inTurn(ctx, len(d.Changes), func(i int) error { return h.verifyTarget(ctx, d.Changes[i], d.Plan) })
}

// rereadDelays are the waits before a Route is read again that shows what a Deployment wrote
// earlier: Lambda does not promise that a read tells of the write just before it. Only
// a Route that stays so was written by somebody.
var rereadDelays = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}

func (h CloseDeployment) verifyTarget(ctx context.Context, c shift.Change, plan shift.Plan) error {
	for try := 0; ; try++ {
		route, err := h.Router.Route(ctx, c.Target)
		if err != nil {
			return fmt.Errorf("verify %s: %w", c.Target, err)
		}
		err = c.CheckServes(route, c.Candidate)
		if err == nil || try == len(rereadDelays) || !c.Passed(route, plan) {
			return err
		}
		h.Wait.pass(ctx, rereadDelays[try])
	}
}
