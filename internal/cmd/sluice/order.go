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

// order is a command that gives an Order to the deployment that holds a Target.
type order struct {
	shift.Order
	short string
	about string
	// obeyed says what becomes of a deployment that was told, unless it has ended.
	obeyed string
}

var orders = []order{
	{
		shift.Abort, "Put the traffic of a deployment back at once",
		`Abort puts the traffic of the deployment that holds TARGET back on its stable
version, at once and for all targets of that deployment.`,
		"its traffic is being put back",
	},
	{
		shift.Promote, "Skip the rest of a deployment's plan",
		`Promote has the deployment that holds TARGET skip the rest of its plan, at its
next poll. The alarms still count, and the hooks are still asked.`,
		"at its next poll it goes to 100%, unless an alarm fires",
	},
	{
		shift.Pause, "Hold a deployment at its weight",
		`Pause keeps the deployment that holds TARGET at its weight, from its next poll
on, and goes on watching its alarms. A pause ends by itself: see
pauseLimitMinutes and whenPauseEnds in the deployment's input.`,
		"from its next poll on it stays at its weight",
	},
	{
		shift.Resume, "End a deployment's pause",
		`Resume ends the pause of the deployment that holds TARGET, at its next poll.`,
		"at its next poll its pause is over",
	},
}

const aboutTarget = `

TARGET is lambda:FUNCTION:ALIAS, or FUNCTION alone for its alias live. The order
is given to the safety net, the Lambda NAME-PREFIX-safety-net, so that it needs
lambda:InvokeFunction on that.`

// noReason stands where nobody has given a reason.
const noReason = "no reason was given"

func newOrder(o order, around surroundings) *cobra.Command {
	a := account{surroundings: around}
	var reason string
	var asJSON bool
	cmd := &cobra.Command{
		Use:                   fmt.Sprintf("%s TARGET [--reason TEXT] [--json]", o.Order),
		Short:                 o.short,
		Long:                  o.about + aboutTarget,
		Example:               fmt.Sprintf("  sluice %s orders --reason 'customers call'\n  sluice %s lambda:orders:prod --profile production", o.Order, o.Order),
		DisableFlagsInUseLine: true,
		Args:                  takesTarget(string(o.Order)),
		RunE: does(func(cmd *cobra.Command, args []string) error {
			target, err := request.ParseTarget(args[0])
			if err != nil {
				return err
			}
			t, err := a.give(cmd, request.Commanded{Target: target, Command: shift.Command{Order: o.Order, Reason: cmp.Or(reason, noReason)}})
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), t)
			}
			return writeText(cmd.OutOrStdout(), func(to io.Writer) { t.text(to, o.obeyed) })
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "say why; `TEXT` stands in the records from then on")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	a.addFlags(cmd)
	return cmd
}

// takesTarget holds a command to one argument that names a Target.
func takesTarget(command string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return fmt.Errorf("%s needs a TARGET, such as lambda:orders:live", command)
		case 1:
			_, err := request.ParseTarget(args[0])
			return err
		}
		return fmt.Errorf("%s takes one TARGET, and %q is one too many", command, args[1])
	}
}

// toldOrder is what came of an order.
type toldOrder struct {
	Target shift.Target `json:"target"`
	location
	Outcome shift.Outcome  `json:"outcome"`
	Reasons []shift.Reason `json:"reasons,omitempty"`
	Cause   string         `json:"cause"`
	// Instead is another order that was given after this one, and arrived before.
	Instead shift.Order `json:"instead,omitempty"`
}

// give gives an order, and waits for the answer.
func (a account) give(cmd *cobra.Command, c request.Commanded) (toldOrder, error) {
	cfg, err := a.configure(cmd.Context(), "")
	if err != nil {
		return toldOrder{}, err
	}
	function := a.namePrefix() + "-" + flow.SafetyNet
	answer, err := lambdanet.FromConfig(cfg, function).Command(cmd.Context(), c)
	var refused *lambdanet.RefusedError
	switch {
	case errors.Is(err, lambdanet.ErrNoNet):
		return toldOrder{}, fmt.Errorf("there is no function %s in %s: deploy Sluice there, choose another --region or --profile, or the prefix of its names with --name-prefix", function, cfg.Region)
	case errors.As(err, &refused):
		return toldOrder{}, errors.New(tooLate(c, *refused))
	case err != nil:
		return toldOrder{}, err
	}
	return toldOrder{
		Target: c.Target, location: newLocation(operator.Execution(answer.DeploymentID), cfg),
		Outcome: answer.Outcome, Reasons: answer.Reasons, Cause: answer.Cause, Instead: answer.Instead,
	}, nil
}

// tooLate says why an order was not obeyed.
func tooLate(c request.Commanded, refused lambdanet.RefusedError) string {
	history := fmt.Sprintf("'sluice history %s' tells how it ended", c.Target)
	switch refused.Name {
	case flow.DeploymentUnknown:
		return fmt.Sprintf("no deployment holds %s, so that there is nothing to %s: 'sluice history %s' tells of the last ones", c.Target, c.Command.Order, c.Target)
	case flow.DeploymentRestoring:
		return fmt.Sprintf("the deployment that holds %s is on its way back already, and cannot %s: %s", c.Target, c.Command.Order, refused.Message)
	case flow.DeploymentClosed:
		return fmt.Sprintf("the deployment that held %s has ended: %s", c.Target, history)
	}
	return fmt.Sprintf("%s %s: the safety net could not do it: %s; try again, and look at its logs", c.Command.Order, c.Target, refused.Error())
}

func (o toldOrder) text(to io.Writer, obeyed string) {
	t := &table{indent: gutter}
	t.add("target", string(o.Target))
	o.addTo(t)
	switch {
	case o.Instead != "":
		t.add("told", fmt.Sprintf("nothing: somebody has told it to %s since", o.Instead))
	case o.Outcome == "":
		t.add("told", obeyed)
	default:
		t.add("outcome", string(o.Outcome))
		t.addCause(explain.SplitCause(o.Outcome, o.Reasons, o.Cause))
	}
	t.write(to)
}
