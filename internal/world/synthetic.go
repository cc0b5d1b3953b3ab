package world

import (
	"encoding/json"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// SyntheticBehaviour is what a user's function for synthetic requests does.
type SyntheticBehaviour struct{ Result SyntheticResult }

// SyntheticResult is how such a function ends.
type SyntheticResult string

const (
	// With SyntheticSends it sends the requests to the aliases, spread over the time.
	SyntheticSends SyntheticResult = "send"
	// With SyntheticCrashes it ends with an error and has sent none.
	SyntheticCrashes SyntheticResult = "crash"
)

// OnSynthetic calls a function with the payload of every run of a function for synthetic
// requests, including the runs with which Lambda repeats one that has failed.
func (w *World) OnSynthetic(observe func(function string, payload []byte)) { w.onSynthetic = observe }

// isSynthetic says whether a function is one for synthetic requests.
func (w *World) isSynthetic(function string) bool { return w.synthetics[function] }

// retriesOfAsync are how long Lambda waits before it runs an asynchronous invocation again that
// has failed (Lambda Developer Guide, Asynchronous invocation).
var retriesOfAsync = []time.Duration{time.Minute, 2 * time.Minute}

// synthetic plays the Lambda of a user's function for synthetic requests, which was invoked
// asynchronously.
func (w *World) synthetic(call localaws.Invocation) {
	w.clock.after(0, nature, func() { w.runSynthetic(call, retriesOfAsync) })
}

func (w *World) runSynthetic(call localaws.Invocation, retries []time.Duration) {
	if w.onSynthetic != nil {
		w.onSynthetic(call.Function, call.Payload)
	}
	var asked struct {
		Seconds shift.Seconds
		Targets []struct {
			Function, Alias string
			Requests        int64
		}
	}
	err := json.Unmarshal(call.Payload, &asked)
	if err != nil || w.scenario.Synthetic[call.Function].Result == SyntheticCrashes {
		if len(retries) > 0 {
			w.clock.after(retries[0], nature, func() { w.runSynthetic(call, retries[1:]) })
		}
		return
	}
	for _, t := range asked.Targets {
		w.sendOver(flow.LambdaTarget(t.Function, t.Alias), t.Requests, asked.Seconds.Duration())
	}
}

// maxBursts bounds the bursts in which requests are spread over a time.
const maxBursts = 60

// sendOver sends requests to a Target, spread over a time.
func (w *World) sendOver(target shift.Target, requests int64, within time.Duration) {
	bursts := min(requests, maxBursts)
	for i := range bursts {
		n := requests*(i+1)/bursts - requests*i/bursts
		w.clock.after(within*time.Duration(i)/time.Duration(bursts), nature, func() { w.Send(target, n) })
	}
}
