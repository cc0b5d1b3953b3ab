package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/stepfunctions"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// subject is what the argument of a command names: a Target, or an execution. A single
// word may be both; then the Target counts if the Ledger knows it.
type subject struct {
	text   string
	target shift.Target       // empty if the text is no Target
	arn    operator.Execution // empty if the text is no execution's ARN
	name   string             // empty if the text is no execution's name
}

const aboutSubject = `TARGET is lambda:FUNCTION:ALIAS, or FUNCTION alone for its alias live; or
cloudfront:DISTRIBUTION, route53:ZONE:NAME or switch:NAME. The name or the ARN
of an execution stands for its deployment.`

// executionName matches the names that Step Functions accepts, but for the characters
// that it accepts and does not log (StartExecution, name).
var executionName = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,80}$`)

// parseSubject reads an argument.
func parseSubject(text string) (subject, error) {
	if isStatesARN(text) {
		x, err := operator.ParseExecution(text)
		return subject{text: text, arn: x}, err
	}
	s := subject{text: text}
	var err error
	if executionName.MatchString(text) {
		s.name = text
	}
	if s.target, err = request.ParseTarget(text); err != nil && s.name == "" {
		return s, err
	}
	return s, nil
}

func isStatesARN(text string) bool {
	parts := strings.SplitN(text, ":", 4)
	return len(parts) > 2 && parts[0] == "arn" && parts[2] == "states"
}

// oneSubject checks that a command has one argument, and that it can be a subject.
func oneSubject(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return fmt.Errorf("%s needs a TARGET, such as orders or lambda:orders:live, or the name or ARN of an execution: 'sluice status' lists what is open", cmd.Name())
	case 1:
		_, err := parseSubject(args[0])
		return err
	}
	return fmt.Errorf("%s takes only one TARGET: remove %q", cmd.Name(), args[1])
}

// finder finds what a subject names, in an account.
type finder struct {
	account
	cfg    aws.Config
	ledger *dynamo.Ledger
}

// newFinder returns a finder in the subject's region.
func (a account) newFinder(ctx context.Context, s subject) (finder, error) {
	cfg, err := a.configure(ctx, s.arn.Region())
	return finder{account: a, cfg: cfg, ledger: dynamo.FromConfig(cfg, a.tableName())}, err
}

// execution returns the execution that a subject names: for a Target, that of its latest
// deployment. It may not exist.
func (f finder) execution(ctx context.Context, s subject) (operator.Execution, error) {
	if s.arn != "" {
		return s.arn, nil
	}
	if s.target != "" {
		x, err := f.latest(ctx, s.target)
		switch {
		case err == nil && x != "":
			return x, nil
		case err == nil && s.name == "":
			return "", f.noDeployment(s.target)
		case s.name == "", isPassingAtFirst(err):
			return "", err
		}
		// A word that the Ledger does not know, or cannot be asked about, is a name.
	}
	return f.named(ctx, s)
}

// latest returns the execution of a Target's latest deployment; empty if there is none.
func (f finder) latest(ctx context.Context, t shift.Target) (operator.Execution, error) {
	arrived, err := f.ledger.History(ctx, t)
	if err != nil || len(arrived) == 0 {
		return "", f.explainLedger(err)
	}
	return operator.Execution(arrived[0].DeploymentID), nil
}

// explainMissing adds to the error that there is no execution of a name that the name
// is no Target's either.
func (s subject) explainMissing(err error) error {
	if errors.As(err, &noExecutionError{}) && s.target != "" {
		return fmt.Errorf("%w; and the ledger has no deployment of %s: 'sluice status' lists those that are open", err, s.target)
	}
	return err
}

// named returns the execution of Sluice's state machine that has the subject's name.
func (f finder) named(ctx context.Context, s subject) (operator.Execution, error) {
	machine, err := f.findMachine(ctx, stepfunctions.FromConfig(f.cfg), f.cfg)
	if err != nil {
		return "", err
	}
	return operator.NewExecution(machine, s.name), nil
}

// record returns the record of the deployment whose execution a subject names.
func (f finder) record(ctx context.Context, s subject) (shift.Record, error) {
	x := s.arn
	if x == "" {
		var err error
		if x, err = f.named(ctx, s); err != nil {
			return shift.Record{}, err
		}
	}
	record, err := f.ledger.Record(ctx, string(x))
	if errors.Is(err, shift.ErrDeploymentUnknown) {
		return record, f.notFound(s)
	}
	return record, f.explainLedger(err)
}

// targets returns the Targets that a subject names, or that the deployment of its
// execution shifts. A word that is no execution's name is a Target.
func (f finder) targets(ctx context.Context, s subject) ([]shift.Target, error) {
	if s.target != "" {
		x, err := f.latest(ctx, s.target)
		if err != nil || x != "" || s.name == "" {
			return []shift.Target{s.target}, err
		}
	}
	record, err := f.record(ctx, s)
	switch {
	case err != nil && s.target != "":
		return []shift.Target{s.target}, nil
	case err != nil:
		return nil, err
	}
	var targets []shift.Target
	for _, m := range record.Moves() {
		targets = append(targets, m.Target)
	}
	return targets, nil
}

func (f finder) noDeployment(t shift.Target) error {
	return fmt.Errorf("the ledger's table %s in %s has no deployment of %s: 'sluice status' lists those that are open", f.tableName(), f.cfg.Region, t)
}

// notFound says that a subject names nothing that the Ledger knows.
func (f finder) notFound(s subject) error {
	what := "an execution " + s.text
	if s.target != "" {
		what = fmt.Sprintf("%s, and none of an execution %s", s.target, s.text)
	}
	return fmt.Errorf("the ledger's table %s in %s has no deployment of %s: 'sluice status' lists those that are open", f.tableName(), f.cfg.Region, what)
}

// explainLedger adds to an error of the Ledger which table it is about, and what to do.
func (f finder) explainLedger(err error) error {
	var coded interface{ ErrorCode() string }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &coded) && coded.ErrorCode() == "ResourceNotFoundException":
		return fmt.Errorf("there is no table %s in %s: deploy Sluice there, or choose another --table, --name-prefix, --region or --profile", f.tableName(), f.cfg.Region)
	}
	return fmt.Errorf("%w; the ledger's table is %s in %s: choose another with --table, --region or --profile", err, f.tableName(), f.cfg.Region)
}
