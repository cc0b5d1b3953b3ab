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

const aboutHistory = `History lists the deployments that have held TARGET, the latest first, as the
ledger has them: those that are open, and those that were closed within 90 days.
One that was refused before it had the target's lock is not among them.

TARGET is lambda:FUNCTION:ALIAS, or FUNCTION alone for its alias live. It needs
dynamodb:Query and dynamodb:GetItem on the ledger's table.`

const examplesOfHistory = `  sluice history orders
  sluice history lambda:orders:prod --limit 3
  sluice history orders --json | jq -r '.[0].outcome'`

// defaultLimit is how many deployments are listed unless somebody wants more: each
// takes a read of its record.
const defaultLimit = 20

func newHistory(around surroundings) *cobra.Command {
	a := account{surroundings: around}
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
			return takesTarget("history")(cmd, args)
		},
		RunE: does(func(cmd *cobra.Command, args []string) error {
			target, err := request.ParseTarget(args[0])
			if err != nil {
				return err
			}
			cfg, err := a.configure(cmd.Context(), "")
			if err != nil {
				return err
			}
			p, err := readPast(cmd.Context(), dynamo.FromConfig(cfg, a.tableName()), target, limit)
			if err != nil {
				return fmt.Errorf("%w; it was looked for in the table %s in %s: choose another with --table, --region or --profile", err, a.tableName(), cfg.Region)
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), p.list)
			}
			return writeText(cmd.OutOrStdout(), p.text)
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", defaultLimit, "list at most `N` deployments")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the same as JSON")
	a.addTableFlag(cmd)
	a.addFlags(cmd)
	return cmd
}

// past are the deployments of a target.
type past struct {
	target shift.Target
	list   []pastDeployment
	more   int // that are not listed
}

// pastDeployment is what the Ledger knows of a deployment, as far as it is about
// one target.
type pastDeployment struct {
	Execution operator.Execution `json:"executionArn"`
	OpenedAt  time.Time          `json:"openedAt"`
	ClosedAt  *time.Time         `json:"closedAt,omitempty"` // absent while it is not closed
	// Stable is empty when it was never settled, or when the alias was created.
	Stable    shift.Version  `json:"stable"`
	Candidate shift.Version  `json:"candidate"`
	Status    shift.Status   `json:"status"`
	Outcome   shift.Outcome  `json:"outcome"` // empty while it is not closed
	Step      int            `json:"step"`    // the highest that may have been taken
	Steps     int            `json:"steps"`
	Command   *shift.Command `json:"command,omitempty"` // that was given last
	Reasons   []shift.Reason `json:"reasons"`
	Cause     string         `json:"cause"`
}

// readPast reads the latest deployments of a target, each with its record.
func readPast(ctx context.Context, ledger *dynamo.Ledger, t shift.Target, limit int) (past, error) {
	arrived, err := ledger.History(ctx, t)
	if err != nil {
		return past{}, err
	}
	listed := arrived[:min(limit, len(arrived))]
	p := past{target: t, list: make([]pastDeployment, len(listed)), more: len(arrived) - len(listed)}
	for i, a := range listed {
		record, err := ledger.Record(ctx, a.DeploymentID)
		if err != nil && !errors.Is(err, shift.ErrDeploymentUnknown) {
			return past{}, err
		}
		p.list[i] = newPast(t, a, record)
	}
	return p, nil
}

// newPast is one line of the history. The record may have expired a little before
// its entry in the history.
func newPast(t shift.Target, a shift.Arrived, r shift.Record) pastDeployment {
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

func (p past) text(to io.Writer) {
	if len(p.list) == 0 {
		fmt.Fprintf(to, "%s%s has no deployments in the ledger.\n", gutter, p.target)
		return
	}
	t := &table{indent: gutter, right: map[int]bool{2: true}}
	t.add("OPENED (UTC)", "VERSION", "TOOK", "OUTCOME", "EXECUTION")
	for _, d := range p.list {
		t.add(d.OpenedAt.UTC().Format(time.DateTime), d.versions(), d.took(), d.how(), d.Execution.Name())
		if why := d.why(); why != "" {
			t.add("", "", "", "", why)
		}
	}
	t.write(to)
	if p.more > 0 {
		fmt.Fprintf(to, "\n%sand %s before these: see --limit\n", gutter, picture.Quantity(p.more, "deployment", "deployments"))
	}
}

func (d pastDeployment) versions() string {
	if d.Stable == "" {
		return string(d.Candidate)
	}
	return fmt.Sprintf("%s to %s", d.Stable, d.Candidate)
}

func (d pastDeployment) took() string {
	if d.ClosedAt == nil {
		return ""
	}
	// Which Lambda dates the end is not said: its clock may be behind that of the one that opened.
	return picture.Clock(max(d.ClosedAt.Sub(d.OpenedAt), 0))
}

func (d pastDeployment) how() string {
	if d.Outcome != "" {
		return string(d.Outcome)
	}
	return string(d.Status)
}

// why are the reasons, and where it stands if it is not closed.
func (d pastDeployment) why() string {
	var texts []string
	if d.Outcome == "" && d.Steps > 0 {
		texts = append(texts, fmt.Sprintf("step %d of %d", d.Step, d.Steps))
	}
	if d.Command != nil {
		texts = append(texts, fmt.Sprintf("told to %s: %s", d.Command.Order, d.Command.Reason))
	}
	return strings.Join(append(texts, shift.Texts(d.Reasons)...), "; ")
}
