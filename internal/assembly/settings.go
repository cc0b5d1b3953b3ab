package assembly

import (
	"cmp"
	"fmt"
	"io"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/router"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/task"
)

// Settings are the configuration of a Lambda.
type Settings struct {
	AWS aws.Config
	// Table is the name of the Ledger's table.
	Table string
	// StateMachine is the ARN of the state machine. Only the functions outside of the state
	// machine use it.
	StateMachine string
	// SafetyNet is the name of the safety net's function. Only stack-shift and panel use it.
	SafetyNet string
	// Metrics is the namespace of the metrics that count announcements.
	Metrics string
	// Alias is the alias of a target that names none. If it is empty, that is live. Only
	// publish-version uses Alias, Parameters and Allowed.
	Alias string
	// Parameters is the folder of the parameters that tags may name as configurations.
	Parameters string
	// Allowed says which functions may be shifted.
	Allowed request.Allowed
	// RevertWindow is for how long a promoted Deployment can be reverted. Only open-deployment uses
	// it.
	RevertWindow shift.Seconds
	// FrontEnds say which Targets other than Lambda aliases may be shifted.
	FrontEnds request.FrontEnds
	// StackShift is the ARN of the function that stacks wait for, HookURL the URL where hooks
	// answer as they would answer CodeDeploy, and HookLayer the ARN of a layer for them. The macro
	// writes them into templates. Each is empty if the stack does not have it.
	StackShift, HookURL, HookLayer string
	// Panel is the ARN of the function that the buttons of the stack's widget call. It is empty if
	// the widget only shows.
	Panel string
	// HookEndpoint says that the stack has the endpoint for hooks that were written for CodeDeploy.
	HookEndpoint bool
	// Routers are the adapters for kinds of Targets other than Lambda aliases. Kinds read
	// Targets of kinds that are not Sluice's own from an input.
	Routers router.ByKind
	Kinds   map[string]request.Kind
	// Runtime replaces the clock and the output in the local world.
	Runtime Runtime
}

// ReadInputs reads from the environment of publish-version which inputs it takes. The other
// functions have only its FrontEnds.
func (s *Settings) ReadInputs(getenv func(string) string) (err error) {
	s.FrontEnds, err = request.ParseFrontEnds(getenv(flow.CloudFrontStoreVariable), getenv(flow.Route53Variable), getenv(flow.DistributionsVariable))
	if err != nil {
		return err
	}
	s.Alias = getenv(flow.AliasVariable)
	if s.Alias != "" && !request.IsAlias(s.Alias) {
		return fmt.Errorf("%s is %q, which %s", flow.AliasVariable, shift.BoundText(s.Alias, 80), request.NoAlias)
	}
	s.Parameters = cmp.Or(getenv(flow.ParametersVariable), request.DefaultParameters)
	if !request.IsParameterFolder(s.Parameters) {
		return fmt.Errorf("%s is %q, which is not a folder of parameters, such as %s",
			flow.ParametersVariable, shift.BoundText(s.Parameters, 80), request.DefaultParameters)
	}
	if s.Allowed, err = request.ParseAllowed(getenv(flow.FunctionsVariable)); err != nil {
		return fmt.Errorf("%s: %w", flow.FunctionsVariable, err)
	}
	endpoint := getenv(flow.HookEndpointVariable)
	if endpoint != "" && endpoint != flow.HookEndpointURL {
		return fmt.Errorf("%s is %q, and must be %s or not be set", flow.HookEndpointVariable, shift.BoundText(endpoint, 80), flow.HookEndpointURL)
	}
	s.HookEndpoint = endpoint != ""
	s.RevertWindow, err = readRevertWindow(getenv(flow.RevertHoursVariable))
	return err
}

// readRevertWindow reads for how long a promoted Deployment can be reverted.
func readRevertWindow(hours string) (shift.Seconds, error) {
	if hours == "" {
		return shift.DefaultRevertWindow, nil
	}
	n, err := strconv.Atoi(hours)
	if window := shift.Seconds(n) * 3600; err == nil && window >= 0 && window <= shift.MaxRevertWindow {
		return max(window, shift.NoRevertWindow), nil
	}
	return 0, fmt.Errorf("%s is %q, and must be a whole number of hours from 0 to %d", flow.RevertHoursVariable, shift.BoundText(hours, 80), shift.MaxRevertWindow/3600)
}

// Runtime is the clock and the output of a Lambda. The zero value uses the real ones.
type Runtime struct {
	Now      task.Clock
	Wait     task.Wait
	Timeout  task.Timeout
	Pause    task.Pause
	Together task.Together
	// Random is the source of what nobody may guess; nil is crypto/rand.
	Random io.Reader
	// Output receives the metrics, one on each line. nil is the standard output, which Lambda
	// writes into the function's log.
	Output io.Writer
}
