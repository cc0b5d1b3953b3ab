package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// maxWaitingLooks is how many executions a sweep looks at that may be waiting for a hook. The
// others are left to the next sweeps: those that bake have ended by then. Step Functions accepts
// some hundred GetExecutionHistory at once from an account, and then some 20 a second (quotas).
const maxWaitingLooks = 100

// awaited ends the waiting of executions whose Deployment is closed. While a hook is awaited, up
// to seven days, the state machine polls nothing and cannot learn that the Deployment was put
// back. A Bake polls, and learns it by itself.
//
// The net answers for the hook instead of stopping the execution. So the execution ends on its
// own road, through Rollback, in the state that is named by the Outcome: as FAILED, and not as
// ABORTED. And an execution that is about to end by itself is never cut off, because nothing is
// waiting for an answer in it.
type awaited struct {
	executions Executions
	states     HookFailer
	looks      atomic.Int64
}

// end answers for the hook that the execution of a closed Deployment waits for, if it does.
func (a *awaited) end(ctx context.Context, record shift.Record) error {
	if record.Status != shift.StatusClosed || a.looks.Add(1) > maxWaitingLooks {
		return nil
	}
	token, err := a.executions.AwaitedHook(ctx, record.ID)
	if err != nil || token == "" {
		return err
	}
	why := flow.Wire(record.CheckOpen())
	err = a.states.Fail(ctx, token, why.Name, why.Message)
	switch {
	case errors.Is(err, shift.ErrHookNotAwaited):
		return nil // it was answered since
	case err != nil:
		return fmt.Errorf("answer for the hook of %s: %w", record.ID, err)
	}
	slog.InfoContext(ctx, "hook not awaited any more", "deployment", record.ID, "why", why.Message)
	return nil
}

// endWaiting looks at executions that are running and not on the list of open Deployments.
func (n SafetyNet) endWaiting(ctx context.Context, others map[string]bool, waiting *awaited) error {
	listed := func(context.Context) (list []shift.Listed, err error) {
		for _, id := range slices.Sorted(maps.Keys(others)) {
			list = append(list, shift.Listed{ID: id})
		}
		return list, nil
	}
	return n.forEach(ctx, listed, func(ctx context.Context, d *shift.Listed) error {
		record, err := n.Ledger.Record(ctx, d.ID)
		if errors.Is(err, shift.ErrDeploymentUnknown) {
			return nil // it is not opened yet
		}
		if err != nil {
			return fmt.Errorf("read the record: %w", err)
		}
		return waiting.end(ctx, record)
	})
}
