package world

import (
	"context"
	"errors"
	"slices"

	"sluice/internal/ledger/dynamo"
	"sluice/internal/shift"
)

// onlooker is who reads the Ledger for the World itself. No fault strikes it.
const onlooker = "world"

// Ledger reads the Ledger as Sluice's Lambdas do, for whoever looks on.
func (w *World) Ledger() *dynamo.Ledger { return w.ledger }

// record is what the Ledger holds of a Deployment; false for nothing. A record that
// cannot be read is a problem of the World.
func (w *World) record(id string) (shift.Record, bool) {
	record, err := w.ledger.Record(context.Background(), id)
	if err != nil && !errors.Is(err, shift.ErrDeploymentUnknown) && w.problem == nil {
		w.problem = err
	}
	return record, err == nil
}

// Outcome is the one in the Ledger; empty while there is none.
func (w *World) Outcome(id string) string {
	record, _ := w.record(id)
	return string(record.Outcome)
}

// unsettled reports whether the Ledger has a Deployment whose Outcome is not announced.
func (w *World) unsettled() bool {
	list, err := w.ledger.Unannounced(context.Background())
	return len(list) > 0 || err != nil
}

// attendance is what unattended last read: after so many writes of the tables, nothing but
// these Deployments was open, and executions looked after them.
type attendance struct {
	writes int
	open   []string
}

// unattended reports whether a sweep would find something: a Deployment that no
// execution looks after, one that is on its way back, or one whose Outcome is still to be
// announced. An item that cannot be read counts. The Ledger is only read again after a write.
func (w *World) unattended() bool {
	if writes := w.tables.Writes(); w.attended == nil || w.attended.writes != writes {
		open, only := w.onlyOpen()
		if !only {
			w.attended = nil
			return true
		}
		w.attended = &attendance{writes: writes, open: open}
	}
	return slices.ContainsFunc(w.attended.open, func(id string) bool { return !w.isListed(id) })
}

// onlyOpen returns the Deployments that the Ledger lists, and whether all of them are open
// and none is a suspect. Whoever restores one, or has closed one, may have died.
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
	return open, true
}
