package task

import (
	"context"
	"fmt"
	"log/slog"

	"sluice/internal/flow"
	"sluice/internal/shift"
)

// WatchingLedger is what check-alarms needs of the Ledger.
type WatchingLedger interface {
	// Record reads a record.
	Record(ctx context.Context, id string) (shift.Record, error)
	// StopIgnoring makes alarms count that were firing at the start.
	StopIgnoring(ctx context.Context, id string, alarms []string) error
}

// CheckAlarms judges a Candidate that bakes.
type CheckAlarms struct {
	Ledger WatchingLedger
	Alarms AlarmReader
}

// Handle is the handler of flow.CheckAlarms.
func (h CheckAlarms) Handle(ctx context.Context, call flow.Call[flow.Document]) (shift.Progress, error) {
	d, progress := *call.Document.Deployment, *call.Document.Progress
	record, err := h.Ledger.Record(ctx, d.ID)
	if err != nil {
		return shift.Progress{}, fmt.Errorf("read the record: %w", err)
	}
	observations, err := h.observe(ctx, d, record)
	if err != nil {
		return shift.Progress{}, err
	}
	next := d.Checked(progress, shift.Poll{Observations: observations, Command: record.Command, Now: call.Now, Retries: call.Retry})
	slog.InfoContext(ctx, "judged", "deployment", d.ID, "step", next.Step, "verdict", next.Verdict.String(), "reasons", shift.Texts(next.Reasons), "next", next.Next)
	return next, nil
}

func (h CheckAlarms) observe(ctx context.Context, d shift.Deployment, record shift.Record) ([]shift.Observation, error) {
	switch record.Status {
	case shift.StatusRestoring:
		return record.Observe(), nil
	case shift.StatusClosed:
		return nil, record.CheckOpen()
	}
	if len(d.Alarms) == 0 {
		return nil, nil
	}
	alarms, err := h.Alarms.Alarms(ctx, d.Alarms)
	if err != nil {
		return nil, fmt.Errorf("read the alarms: %w", err)
	}
	rules := shift.AlarmRules{IgnoreUnreadable: d.IgnoreUnreadableAlarms, UntilOK: record.UntilOK}
	observations := rules.Observe(alarms)
	if err := h.stopIgnoring(ctx, d.ID, shift.Calmed(record.UntilOK, observations)); err != nil {
		return nil, err
	}
	return observations, nil
}

func (h CheckAlarms) stopIgnoring(ctx context.Context, id string, calmed []string) error {
	if len(calmed) == 0 {
		return nil
	}
	if err := h.Ledger.StopIgnoring(ctx, id, calmed); err != nil {
		return fmt.Errorf("make alarms count that have been OK: %w", err)
	}
	return nil
}
