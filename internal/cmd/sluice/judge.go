package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/gate/metric"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

const aboutJudge = `Judge compares two versions that TARGET has served at the same time, from what
CloudWatch has counted of both, as a deployment does at each poll. What was
usual before is read from the 3 hours before the begin. Nothing is changed.

TARGET is lambda:FUNCTION:ALIAS, or FUNCTION alone for its alias live. A time is
UTC, such as 2026-11-29T12:00 or 2026-11-29T12:00:00Z, or how long ago it was,
such as 90m. Lambda counts by version only the calls through the alias, and only
minutes in which both versions served tell them apart.

Judge needs cloudwatch:GetMetricData. It ends with the status 1 if the candidate
is worse.`

const examplesOfJudge = `  sluice judge orders --stable 41 --candidate 42 --from 90m
  sluice judge lambda:orders:prod --stable 41 --candidate 42 \
    --from 2026-11-29T12:00 --to 2026-11-29T12:30
  sluice judge orders --stable 41 --candidate 42 --from 2h --json | jq .verdict`

// judgeFlags are the flags of judge as they were given.
type judgeFlags struct{ stable, candidate, from, to string }

func newJudge(env environment) *cobra.Command {
	a := account{environment: env}
	var given judgeFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:                   "judge TARGET --stable N --candidate N --from TIME [--to TIME] [--json]",
		Short:                 "Compare two versions that a target has served",
		Long:                  aboutJudge,
		Example:               examplesOfJudge,
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     a.completeTargets(true),
		Args: func(_ *cobra.Command, args []string) error {
			_, err := given.question(args, env.now())
			return err
		},
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			q, err := given.question(args, env.now())
			if err != nil {
				return err
			}
			answer, err := a.judge(cmd.Context(), q)
			if err != nil {
				return err
			}
			if asJSON {
				err = writeJSON(cmd.OutOrStdout(), answer)
			} else {
				err = writeText(cmd.OutOrStdout(), answer.print)
			}
			if err == nil && answer.Verdict == shift.Fail {
				err = badEndingError{}
			}
			return err
		}),
	}
	cmd.Flags().StringVar(&given.stable, "stable", "", "the `VERSION` that served before")
	cmd.Flags().StringVar(&given.candidate, "candidate", "", "the `VERSION` that is compared with it")
	cmd.Flags().StringVar(&given.from, "from", "", "the `TIME` from which on both served")
	cmd.Flags().StringVar(&given.to, "to", "", "the `TIME` until which they did; default: now")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	a.addFlags(cmd)
	return cmd
}

// question is which versions are compared, and when they served.
type question struct {
	Target    shift.Target  `json:"target"`
	Stable    shift.Version `json:"stable"`
	Candidate shift.Version `json:"candidate"`
	From      time.Time     `json:"from"`
	To        time.Time     `json:"to"`
}

// question checks what was given.
func (g judgeFlags) question(args []string, now time.Time) (question, error) {
	if len(args) != 1 {
		return question{}, fmt.Errorf("judge needs one TARGET, but got %d arguments", len(args))
	}
	target, err := request.ParseTarget(args[0])
	if err != nil {
		return question{}, err
	}
	if target.Kind() != shift.KindLambda {
		return question{}, fmt.Errorf("judge compares versions of a function, and %s is none: its requests are not counted by version", target)
	}
	q := question{Target: target, Stable: shift.Version(g.stable), Candidate: shift.Version(g.candidate)}
	var badFrom, badTo error
	q.From, badFrom = parseTime("--from", g.from, now)
	q.To, badTo = parseTime("--to", cmp.Or(g.to, "0s"), now)
	return q, cmp.Or(checkVersions(g), badFrom, badTo, q.checkTimes(now))
}

var versionNumber = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)

func checkVersions(g judgeFlags) error {
	for _, v := range []struct{ flag, value string }{{"--stable", g.stable}, {"--candidate", g.candidate}} {
		switch {
		case v.value == "":
			return fmt.Errorf("judge needs both versions: %s is missing", v.flag)
		case !versionNumber.MatchString(v.value):
			return fmt.Errorf("%s must be the number of a published version, such as 42, not %q", v.flag, v.value)
		}
	}
	if g.stable == g.candidate {
		return fmt.Errorf("--stable and --candidate are both %s: name two versions", g.stable)
	}
	return nil
}

// timeLayouts are the forms of a time, all in UTC unless they say otherwise.
var timeLayouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime, "2006-01-02 15:04"}

// parseTime reads a time, or how long ago it was. Metrics have whole minutes.
func parseTime(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, fmt.Errorf("judge needs to know when both versions served: %s is missing", flag)
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago).UTC().Truncate(time.Minute), nil
	}
	for _, layout := range timeLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC().Truncate(time.Minute), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s is no time: %q; write 2026-11-29T12:00 (UTC), or how long ago it was, such as 90m", flag, text)
}

func (q question) checkTimes(now time.Time) error {
	kept := metric.Kept(q.To.Sub(q.From))
	switch {
	case q.To.After(now):
		return fmt.Errorf("--to is in the future: it is %s now", now.UTC().Format("2006-01-02T15:04"))
	case q.To.Sub(q.From) < time.Minute:
		return errors.New("--from must be at least a minute before --to")
	case now.Sub(q.From) > kept:
		return fmt.Errorf("--from is too long ago: of such a span CloudWatch keeps the details for %.0f days", kept.Hours()/24)
	}
	return nil
}

// answer is what the comparison says.
type answer struct {
	question
	// Verdict is what a deployment would have done: Fail puts the traffic back.
	Verdict shift.Verdict `json:"verdict"`
	Reason  shift.Reason  `json:"reason"`
	Judged  shift.Judged  `json:"comparison"`
}

// judge asks the gate of a deployment that had taken its only step at the begin, and that is
// polled at the end.
func (a account) judge(ctx context.Context, q question) (answer, error) {
	cfg, err := a.configure(ctx, "")
	if err != nil {
		return answer{}, err
	}
	gate := metric.FromConfig(cfg)
	change := shift.Change{Target: q.Target, Stable: q.Stable, Candidate: q.Candidate, Judged: true}
	d := shift.Deployment{Changes: []shift.Change{change}, Judging: shift.DefaultJudging(), Plan: shift.Plan{Steps: []shift.Step{{}}}}
	if d.Baselines, err = gate.Baselines(ctx, d.Judging, d.Changes, q.From); err != nil {
		return answer{}, explainMetrics(err)
	}
	at := shift.Subject{Deployment: d, Progress: shift.Progress{Step: 1, FirstShiftAt: q.From, Shifts: []shift.Seconds{0}}, Now: q.To}
	observations, err := gate.Observe(ctx, at)
	if err != nil {
		return answer{}, explainMetrics(err)
	}
	o := observations[0]
	if o.Judged == nil {
		return answer{}, explainMetrics(errors.New(o.Reason.Text))
	}
	return answer{question: q, Verdict: o.Verdict, Reason: o.Reason, Judged: *o.Judged}, nil
}

func explainMetrics(err error) error {
	return fmt.Errorf("%w: your role needs cloudwatch:GetMetricData", err)
}

// conclusions say what a comparison has found. None says that a Candidate is healthy.
var conclusions = map[judge.Conclusion]string{
	judge.Worse:           "the candidate is worse: a deployment that enforces the comparison would have put the traffic back",
	judge.NothingFound:    "nothing was found",
	judge.CannotTell:      "cannot tell",
	judge.RequestsMissing: "cannot tell: requests are missing",
	judge.BothSick:        "cannot tell: both versions fail",
}

func (a answer) print(to io.Writer) {
	const layout = "2006-01-02 15:04"
	t := &table{indent: gutter}
	t.add("target", string(a.Target))
	t.add("versions", fmt.Sprintf("stable %s, candidate %s", a.Stable, a.Candidate))
	t.add("time (UTC)", a.From.Format(layout)+" to "+a.To.Format(layout))
	t.add("judgement", conclusions[a.Judged.Conclusion])
	t.add("reason", strings.TrimPrefix(a.Reason.Text, string(a.Target)+": "))
	t.addAll("compared", explain.Compared(a.Judged))
	t.write(to)
}
