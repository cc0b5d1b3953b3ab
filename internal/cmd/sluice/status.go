package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

const aboutStatus = `Status lists all deployments that are open, the oldest first: what they shift,
at which step they are, the last command, what a person is asked, and why one is
putting its traffic back. Then come those that wait for their turn. It also says
whether deployments are frozen.

Status needs dynamodb:Query and dynamodb:GetItem on the ledger's table.`

const examplesOfStatus = `  sluice status
  sluice status --profile production
  sluice status --json | jq -r '.deployments[].executionArn'`

func newStatus(env environment) *cobra.Command {
	a := account{environment: env}
	var asJSON bool
	cmd := &cobra.Command{
		Use:                   "status [--json]",
		Short:                 "List the deployments that are open",
		Long:                  aboutStatus,
		Example:               examplesOfStatus,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("status takes no arguments, but got %q: 'sluice history %[1]s' lists the deployments of a target", args[0])
			}
			return nil
		},
		RunE: markFailed(func(cmd *cobra.Command, _ []string) error {
			f, err := a.newFinder(cmd.Context(), subject{})
			if err != nil {
				return err
			}
			open, unread, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			waiting, damaged, err := f.waiting(cmd.Context())
			if err != nil {
				return err
			}
			open, unread = append(open, waiting...), append(unread, damaged...)
			freeze, err := f.ledger.Freeze(cmd.Context())
			if err != nil {
				return f.explainLedger(err)
			}
			for _, err := range unread {
				fmt.Fprintf(cmd.ErrOrStderr(), "sluice: %v\n", err)
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), newStatusShown(open, freeze, env.now()))
			}
			return writeText(cmd.OutOrStdout(), func(to io.Writer) {
				printOpen(to, open)
				if freeze.Holds(env.now()) {
					fmt.Fprintf(to, "\n%s%s\n", gutter, freezeText(freeze, env.now()))
				}
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	a.addTableFlag(cmd)
	a.addFlags(cmd)
	return cmd
}

// statusShown is the status in JSON.
type statusShown struct {
	Deployments []openDeployment `json:"deployments"`
	Freeze      *shift.Freeze    `json:"freeze"` // null if deployments are not frozen
}

func newStatusShown(open []openDeployment, f shift.Freeze, now time.Time) statusShown {
	s := statusShown{Deployments: open}
	if f.Holds(now) {
		s.Freeze = &f
	}
	return s
}

// waitingStatus is the status of a deployment that waits for its turn, and so is not open yet.
const waitingStatus shift.Status = "waiting"

// openDeployment is what the Ledger knows of a deployment that is not closed.
type openDeployment struct {
	Execution operator.Execution `json:"executionArn"`
	OpenedAt  time.Time          `json:"openedAt"`
	Targets   []shift.Move       `json:"targets"`
	Status    shift.Status       `json:"status"`
	Step      int                `json:"step"` // the highest step that may have been taken
	Steps     int                `json:"steps"`
	Command   *shift.Command     `json:"command,omitempty"` // the latest one
	// AsksAbout is the step that a person is asked to approve, or 0. Answers are what people
	// have said about steps.
	AsksAbout int `json:"asksAbout,omitempty"`
	// AnswerUntil is the earliest time at which nobody is waited for any more: that time stands
	// still while something else keeps the step out. WithoutAnswer says what follows.
	AnswerUntil   time.Time      `json:"answerUntil,omitzero"`
	WithoutAnswer string         `json:"withoutAnswer,omitempty"`
	Answers       []shift.Answer `json:"answers,omitempty"`
	Reasons       []shift.Reason `json:"reasons"`
}

// open lists the deployments that are not closed, the oldest first. Items that cannot be
// read do not hide the others.
func (f finder) open(ctx context.Context) (open []openDeployment, unread []error, err error) {
	listed, err := f.ledger.Unannounced(ctx)
	if err != nil && !errors.Is(err, shift.ErrLedgerDamaged) {
		return nil, nil, f.explainLedger(err)
	}
	if err != nil {
		unread = append(unread, err)
	}
	slices.SortStableFunc(listed, func(a, b shift.Listed) int { return a.Since.Compare(b.Since) })
	open = []openDeployment{}
	for _, l := range listed {
		record, err := f.ledger.Record(ctx, l.ID)
		switch {
		case errors.Is(err, shift.ErrLedgerDamaged), errors.Is(err, shift.ErrDeploymentUnknown):
			unread = append(unread, err)
		case err != nil:
			return nil, nil, f.explainLedger(err)
		case record.Status != shift.StatusClosed:
			open = append(open, newOpenDeployment(l, record))
		}
	}
	return open, unread, nil
}

// waiting lists the deployments that wait for their turn, in the order in which they came. Items
// that cannot be read do not hide the others.
func (f finder) waiting(ctx context.Context) (waiting []openDeployment, damaged []error, err error) {
	queue, err := f.ledger.Queue(ctx)
	if err != nil && !errors.Is(err, shift.ErrLedgerDamaged) {
		return nil, nil, f.explainLedger(err)
	}
	if err != nil {
		damaged = append(damaged, err)
	}
	for _, w := range queue {
		d := openDeployment{Execution: operator.Execution(w.ID), OpenedAt: w.Since, Status: waitingStatus, Reasons: []shift.Reason{}}
		for _, a := range w.Arrivals {
			d.Targets = append(d.Targets, shift.Move{Target: a.Target, Candidate: a.Candidate})
		}
		waiting = append(waiting, d)
	}
	return waiting, damaged, nil
}

func newOpenDeployment(l shift.Listed, r shift.Record) openDeployment {
	d := openDeployment{
		Execution: operator.Execution(l.ID), OpenedAt: l.Since, Targets: r.Moves(), Status: r.Status,
		Step: r.Intent, Command: r.Command, Reasons: r.Reasons,
	}
	d.Answers, d.AsksAbout = r.Answers, r.Question()
	if d.Reasons == nil {
		d.Reasons = []shift.Reason{}
	}
	if r.Deployment != nil {
		d.Steps = r.Deployment.Plan.Len()
		if d.AsksAbout > 0 {
			approval := r.Deployment.Plan.Step(d.AsksAbout).Approval
			d.AnswerUntil, d.WithoutAnswer = r.Asked.At.Add(approval.Wait.Duration()), approval.Follows(d.AsksAbout)
		}
	}
	return d
}

// approvalLines say what people have answered, and what they are asked.
func (d openDeployment) approvalLines() (lines []string) {
	for _, a := range d.Answers {
		said := map[shift.Order]string{shift.Approve: "approved", shift.Reject: "rejected"}[a.Command.Order]
		lines = append(lines, fmt.Sprintf("step %d was %s", a.Step, a.Command.Tell(said)))
	}
	if d.AsksAbout > 0 {
		until := d.AnswerUntil.UTC().Format("2006-01-02 15:04 UTC")
		lines = append(lines, fmt.Sprintf("step %d waits for approval until %s or later", d.AsksAbout, until), "without an answer "+d.WithoutAnswer,
			fmt.Sprintf("sluice approve %s --step %d --reason TEXT%s", d.Targets[0].Target, d.AsksAbout, explain.CommandOptions(string(d.Execution))))
	}
	return lines
}

// moveText says what becomes of a target.
func (d openDeployment) moveText(m shift.Move) string {
	noun := flow.VersionNoun(m.Target)
	if d.Status == waitingStatus {
		return fmt.Sprintf("%s: %s %s waits for its turn", m.Target, noun, m.Candidate)
	}
	return fmt.Sprintf("%s: %s %s", m.Target, noun, versionsText(m.Stable, m.Candidate))
}

func printOpen(to io.Writer, open []openDeployment) {
	if len(open) == 0 {
		fmt.Fprintf(to, "%sNo deployment is open.\n", gutter)
		return
	}
	t := &table{indent: gutter}
	t.add("OPENED (UTC)", "STATUS", "EXECUTION")
	for _, d := range open {
		t.add(d.OpenedAt.UTC().Format(time.DateTime), string(d.Status), d.Execution.Name())
		for _, m := range d.Targets {
			t.addWide(d.moveText(m))
		}
		if details := detailsText(d.Step, d.Steps, d.Command, d.Reasons); details != "" {
			t.addWide(details)
		}
		for _, line := range d.approvalLines() {
			t.addWide(line)
		}
	}
	t.write(to)
}
