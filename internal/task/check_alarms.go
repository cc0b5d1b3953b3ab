package task

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// WatchingLedger is what check-alarms needs of the Ledger.
type WatchingLedger interface {
	// Record reads a record.
	Record(ctx context.Context, id string) (shift.Record, error)
	// StopIgnoring makes alarms count that were firing at the start.
	StopIgnoring(ctx context.Context, id string, alarms []string) error
	// KeepComparisons records how the versions of the Targets were compared.
	KeepComparisons(ctx context.Context, id string, comparisons []shift.Comparison) error
	EntryLedger
}

// Gate is asked at each poll. A gate that cannot read what it needs returns an Observation
// that says so. It returns an error only if asking again may help.
type Gate interface {
	Observe(ctx context.Context, s shift.Subject) ([]shift.Observation, error)
}

// CheckAlarms judges a Candidate at a poll.
type CheckAlarms struct {
	Ledger WatchingLedger
	// Gates are asked in this order until one fails the Candidate. The rest is skipped
	// then, so that the rollback starts at once.
	Gates []Gate
	// Synthetic is asked for requests while evidence is missing, and Router describes to it
	// what is shifted.
	Synthetic SyntheticCaller
	Router    ChangeDescriber
	// Announcer tells people that a Step waits for their approval.
	Announcer Announcer
}

// SyntheticCaller asks a user's function to send requests.
type SyntheticCaller interface {
	// Ask does not wait until the function has sent them. It returns
	// shift.ErrSyntheticNotFound if the function does not exist or may not be invoked.
	Ask(ctx context.Context, function string, r shift.LoadRequest) error
}

// Handle is the handler of flow.CheckAlarms.
func (h CheckAlarms) Handle(ctx context.Context, call flow.Call[flow.Document]) (shift.Progress, error) {
	progress := *call.Document.Progress
	record, err := h.Ledger.Record(ctx, call.Document.Deployment.ID)
	if err != nil {
		return shift.Progress{}, fmt.Errorf("read the record: %w", err)
	}
	d, err := recordedDeployment(record, call.Document, max(progress.Step, 1))
	if err != nil {
		return shift.Progress{}, err
	}
	observations, err := h.observe(ctx, shift.Subject{Deployment: d, Progress: progress, UntilOK: record.UntilOK, Now: call.Now}, record)
	if err != nil {
		return shift.Progress{}, err
	}
	h.keepComparisons(ctx, record, observations, call.Now)
	poll := record.Poll(call.Now, call.Retry)
	poll.Observations = observations
	if record.Status == shift.StatusOpen && d.EntryDue(progress, record.Command) && d.FreezeDue(progress) {
		if poll, err = withEntry(ctx, h.Ledger, d, progress, poll); err != nil {
			return shift.Progress{}, err
		}
	}
	next := announceApproval(ctx, h.Announcer, d, d.AfterPoll(progress, poll), call.Now)
	if load := d.WantedLoad(next, poll); load.Wanted() {
		next = next.Asked(load, h.askForRequests(ctx, d, load))
	}
	slog.InfoContext(ctx, "judged", "deployment", d.ID, "step", next.Step, "verdict", next.Verdict.String(), "reasons", shift.Texts(next.Reasons), "next", next.Next)
	return next, nil
}

func (h CheckAlarms) observe(ctx context.Context, s shift.Subject, record shift.Record) ([]shift.Observation, error) {
	switch record.Status {
	case shift.StatusRestoring:
		return record.Observe(), nil
	case shift.StatusClosed:
		return nil, record.CheckOpen()
	}
	var observations []shift.Observation
	for _, gate := range h.Gates {
		observed, err := gate.Observe(ctx, s)
		if err != nil {
			return nil, err
		}
		observations = append(observations, observed...)
		if shift.Judge(observed...).Verdict == shift.Fail {
			break
		}
	}
	return observations, h.stopIgnoring(ctx, record, observations)
}

// askWithin bounds how long check-alarms waits for Lambda to accept a request for requests. Its
// own timeout must not pass: Step Functions would retry the poll, and in the end put the traffic
// back.
const askWithin = 3 * time.Second

// askForRequests asks the user's function for requests to the Targets that lack evidence. Nothing
// is decided by it, so the judgement stands whatever becomes of it. A poll that is retried asks
// twice, which only makes more evidence.
func (h CheckAlarms) askForRequests(ctx context.Context, d shift.Deployment, load shift.Load) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	targets, err := describeTargets(h.Router, load.Changes)
	if err == nil {
		err = h.Synthetic.Ask(ctx, load.Function, load.Request(d, targets))
	}
	if ctx.Err() != nil && err != nil {
		err = fmt.Errorf("no answer within %s: %w", askWithin, err)
	}
	if err != nil {
		slog.WarnContext(ctx, "not asked for requests", "deployment", d.ID, "function", load.Function, "error", err)
	}
	return err
}

// keepComparisons records what people are told of the comparison later. Nothing is decided by
// it, so an error is logged and the judgement stands. The next poll records the same again.
func (h CheckAlarms) keepComparisons(ctx context.Context, record shift.Record, observations []shift.Observation, at time.Time) {
	comparisons, compared := record.Compared(observations, at)
	if !compared {
		return
	}
	if err := h.Ledger.KeepComparisons(ctx, record.ID, comparisons); err != nil {
		slog.WarnContext(ctx, "comparison not recorded", "deployment", record.ID, "error", err)
	}
}

// stopIgnoring makes alarms count that were firing at the start and have been OK since.
func (h CheckAlarms) stopIgnoring(ctx context.Context, record shift.Record, observations []shift.Observation) error {
	calmed := shift.RecoveredAlarms(record.UntilOK, observations)
	if len(calmed) == 0 {
		return nil
	}
	if err := h.Ledger.StopIgnoring(ctx, record.ID, calmed); err != nil {
		return fmt.Errorf("make alarms count that have been OK: %w", err)
	}
	return nil
}
