package world

import (
	"context"
	"errors"
	"slices"

	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
)

// onlooker is the actor that reads the Ledger for the World itself. Faults do not affect it.
const onlooker = "world"

// Ledger returns the Ledger that Sluice's Lambdas use, for observers.
func (w *World) Ledger() *dynamo.Ledger { return w.ledger }

// record returns the record of a Deployment, or false if there is none. A record that cannot be
// read is a problem of the World.
func (w *World) record(id string) (shift.Record, bool) {
	record, err := w.ledger.Record(context.Background(), id)
	if err != nil && !errors.Is(err, shift.ErrDeploymentUnknown) && w.problem == nil {
		w.problem = err
	}
	return record, err == nil
}

// Outcome returns the Outcome in the Ledger. It is empty while there is none.
func (w *World) Outcome(id string) string {
	record, _ := w.record(id)
	return string(record.Outcome)
}

// hasUnannounced reports whether the Ledger has a Deployment whose Outcome is not announced.
func (w *World) hasUnannounced() bool {
	list, err := w.ledger.Unannounced(context.Background())
	return len(list) > 0 || err != nil
}

// attendance is the last result of isUnattended: after this number of writes to the tables, the
// Ledger had only these open Deployments, and an execution was running for each.
type attendance struct {
	writes int
	open   []string
}

// isUnattended reports whether a sweep would find something to do: a Deployment without a
// running execution, one that is restoring, one whose Outcome is not announced, an item that
// cannot be read, or a closed Deployment whose execution still runs. It reads the
// list again only after a write.
func (w *World) isUnattended() bool {
	if writes := w.tables.Writes(); w.attended == nil || w.attended.writes != writes {
		open, only := w.onlyOpen()
		if !only {
			w.attended = nil
			return true
		}
		w.attended = &attendance{writes: writes, open: open}
	}
	return slices.ContainsFunc(w.attended.open, func(id string) bool { return !w.isListed(id) }) ||
		slices.ContainsFunc(w.executed, w.outlivesDeployment)
}

// outlivesDeployment reports whether an execution runs although its Deployment is closed.
func (w *World) outlivesDeployment(x *asl.Execution) bool {
	if x.Status() != asl.Running || slices.Contains(w.attended.open, x.ARN()) {
		return false
	}
	record, known := w.record(x.ARN())
	return known && record.Status == shift.StatusClosed
}

// onlyOpen returns the Deployments that the Ledger lists. only says whether all of them are
// open and none is a suspect. For any other Deployment, the Lambda that was restoring or closing
// it may have died.
func (w *World) onlyOpen() (open []string, only bool) {
	suspects, err := w.ledger.Suspects(context.Background())
	if len(suspects) > 0 || err != nil {
		return nil, false
	}
	list, err := w.ledger.Unannounced(context.Background())
	if err != nil {
		return nil, false
	}
	for _, listed := range list {
		if record, known := w.record(listed.ID); known && record.Status != shift.StatusOpen {
			return nil, false
		}
		open = append(open, listed.ID)
	}
	queue, err := w.ledger.Queue(context.Background())
	if err != nil {
		return nil, false
	}
	for _, waiting := range queue {
		if _, known := w.record(waiting.ID); known {
			return nil, false
		}
		open = append(open, waiting.ID)
	}
	return open, true
}
