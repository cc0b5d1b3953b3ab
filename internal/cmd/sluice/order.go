package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"sluice/internal/explain"
	"sluice/internal/flow"
	"sluice/internal/operator"
	"sluice/internal/operator/lambdanet"
	"sluice/internal/request"
	"sluice/internal/shift"
)

// order is a command of this tool that gives an Order to the deployment that holds a
// Target.
type order struct {
	shift.Order
	short string
	about string
	// effect says what the order does to a deployment that has not ended.
	effect string
}

var orders = []order{
	{
		shift.Abort, "Put a deployment's traffic back at once",
		`Abort puts all traffic of the deployment that holds TARGET back on the stable
version at once, for every target of that deployment.`,
		"its traffic is being put back",
	},
	{
		shift.Promote, "Skip the rest of a deployment's plan",
		`Promote makes the deployment that holds TARGET skip the rest of its plan, at its
next poll. The alarms still count, and the hooks still run.`,
		"it goes to 100% at its next poll, unless an alarm fires",
	},
	{
		shift.Pause, "Hold a deployment at its weight",
		`Pause keeps the deployment that holds TARGET at its weight, from its next poll
on. Its alarms are still watched. A pause ends by itself: see pauseLimitMinutes
and whenPauseEnds in the deployment's input.`,
		"it stays at its weight from its next poll on",
	},
	{
		shift.Resume, "End a deployment's pause",
		`Resume ends the pause of the deployment that holds TARGET, at its next poll.`,
		"its pause ends at its next poll",
	},
}

const aboutTarget = `

TARGET is lambda:FUNCTION:ALIAS, or FUNCTION alone for its alias live. The
command invokes the safety net, which is the Lambda function
NAME-PREFIX-safety-net. So it needs lambda:InvokeFunction on that function.`

// noReason is recorded if the user gives no reason.
const noReason = "no reason was given"

func newOrder(o order, env environment) *cobra.Command {
	a := account{environment: env}
	var reason string
	var asJSON bool
	cmd := &cobra.Command{
		Use:                   fmt.Sprintf("%s TARGET [--reason TEXT] [--json]", o.Order),
		Short:                 o.short,
		Long:                  o.about + aboutTarget,
		Example:               fmt.Sprintf("  sluice %s orders --reason 'customers call'\n  sluice %s lambda:orders:prod --profile production", o.Order, o.Order),
		DisableFlagsInUseLine: true,
		Args:                  oneTarget(string(o.Order)),
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			target, err := request.ParseTarget(args[0])
			if err != nil {
				return err
			}
			t, err := a.giveOrder(cmd, request.Commanded{Target: target, Command: shift.Command{Order: o.Order, Reason: cmp.Or(reason, noReason)}})
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), t)
			}
			return writeText(cmd.OutOrStdout(), func(to io.Writer) { t.print(to, o.effect) })
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "say why; `TEXT` is kept in the deployment's record")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	a.addFlags(cmd)
	return cmd
}

// oneTarget returns a check that a command has one argument, and that it is a Target.
func oneTarget(command string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return fmt.Errorf("%s needs a TARGET, such as lambda:orders:live", command)
		case 1:
			_, err := request.ParseTarget(args[0])
			return err
		}
		return fmt.Errorf("%s takes only one TARGET: remove %q", command, args[1])
	}
}

// orderResult is the safety net's answer to an order.
type orderResult struct {
	Target shift.Target `json:"target"`
	location
	Outcome shift.Outcome  `json:"outcome"`
	Reasons []shift.Reason `json:"reasons,omitempty"`
	Cause   string         `json:"cause"`
	// Instead is a later order that arrived before this one, and so replaced it.
	Instead shift.Order `json:"instead,omitempty"`
}

// giveOrder sends an order, and waits for the answer.
func (a account) giveOrder(cmd *cobra.Command, c request.Commanded) (orderResult, error) {
	cfg, err := a.configure(cmd.Context(), "")
	if err != nil {
		return orderResult{}, err
	}
	function := a.namePrefix() + "-" + flow.SafetyNet
	answer, err := lambdanet.FromConfig(cfg, function).Command(cmd.Context(), c)
	var refused *lambdanet.RefusedError
	switch {
	case errors.Is(err, lambdanet.ErrNoNet):
		return orderResult{}, fmt.Errorf("there is no function %s in %s: deploy Sluice there, or choose another --region, --profile or --name-prefix", function, cfg.Region)
	case errors.As(err, &refused):
		return orderResult{}, errors.New(refusalText(c, *refused))
	case err != nil:
		return orderResult{}, err
	}
	return orderResult{
		Target: c.Target, location: newLocation(operator.Execution(answer.DeploymentID), cfg),
		Outcome: answer.Outcome, Reasons: answer.Reasons, Cause: answer.Cause, Instead: answer.Instead,
	}, nil
}

// refusalText says why an order was not obeyed.
func refusalText(c request.Commanded, refused lambdanet.RefusedError) string {
	history := fmt.Sprintf("'sluice history %s' shows how", c.Target)
	switch refused.Name {
	case flow.DeploymentUnknown:
		return fmt.Sprintf("no deployment holds %s, so there is nothing to %s: 'sluice history %s' lists the earlier ones", c.Target, c.Command.Order, c.Target)
	case flow.DeploymentRestoring:
		return fmt.Sprintf("cannot %s %s: its deployment is already putting the traffic back: %s", c.Command.Order, c.Target, refused.Message)
	case flow.DeploymentClosed:
		return fmt.Sprintf("the deployment that held %s has ended: %s", c.Target, history)
	}
	return fmt.Sprintf("%s %s: the safety net failed: %s; try again, and look at its logs", c.Command.Order, c.Target, refused.Error())
}

func (o orderResult) print(to io.Writer, effect string) {
	t := &table{indent: gutter}
	t.add("target", string(o.Target))
	o.addTo(t)
	switch {
	case o.Instead != "":
		t.add("result", fmt.Sprintf("not obeyed: a later order, to %s, has already arrived", o.Instead))
	case o.Outcome == "":
		t.add("result", effect)
	default:
		t.add("outcome", string(o.Outcome))
		t.addCause(explain.SplitCause(o.Outcome, o.Reasons, o.Cause))
	}
	t.write(to)
}
