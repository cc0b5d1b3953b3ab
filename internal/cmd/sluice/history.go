package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

const aboutHistory = `History lists the deployments of TARGET in the ledger, the latest first: those
that are open, and those that were closed in the last 90 days. It does not list
a deployment that was rejected before it had locked the target.

With --judged it sums up how the candidates were compared with stable, over the
whole history or the latest N deployments: how often the comparison has put the
traffic back, how often one that only observes would have, what was promoted in
spite of it, and how often it could not tell. A month of that tells whether to
enforce it.

` + aboutSubject + `

History needs dynamodb:Query and dynamodb:GetItem on the ledger's table, and for
an execution's name also states:ListStateMachines.`

const examplesOfHistory = `  sluice history orders
  sluice history lambda:orders:prod --limit 3
  sluice history orders --judged
  sluice history orders --json | jq -r '.[0].outcome'`

// defaultLimit is how many deployments are listed without --limit. Each of them costs
// a read of its record.
const defaultLimit = 20

func newHistory(env environment) *cobra.Command {
	a := account{environment: env}
	var limit int
	var asJSON, judged bool
	cmd := &cobra.Command{
		Use:                   "history TARGET [--judged] [--limit N] [--json]",
		Short:                 "List the deployments of a target",
		Long:                  aboutHistory,
		Example:               examplesOfHistory,
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     a.completeTargets(true),
		Args: func(cmd *cobra.Command, args []string) error {
			if limit < 1 {
				return fmt.Errorf("--limit must be at least 1, not %d", limit)
			}
			return oneSubject(cmd, args)
		},
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			s, err := parseSubject(args[0])
			if err != nil {
				return err
			}
			f, err := a.newFinder(cmd.Context(), s)
			if err != nil {
				return err
			}
			if judged && !cmd.Flags().Changed("limit") {
				limit = math.MaxInt
			}
			histories, err := f.histories(cmd.Context(), s, limit)
			if err != nil {
				return err
			}
			if judged {
				return writeTracks(cmd.OutOrStdout(), histories, asJSON)
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), joinDeployments(histories))
			}
			return writeText(cmd.OutOrStdout(), func(to io.Writer) { printHistories(to, histories) })
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", defaultLimit, "list at most `N` deployments")
	cmd.Flags().BoolVar(&judged, "judged", false, "sum up how the versions were compared")
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
	Target    shift.Target       `json:"target"`
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
	// Comparison is how the versions of the target were compared; absent if they were not.
	Comparison *shift.Comparison `json:"comparison,omitempty"`
}

// histories reads the latest deployments of each Target that a subject names.
func (f finder) histories(ctx context.Context, s subject, limit int) ([]targetHistory, error) {
	targets, err := f.targets(ctx, s)
	if err != nil {
		return nil, err
	}
	histories := make([]targetHistory, len(targets))
	for i, t := range targets {
		if histories[i], err = readHistory(ctx, f.ledger, t, limit); err != nil {
			return nil, f.explainLedger(err)
		}
	}
	return histories, nil
}

func joinDeployments(histories []targetHistory) []pastDeployment {
	all := []pastDeployment{}
	for _, h := range histories {
		all = append(all, h.deployments...)
	}
	return all
}

func printHistories(to io.Writer, histories []targetHistory) {
	for i, h := range histories {
		if len(histories) > 1 {
			if i > 0 {
				fmt.Fprintln(to)
			}
			fmt.Fprintf(to, "%s%s\n", gutter, h.target)
		}
		h.print(to)
	}
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
		Target: t, Execution: operator.Execution(a.DeploymentID), OpenedAt: a.OpenedAt, Candidate: a.Candidate,
		Status: r.Status, Outcome: a.Outcome, Step: r.Intent, Command: r.Command, Reasons: r.Reasons, Cause: r.Cause,
		Comparison: r.Comparison(t),
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

// maxVersionsCell is how many characters the versions of a deployment may have to stand in
// their column. Longer ones, such as endpoints of a name, stand below it.
const maxVersionsCell = 20

func (p targetHistory) print(to io.Writer) {
	if len(p.deployments) == 0 {
		fmt.Fprintf(to, "%s%s has no deployments in the ledger.\n", gutter, p.target)
		return
	}
	t := &table{indent: gutter, right: map[int]bool{2: true}}
	t.add("OPENED (UTC)", "VERSION", "DURATION", "OUTCOME", "EXECUTION")
	for _, d := range p.deployments {
		versions, long := versionsText(d.Stable, d.Candidate), ""
		if utf8.RuneCountInString(versions) > maxVersionsCell {
			versions, long = "", flow.VersionNoun(p.target)+" "+versions
		}
		t.add(d.OpenedAt.UTC().Format(time.DateTime), versions, d.duration(), d.state(), d.Execution.Name())
		for _, text := range slices.Concat([]string{long, d.details()}, d.comparisonTexts()) {
			if text != "" {
				t.addWide(text)
			}
		}
	}
	t.write(to)
	if p.omitted > 0 {
		fmt.Fprintf(to, "\n%s%s not shown: see --limit\n", gutter, picture.Quantity(p.omitted, "older deployment", "older deployments"))
	}
}

func versionsText(stable, candidate shift.Version) string {
	if stable == "" {
		return string(candidate)
	}
	return fmt.Sprintf("%s to %s", stable, candidate)
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
	if d.Outcome != "" {
		return detailsText(0, 0, d.Command, d.Reasons)
	}
	return detailsText(d.Step, d.Steps, d.Command, d.Reasons)
}

// comparisonTexts say how the versions were compared, if they were.
func (d pastDeployment) comparisonTexts() []string {
	if d.Comparison == nil {
		return nil
	}
	texts := []string{"compared: " + strings.Join(explain.Compared(d.Comparison.Judged), "; ")}
	if would := d.Comparison.WouldRollBack; would != nil {
		texts = append(texts, wouldText(*would))
	}
	return texts
}

// wouldText says what a comparison that only observes would have done.
func wouldText(w shift.WouldRollBack) string {
	return fmt.Sprintf("it would have been rolled back at %s: %s", w.At.UTC().Format("15:04 UTC"), w.Reason.Text)
}

// detailsText lists a step, unless there are no steps, a command, and reasons.
func detailsText(step, steps int, c *shift.Command, reasons []shift.Reason) string {
	var texts []string
	if steps > 0 {
		texts = append(texts, fmt.Sprintf("step %d of %d", step, steps))
	}
	if c != nil {
		texts = append(texts, commandText(*c))
	}
	return strings.Join(append(texts, shift.Texts(reasons)...), "; ")
}

func commandText(c shift.Command) string {
	if c.Reason == "" {
		return fmt.Sprintf("command %s", c.Order)
	}
	return fmt.Sprintf("command %s: %s", c.Order, c.Reason)
}
