package world

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/router"
	"github.com/sluice-aws/sluice/internal/shift"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/assembly/checkalarms"
	"github.com/sluice-aws/sluice/internal/assembly/closedeployment"
	"github.com/sluice-aws/sluice/internal/assembly/hookendpoint"
	"github.com/sluice-aws/sluice/internal/assembly/macro"
	"github.com/sluice-aws/sluice/internal/assembly/opendeployment"
	"github.com/sluice-aws/sluice/internal/assembly/publishversion"
	"github.com/sluice-aws/sluice/internal/assembly/rollback"
	"github.com/sluice-aws/sluice/internal/assembly/runhooks"
	"github.com/sluice-aws/sluice/internal/assembly/safetynet"
	"github.com/sluice-aws/sluice/internal/assembly/setweight"
	"github.com/sluice-aws/sluice/internal/assembly/stackshift"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

// function is one of Sluice's Lambdas in the account.
type function struct {
	name    string
	timeout time.Duration
	run     flow.Lambda
}

// deploy puts Sluice's Lambdas into the account. It builds them with the same constructors as
// their main functions.
func (w *World) deploy() {
	addTask(w, flow.Publish, publishversion.New)
	addTask(w, flow.Open, opendeployment.New)
	addTask(w, flow.SetWeight, setweight.New)
	addTask(w, flow.CheckAlarms, checkalarms.New)
	addTask(w, flow.BeforeHook, runhooks.New)
	addTask(w, flow.Close, closedeployment.New)
	addTask(w, flow.Rollback, rollback.New)
	if !w.scenario.NoHookEndpoint {
		w.add(flow.Spec{Function: flow.HookEndpoint, Timeout: flow.HookEndpointTimeout}, hookendpoint.New)
	}
	w.add(flow.Spec{Function: flow.SafetyNet, Timeout: flow.SafetyNetTimeout}, safetynet.New)
	w.add(flow.Spec{Function: flow.StackShift, Timeout: flow.StackShiftTimeout}, stackshift.New)
	w.add(flow.Spec{Function: flow.Macro, Timeout: flow.MacroTimeout}, macro.New)
	for _, f := range further {
		w.add(f.spec, f.build)
	}
}

// further are the Lambdas that AddLambda has added.
var further []struct {
	spec  flow.Spec
	build func(assembly.Settings) flow.Lambda
}

// AddLambda adds a Lambda to every World that is made from then on. It is for those that this
// package cannot import, because their tests import it: the panel's. It is called by an init.
func AddLambda(spec flow.Spec, build func(assembly.Settings) flow.Lambda) {
	further = append(further, struct {
		spec  flow.Spec
		build func(assembly.Settings) flow.Lambda
	}{spec, build})
}

// addTask deploys the Lambda behind a task.
func addTask[D, F any](w *World, task flow.Task[D, F], wire func(assembly.Settings) flow.Handler[D, F]) {
	w.add(task.Spec, func(s assembly.Settings) flow.Lambda { return flow.Serve(task, wire(s)) })
}

// add deploys a Lambda. The Lambda is built at its first invocation, when its process would
// start in AWS.
func (w *World) add(spec flow.Spec, build func(assembly.Settings) flow.Lambda) {
	lambda := sync.OnceValue(func() flow.Lambda { return build(w.settings(spec.Function)) })
	w.functions[spec.Function] = function{name: spec.Function, timeout: spec.Timeout, run: func(ctx context.Context, payload []byte) ([]byte, error) {
		return lambda()(ctx, payload)
	}}
}

// settings returns the Settings of a Lambda. Its clients sign with the function's name, so that
// the cloud knows who calls. Its clock is the virtual one.
func (w *World) settings(function string) assembly.Settings {
	config := w.Config(function)
	routers, kinds := router.ByKind{}, map[string]request.Kind{}
	for name, kind := range w.scenario.Kinds {
		routers[name], kinds[name] = kind.Adapter(config), kind.Read
	}
	return assembly.Settings{
		Routers: routers, Kinds: kinds,
		AWS: config, Table: LedgerTable, StateMachine: w.place.machineARN(), StackShift: w.place.functionARN(flow.StackShift), SafetyNet: FunctionPrefix + flow.SafetyNet, Panel: w.place.functionARN(flow.Panel), Metrics: flow.DefaultMetrics,
		Alias: w.scenario.Alias, Allowed: w.scenario.Allowed, FrontEnds: w.fronts.settings, HookEndpoint: !w.scenario.NoHookEndpoint,
		HookURL: w.hookURL(), HookLayer: w.hookLayer(), RevertWindow: shift.DefaultRevertWindow,
		Runtime: assembly.Runtime{Now: w.Now, Wait: w.wait, Timeout: w.timeout, Pause: w.pause, Together: w.together, Random: w.random, Output: w.metrics},
	}
}

// Config returns the AWS configuration of a Lambda. Each call is attempted once, as boot
// configures it, and goes to the simulated cloud instead of the network.
func (w *World) Config(actor string) aws.Config {
	c := localaws.ClientConfig(actor, transport{w, actor})
	c.Region = w.place.region
	return c
}

// transport carries the SDK clients' calls to the cloud. A call takes the
// scenario's latency in virtual time.
type transport struct {
	world *World
	actor string
}

// leastLatency returns how long a call takes at least. Route 53 and CloudFront have one control
// plane for the whole world, and few calls a second: if the calls of a deployment took no time,
// they would all come in the same second, as in AWS they do not.
func leastLatency(host string) time.Duration {
	if strings.HasPrefix(host, "route53.") || strings.HasPrefix(host, "cloudfront.") {
		return 250 * time.Millisecond
	}
	return 0
}

// Do implements aws.HTTPClient.
func (t transport) Do(r *http.Request) (*http.Response, error) {
	if a := actorOf(r.Context()); a != nil {
		a.sleep(max(t.world.scenario.Latency, leastLatency(r.URL.Host)) + a.root().pace)
		a.caller = t.actor
	}
	if t.world.intercept != nil {
		if answer, err := t.world.intercept(t.world, t.actor, r); answer != nil || err != nil {
			return answer, err
		}
	}
	answer, err := t.world.cloud.Do(r)
	if limit, bounded := r.Context().Value(deadlineKey{}).(time.Time); bounded && !t.world.clock.now.Before(limit) {
		return nil, context.DeadlineExceeded
	}
	return answer, err
}

// deadlineKey is the key of a context's value: when it ends, by the virtual clock.
type deadlineKey struct{}

// timeout bounds a context by the virtual clock.
func (w *World) timeout(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	return context.WithValue(ctx, deadlineKey{}, w.clock.now.Add(after)), func() {}
}

// within returns how much of a duration is left for a call with this context.
func (w *World) within(ctx context.Context, d time.Duration) time.Duration {
	if limit, bounded := ctx.Value(deadlineKey{}).(time.Time); bounded {
		return min(d, limit.Sub(w.clock.now))
	}
	return d
}

// Invoke implements asl.Host: it runs one of Sluice's Lambdas. It kills a Lambda that takes
// longer than its timeout, as AWS does.
func (w *World) Invoke(call asl.Invocation, done func(json.RawMessage, *asl.Failure)) {
	f, known := w.own(splitName(call.FunctionARN))
	w.clock.after(0, sluice, func() {
		if !known {
			done(nil, &asl.Failure{Error: "Lambda.ResourceNotFoundException", Cause: "Function not found: " + call.FunctionARN})
			return
		}
		w.invocations[f.name]++
		w.start(f, call.Payload, done)
	})
}

func (w *World) start(f function, payload []byte, done func(json.RawMessage, *asl.Failure)) {
	if w.paced != nil && w.paced.pace.Run != nil {
		w.paced.launch(f, payload, done)
		return
	}
	// The end of a Lambda is a separate event, because done must not run on the Lambda's
	// goroutine.
	finish := func(output json.RawMessage, failure *asl.Failure) {
		w.clock.after(0, sluice, func() { done(output, failure) })
	}
	a := w.spawn(nil, f.timeout, func(ctx context.Context) {
		output, err := f.run(ctx, payload)
		if err != nil {
			finish(nil, toFailure(err))
			return
		}
		finish(output, nil)
	})
	if a.done {
		return
	}
	a.fail = func(f *asl.Failure) { finish(nil, f) }
	w.clock.after(f.timeout, sluice, func() {
		if !a.done && !a.killed {
			a.kill()
			a.report(timedOut(f))
		}
	})
}

// toFailure converts an error as Lambda reports it to Step Functions: the type becomes the
// error's name, and the whole report its cause.
func toFailure(err error) *asl.Failure {
	wire := flow.Wire(err)
	report, _ := json.Marshal(struct {
		ErrorMessage string `json:"errorMessage"`
		ErrorType    string `json:"errorType"`
	}{wire.Message, wire.Name})
	return &asl.Failure{Error: wire.Name, Cause: string(report)}
}
