package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/sluice-aws/sluice/internal/forecast"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

// emptyCell is printed in a cell that has no value.
const emptyCell = "-"

// print prints the estimate as plain text.
func (f estimate) print(to io.Writer) {
	fmt.Fprintln(to, f.title())
	fmt.Fprintln(to)
	f.sparkline(to)
	f.schedule().write(to)
	fmt.Fprintln(to, "\nWhen nothing goes wrong:")
	f.totals().write(to)
	fmt.Fprintln(to, "\nWhat it costs:")
	f.Cost.table(f).write(to)
	f.printOutlooks(to)
	for i, w := range f.Warnings {
		if i == 0 {
			fmt.Fprintln(to, "\nBeware:")
		}
		(&table{indent: gutter, rows: [][]string{{"!", w}}}).write(to)
	}
}

func (f estimate) title() string {
	if len(f.Targets) == 0 {
		return f.Strategy
	}
	leads := " for "
	if strings.Contains(f.Strategy, " ") { // a description instead of a name
		leads = ", for "
	}
	return strings.Join(wrap(f.Strategy+leads+shift.NameTargets(f.Targets), pageWidth), "\n")
}

// sparklineWidth is about the width of the table of steps.
const sparklineWidth = 56

// sparkline draws the weights over time, unless all traffic moves at once.
func (f estimate) sparkline(to io.Writer) {
	if f.Duration == 0 {
		return
	}
	first, last := f.Steps[0], f.Steps[len(f.Steps)-1]
	begins, ends := first.Weight.String()+" at once", fmt.Sprintf("%s after %s", last.Weight, daysText(last.Begins))
	if last.Bake > 0 {
		ends += ", until " + daysText(f.Duration)
	}
	space := max(sparklineWidth-len(begins)-len(ends), 1)
	fmt.Fprintf(to, "%s%s\n%s%s%s%s\n\n", gutter, picture.Sparkline(f.plan, sparklineWidth), gutter, begins, strings.Repeat(" ", space), ends)
}

func (f estimate) schedule() *table {
	t := &table{indent: gutter, right: map[int]bool{0: true, 1: true, 2: true, 3: true}}
	t.add("STEP", "BEGINS", "WEIGHT", "BAKES", "JUDGED")
	for _, s := range f.Steps {
		bakes, judged := emptyCell, emptyCell
		if s.Bake > 0 {
			bakes, judged = picture.Clock(s.Bake.Duration()), s.checks()
		}
		t.add(strconv.Itoa(s.Number), picture.Clock(s.Begins.Duration()), s.Weight.String(), bakes, judged)
	}
	return t
}

func (s plannedStep) checks() string {
	if s.Polls == 1 {
		return "once, after " + s.Poll.String()
	}
	return fmt.Sprintf("%d times, every %s", s.Polls, s.Poll)
}

func (f estimate) totals() *table {
	t := &table{indent: gutter}
	duration := daysText(f.Duration)
	if n := len(f.Hooks); n > 0 {
		duration += fmt.Sprintf(", plus at most %s for %s", daysText(f.HookTimeouts), picture.Quantity(n, "hook", "hooks"))
	}
	t.add("duration", duration)
	t.add("transitions", picture.GroupDigits(f.Transitions))
	t.add("history events", fmt.Sprintf("%s of the 25,000 that an execution may have", picture.GroupDigits(f.Events)))
	if f.Lambda.ControlPlane > 0 {
		t.add("Lambda control plane", f.controlPlane())
	}
	t.add("Lambda invocations", picture.GroupDigits(f.Lambda.Invocations)+" of Sluice's own functions")
	t.add("alarm reads", f.alarmReads())
	f.PolledAlarms.totals(t)
	if f.MetricReads > 0 {
		t.add("metric reads", picture.GroupDigits(f.MetricReads)+" at most, to compare the versions")
	}
	for _, e := range f.FrontEnds {
		t.add("viewers", fmt.Sprintf("of %s may see the step before for %s", e.Target, e.lagText()))
	}
	if wait := f.plan.LongestEvidenceWait(); wait > 0 {
		t.add("wait for evidence", fmt.Sprintf("at most %s after a step's bake, if too few requests arrive", daysText(wait)))
	}
	f.entries(t)
	if s := f.Synthetic; s.On() {
		t.add("synthetic requests", fmt.Sprintf("%s is asked for %s a minute to each target while evidence is missing, by one invocation at a poll",
			s.Function, picture.Quantity(s.PerMinute, "request", "requests")))
	}
	return t
}

// entries says what steps wait for before they are taken, and when they are taken at the earliest.
func (f estimate) entries(t *table) {
	for i, s := range f.plan.Steps {
		if a := s.Approval; a.IsAsked() {
			then := "the traffic goes back"
			if a.WhenNobodyAnswers == shift.GoOnAfterWait {
				then = "it is taken"
			}
			t.add("approval", fmt.Sprintf("of step %d within %s, or else %s; at most %s transitions while it waits",
				i+1, daysText(a.Wait), then, picture.GroupDigits(3*s.EntryPolls())))
		}
	}
	for _, s := range f.Steps {
		if s.Window != "" {
			t.add("window", fmt.Sprintf("step %d: %s; if it starts now, taken %s", s.Number, s.Window, s.TakenAt.Format("Mon 2 Jan 15:04 UTC")))
		}
	}
}

func (f estimate) controlPlane() string {
	each := "target"
	if len(f.FrontEnds) > 0 {
		each = "function"
	}
	text := fmt.Sprintf("%s for each %s", picture.Quantity(f.Lambda.ControlPlane, "call", "calls"), each)
	if n := f.functions; n > 1 {
		text += fmt.Sprintf(", %s in all", picture.GroupDigits(n*f.Lambda.ControlPlane))
	}
	return text + "; limit: 15 a second per account"
}

func (f estimate) alarmReads() string {
	if !f.isDeployment {
		return picture.GroupDigits(f.AlarmReads) + " if the deployment names alarms"
	}
	return picture.GroupDigits(f.AlarmReads)
}

// comparison compares the loop's cost with the cost of Sluice.
func (p polling) comparison(total forecast.Cost) string {
	text := fmt.Sprintf("%.1f times as much, for a loop that reads the alarms every %s: %s", float64(p.Total)/float64(total), p.Every,
		picture.Quantity(p.Transitions, "transition", "transitions"))
	if !p.Fits {
		text += fmt.Sprintf("; it could not finish, because its %s history events are more than an execution may have", picture.GroupDigits(p.Events))
	}
	return text
}

func (c cost) table(f estimate) *table {
	t := &table{indent: gutter}
	t.add("total", c.Total.String(), fmt.Sprintf("in %s, without the free tier", c.Prices.Region))
	t.add("Step Functions", c.StepFunctions.String(),
		fmt.Sprintf("%s at %s for 1,000", picture.Quantity(f.Transitions, "transition", "transitions"), 1000*c.Prices.Transition))
	t.add("Lambda", c.Lambda.String(),
		fmt.Sprintf("%s at %s for a million, each %d MB for %d ms at $%s for a GB-second (arm64)",
			picture.Quantity(f.Lambda.Invocations, "invocation", "invocations"), 1_000_000*c.Prices.Request,
			c.Prices.Megabytes, c.Prices.Milliseconds, c.Prices.GBSecond.Dollars()))
	reads := picture.Quantity(f.AlarmReads, "alarm read", "alarm reads")
	switch metrics := picture.Quantity(f.MetricReads, "metric", "metrics"); {
	case f.MetricReads > 0 && f.AlarmReads > 0:
		reads += " and " + metrics
	case f.MetricReads > 0:
		reads = metrics
	}
	t.add("CloudWatch", c.CloudWatch.String(), fmt.Sprintf("%s at %s for 1,000", reads, 1000*c.Prices.AlarmRead))
	t.add("polling loop", f.Polling.Total.String(), f.Polling.comparison(c.Total))
	t.add("prices", "", "from "+strings.Join(c.Prices.Sources, ", "))
	uncounted := "DynamoDB, EventBridge and logs; your hooks, and run-hooks while it waits for a sync hook"
	if f.Synthetic.On() {
		uncounted += "; " + f.Synthetic.Function + ", and the synthetic requests that it sends"
	}
	if len(f.FrontEnds) > 0 {
		uncounted += "; calls to CloudFront and Route 53, and what they serve"
	}
	t.add("not counted", "", uncounted)
	return t
}
