package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/control"
	"github.com/sluice-aws/sluice/internal/shift"
)

const aboutOrders = `

` + aboutSubject + `

The command invokes the safety net, which is the Lambda function
NAME-PREFIX-safety-net. So it needs lambda:InvokeFunction on that function. For
an execution it also needs dynamodb:GetItem on the ledger's table, and for its
name states:ListStateMachines; for one that waits for its turn dynamodb:Query.
Who gives the order is recorded: AWS tells it (sts:GetCallerIdentity, which
needs no permission).`

// noReason is recorded if the user gives no reason.
const noReason = "no reason was given"

func newOrder(o operator.Action, env environment) *cobra.Command {
	a := account{environment: env}
	var reason string
	var step int
	var asJSON bool
	flags, also := "[--reason TEXT] [--json]", "lambda:orders:prod --profile production"
	if o.Answers() {
		flags, also = "[--step N] "+flags, "lambda:orders:prod --step 2 --profile production"
	}
	cmd := &cobra.Command{
		Use:                   fmt.Sprintf("%s TARGET %s", o.Order, flags),
		Short:                 o.Short,
		Long:                  o.About() + aboutOrders,
		Example:               fmt.Sprintf("  sluice %s orders --reason '%s'\n  sluice %[1]s %s", o.Order, o.Because, also),
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     a.completeTargets(false),
		Args:                  oneSubject,
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("step") && step < 1 {
				return fmt.Errorf("--step is %d, and must be at least 1", step)
			}
			s, err := parseSubject(args[0])
			if err != nil {
				return err
			}
			f, err := a.newFinder(cmd.Context(), s)
			if err != nil {
				return err
			}
			t, err := f.giveOrder(cmd.Context(), s, control.Request{Action: o, Step: step, Reason: cmp.Or(reason, noReason)})
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), t)
			}
			return writeText(cmd.OutOrStdout(), func(to io.Writer) { t.print(to) })
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "say why; `TEXT` is kept in the deployment's record")
	if o.Answers() {
		cmd.Flags().IntVar(&step, "step", 0, "answer only for the step `N`, and not for a later one")
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	a.addMachineFlag(cmd)
	a.addTableFlag(cmd)
	a.addFlags(cmd)
	return cmd
}

// orderResult is what came of an order.
type orderResult struct {
	Target shift.Target `json:"target"`
	location
	Outcome shift.Outcome  `json:"outcome"`
	Reasons []shift.Reason `json:"reasons,omitempty"`
	Cause   string         `json:"cause"`
	// Instead is a later order that arrived before this one, and so replaced it.
	Instead shift.Order `json:"instead,omitempty"`
	// effect says what came of the order if the deployment has not ended.
	effect string
}

// giveOrder gives an order to the deployment that holds a subject's Target, or else to one that
// waits for its turn, or else to that of the execution with the subject's name.
func (f finder) giveOrder(ctx context.Context, s subject, r control.Request) (orderResult, error) {
	var unheld *control.UnheldError
	if s.target != "" {
		r.Target = s.target
		result, err := f.sendOrder(ctx, r)
		if !errors.As(err, &unheld) {
			return result, err
		}
	}
	// If the queue cannot be read, the deployment may still be found without it.
	queue, unread := f.ledger.Queue(ctx)
	waiting, found, err := findWaiting(queue, s)
	switch {
	case err != nil:
		return orderResult{}, err
	case found:
		return f.orderWaiting(ctx, waiting, r)
	case unread != nil:
		return f.orderRecorded(ctx, s, r, f.explainQueue(s, unread))
	case unheld != nil:
		return f.orderRecorded(ctx, s, r, unheld)
	}
	return f.orderRecorded(ctx, s, r, nil)
}

// explainQueue says that a subject may wait for its turn, and why nobody knows.
func (f finder) explainQueue(s subject, err error) error {
	if awserror.IsAccessDenied(err) {
		return fmt.Errorf("cannot tell whether %s waits for its turn: %w: allow dynamodb:Query on the table %s in %s", s.text, err, f.tableName(), f.cfg.Region)
	}
	return fmt.Errorf("cannot tell whether %s waits for its turn: %w", s.text, f.explainLedger(err))
}

// orderWaiting gives an order to a deployment that waits for its turn.
func (f finder) orderWaiting(ctx context.Context, w shift.Waiting, r control.Request) (orderResult, error) {
	if r.Order != shift.Abort {
		return orderResult{}, fmt.Errorf("%s waits for its turn, so there is nothing to %s: it can only be aborted", operator.Execution(w.ID).Name(), r.Order)
	}
	r.Target, r.DeploymentID = w.Arrivals[0].Target, w.ID
	return f.sendOrder(ctx, r)
}

// orderRecorded gives an order to the deployment of the execution that a subject names. If there is
// none, it returns missing, or what kept it from looking if that is nil.
func (f finder) orderRecorded(ctx context.Context, s subject, r control.Request, missing error) (orderResult, error) {
	if s.name == "" && s.arn == "" {
		return orderResult{}, missing // it is no execution
	}
	record, err := f.record(ctx, s)
	switch {
	case err != nil:
		return orderResult{}, cmp.Or(missing, err)
	case record.Status == shift.StatusClosed:
		return orderResult{}, fmt.Errorf("the deployment of %s has ended as %s, so there is nothing to %s: 'sluice report %[1]s --out FILE' writes a page about it", s.text, record.Outcome, r.Order)
	case len(record.Arrivals) == 0:
		return orderResult{}, cmp.Or(missing, f.notFound(s))
	}
	r.Target, r.DeploymentID = record.Arrivals[0].Target, record.ID
	return f.sendOrder(ctx, r)
}

// findWaiting finds the deployment in the queue that a subject names, by its execution or by a
// Target for which only one waits.
func findWaiting(queue []shift.Waiting, s subject) (shift.Waiting, bool, error) {
	meant := func(w shift.Waiting) bool {
		x := operator.Execution(w.ID)
		return x == s.arn || s.name != "" && x.Name() == s.name
	}
	if i := slices.IndexFunc(queue, meant); i >= 0 {
		return queue[i], true, nil
	}
	queue = slices.DeleteFunc(queue, func(w shift.Waiting) bool { return s.target == "" || !w.Concerns(s.target) })
	switch len(queue) {
	case 0:
		return shift.Waiting{}, false, nil
	case 1:
		return queue[0], true, nil
	}
	return shift.Waiting{}, false, fmt.Errorf("%d deployments wait for %s: name the execution that is meant, such as %s", len(queue), s.target, operator.Execution(queue[0].ID).Name())
}

// sendOrder sends an order, and waits for the answer.
func (f finder) sendOrder(ctx context.Context, r control.Request) (orderResult, error) {
	done, err := control.FromConfig(f.cfg, f.namePrefix()).Do(ctx, r)
	if err != nil {
		return orderResult{}, err
	}
	return orderResult{
		Target: done.Target, location: newLocation(done.Execution, f.cfg),
		Outcome: done.Outcome, Reasons: done.Reasons, Cause: done.Cause, Instead: done.Instead, effect: done.Effect(r.Action),
	}, nil
}

func (o orderResult) print(to io.Writer) {
	t := &table{indent: gutter}
	t.add("target", string(o.Target))
	o.addTo(t)
	if o.effect != "" {
		t.add("result", o.effect)
	} else {
		t.add("outcome", string(o.Outcome))
		t.addCause(explain.SplitCause(o.Outcome, o.Reasons, o.Cause))
	}
	t.write(to)
}
