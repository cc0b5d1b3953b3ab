// Package control does what a person asks for about a deployment: the one road of the command
// and of the dashboard. Start at Control.Do.
package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/callersts"
	"github.com/sluice-aws/sluice/internal/operator/lambdanet"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Control acts in an account and a region, with the caller's credentials.
type Control struct {
	cfg      aws.Config
	function string // the safety net's
	// forOthers says that the credentials are not those of the person who asks.
	forOthers bool
}

// FromConfig returns the Control of the Sluice whose names in AWS begin with a prefix.
func FromConfig(cfg aws.Config, namePrefix string) *Control {
	return &Control{cfg: cfg, function: namePrefix + "-" + flow.SafetyNet}
}

// ForOthers returns the Control of a program that acts for people whom it does not know, with its
// own credentials: commands do not say who gave them.
func (c *Control) ForOthers() *Control {
	return &Control{cfg: c.cfg, function: c.function, forOthers: true}
}

// caller says who gives a command; empty if that is not known.
func (c *Control) caller(ctx context.Context) string {
	if c.forOthers {
		return ""
	}
	return callersts.Caller(ctx, c.cfg)
}

// Request is what a person asks for.
type Request struct {
	operator.Action
	// Target is one of the deployment's.
	Target shift.Target
	// DeploymentID may be empty: then it is the deployment that holds the Target.
	DeploymentID string
	// Step is the one that an answer is about, as whoever gives it has seen it. 0 stands for the one
	// that is asked about.
	Step   int
	Reason string
}

// Result is what came of a Request.
type Result struct {
	Target    shift.Target
	Execution operator.Execution
	Outcome   shift.Outcome // empty if the deployment has not ended
	Reasons   []shift.Reason
	Cause     string
	// Instead is a later order that arrived before this one, and so replaced it.
	Instead shift.Order
}

// Effect says in one line what came of the Request for an Action. It is empty if the
// deployment has ended.
func (r Result) Effect(a operator.Action) string {
	switch {
	case r.Instead != "":
		return fmt.Sprintf("not obeyed: a later order, to %s, has already arrived", r.Instead)
	case r.Outcome == "":
		return a.Effect
	}
	return ""
}

// UnheldError is returned by Do if no deployment holds the Target.
type UnheldError struct{ text string }

func (e *UnheldError) Error() string { return e.text }

// Do does what is asked for, and waits for the answer. If the answer is lost, it returns an
// error, because the request may have been obeyed.
func (c *Control) Do(ctx context.Context, r Request) (Result, error) {
	order := request.Commanded{
		Target: r.Target, DeploymentID: r.DeploymentID, Step: r.Step,
		Command: shift.Command{Order: r.Order, Reason: r.Reason, By: c.caller(ctx)},
	}
	answer, err := lambdanet.FromConfig(c.cfg, c.function).Command(ctx, order)
	var refused *lambdanet.RefusedError
	switch {
	case errors.Is(err, lambdanet.ErrNoNet):
		return Result{}, NoNetError(c.function, c.cfg.Region)
	case errors.As(err, &refused) && refused.Name == flow.DeploymentUnknown:
		return Result{}, &UnheldError{refusalText(order, *refused)}
	case errors.As(err, &refused):
		return Result{}, errors.New(refusalText(order, *refused))
	case err != nil:
		return Result{}, err
	}
	return Result{
		Target: r.Target, Execution: operator.Execution(answer.DeploymentID),
		Outcome: answer.Outcome, Reasons: answer.Reasons, Cause: answer.Cause, Instead: answer.Instead,
	}, nil
}

// NoNetError says that a region has no safety net of that name, and what to do.
func NoNetError(function, region string) error {
	return fmt.Errorf("there is no function %s in %s: deploy Sluice there, or choose another --region, --profile or --name-prefix", function, region)
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
