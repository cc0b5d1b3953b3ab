package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/sluice-aws/sluice/internal/shift"
)

// The statuses of an execution.
const (
	running   = sfntypes.ExecutionStatusRunning
	succeeded = sfntypes.ExecutionStatusSucceeded
)

// Bounds of what a deployment may take.
const (
	// maxStart is for Publish, Open and the first weight, with cold starts, and for a deployment
	// of the function that is just ending.
	maxStart = 4 * time.Minute
	// maxEvent is for a return of the traffic by an event: README.md says about a second, to which
	// cold starts come. maxSweep is for one by a sweep: two minutes, and the way back.
	maxEvent = 20 * time.Second
	maxSweep = 150 * time.Second
)

// weightSlack is how much a weight may differ from the one that was sent. Sluice takes the same
// one.
const weightSlack = 1e-6

// plan is an input for the state machine, without its targets.
type plan map[string]any

// canaryFor is a plan that stays at 10 % for some minutes.
func canaryFor(minutes int) plan {
	return plan{"strategy": map[string]any{"steps": []any{
		map[string]any{"percent": 10, "bakeMinutes": minutes}, map[string]any{"percent": 100},
	}}}
}

func allAtOnce(beforeTraffic ...string) plan {
	p := plan{"strategy": "AllAtOnce"}
	if len(beforeTraffic) > 0 {
		hooks := []any{}
		for _, name := range beforeTraffic {
			hooks = append(hooks, map[string]string{"function": name})
		}
		p["hooks"] = map[string]any{"beforeTraffic": hooks}
	}
	return p
}

// deploy gives a function new code and starts its deployment. It returns the version that serves
// before it.
func (d *demo) deploy(ctx context.Context, p plan) (execution, stable string, err error) {
	before, err := d.alias(ctx, d.main, live)
	if err == nil {
		err = d.renew(ctx, d.main)
	}
	if err == nil {
		execution, err = d.start(ctx, d.main, p)
	}
	return execution, before.version, err
}

func (d *demo) start(ctx context.Context, function string, p plan) (string, error) {
	input := maps.Clone(p)
	input["targets"] = []any{map[string]string{"function": function, "alias": live}}
	input["whenHeld"] = "wait" // for a deployment that an event has started, too
	text, err := json.Marshal(input)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("%s-%d", d.own, len(d.started)+1)
	x, err := d.finder.Start(ctx, d.machine, name, text)
	if err != nil {
		return "", err
	}
	d.started = append(d.started, string(x))
	return string(x), nil
}

// status returns the status of an execution, and how it failed.
func (d *demo) status(ctx context.Context, execution string) (sfntypes.ExecutionStatus, string, error) {
	out, err := d.states.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &execution})
	if err != nil {
		return "", "", err
	}
	return out.Status, strings.TrimPrefix(aws.ToString(out.Error)+": "+aws.ToString(out.Cause), ": "), nil
}

// end waits until an execution has ended.
func (d *demo) end(ctx context.Context, execution string) (status sfntypes.ExecutionStatus, failure string, err error) {
	_, _, err = d.until(ctx, maxStart, time.Second, func() (bool, error) {
		status, failure, err = d.status(ctx, execution)
		return status != running, err
	})
	return status, failure, err
}

// isSplit reports whether 10 % go to another version than the stable one.
func (r route) isSplit(stable string) bool {
	for _, weight := range r.weights {
		return r.version == stable && math.Abs(weight-0.1) <= weightSlack
	}
	return false
}

func canary(ctx context.Context, d *demo) (finding, error) {
	execution, stable, err := d.deploy(ctx, canaryFor(1))
	if err != nil {
		return finding{}, err
	}
	w := watched{began: time.Now(), stable: stable}
	_, _, err = d.until(ctx, 2*maxStart, time.Second, func() (bool, error) { return w.look(ctx, d, execution) })
	if err == nil {
		_, err = w.look(ctx, d, execution) // once more after the end
	}
	if err != nil {
		return finding{}, err
	}
	return w.judge()
}

// watched is what was seen of a canary.
type watched struct {
	began        time.Time
	stable       string
	split, whole time.Duration // when 10 % were seen last, and 100 %
	strange      string        // another route
	status       sfntypes.ExecutionStatus
	failure      string
}

// look looks at the alias and the execution, and reports whether the execution has ended.
func (w *watched) look(ctx context.Context, d *demo, execution string) (ended bool, err error) {
	r, err := d.alias(ctx, d.main, live)
	if err != nil {
		return false, err
	}
	switch {
	case r.isSplit(w.stable):
		w.split = d.since(w.began)
	case r.isWhole() && r.version != w.stable:
		w.whole = d.since(w.began)
	case !r.isWhole():
		w.strange = r.String()
	}
	w.status, w.failure, err = d.status(ctx, execution)
	return w.status != running, err
}

func (w *watched) judge() (finding, error) {
	switch {
	case w.strange != "":
		return found(failed, "the alias was %s", w.strange)
	case w.status != succeeded || w.split == 0 || w.whole == 0:
		return found(failed, "10 %% seen: %t, 100 %% seen: %t, the execution %s: %s", w.split > 0, w.whole > 0, w.status, w.failure)
	}
	return found(held, "10 %% until %s, 100 %% by %s", short(w.split), short(w.whole))
}

func stop(ctx context.Context, d *demo) (finding, error) {
	return d.undo(ctx, canaryFor(5), func(execution string) error {
		_, err := d.states.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: &execution, Cause: aws.String("the smoke test stops it")})
		return err
	})
}

func alarm(ctx context.Context, d *demo) (finding, error) {
	if err := d.makeAlarm(ctx); err != nil {
		return finding{}, err
	}
	p := canaryFor(5)
	p["alarms"] = []string{d.own}
	return d.undo(ctx, p, func(string) error { return d.setAlarm(ctx, types.StateValueAlarm) })
}

// makeAlarm makes an alarm that keeps the state that it is given: it watches a metric without
// data, and ignores that.
func (d *demo) makeAlarm(ctx context.Context) error {
	d.made.alarms = []string{d.own}
	_, err := d.alarms.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName: &d.own, AlarmDescription: aws.String("Sluice's smoke test. It removes this alarm."),
		Namespace: aws.String("SluiceSmoke"), MetricName: aws.String("Nothing"), Statistic: types.StatisticSum,
		Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1),
		ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold, TreatMissingData: aws.String("ignore"),
	})
	if err != nil {
		return err
	}
	return d.setAlarm(ctx, types.StateValueOk)
}

func (d *demo) setAlarm(ctx context.Context, state types.StateValue) error {
	_, err := d.alarms.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{AlarmName: &d.own, StateValue: state, StateReason: aws.String("by the smoke test")})
	return err
}

// undo starts a deployment, ends it at 10 %, and measures how soon the traffic is back.
func (d *demo) undo(ctx context.Context, p plan, trigger func(execution string) error) (finding, error) {
	execution, stable, err := d.deploy(ctx, p)
	if err != nil {
		return finding{}, err
	}
	var at route
	_, ok, err := d.until(ctx, maxStart, time.Second, func() (bool, error) {
		at, err = d.alias(ctx, d.main, live)
		return at.isSplit(stable), err
	})
	if err != nil {
		return finding{}, err
	}
	if !ok {
		status, failure, _ := d.status(ctx, execution)
		return found(failed, "the traffic never had 10 %%: the alias is %s, the execution %s %s", at, status, failure)
	}
	if err := trigger(execution); err != nil {
		return finding{}, err
	}
	took, ok, err := d.until(ctx, maxSweep, 250*time.Millisecond, func() (bool, error) {
		at, err = d.alias(ctx, d.main, live)
		return at.isWhole() && at.version == stable, err
	})
	switch {
	case err != nil:
		return finding{}, err
	case !ok:
		return found(failed, "not back after %s: the alias is %s", short(took), at)
	}
	return d.judgeReturn(ctx, execution, took)
}

// judgeReturn judges how soon the traffic was back, and waits for the end of the deployment.
func (d *demo) judgeReturn(ctx context.Context, execution string, took time.Duration) (finding, error) {
	status, _, err := d.end(ctx, execution)
	switch {
	case err != nil:
		return finding{}, err
	case status == running || status == succeeded:
		return found(failed, "back after %s, but the execution is %s", short(took), status)
	case took > maxEvent:
		return found(differs, "back after %s: by a poll or a sweep, not by the event", short(took))
	}
	return found(held, "back after %s", short(took))
}

func hookPasses(ctx context.Context, d *demo) (finding, error) {
	execution, stable, err := d.deploy(ctx, allAtOnce(d.hook))
	if err != nil {
		return finding{}, err
	}
	status, failure, err := d.end(ctx, execution)
	if err != nil {
		return finding{}, err
	}
	after, err := d.alias(ctx, d.main, live)
	switch {
	case err != nil:
		return finding{}, err
	case status != succeeded || after.version == stable || !after.isWhole():
		return found(failed, "the alias is %s, the execution %s: %s", after, status, failure)
	}
	return found(held, "promoted")
}

func hookFails(ctx context.Context, d *demo) (finding, error) {
	execution, stable, err := d.deploy(ctx, allAtOnce(d.refuses))
	if err != nil {
		return finding{}, err
	}
	return d.rejected(ctx, execution, d.main, stable, "HookFailed")
}

// emptyTag has Sluice shift a function whose tag has no value.
func emptyTag(ctx context.Context, d *demo) (finding, error) {
	if !d.byTag {
		return skip("the stack allows functions by their names")
	}
	execution, err := d.start(ctx, d.empty, allAtOnce())
	if err != nil {
		return finding{}, err
	}
	return d.rejected(ctx, execution, "", "", "FunctionNotAllowed")
}

// rejected judges a deployment that must be Rejected for a reason, with the traffic as it was.
func (d *demo) rejected(ctx context.Context, execution, function, stable, reason string) (finding, error) {
	status, failure, err := d.end(ctx, execution)
	if err != nil {
		return finding{}, err
	}
	if !strings.HasPrefix(failure, string(shift.Rejected)+": "+reason) {
		return found(failed, "the execution %s: %s", status, failure)
	}
	if function != "" {
		r, err := d.alias(ctx, function, live)
		if err != nil {
			return finding{}, err
		}
		if r.version != stable || !r.isWhole() {
			return found(failed, "rejected, but the alias is %s", r)
		}
	}
	return found(held, "Rejected: %s", reason)
}

// usualListing bounds how late a new execution is expected in Step Functions' reads, and
// maxListing how late it may be.
const (
	usualListing = 2 * time.Second
	maxListing   = 2 * time.Minute
)

// newExecution measures how soon Step Functions' reads know an execution, and stops it.
func newExecution(ctx context.Context, d *demo) (finding, error) {
	if err := d.renew(ctx, d.main); err != nil {
		return finding{}, err
	}
	execution, err := d.start(ctx, d.main, canaryFor(5))
	if err != nil {
		return finding{}, err
	}
	took, ok, err := d.until(ctx, maxListing, 250*time.Millisecond, func() (bool, error) { return d.isListed(ctx, execution) })
	if err == nil {
		err = d.endDeployments(ctx)
	}
	switch {
	case err != nil:
		return finding{}, err
	case !ok:
		return found(differs, "not described and listed after %s", short(took))
	case took > usualListing:
		return found(differs, "described and listed after %s", short(took))
	}
	return found(held, "described and listed after %s", short(took))
}

// isListed reports whether Step Functions describes an execution and lists it as running.
func (d *demo) isListed(ctx context.Context, execution string) (bool, error) {
	var unknown *sfntypes.ExecutionDoesNotExist
	if _, _, err := d.status(ctx, execution); errors.As(err, &unknown) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	for pages := sfn.NewListExecutionsPaginator(d.states, &sfn.ListExecutionsInput{StateMachineArn: &d.machine, StatusFilter: running}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(page.Executions, func(x sfntypes.ExecutionListItem) bool { return aws.ToString(x.ExecutionArn) == execution }) {
			return true, nil
		}
	}
	return false, nil
}

func announcement(ctx context.Context, d *demo) (finding, error) {
	box, err := d.open(ctx)
	if err != nil {
		return finding{}, err
	}
	if _, err := d.listens(ctx, box); err != nil {
		return finding{}, err
	}
	execution, _, err := d.deploy(ctx, allAtOnce())
	if err != nil {
		return finding{}, err
	}
	status, failure, err := d.end(ctx, execution)
	if err != nil {
		return finding{}, err
	}
	took, ok, err := d.await(ctx, box, time.Minute, func(e event) bool { return e.outcome(execution) == string(shift.Promoted) })
	switch {
	case err != nil:
		return finding{}, err
	case !ok:
		return found(failed, "no announcement in a minute; the execution %s: %s", status, failure)
	}
	return found(held, "Promoted arrived, at most %s after the execution had ended", short(took))
}
