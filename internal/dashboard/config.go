package dashboard

import (
	"context"
	"time"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/control"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Ledger is what is read of the Ledger.
type Ledger interface {
	// Unannounced may return a list and shift.ErrLedgerDamaged.
	Unannounced(ctx context.Context) ([]shift.Listed, error)
	Record(ctx context.Context, id string) (shift.Record, error)
	History(ctx context.Context, t shift.Target) ([]shift.Arrived, error)
	Freeze(ctx context.Context) (shift.Freeze, error)
}

// Executions is what is read of Sluice's state machine.
type Executions interface {
	Events(ctx context.Context, x operator.Execution, after int64) ([]operator.Event, error)
	// Recent lists those that run or have ended, the latest first, with so many that have ended.
	Recent(ctx context.Context, ended int) ([]operator.Listed, error)
}

// Alarms reads alarms, each by its name or ARN.
type Alarms interface {
	Alarms(ctx context.Context, known []string) ([]shift.Alarm, error)
}

// Control does what a person asks for.
type Control interface {
	Do(ctx context.Context, r control.Request) (control.Result, error)
}

// Config is what a Dashboard works with. Reverter, Console, Together, Clock and Guide may be nil.
type Config struct {
	Ledger     Ledger
	Executions Executions
	Alarms     Alarms
	Control    Control
	// Reverter starts reverts. If nil, there is no button for them.
	Reverter Reverter
	// Place says in a few words which account is shown.
	Place string
	// Console returns the URL of an execution in the AWS console, or "".
	Console func(operator.Execution) string
	// ReadOnly refuses whatever a person asks for.
	ReadOnly bool
	// Now is this machine's time.
	Now func() time.Time
	// Together calls a function for several numbers at once, and returns when all have returned. If
	// nil, they run in goroutines, a few at once.
	Together func(ctx context.Context, n int, do func(ctx context.Context, i int))
	// Clock returns the time in AWS, and how fast it passes there. If nil, the time is learned
	// from what is read.
	Clock func() (now time.Time, speed float64)
	// Guide leads a person through what is shown.
	Guide Guide
}
