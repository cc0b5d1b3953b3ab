package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sluice/internal/picture"
	"sluice/internal/picture/page"
)

const aboutReport = `Report writes what an execution tells of its deployment on a page of HTML: plots
of the weight, the alarms and the states over time, the steps, the cause and the
input. The page needs nothing else: no network, no script, and can be sent to
anybody. EXECUTION is an ARN, or the name of an execution of Sluice's state
machine; it may still be going on.

How many requests each version had is not in an execution's history, and not on
the page; CloudWatch has it.

When the safety net has put the traffic back is read from the ledger. It needs
what 'sluice watch' needs.`

const examplesOfReport = `  sluice report orders-live-20261121T061031Z --out report.html`

func newReport(around surroundings) *cobra.Command {
	a := account{surroundings: around}
	var out string
	cmd := &cobra.Command{
		Use:                   "report EXECUTION --out FILE",
		Short:                 "Write a page about a deployment in AWS",
		Long:                  aboutReport,
		Example:               examplesOfReport,
		DisableFlagsInUseLine: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := anExecution(cmd, args); err != nil {
				return err
			}
			if out == "" {
				return errors.New("report needs a file to write to: --out FILE")
			}
			return nil
		},
		RunE: does(func(cmd *cobra.Command, args []string) error {
			x, cfg, err := a.findExecution(cmd, args[0])
			if err != nil {
				return err
			}
			report, err := newWatcher(cmd, a, cfg, x, telling{asJSON: true}).report(cmd.Context())
			if err != nil {
				return err
			}
			if err := writeReport(out, report); err != nil {
				return err
			}
			return writeText(cmd.OutOrStdout(), func(to io.Writer) { reported(out).write(to) })
		}),
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "write the page to `FILE`")
	a.addMachineFlag(cmd)
	a.addTableFlag(cmd)
	a.addFlags(cmd)
	return cmd
}

// notInAHistory says what the page of an execution in AWS lacks.
var notInAHistory = []string{
	"Requests and errors by version are not in an execution's history: CloudWatch has them, as the metrics Invocations and Errors of AWS/Lambda by FunctionName, Resource (FUNCTION:ALIAS) and ExecutedVersion.",
	"The alarms' states are those that each check has read, until the last one, and what the deployment was put back for.",
}

// report is what is known of the execution by now.
func (w *watcher) report(ctx context.Context) (page.Report, error) {
	w.look(ctx)
	events, err := w.ask(ctx)
	if err != nil {
		return page.Report{}, err
	}
	if err := w.tell(events); err != nil {
		return page.Report{}, err
	}
	r := page.Report{Run: w.run, Began: w.began, Missing: notInAHistory}
	if w.blind != nil {
		r.Missing = append(slices.Clone(r.Missing), "The ledger could not be read, which alone knows when the safety net has put the traffic back: that is drawn where the execution has learnt of it.")
	}
	r.Facts = append(r.Facts, page.Fact{Name: "execution", Value: string(w.where.Execution)})
	if w.where.Console != "" {
		r.Facts = append(r.Facts, page.Fact{Name: "console", Value: w.where.Console})
	}
	r.Facts = append(r.Facts, page.Fact{Name: "history events", Value: picture.GroupDigits(len(events))})
	for _, e := range events {
		if e.EnteredType() != "" { // the first state is entered with the execution's input
			r.Texts = append(r.Texts, page.Text{Name: "Input", Content: indented(e.Data)})
			break
		}
	}
	if w.last.Ends() {
		end, err := w.conclude(ctx)
		if err != nil {
			return page.Report{}, err
		}
		w.run.End = end.drawn()
	}
	return r, nil
}

// indented is JSON that a person can read.
func indented(text json.RawMessage) string {
	var pretty bytes.Buffer
	if json.Indent(&pretty, text, "", "  ") != nil {
		return string(text)
	}
	return pretty.String()
}

// report is the page about a simulation.
func (s setting) report(played simulation) page.Report {
	r := page.Report{Run: played.run}
	r.Facts = facts(played.summary())
	r.Texts = append(r.Texts, page.Text{Name: "Input", Content: strings.TrimSpace(string(s.deployment))})
	if s.scenarioText != nil {
		r.Texts = append(r.Texts, page.Text{Name: "Scenario", Content: strings.TrimSpace(string(s.scenarioText))})
	}
	return r
}

// facts are the rows of a summary but for what stands at the head of the page. What is
// indented belongs to the row above, and says so.
func facts(t *table) []page.Fact {
	var list []page.Fact
	above := ""
	for _, row := range t.rows {
		name := row[0]
		if part := strings.TrimLeft(name, " "); part != name {
			name = above + ", " + part
		} else if name != "" {
			above = name
		}
		if len(row) == 2 && !slices.Contains([]string{"outcome", "cause", "next"}, name) {
			list = append(list, page.Fact{Name: name, Value: strings.ReplaceAll(row[1], glue, " ")})
		}
	}
	return list
}

// writeReport writes the page to a file.
func writeReport(file string, r page.Report) error {
	var text bytes.Buffer
	if err := page.Write(&text, r); err != nil {
		return err
	}
	if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// reported says where the page lies.
func reported(file string) *table {
	t := &table{indent: gutter}
	t.add("report", file)
	return t
}
