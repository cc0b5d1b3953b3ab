package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"sluice/internal/forecast"
	"sluice/internal/picture"
	"sluice/internal/shift"
)

// nothing stands in a cell that has nothing to say.
const nothing = "-"

// text prints the forecast as plain text.
func (f expectation) text(to io.Writer) {
	fmt.Fprintln(to, f.title())
	fmt.Fprintln(to)
	f.sparkline(to)
	f.schedule().write(to)
	fmt.Fprintln(to, "\nWhen nothing goes wrong:")
	f.takes().write(to)
	fmt.Fprintln(to, "\nWhat it costs:")
	f.Cost.table(f).write(to)
	for i, w := range f.Warnings {
		if i == 0 {
			fmt.Fprintln(to, "\nBeware:")
		}
		(&table{indent: gutter, rows: [][]string{{"!", w}}}).write(to)
	}
}

func (f expectation) title() string {
	if len(f.Targets) == 0 {
		return f.Strategy
	}
	leads := " for "
	if strings.Contains(f.Strategy, " ") { // it is described, and not named
		leads = ", for "
	}
	return strings.Join(wrap(f.Strategy+leads+shift.NameTargets(f.Targets), pageWidth), "\n")
}

// sparkWidth is as wide as the columns of the steps mostly are.
const sparkWidth = 56

// sparkline draws the weights over time, when they take any.
func (f expectation) sparkline(to io.Writer) {
	if f.Duration == 0 {
		return
	}
	first, last := f.Steps[0], f.Steps[len(f.Steps)-1]
	begins, ends := first.Weight.String()+" at once", fmt.Sprintf("%s after %s", last.Weight, days(last.Begins))
	if last.Bake > 0 {
		ends += ", until " + days(f.Duration)
	}
	space := max(sparkWidth-len(begins)-len(ends), 1)
	fmt.Fprintf(to, "%s%s\n%s%s%s%s\n\n", gutter, picture.Sparkline(f.plan, sparkWidth), gutter, begins, strings.Repeat(" ", space), ends)
}

func (f expectation) schedule() *table {
	t := &table{indent: gutter, right: map[int]bool{0: true, 1: true, 2: true, 3: true}}
	t.add("STEP", "BEGINS", "WEIGHT", "BAKES", "JUDGED")
	for _, s := range f.Steps {
		begins := "at once"
		if s.Begins > 0 {
			begins = s.Begins.String()
		}
		bakes, judged := nothing, nothing
		if s.Bake > 0 {
			bakes, judged = s.Bake.String(), s.judged()
		}
		t.add(strconv.Itoa(s.Number), begins, s.Weight.String(), bakes, judged)
	}
	return t
}

func (s stage) judged() string {
	if s.Polls == 1 {
		return "once, after " + s.Poll.String()
	}
	return fmt.Sprintf("%d times, every %s", s.Polls, s.Poll)
}

func (f expectation) takes() *table {
	t := &table{indent: gutter}
	duration := days(f.Duration)
	if n := len(f.Hooks); n > 0 {
		duration += fmt.Sprintf(", and what %s: at most %s", picture.Quantity(n, "hook takes", "hooks take"), days(f.HookTimeouts))
	}
	t.add("duration", duration)
	t.add("transitions", picture.GroupDigits(f.Transitions))
	t.add("history events", fmt.Sprintf("%s, of 25,000 that an execution may have", picture.GroupDigits(f.Events)))
	t.add("Lambda control plane", f.controlPlane())
	t.add("Lambda invocations", picture.GroupDigits(f.Lambda.Invocations)+" of Sluice's own")
	t.add("alarm reads", f.alarmReads())
	return t
}

func (f expectation) controlPlane() string {
	text := fmt.Sprintf("%s for each target", picture.Quantity(f.Lambda.ControlPlane, "call", "calls"))
	if n := len(f.Targets); n > 1 {
		text += fmt.Sprintf(", %s in all", picture.GroupDigits(n*f.Lambda.ControlPlane))
	}
	return text + "; an account has 15 a second"
}

func (f expectation) alarmReads() string {
	if !f.deployed {
		return picture.GroupDigits(f.AlarmReads) + ", when the deployment names alarms"
	}
	return picture.GroupDigits(f.AlarmReads)
}

// text compares the loop with what this costs.
func (p polling) text(total forecast.Cost) string {
	text := fmt.Sprintf("%.1f times as much, where the alarms are asked every %s: %s", float64(p.Total)/float64(total), p.Every,
		picture.Quantity(p.Transitions, "transition", "transitions"))
	if !p.Fits {
		text += fmt.Sprintf("; it would never end, as its %s history events are more than an execution may have", picture.GroupDigits(p.Events))
	}
	return text
}

func (c cost) table(f expectation) *table {
	t := &table{indent: gutter}
	t.add("total", c.Total.String(), fmt.Sprintf("in %s, without the free tier", c.Prices.Region))
	t.add("Step Functions", c.StepFunctions.String(),
		fmt.Sprintf("%s at %s for 1,000", picture.Quantity(f.Transitions, "transition", "transitions"), 1000*c.Prices.Transition))
	t.add("Lambda", c.Lambda.String(),
		fmt.Sprintf("%s at %s for a million, each %d MB for %d ms at $%s for a GB-second (arm64)",
			picture.Quantity(f.Lambda.Invocations, "invocation", "invocations"), 1_000_000*c.Prices.Request,
			c.Prices.Megabytes, c.Prices.Milliseconds, c.Prices.GBSecond.Dollars()))
	t.add("CloudWatch", c.CloudWatch.String(),
		fmt.Sprintf("%s at %s for 1,000", picture.Quantity(f.AlarmReads, "alarm read", "alarm reads"), 1000*c.Prices.AlarmRead))
	t.add("polling loop", f.Polling.Total.String(), f.Polling.text(c.Total))
	t.add("prices", "", "from "+strings.Join(c.Prices.Sources, ", "))
	t.add("not counted", "", "DynamoDB, EventBridge and logs; your hooks, and run-hooks while it waits for a sync hook")
	return t
}
