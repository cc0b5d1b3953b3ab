package assembly

import (
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"

	"sluice/internal/request"
	"sluice/internal/router"
	"sluice/internal/task"
)

// Settings are what a Lambda is configured with, beside its code.
type Settings struct {
	AWS aws.Config
	// Table is the Ledger's.
	Table string
	// StateMachine is its ARN; only the safety net asks for it, because it stands
	// outside.
	StateMachine string
	// EventBus is where announcements go.
	EventBus string
	// Metrics is the namespace of the metrics that announcements are counted by.
	Metrics string
	// Alias is that of a target which names none; live when it is empty. Only
	// publish-version uses it, and the next two.
	Alias string
	// Parameters is the folder of the configurations that tags may name.
	Parameters string
	// Allowed says which functions may be shifted.
	Allowed request.Allowed
	// Routers are the adapters of other kinds of Targets than Lambda aliases, and Kinds read
	// these from an input.
	Routers router.ByKind
	Kinds   map[string]request.Kind
	// Runtime is what a Lambda runs on.
	Runtime Runtime
}

// Runtime is the clock of a Lambda, and its output. The zero value is the real one.
type Runtime struct {
	Now      task.Clock
	Wait     task.Wait
	Pause    task.Pause
	Together task.Together
	// Output takes the metrics, a line for each; nil is the standard output, which
	// Lambda writes into the function's log.
	Output io.Writer
}
