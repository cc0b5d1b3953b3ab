package main

import (
	"archive/zip"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator/stepfunctions"
)

// demo is what the rows test with.
type demo struct {
	names
	pace
	out     io.Writer
	prefix  string // of the stack's names
	machine string // the state machine's ARN
	role    string // the functions' execution role
	made    things // or perhaps made: it is noted before each call
	code    int    // counts the codes that the functions were given
	inbox   *inbox
	// started are the executions that this run has started.
	started []string
	// probed is the second version of the function probe, once there is one.
	probed string

	lambda *lambda.Client
	states *sfn.Client
	alarms *cloudwatch.Client
	events *eventbridge.Client
	queues *sqs.Client
	iam    *iam.Client
	finder *stepfunctions.Machines
}

func newDemo(cfg aws.Config, o options, now time.Time, out io.Writer) *demo {
	return &demo{
		names:  newNames(fmt.Sprintf("%s-%04x", now.UTC().Format(stamp), rand.N(1<<16)), o.settings),
		pace:   pace{o.speed},
		out:    out,
		prefix: o.settings.NamePrefix(),
		role:   o.role,
		lambda: lambda.NewFromConfig(cfg),
		states: sfn.NewFromConfig(cfg),
		alarms: cloudwatch.NewFromConfig(cfg),
		events: eventbridge.NewFromConfig(cfg),
		queues: sqs.NewFromConfig(cfg),
		iam:    iam.NewFromConfig(cfg),
		finder: stepfunctions.FromConfig(cfg),
	}
}

func (d *demo) findMachine(ctx context.Context) error {
	var err error
	d.machine, err = d.finder.ARN(ctx, d.prefix)
	if errors.Is(err, stepfunctions.ErrNoMachine) {
		return fmt.Errorf("there is no state machine %s in this account and region: make deploy first, or give its SETTINGS", d.prefix)
	}
	return err
}

// live is the alias that Sluice shifts.
const live = "live"

// makeFunctions makes the functions, the first version of the main one, and its alias. The tag
// that starts deployments of new versions comes last, when the alias serves the version.
func (d *demo) makeFunctions(ctx context.Context) error {
	if err := d.makeRole(ctx); err != nil {
		return fmt.Errorf("make an execution role for the functions (or give one with ROLE=arn:aws:iam::…:role/…): %w", err)
	}
	for _, f := range []struct {
		name, handler string
		tags          map[string]string
	}{
		{d.main, "index.handle", nil},
		{d.probe, "index.handle", nil},
		{d.empty, "index.handle", map[string]string{flow.TagAlias: ""}},
		{d.hook, "index.handle", map[string]string{flow.TagHook: "true"}},
		// A function without its module fails when it is invoked: that is the hook that refuses.
		{d.refuses, "missing.handle", map[string]string{flow.TagHook: "true"}},
	} {
		if err := d.makeFunction(ctx, f.name, f.handler, f.tags); err != nil {
			return err
		}
	}
	if err := d.makeLive(ctx); err != nil {
		return err
	}
	_, err := d.lambda.TagResource(ctx, &lambda.TagResourceInput{Resource: aws.String(d.functionARN(d.main)), Tags: map[string]string{flow.TagAlias: live}})
	return wrap("tag", d.main, err)
}

func (d *demo) makeLive(ctx context.Context) error {
	version, err := d.publish(ctx, d.main)
	if err != nil {
		return err
	}
	_, err = d.lambda.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: &d.main, Name: aws.String(live), FunctionVersion: &version})
	return wrap("create the alias live of", d.main, err)
}

func wrap(what, name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", what, name, err)
}

// functionARN returns the ARN of a function, which is in the state machine's account.
func (d *demo) functionARN(name string) string {
	parts := strings.Split(d.machine, ":")
	return strings.Join([]string{"arn", parts[1], "lambda", parts[3], parts[4], "function", name}, ":")
}

//go:embed index.py
var source string

// zipped returns the functions' code. It is different each time.
func (d *demo) zipped() ([]byte, error) {
	d.code++
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	file, err := w.Create("index.py")
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(file, "%s\n# %s, code %d\n", source, d.id, d.code); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

// How long AWS may take until a new role can be used, and until a function is ready.
const (
	maxRoleDelay  = 2 * time.Minute
	maxReadyDelay = 2 * time.Minute
)

func (d *demo) makeFunction(ctx context.Context, name, handler string, tags map[string]string) error {
	code, err := d.zipped()
	if err != nil {
		return wrap("zip the code of", name, err)
	}
	all := map[string]string{runTag: d.id}
	maps.Copy(all, tags)
	d.made.functions = append(d.made.functions, name)
	_, ok, err := d.until(ctx, maxRoleDelay, 3*time.Second, func() (bool, error) {
		_, err := d.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
			FunctionName: &name, Role: &d.role, Runtime: types.RuntimePython313, Handler: &handler, Code: &types.FunctionCode{ZipFile: code},
			Timeout: aws.Int32(30), MemorySize: aws.Int32(256), Tags: all, Description: aws.String("Sluice's smoke test. It removes this function."),
		})
		if isTooNew(err) {
			return false, nil
		}
		return err == nil, err
	})
	if err == nil && !ok {
		err = fmt.Errorf("the role %s cannot be assumed by Lambda: it must trust lambda.amazonaws.com", d.role)
	}
	if err != nil {
		return wrap("create the function", name, err)
	}
	return d.ready(ctx, name)
}

// isTooNew reports whether Lambda cannot use a role yet. IAM takes some seconds to make a role
// known (numeract/aws-lambda-r issue 20 and many others).
func isTooNew(err error) bool {
	var coded smithy.APIError
	return errors.As(err, &coded) && coded.ErrorCode() == "InvalidParameterValueException" && strings.Contains(coded.ErrorMessage(), "cannot be assumed")
}

// ready waits until a function can be published.
func (d *demo) ready(ctx context.Context, name string) error {
	_, ok, err := d.until(ctx, maxReadyDelay, time.Second, func() (bool, error) {
		f, err := d.lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &name})
		if err != nil {
			return false, err
		}
		return f.Configuration.State == types.StateActive && f.Configuration.LastUpdateStatus == types.LastUpdateStatusSuccessful, nil
	})
	if err == nil && !ok {
		err = errors.New("it is not ready yet")
	}
	return wrap("wait for the function", name, err)
}

// renew gives a function new code, without publishing it.
func (d *demo) renew(ctx context.Context, name string) error {
	code, err := d.zipped()
	if err == nil {
		_, err = d.lambda.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: &name, ZipFile: code})
	}
	if err != nil {
		return wrap("update the code of", name, err)
	}
	return d.ready(ctx, name)
}

func (d *demo) publish(ctx context.Context, name string) (string, error) {
	out, err := d.lambda.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: &name})
	if err != nil {
		return "", wrap("publish a version of", name, err)
	}
	return aws.ToString(out.Version), nil
}

// route is what an alias says.
type route struct {
	version  string
	weights  map[string]float64
	revision string
}

// isWhole reports whether the alias sends everything to its version.
func (r route) isWhole() bool { return len(r.weights) == 0 }

func (r route) String() string {
	text := "version " + r.version
	for _, other := range slices.Sorted(maps.Keys(r.weights)) {
		text += fmt.Sprintf(", with %g to version %s", r.weights[other], other)
	}
	return text
}

func (d *demo) alias(ctx context.Context, function, name string) (route, error) {
	a, err := d.lambda.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &function, Name: &name})
	if err != nil {
		return route{}, fmt.Errorf("read the alias %s of %s: %w", name, function, err)
	}
	r := route{version: aws.ToString(a.FunctionVersion), revision: aws.ToString(a.RevisionId)}
	if a.RoutingConfig != nil {
		r.weights = a.RoutingConfig.AdditionalVersionWeights
	}
	return r, nil
}
