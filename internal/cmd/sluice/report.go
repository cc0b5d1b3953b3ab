package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/picture/page"
)

const aboutReport = `Report writes an HTML page about a deployment in AWS: plots of the weight, the
alarms and the states over time, the steps, the cause and the input. The page is
one file without script and needs no network. The deployment may still be open.

` + aboutSubject + ` Of a target, the
page is about the latest deployment.

Where the versions are compared, it plots the evidence against the candidate and
the share of failed requests of both. It does not show how many requests each
version served in each minute: that is not in an execution's history. CloudWatch
has these numbers.

Report reads from the ledger when the safety net put the traffic back. It needs
the same permissions as 'sluice watch'.`

const examplesOfReport = `  sluice report orders --out report.html
  sluice report orders-live-20261121T061031Z --out report.html`

func newReport(env environment) *cobra.Command {
	a := account{environment: env}
	var out string
	cmd := &cobra.Command{
		Use:                   "report TARGET --out FILE",
		Short:                 "Write an HTML page about a deployment in AWS",
		Long:                  aboutReport,
		Example:               examplesOfReport,
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     a.completeTargets(true),
		Args: func(cmd *cobra.Command, args []string) error {
			if err := oneSubject(cmd, args); err != nil {
				return err
			}
			if out == "" {
				return errors.New("report needs a file to write to: --out FILE")
			}
			return nil
		},
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			s, x, cfg, err := a.findExecution(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			report, err := newWatcher(cmd, a, cfg, x, outputOptions{asJSON: true}).report(cmd.Context())
			if err != nil {
				return s.explainMissing(err)
			}
			if err := writeReport(out, report); err != nil {
				return err
			}
			return writeText(cmd.OutOrStdout(), func(to io.Writer) { reportTable(out).write(to) })
		}),
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "write the page to `FILE`")
	a.addMachineFlag(cmd)
	a.addTableFlag(cmd)
	a.addFlags(cmd)
	return cmd
}

// missingFromHistory says what the page about an execution in AWS does not show.
var missingFromHistory = []string{
	"Requests and errors by version, minute by minute, are not in an execution's history. CloudWatch has them, as the metrics Invocations and Errors of AWS/Lambda by FunctionName, Resource (FUNCTION:ALIAS) and ExecutedVersion.",
	"The alarms' states are those that the checks read. After the last check, only an alarm that caused the rollback is shown.",
}

// report returns what is known about the execution at this moment.
func (w *watcher) report(ctx context.Context) (page.Report, error) {
	ledgerError := w.readRecord(ctx)
	events, err := w.readEvents(ctx)
	if err != nil {
		return page.Report{}, err
	}
	w.warnOfLedger(ledgerError)
	if err := w.show(events); err != nil {
		return page.Report{}, err
	}
	r := page.Report{Run: w.run, Began: w.began, Missing: missingFromHistory}
	if w.ledgerError != nil {
		r.Missing = append(slices.Clone(r.Missing), "The ledger could not be read. Only the ledger knows when the safety net put the traffic back, so the page shows when the execution noticed it.")
	}
	r.Facts = append(r.Facts, page.Fact{Name: "execution", Value: string(w.where.Execution)})
	if w.where.Console != "" {
		r.Facts = append(r.Facts, page.Fact{Name: "console", Value: w.where.Console})
	}
	r.Facts = append(r.Facts, page.Fact{Name: "history events", Value: picture.GroupDigits(len(events))})
	for _, e := range events {
		if e.EnteredType() != "" { // the first state's input is the execution's input
			r.Texts = append(r.Texts, page.Text{Name: "Input", Content: indentJSON(e.Data)})
			break
		}
	}
	if w.last.Ends() {
		end, err := w.conclude(ctx)
		if err != nil {
			return page.Report{}, err
		}
		w.run.End = end.pictureEnd()
	}
	return r, nil
}

// indentJSON makes JSON readable for a person.
func indentJSON(text json.RawMessage) string {
	var pretty bytes.Buffer
	if json.Indent(&pretty, text, "", "  ") != nil {
		return string(text)
	}
	return pretty.String()
}

// report returns the page about a simulation.
func (s inputs) report(played simulation) page.Report {
	r := page.Report{Run: played.run}
	r.Facts = facts(played.summary())
	r.Texts = append(r.Texts, page.Text{Name: "Input", Content: strings.TrimSpace(string(s.deployment))})
	if s.from.json != nil {
		r.Texts = append(r.Texts, page.Text{Name: "Scenario", Content: strings.TrimSpace(string(s.from.json))})
	}
	return r
}

// facts turns the rows of a summary into facts, except those that the head of the page
// shows. An indented row gets the name of the row above as a prefix.
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
		if len(row) == 2 && !slices.Contains([]string{"outcome", "cause", "next", "compared"}, cmp.Or(name, above)) {
			list = append(list, page.Fact{Name: name, Value: strings.ReplaceAll(row[1], noBreakSpace, " ")})
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

// reportTable says in which file the page is.
func reportTable(file string) *table {
	t := &table{indent: gutter}
	t.add("report", file)
	return t
}
