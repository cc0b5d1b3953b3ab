package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"sluice/internal/explain"
	"sluice/internal/flow"
	"sluice/internal/operator"
	"sluice/internal/operator/callersts"
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
	// because is a reason that a person may give.
	because string
}

var orders = []order{
	{
		shift.Abort, "Put a deployment's traffic back at once",
		`Abort puts all traffic of the deployment that holds TARGET back on the stable
version at once, for every target of that deployment.`,
		"its traffic is being put back", "customers call",
	},
	{
		shift.Promote, "Skip the rest of a deployment's plan",
		`Promote makes the deployment that holds TARGET skip the rest of its plan, at its
next poll. The alarms still count, and the hooks still run. A promotion passes
approvals and windows. A freeze it does not: end that first.`,
		"it goes to 100% at its next poll, unless an alarm fires", "the fix is urgent",
	},
	{
		shift.Pause, "Hold a deployment at its weight",
		`Pause keeps the deployment that holds TARGET at its weight, from its next poll
on. Its alarms are still watched. A pause ends by itself: see pauseLimitMinutes
and whenPauseEnds in the deployment's input.`,
		"it stays at its weight from its next poll on", "wait for the load test",
	},
	{
		shift.Resume, "End a deployment's pause",
		`Resume ends the pause of the deployment that holds TARGET, at its next poll.`,
		"its pause ends at its next poll", "the load test has passed",
	},
	{
		shift.Approve, "Let a deployment take the step that it asks about",
		`Approve lets the deployment that holds TARGET take the step that waits for a
person (approval, in the deployment's input), at its next poll, which comes
within 5 minutes. An answer is for that one step, and counts once.`,
		"the step is taken at its next poll, unless something else keeps it waiting", "the numbers look good",
	},
	{
		shift.Reject, "Answer a deployment's question with no, and put its traffic back",
		`Reject answers the question of the deployment that holds TARGET whether its next
step may be taken with no: all its traffic is put back at once, for every target
of that deployment.`,
		"its traffic is being put back", "the numbers look wrong",
	},
}

const aboutOrders = `

` + aboutSubject + `

The command invokes the safety net, which is the Lambda function
NAME-PREFIX-safety-net. So it needs lambda:InvokeFunction on that function. For
an execution it also needs dynamodb:GetItem on the ledger's table, and for its
name states:ListStateMachines. Who gives the order is recorded: AWS tells it
(sts:GetCallerIdentity, which needs no permission).`

// noReason is recorded if the user gives no reason.
const noReason = "no reason was given"

func newOrder(o order, env environment) *cobra.Command {
	a := account{environment: env}
	var reason string
	var asJSON bool
	cmd := &cobra.Command{
		Use:                   fmt.Sprintf("%s TARGET [--reason TEXT] [--json]", o.Order),
		Short:                 o.short,
		Long:                  o.about + aboutOrders,
		Example:               fmt.Sprintf("  sluice %s orders --reason '%s'\n  sluice %[1]s lambda:orders:prod --profile production", o.Order, o.because),
		DisableFlagsInUseLine: true,
		Args:                  oneSubject,
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			s, err := parseSubject(args[0])
			if err != nil {
				return err
			}
			f, err := a.newFinder(cmd.Context(), s)
			if err != nil {
				return err
			}
			t, err := f.giveOrder(cmd.Context(), s, shift.Command{Order: o.Order, Reason: cmp.Or(reason, noReason), By: callersts.Caller(cmd.Context(), f.cfg)})
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
	a.addMachineFlag(cmd)
	a.addTableFlag(cmd)
	a.addFlags(cmd)
	return cmd
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

// giveOrder gives an order to the deployment that holds a subject's Target, or else to
// that of the execution with the subject's name.
func (f finder) giveOrder(ctx context.Context, s subject, c shift.Command) (orderResult, error) {
	var unheld *unheldError
	if s.target != "" {
		result, err := f.sendOrder(ctx, request.Commanded{Target: s.target, Command: c})
		if s.name == "" || !errors.As(err, &unheld) {
			return result, err
		}
	}
	record, err := f.record(ctx, s)
	switch {
	case err != nil && unheld != nil:
		return orderResult{}, unheld // it is no execution's name either
	case err != nil:
		return orderResult{}, err
	case record.Status == shift.StatusClosed:
		return orderResult{}, fmt.Errorf("the deployment of %s has ended as %s, so there is nothing to %s: 'sluice report %[1]s --out FILE' writes a page about it", s.text, record.Outcome, c.Order)
	case len(record.Arrivals) == 0:
		return orderResult{}, f.notFound(s)
	}
	return f.sendOrder(ctx, request.Commanded{Target: record.Arrivals[0].Target, DeploymentID: record.ID, Command: c})
}

// unheldError says that no deployment holds a Target.
type unheldError struct{ text string }

func (e *unheldError) Error() string { return e.text }

// sendOrder sends an order, and waits for the answer.
func (f finder) sendOrder(ctx context.Context, c request.Commanded) (orderResult, error) {
	function := f.namePrefix() + "-" + flow.SafetyNet
	answer, err := lambdanet.FromConfig(f.cfg, function).Command(ctx, c)
	var refused *lambdanet.RefusedError
	switch {
	case errors.Is(err, lambdanet.ErrNoNet):
		return orderResult{}, fmt.Errorf("there is no function %s in %s: deploy Sluice there, or choose another --region, --profile or --name-prefix", function, f.cfg.Region)
	case errors.As(err, &refused) && refused.Name == flow.DeploymentUnknown:
		return orderResult{}, &unheldError{refusalText(c, *refused)}
	case errors.As(err, &refused):
		return orderResult{}, errors.New(refusalText(c, *refused))
	case err != nil:
		return orderResult{}, err
	}
	return orderResult{
		Target: c.Target, location: newLocation(operator.Execution(answer.DeploymentID), f.cfg),
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
	case flow.NotAsked:
		return fmt.Sprintf("cannot %s %s: %s", c.Command.Order, c.Target, refused.Message)
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
