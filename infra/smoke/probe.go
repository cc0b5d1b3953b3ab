package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/sluice-aws/sluice/internal/flow"
)

// probeAlias is an alias that Sluice knows nothing of.
const probeAlias = "probe"

// probes makes two versions of the function probe and an alias that points at the first, once,
// and brings the alias there again. It returns the alias as it is then.
func (d *demo) probes(ctx context.Context) (route, error) {
	if d.probed == "" {
		if err := d.makeProbe(ctx); err != nil {
			return route{}, err
		}
	}
	return d.write(ctx, &lambda.UpdateAliasInput{FunctionVersion: aws.String("1"), Description: aws.String(""), RoutingConfig: weights(nil)})
}

func (d *demo) makeProbe(ctx context.Context) error {
	first, err := d.publish(ctx, d.probe)
	if err != nil {
		return err
	}
	if err := d.renew(ctx, d.probe); err != nil {
		return err
	}
	second, err := d.publish(ctx, d.probe)
	if err != nil {
		return err
	}
	_, err = d.lambda.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: &d.probe, Name: aws.String(probeAlias), FunctionVersion: &first})
	if err == nil {
		d.probed = second
	}
	return wrap("create the alias of", d.probe, err)
}

// weights never is nil: an empty map clears the weights.
func weights(w map[string]float64) *types.AliasRoutingConfiguration {
	if w == nil {
		w = map[string]float64{}
	}
	return &types.AliasRoutingConfiguration{AdditionalVersionWeights: w}
}

// write updates the alias, and returns what Lambda answers.
func (d *demo) write(ctx context.Context, in *lambda.UpdateAliasInput) (route, error) {
	in.FunctionName, in.Name = &d.probe, aws.String(probeAlias)
	out, err := d.lambda.UpdateAlias(ctx, in)
	if err != nil {
		return route{}, err
	}
	r := route{version: aws.ToString(out.FunctionVersion), revision: aws.ToString(out.RevisionId)}
	if out.RoutingConfig != nil {
		r.weights = out.RoutingConfig.AdditionalVersionWeights
	}
	return r, nil
}

func staleWrite(ctx context.Context, d *demo) (finding, error) {
	before, err := d.probes(ctx)
	if err != nil {
		return finding{}, err
	}
	write := func(weight float64) (route, error) {
		return d.write(ctx, &lambda.UpdateAliasInput{
			FunctionVersion: aws.String("1"), RoutingConfig: weights(map[string]float64{d.probed: weight}), RevisionId: &before.revision,
		})
	}
	after, err := write(0.1)
	if err != nil {
		return finding{}, err
	}
	_, err = write(0.2)
	var stale *types.PreconditionFailedException
	switch {
	case after.revision == before.revision:
		return found(failed, "a new weight kept the RevisionId")
	case err == nil:
		return found(failed, "a write with an old RevisionId was accepted")
	case !errors.As(err, &stale):
		return found(failed, "a write with an old RevisionId was refused by another name: %s", plain(err))
	}
	return found(held, "refused: %s", plain(err))
}

func unchangedWrite(ctx context.Context, d *demo) (finding, error) {
	before, err := d.probes(ctx)
	if err != nil {
		return finding{}, err
	}
	after, err := d.write(ctx, &lambda.UpdateAliasInput{FunctionVersion: aws.String("1"), RoutingConfig: weights(nil)})
	switch {
	case err != nil:
		return finding{}, err
	case before.revision == after.revision:
		return found(differs, "the RevisionId stayed")
	}
	return found(held, "a new RevisionId")
}

func zeroWeight(ctx context.Context, d *demo) (finding, error) {
	before, err := d.probes(ctx)
	if err != nil {
		return finding{}, err
	}
	after, err := d.write(ctx, &lambda.UpdateAliasInput{FunctionVersion: aws.String("1"), RoutingConfig: weights(map[string]float64{d.probed: 0})})
	var invalid *types.InvalidParameterValueException
	switch {
	case errors.As(err, &invalid):
		return found(differs, "refused: %s", plain(err))
	case err != nil:
		return finding{}, err
	case before.revision == after.revision:
		return found(differs, "accepted, but the RevisionId stayed")
	}
	return found(held, "accepted, with a new RevisionId; the alias is %s", after)
}

// tried are weights that have no short binary fraction, or are at an end.
var tried = []float64{0.0001, 0.0003, 0.07, 0.1, 0.3333, 0.5, 0.6667, 0.9999}

func exactWeights(ctx context.Context, d *demo) (finding, error) {
	if _, err := d.probes(ctx); err != nil {
		return finding{}, err
	}
	var other []string
	worst := 0.0
	for _, sent := range tried {
		written, err := d.write(ctx, &lambda.UpdateAliasInput{FunctionVersion: aws.String("1"), RoutingConfig: weights(map[string]float64{d.probed: sent})})
		if err != nil {
			return finding{}, err
		}
		if got := written.weights[d.probed]; got != sent {
			other = append(other, fmt.Sprintf("%v came back as %v", sent, got))
			worst = max(worst, math.Abs(got-sent))
		}
	}
	switch {
	case worst > weightSlack:
		return found(failed, "%s", strings.Join(other, ", "))
	case len(other) > 0:
		return found(differs, "%s", strings.Join(other, ", "))
	}
	return found(held, "%d weights came back as sent", len(tried))
}

func keptWeights(ctx context.Context, d *demo) (finding, error) {
	if _, err := d.probes(ctx); err != nil {
		return finding{}, err
	}
	if _, err := d.write(ctx, &lambda.UpdateAliasInput{FunctionVersion: aws.String("1"), RoutingConfig: weights(map[string]float64{d.probed: 0.1})}); err != nil {
		return finding{}, err
	}
	after, err := d.write(ctx, &lambda.UpdateAliasInput{FunctionVersion: aws.String("1")})
	switch {
	case err != nil:
		return finding{}, err
	case after.isWhole():
		return found(differs, "the weights are gone")
	}
	return found(held, "the alias is still %s", after)
}

// maxStale is how long Sluice reads again before it believes that an alias is another one than
// it has written: see statemachine/README.md, how traffic is moved.
const maxStale = 7 * time.Second

// freshReads reads the alias right after each write. A pause keeps it well below the account's
// 15 calls a second.
func freshReads(ctx context.Context, d *demo) (finding, error) {
	if _, err := d.probes(ctx); err != nil {
		return finding{}, err
	}
	const tries = 20
	stale, slowest := 0, time.Duration(0)
	for n := range tries {
		written, err := d.write(ctx, &lambda.UpdateAliasInput{FunctionVersion: aws.String("1"), Description: aws.String(fmt.Sprint(n))})
		if err != nil {
			return finding{}, err
		}
		reads := 0
		took, ok, err := d.until(ctx, 2*maxStale, 200*time.Millisecond, func() (bool, error) {
			reads++
			r, err := d.alias(ctx, d.probe, probeAlias)
			return r.revision == written.revision, err
		})
		if err == nil {
			err = d.wait(ctx, 200*time.Millisecond)
		}
		switch {
		case err != nil:
			return finding{}, err
		case !ok:
			return found(failed, "a read was still outdated %s after the write", short(took))
		case reads > 1:
			stale++
			slowest = max(slowest, took)
		}
	}
	switch {
	case slowest > maxStale:
		return found(failed, "%d of %d reads were outdated, for up to %s", stale, tries, short(slowest))
	case stale > 0:
		return found(differs, "%d of %d reads were outdated, for up to %s", stale, tries, short(slowest))
	}
	return found(held, "none of %d reads was outdated", tries)
}

func tagRotates(ctx context.Context, d *demo) (finding, error) {
	read := func() (string, error) {
		f, err := d.lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &d.probe})
		if err != nil {
			return "", err
		}
		return aws.ToString(f.Configuration.RevisionId), nil
	}
	before, err := read()
	if err != nil {
		return finding{}, err
	}
	if _, err := d.lambda.TagResource(ctx, &lambda.TagResourceInput{Resource: aws.String(d.functionARN(d.probe)), Tags: map[string]string{runTag: d.id + "-again"}}); err != nil {
		return finding{}, err
	}
	after, err := read()
	switch {
	case err != nil:
		return finding{}, err
	case before == after:
		return found(differs, "the RevisionId of $LATEST stayed")
	}
	return found(held, "$LATEST has a new RevisionId")
}

func missingAlarm(ctx context.Context, d *demo) (finding, error) {
	name := d.own + "-no-such"
	out, err := d.alarms.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{
		AlarmNames: []string{name}, AlarmTypes: []cwtypes.AlarmType{cwtypes.AlarmTypeMetricAlarm, cwtypes.AlarmTypeCompositeAlarm, cwtypes.AlarmTypeLogAlarm},
	})
	switch {
	case err != nil:
		return finding{}, err
	case len(out.MetricAlarms)+len(out.CompositeAlarms)+len(out.LogAlarms) > 0:
		return found(failed, "an alarm that does not exist is described")
	}
	return found(held, "it is left out")
}

func unknownBus(ctx context.Context, d *demo) (finding, error) {
	rejected, err := d.ping(ctx, d.own+"-no-such-bus", "lost")
	switch {
	case isMissing(err):
		return finding{}, err
	case err != nil:
		return found(differs, "refused: %s", plain(err))
	case rejected > 0:
		return found(differs, "the entry failed")
	}
	return found(held, "accepted, as if it were delivered")
}

// usualDelay bounds what the pages take for the delay of an event, half a second.
const usualDelay = 2 * time.Second

func eventDelay(ctx context.Context, d *demo) (finding, error) {
	box, err := d.open(ctx)
	if err != nil {
		return finding{}, err
	}
	if _, err := d.listens(ctx, box); err != nil {
		return finding{}, err
	}
	const tries = 5
	var slowest time.Duration
	for n := range tries {
		number := fmt.Sprint("delay-", n)
		if _, err := d.ping(ctx, flow.EventBus, number); err != nil {
			return finding{}, err
		}
		took, ok, err := d.await(ctx, box, time.Minute, func(e event) bool { return e.isPing(number) })
		switch {
		case err != nil:
			return finding{}, err
		case !ok:
			return found(differs, "an event did not arrive in a minute")
		}
		slowest = max(slowest, took)
	}
	if slowest > usualDelay {
		return found(differs, "the slowest of %d events took %s", tries, short(slowest))
	}
	return found(held, "the slowest of %d events took %s", tries, short(slowest))
}
