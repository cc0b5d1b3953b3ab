package task

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// ClosingLedger is what close-deployment needs of the Ledger.
type ClosingLedger interface {
	// Record reads a record.
	Record(ctx context.Context, id string) (shift.Record, error)
	// Close ends a record. It fails if the record's status has changed since it was read,
	// or if another try has described it since.
	Close(ctx context.Context, r shift.Record, e shift.Ending) (shift.Record, error)
	Retirer
}

// CloseDeployment closes a Deployment whose Plan is done.
type CloseDeployment struct {
	Ledger    ClosingLedger
	Router    RouteReader
	Announcer Announcer
	// Wait is for throttled calls; nil is Sleep.
	Wait Wait
	// Now is the clock; nil is time.Now. It gives the time at which a Deployment was
	// promoted. The call's own time would not do: it does not advance while the state is
	// retried, and a Deployment that waits for its turn compares it with when it began.
	Now Clock
	// Pause waits before an outdated read is repeated; nil is the real clock.
	Pause Pause
	// Pruner deletes old versions of the functions that were shifted, if the input asks for it.
	// Timeout bounds it; nil is context.WithTimeout.
	Pruner  VersionPruner
	Timeout Timeout
}

// VersionPruner deletes old versions of functions, but for the newest ones and those that
// something needs.
type VersionPruner interface {
	Prune(ctx context.Context, function string, keep int, id string, now time.Time) ([]shift.Pruned, error)
}

// Handle is the handler of flow.Close. It checks the record, then verifies the Routes, and
// only then closes the record. Once the record is closed, the next Deployment may already
// be shifting the Targets.
func (h CloseDeployment) Handle(ctx context.Context, call flow.Call[flow.Document]) (shift.Summary, error) {
	progress := *call.Document.Progress
	record, err := h.Ledger.Record(ctx, call.Document.Deployment.ID)
	if err != nil {
		return shift.Summary{}, fmt.Errorf("read the record: %w", err)
	}
	d, err := recordedDeployment(record, call.Document, progress.Step)
	if err != nil {
		return shift.Summary{}, err
	}
	if record.Outcome == shift.Promoted { // an earlier try has closed it
		err = announceIfPending(ctx, h.Announcer, h.Ledger, record, call.Now)
	} else {
		err = h.close(ctx, d, record)
	}
	if err != nil {
		return shift.Summary{}, err
	}
	h.prune(ctx, d)
	return shift.Summary{
		Outcome: shift.Promoted, Changes: d.Moves(), Seconds: progress.Total, Steps: progress.Step, Checks: progress.Checks,
		Reason: strings.Join(shift.Texts(d.RevertReasons()), "; "), Reverts: d.Reverts,
	}, nil
}

// close closes an open record. Nobody can have announced its Outcome before.
func (h CloseDeployment) close(ctx context.Context, d shift.Deployment, record shift.Record) error {
	if err := record.CheckOpen(); err != nil {
		return err
	}
	if err := h.verify(ctx, d); err != nil {
		return err
	}
	at := h.Now.read()
	closed, err := h.Ledger.Close(ctx, record, shift.Ending{Outcome: shift.Promoted, Reasons: d.RevertReasons(), At: at})
	if err != nil {
		return fmt.Errorf("close the deployment: %w", err)
	}
	return announceOutcome(ctx, h.Announcer, h.Ledger, closed, at)
}

// pruneWithin bounds how long old versions are deleted: the execution has succeeded, and only waits
// for that.
const pruneWithin = 30 * time.Second

// prune deletes old versions, if the input asks for it. The Deployment is promoted and announced,
// so what goes wrong is logged, and the next Deployment tries again.
func (h CloseDeployment) prune(ctx context.Context, d shift.Deployment) {
	if d.KeepVersions == 0 || h.Pruner == nil {
		return
	}
	ctx, cancel := h.Timeout.bound(ctx, pruneWithin)
	defer cancel()
	done := map[string]bool{}
	for _, c := range d.Changes {
		function, _, err := flow.SplitLambdaTarget(c.Target)
		if err != nil || done[function] {
			continue
		}
		done[function] = true
		pruned, err := h.Pruner.Prune(ctx, function, d.KeepVersions, d.ID, h.Now.read())
		deleted := []shift.Version{}
		for _, v := range pruned {
			if v.Deleted {
				deleted = append(deleted, v.Version)
			}
		}
		if err != nil {
			slog.WarnContext(ctx, "old versions not deleted", "deployment", d.ID, "function", function, "deleted", deleted, "error", err)
			continue
		}
		slog.InfoContext(ctx, "old versions deleted", "deployment", d.ID, "function", function, "deleted", deleted)
	}
}

func (h CloseDeployment) verify(ctx context.Context, d shift.Deployment) error {
	return h.Wait.inTurn(ctx, len(d.Changes), func(i int) error { return h.verifyTarget(ctx, d.Changes[i]) })
}

// verifyTarget reads a Target until it serves its Candidate alone. Once a read has shown
// something else, only a read that cannot be outdated counts: of two reads, nobody knows
// which is the newer one.
func (h CloseDeployment) verifyTarget(ctx context.Context, c shift.Change) error {
	var problem error
	doubted := false
	err := h.Pause.untilFresh(ctx, func() (bool, error) {
		found, err := lookAt(ctx, h.Router, c)
		if err != nil {
			return false, err
		}
		problem = found.missing
		if found.exists() {
			problem = found.change.CheckServes(found.route, c.Candidate)
		}
		doubted = doubted || problem != nil
		return !doubted || errors.Is(problem, shift.ErrRouteSettling), nil
	})
	if err = cmp.Or(err, problem); err != nil {
		return fmt.Errorf("verify %s: %w", c.Target, err)
	}
	return nil
}
