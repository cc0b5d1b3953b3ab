package world

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Delivery says how events of one kind reach the safety net.
type Delivery struct {
	Delay  time.Duration
	Lost   bool
	Copies int // how often each is delivered
}

// SweepEvery is the interval of the safety net's sweeps.
const SweepEvery = time.Minute

// SetAlarm puts an alarm into a state. One of another region is known by its ARN.
func (w *World) SetAlarm(alarm, state, reason string) error {
	there, name := w.cloudWatchOf(alarm)
	return there.SetAlarmState(name, state, reason)
}

// cloudWatchOf returns the CloudWatch that an alarm is in, and the name of the alarm there.
func (w *World) cloudWatchOf(alarm string) (there *localaws.Alarms, name string) {
	if a, is := shift.ParseAlarmARN(alarm); is {
		return w.cloud.AlarmsIn(a.Region), a.Name
	}
	return w.cloud.Alarms, alarm
}

// recordAlarm records that an alarm entered another state.
func (w *World) recordAlarm(change localaws.AlarmChange) {
	if change.State != change.Before {
		changed := AlarmChange{At: w.Elapsed(), Name: w.place.alarm(change.Region, change.Name), State: change.State, Reason: change.Reason}
		w.alarmChanges = append(w.alarmChanges, changed)
		w.tell(News{Alarm: &changed})
	}
}

// deliverAlarm delivers an event for an alarm that goes to ALARM or to OK, as the safety net's
// rule requires, whoever changed it. EventBridge sends events only for changes, and only to the
// bus of the alarm's own region: here those of another region are lost.
func (w *World) deliverAlarm(change localaws.AlarmChange) {
	if change.State == change.Before || change.State != localaws.AlarmAlarm && change.State != localaws.AlarmOK {
		return
	}
	delivery := w.scenario.AlarmEvents
	if change.Region != w.place.region {
		delivery = Delivery{Lost: true}
	}
	w.Deliver(delivery, flow.AlarmSource, flow.AlarmDetailType, map[string]any{
		"alarmName":     w.place.alarm(change.Region, change.Name),
		"state":         map[string]any{"value": change.State, "reason": change.Reason, "timestamp": w.clock.now.UTC().Format("2006-01-02T15:04:05.000-0700")},
		"previousState": map[string]any{"value": change.Before},
	})
}

// ExecutionEnded delivers an event for an execution that did not succeed.
func (w *World) ExecutionEnded(x *asl.Execution) {
	if flow.Unfinished(string(x.Status())) {
		w.Deliver(w.scenario.ExecutionEvents, flow.ExecutionSource, flow.ExecutionDetailType, map[string]any{
			"executionArn": x.ARN(), "stateMachineArn": w.place.machineARN(), "name": x.Name(), "status": x.Status(),
		})
	}
}

// Deliver makes EventBridge invoke the safety net with an event, as often and as late as the
// scenario says.
func (w *World) Deliver(d Delivery, source, detailType string, detail map[string]any) {
	w.deliverTo(flow.SafetyNet, d, source, detailType, detail)
}

// deliverTo makes EventBridge invoke one of Sluice's functions with an event.
func (w *World) deliverTo(function string, d Delivery, source, detailType string, detail map[string]any) {
	event, _ := json.Marshal(map[string]any{
		"version": "0", "id": fmt.Sprintf("event-%d", w.clock.made), "source": source, "detail-type": detailType,
		"account": w.place.account, "region": w.place.region, "time": w.lambdaTime().UTC().Format(time.RFC3339), "detail": detail,
	})
	w.send(Parcel{To: function, Kind: detailType, Detail: detail, Delivery: d}, event)
}

// InvocationKind is the kind of a Parcel that no rule has sent: somebody invokes the function and
// does not wait for it.
const InvocationKind = "invocation"

// InvokeLater makes Lambda invoke one of Sluice's functions asynchronously. Lambda promises that
// the event arrives at least once.
func (w *World) InvokeLater(function string, event []byte) {
	if w.onInvocation != nil {
		w.onInvocation(function, event)
	}
	if w.courier == nil {
		w.wake(function, event, 0)
		return
	}
	p := Parcel{To: function, Kind: InvocationKind}
	_ = json.Unmarshal(event, &p.Detail) // empty for an event that is no object
	w.send(p, event)
}

// send hands an event to the courier, or delivers it.
func (w *World) send(p Parcel, event []byte) {
	d := p.Delivery
	if !d.Lost {
		w.parcels++
		p.Number = w.parcels
	}
	p.Arrive = func(after time.Duration) {
		w.underway++
		w.clock.after(after, sluice, func() {
			w.underway--
			w.wake(p.To, event, 0)
		})
	}
	if w.courier != nil && w.courier(p) || d.Lost {
		return
	}
	for range max(d.Copies, 1) {
		p.Arrive(d.Delay)
	}
}

// lambdaTime returns the time on the clock of Sluice's Lambdas. It is the real time if they run
// as separate processes.
func (w *World) lambdaTime() time.Time {
	if w.paced != nil && w.paced.pace.Run != nil {
		return time.Now()
	}
	return w.clock.now
}

// AsyncRetries are the delays before Lambda's retries of an asynchronous invocation (Lambda
// Developer Guide, asynchronous invocation: two retries, after one and two minutes).
var AsyncRetries = []time.Duration{time.Minute, 2 * time.Minute}

// Wake invokes the safety net asynchronously. tried is the number of earlier attempts.
func (w *World) Wake(event []byte, tried int) { w.wake(flow.SafetyNet, event, tried) }

// wake invokes one of Sluice's functions asynchronously. tried is the number of earlier attempts.
func (w *World) wake(function string, event []byte, tried int) {
	w.netting++
	w.invocations[function]++
	ended := false
	w.start(w.functions[function], event, func(_ json.RawMessage, failure *asl.Failure) {
		if ended { // Lambda has taken it for dead before
			return
		}
		ended = true
		w.netting--
		if failure != nil && tried < len(AsyncRetries) {
			w.netting++
			w.clock.after(AsyncRetries[tried], sluice, func() {
				w.netting--
				w.wake(function, event, tried+1)
			})
		} else if failure != nil {
			w.deadLetters++
		}
	})
}

// sweep invokes the safety net if there is something to find. In AWS a sweep runs every minute.
// A simulation skips the sweeps that would find nothing.
func (w *World) sweep() {
	if w.paced != nil || w.isUnattended() {
		w.Deliver(w.scenario.Sweeps, flow.OwnSource, flow.SweepDetailType, map[string]any{})
	}
	w.clock.after(SweepEvery, nature, w.sweep)
}

// isListed reports whether a sweep finds an execution in the list of running ones.
func (w *World) isListed(id string) bool {
	x, known := w.machine.Execution(id)
	return known && x.Status() == asl.Running && w.isShown(x, w.lag.Listed)
}

// Command sends a person's command to the Deployment that holds a Target.
func (w *World) Command(target shift.Target, order shift.Order, reason string) {
	w.Deliver(w.scenario.Commands, flow.OwnSource, flow.CommandDetailType, map[string]any{"target": target, "command": order, "reason": reason})
}

// Freeze freezes the account for a while, or ends a freeze if that is no time at all.
func (w *World) Freeze(length time.Duration, reason string) {
	detail := map[string]any{"reason": reason}
	if length > 0 {
		detail["until"] = w.lambdaTime().Add(length).UTC()
	}
	w.Deliver(w.scenario.Commands, flow.OwnSource, flow.FreezeDetailType, detail)
}

// together is task.Together for actors. The Lambda waits while its parts run. Each part waits
// for its own calls.
func (w *World) together(ctx context.Context, n int, do func(ctx context.Context, i int)) {
	parent := actorOf(ctx)
	left := n
	for i := range n {
		child := w.spawn(parent, parent.limit, func(ctx context.Context) {
			defer func() {
				left--
				if left == 0 && parent.waiting {
					w.clock.after(0, sluice, parent.resumeIfWaiting)
				}
			}()
			do(ctx, i)
		})
		if !child.done {
			parent.parts = append(parent.parts, child)
		}
	}
	if left > 0 {
		parent.waiting = true
		parent.park()
	}
	parent.parts = nil
}

// wait is task.Wait for actors.
func (w *World) wait(ctx context.Context, upTo time.Duration) {
	actorOf(ctx).sleep(time.Duration(w.jitter.Float64() * float64(upTo)))
}

// pause is task.Pause for actors.
func (w *World) pause(ctx context.Context, d time.Duration) { actorOf(ctx).sleep(d) }
