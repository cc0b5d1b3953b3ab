package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sluice/internal/ledger/dynamo"
	"sluice/internal/operator"
	"sluice/internal/picture"
	"sluice/internal/request"
	"sluice/internal/shift"
)

const aboutHistory = `History lists the deployments of TARGET in the ledger, the latest first: those
that are open, and those that were closed in the last 90 days. It does not list
a deployment that was rejected before it had locked the target.

TARGET is lambda:FUNCTION:ALIAS, or FUNCTION alone for its alias live. History
needs dynamodb:Query and dynamodb:GetItem on the ledger's table.`

const examplesOfHistory = `  sluice history orders
  sluice history lambda:orders:prod --limit 3
  sluice history orders --json | jq -r '.[0].outcome'`

// defaultLimit is how many deployments are listed without --limit. Each of them costs
// a read of its record.
const defaultLimit = 20

func newHistory(env environment) *cobra.Command {
	a := account{environment: env}
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:                   "history TARGET [--limit N] [--json]",
		Short:                 "List the deployments of a target",
		Long:                  aboutHistory,
		Example:               examplesOfHistory,
		DisableFlagsInUseLine: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if limit < 1 {
				return fmt.Errorf("--limit must be at least 1, not %d", limit)
			}
			return oneTarget("history")(cmd, args)
		},
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			target, err := request.ParseTarget(args[0])
			if err != nil {
				return err
			}
			cfg, err := a.configure(cmd.Context(), "")
			if err != nil {
				return err
			}
			p, err := readHistory(cmd.Context(), dynamo.FromConfig(cfg, a.tableName()), target, limit)
			if err != nil {
				return fmt.Errorf("%w; the ledger's table is %s in %s: choose another with --table, --region or --profile", err, a.tableName(), cfg.Region)
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), p.deployments)
			}
			return writeText(cmd.OutOrStdout(), p.print)
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", defaultLimit, "list at most `N` deployments")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	a.addTableFlag(cmd)
	a.addFlags(cmd)
	return cmd
}

// targetHistory lists the deployments of a target.
type targetHistory struct {
	target      shift.Target
	deployments []pastDeployment
	omitted     int // how many older ones are not listed
}

// pastDeployment is what the Ledger knows about a deployment and one of its targets.
type pastDeployment struct {
	Execution operator.Execution `json:"executionArn"`
	OpenedAt  time.Time          `json:"openedAt"`
	ClosedAt  *time.Time         `json:"closedAt,omitempty"` // absent while it is open
	// Stable is empty if it was not determined, or if the alias was created.
	Stable    shift.Version  `json:"stable"`
	Candidate shift.Version  `json:"candidate"`
	Status    shift.Status   `json:"status"`
	Outcome   shift.Outcome  `json:"outcome"` // empty while it is open
	Step      int            `json:"step"`    // the highest step that may have been taken
	Steps     int            `json:"steps"`
	Command   *shift.Command `json:"command,omitempty"` // the latest one
	Reasons   []shift.Reason `json:"reasons"`
	Cause     string         `json:"cause"`
}

// readHistory reads the latest deployments of a target, each with its record.
func readHistory(ctx context.Context, ledger *dynamo.Ledger, t shift.Target, limit int) (targetHistory, error) {
	arrived, err := ledger.History(ctx, t)
	if err != nil {
		return targetHistory{}, err
	}
	listed := arrived[:min(limit, len(arrived))]
	p := targetHistory{target: t, deployments: make([]pastDeployment, len(listed)), omitted: len(arrived) - len(listed)}
	for i, a := range listed {
		record, err := ledger.Record(ctx, a.DeploymentID)
		if err != nil && !errors.Is(err, shift.ErrDeploymentUnknown) {
			return targetHistory{}, err
		}
		p.deployments[i] = newPastDeployment(t, a, record)
	}
	return p, nil
}

// newPastDeployment combines an entry of the history with its record. The record may
// be empty, because it can expire a little before the entry.
func newPastDeployment(t shift.Target, a shift.Arrived, r shift.Record) pastDeployment {
	d := pastDeployment{
		Execution: operator.Execution(a.DeploymentID), OpenedAt: a.OpenedAt, Candidate: a.Candidate,
		Status: r.Status, Outcome: a.Outcome, Step: r.Intent, Command: r.Command, Reasons: r.Reasons, Cause: r.Cause,
	}
	if a.Outcome != "" {
		d.Status, d.ClosedAt = shift.StatusClosed, &a.ClosedAt
	}
	if d.Reasons == nil {
		d.Reasons = []shift.Reason{}
	}
	if r.Deployment == nil {
		return d
	}
	d.Steps = r.Deployment.Plan.Len()
	for _, c := range r.Deployment.Changes {
		if c.Target == t {
			d.Stable = c.Stable
		}
	}
	return d
}

func (p targetHistory) print(to io.Writer) {
	if len(p.deployments) == 0 {
		fmt.Fprintf(to, "%s%s has no deployments in the ledger.\n", gutter, p.target)
		return
	}
	t := &table{indent: gutter, right: map[int]bool{2: true}}
	t.add("OPENED (UTC)", "VERSION", "DURATION", "OUTCOME", "EXECUTION")
	for _, d := range p.deployments {
		t.add(d.OpenedAt.UTC().Format(time.DateTime), d.versions(), d.duration(), d.state(), d.Execution.Name())
		if why := d.details(); why != "" {
			t.add("", "", "", "", why)
		}
	}
	t.write(to)
	if p.omitted > 0 {
		fmt.Fprintf(to, "\n%s%s not shown: see --limit\n", gutter, picture.Quantity(p.omitted, "older deployment", "older deployments"))
	}
}

func (d pastDeployment) versions() string {
	if d.Stable == "" {
		return string(d.Candidate)
	}
	return fmt.Sprintf("%s to %s", d.Stable, d.Candidate)
}

func (d pastDeployment) duration() string {
	if d.ClosedAt == nil {
		return ""
	}
	// Different Lambdas may set the two times, so the second clock may be behind.
	return picture.Clock(max(d.ClosedAt.Sub(d.OpenedAt), 0))
}

func (d pastDeployment) state() string {
	if d.Outcome != "" {
		return string(d.Outcome)
	}
	return string(d.Status)
}

// details returns the reasons, the last command, and the step of an open deployment.
func (d pastDeployment) details() string {
	var texts []string
	if d.Outcome == "" && d.Steps > 0 {
		texts = append(texts, fmt.Sprintf("step %d of %d", d.Step, d.Steps))
	}
	if d.Command != nil {
		texts = append(texts, fmt.Sprintf("command %s: %s", d.Command.Order, d.Command.Reason))
	}
	return strings.Join(append(texts, shift.Texts(d.Reasons)...), "; ")
}
