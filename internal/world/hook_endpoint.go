package world

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
)

// hookOfCodeDeploy plays the Lambda of a hook that was written for CodeDeploy: it tests, answers,
// and returns.
func (w *World) hookOfCodeDeploy(ctx context.Context, call localaws.Invocation, b HookBehaviour, e shift.LifecycleEvent) localaws.InvocationResult {
	self := w.waiter(ctx, call.Actor)
	if self == nil {
		return crashed("only a Lambda can invoke a hook here")
	}
	answers := map[HookResult][]shift.LifecycleStatus{
		HookSucceeds: {shift.LifecycleSucceeded}, HookFails: {shift.LifecycleFailed}, HookContradicts: {shift.LifecycleSucceeded, shift.LifecycleFailed},
	}
	for _, status := range answers[b.Result] {
		w.clock.after(b.After, sluice, func() { w.AnswerHook(e, status, nil) })
	}
	self.sleep(w.within(ctx, b.After))
	if b.Result == HookCrashes {
		return failed("Runtime.ExitError", fmt.Sprintf("%s crashed", call.Function))
	}
	return localaws.InvocationResult{Payload: []byte(`{}`)}
}

// An SDK calls three times at most, and waits a little more each time (AWS SDKs and Tools
// Reference Guide, Retry behavior).
var sdkDelays = []time.Duration{time.Second, 2 * time.Second}

// AnswerHook answers for a hook as an SDK does: by a request to the endpoint's URL, which is
// repeated if the endpoint fails, or is asked too often. answered, if it is not nil, is called with the status of the last
// response.
func (w *World) AnswerHook(e shift.LifecycleEvent, status shift.LifecycleStatus, answered func(code int)) {
	w.answerHook(e, status, answered, sdkDelays)
}

func (w *World) answerHook(e shift.LifecycleEvent, status shift.LifecycleStatus, answered func(code int), delays []time.Duration) {
	endpoint, known := w.functions[flow.HookEndpoint]
	if !known {
		return
	}
	done := func(code int) {
		switch {
		case (code >= http.StatusInternalServerError || code == http.StatusTooManyRequests) && len(delays) > 0:
			w.clock.after(delays[0], sluice, func() { w.answerHook(e, status, answered, delays[1:]) })
		case answered != nil:
			answered(code)
		}
	}
	release, err := w.cloud.AdmitURL(FunctionPrefix+flow.HookEndpoint, w.clock.now)
	if err != nil {
		done(http.StatusTooManyRequests)
		return
	}
	w.invocations[flow.HookEndpoint]++
	w.start(endpoint, lifecycleRequest(e, status, w.clock.now), func(output json.RawMessage, failure *asl.Failure) {
		release()
		if failure != nil {
			done(http.StatusBadGateway)
			return
		}
		done(localaws.ReadURLResponse(output).Status)
	})
}

// lifecycleRequest is the event of the endpoint for an answer.
func lifecycleRequest(e shift.LifecycleEvent, status shift.LifecycleStatus, now time.Time) []byte {
	body, _ := json.Marshal(map[string]string{ // strings can always be encoded
		"deploymentId": e.DeploymentID, "lifecycleEventHookExecutionId": e.HookID, "status": string(status),
	})
	return localaws.URLEvent(localaws.URLRequest{
		Method: http.MethodPost, Body: body,
		Header: http.Header{
			"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"},
			"Authorization":        {"AWS4-HMAC-SHA256 Credential=" + HookAccessKey + "/20260101/us-east-1/codedeploy/aws4_request, SignedHeaders=host, Signature=00"},
			"X-Amz-Security-Token": {HookSessionToken},
		},
	}, "/", fmt.Sprintf("request-%d", now.UnixNano()), now)
}

// HookAccessKey and HookSessionToken are the credentials of every hook here.
const (
	HookAccessKey    = "ASIAHOOKSOWNACCESSKEY"
	HookSessionToken = "the-session-token-of-the-hooks-role"
)

// noPort is where an account answers that is on no port: in process, every host will do.
const noPort = "http://localhost"

// hookURL is the URL of the endpoint; empty if there is none.
func (w *World) hookURL() string {
	if w.scenario.NoHookEndpoint {
		return ""
	}
	return w.endpoint + localaws.URLPrefix + FunctionPrefix + flow.HookEndpoint + "/"
}

// hookLayer is the ARN of the layer for hooks with version 2 of the AWS SDK for JavaScript.
func (w *World) hookLayer() string {
	if w.scenario.NoHookEndpoint {
		return ""
	}
	return w.place.arn("lambda", "layer:"+FunctionPrefix+"codedeploy:1")
}
