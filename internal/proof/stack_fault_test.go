package proof

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/stackshift"
	"github.com/sluice-aws/sluice/internal/world"
)

// The fault simulation of stacks. Each story of a stack is a base in some orders of
// CloudFormation's steps. The faults strike from where the story begins.

// stackOrder is a story of a stack, in one way of rolling back and in one order.
type stackOrder struct {
	story stackStory
	way   string
	// seed draws the order. 0 is CloudFormation at its fastest. In any other it often takes its time.
	seed uint64
}

// pick returns what chooses the next step.
func (o stackOrder) pick() func([]string) int {
	if o.seed == 0 {
		return firstChoice
	}
	random := rand.New(rand.NewPCG(o.seed, 17))
	return func(of []string) int {
		if last := len(of) - 1; strings.HasPrefix(of[last], "time passes") && random.IntN(3) > 0 {
			return last
		}
		return random.IntN(len(of))
	}
}

// isStacks says whether a base is a story of a stack.
func isStacks(b base) bool { return stackOrders[b.name].story.begin != nil }

// seedsOfStories are the orders in which the faults strike each story.
var seedsOfStories = []uint64{0, 3, 7}

// stackOrders are the orders of the stories, by the names of their bases, and stackBases are these
// bases. Each order has another way of rolling back.
var stackOrders, stackBases = func() (map[string]stackOrder, []base) {
	orders, list := map[string]stackOrder{}, []base{}
	names := []string{"as documented", "in order", "with stale attributes", "writing dependants"}
	for i, story := range stackStories {
		for n, seed := range seedsOfStories {
			o := stackOrder{story: story, way: names[(i+n)%len(names)], seed: seed}
			if story.excludes(o.way) {
				o.way = "as documented"
			}
			b := base{name: fmt.Sprintf("a stack: %s, %s, order %d", story.name, o.way, seed)}
			orders[b.name] = o
			list = append(list, b)
		}
	}
	return orders, list
}()

// newStackRun makes the world of a story.
func newStackRun(b base, o stackOrder, weaken guard, strikes ...strike) (*run, error) {
	s, err := o.story.prepare(ways[o.way], 50*time.Millisecond)
	if err != nil {
		return nil, err
	}
	r := attach(s.w, b, weaken, strikes...)
	r.stack, s.seen = s, r.seesStack
	return r, nil
}

// playStack plays a story with its faults, and checks the invariants.
func (r *run) playStack() error {
	o, s := stackOrders[r.base.name], r.stack
	err := o.story.enter(s)
	s.grain = max(30*time.Second, o.story.grain)
	if err == nil {
		r.raiseCurtain()
		err = s.play(o.pick())
	}
	for range 3 {
		if err != nil {
			return err
		}
		again := r.again()
		if again == nil {
			break
		}
		err = r.tryAgain(again, o.pick())
	}
	if err != nil {
		return err
	}
	return r.verifyStack(o.story)
}

// again is what a person does about a stack that a fault has kept from going back, or from being
// deleted. It is nil if there is none.
func (r *run) again() func(context.Context) error {
	client := r.stack.client()
	for _, name := range []string{stackName, otherStack} {
		stack, _ := r.w.Cloud().CloudFormation().Stack(name)
		switch {
		case stack.Status == "UPDATE_ROLLBACK_FAILED" && r.mayFailBack():
			return func(ctx context.Context) error {
				_, err := client.ContinueUpdateRollback(ctx, &cloudformation.ContinueUpdateRollbackInput{StackName: aws.String(name)})
				return err
			}
		case stack.Status == "DELETE_FAILED" && r.mayTimeOut():
			return func(ctx context.Context) error {
				_, err := client.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: aws.String(name)})
				return err
			}
		}
	}
	return nil
}

// tryAgain waits until the faults are over, and has a person do something.
func (r *run) tryAgain(do func(context.Context) error, pick func([]string) int) error {
	for r.denied() || r.w.Elapsed() < stackOrders[r.base.name].story.disturbed {
		if err := r.w.Advance(time.Hour); err != nil {
			return err
		}
	}
	if err := do(context.Background()); err != nil {
		return err
	}
	return r.stack.play(pick)
}

// verifyStack checks the invariants when a story has ended.
func (r *run) verifyStack(story stackStory) error {
	s := r.stack
	if err := r.settle(); err != nil {
		return err
	}
	if err := r.final(); err != nil {
		return err
	}
	r.excuse()
	return cmp.Or(r.verifyAnswers(), s.verify(story), r.expectedOfStack(story))
}

// excuse allows for what the faults bring about: a command that nobody hears, and a request to which
// nobody comes.
func (r *run) excuse() {
	s := r.stack
	if r.mayFail() || r.denied() || len(r.denials) > 0 {
		s.deaf, s.keeps = 1<<20, true
	}
	if slices.ContainsFunc(r.struck, func(k struck) bool {
		return k.event == flow.CommandDetailType && (k.fault.name == "doubled" || strings.HasPrefix(k.fault.name, "twice"))
	}) {
		s.deaf *= 3 // as often as the command may come
	}
	if slices.ContainsFunc(r.struck, func(k struck) bool { return k.actor == flow.StackShift && k.fault.pace >= 25*time.Second }) {
		s.keeps = true // it dies when it has said that it waits, of what has ended; the URL expires before
	}
}

// seesStack is called before each choice: what a stack has ended with serves from then on.
func (r *run) seesStack() {
	s := r.stack
	story := stackOrders[r.base.name].story
	status := s.status()
	if !r.wanted.began || len(s.dues) > 0 || status == r.wanted.status {
		return
	}
	r.wanted.status = status
	want := map[string]string{"UPDATE_COMPLETE": story.versionAfter(), "UPDATE_ROLLBACK_COMPLETE": story.versionBefore()}[status]
	if want != "" && s.serving() != want && s.serving() != story.recorded && !story.noWait && !r.allAreDenied() {
		r.breaks("the stack is %s, and its alias serves %s, not %s", status, s.serving(), want)
	}
}

// allAreDenied says whether every role lacks a permission now. Whoever puts traffic back may need it.
func (r *run) allAreDenied() bool {
	return slices.ContainsFunc(r.denials, func(d denial) bool { return d.actor == "" && r.w.Now().Before(d.until) })
}

// requests are those that CloudFormation has sent to stack-shift.
type requests struct {
	began  bool
	status string // of the stack
	all    []sentRequest
}

// sentRequest is a request, and the status of its stack when CloudFormation sent it.
type sentRequest struct {
	stackshift.Request
	status string
}

// raiseCurtain forgets what was before the story: no fault strikes there.
func (r *run) raiseCurtain() {
	r.wanted = requests{began: true, status: r.stack.status()}
	r.moments, r.parcels, r.calls = nil, nil, nil
}

// isBefore says whether the story has not begun, so that no fault strikes.
func (r *run) isBefore() bool { return r.stack != nil && !r.wanted.began }

// hear is told of every event.
func (q *requests) hear(r *run, p world.Parcel) {
	if p.To != flow.StackShift || p.Kind != world.InvocationKind {
		return
	}
	raw, _ := json.Marshal(p.Detail)
	if request, err := stackshift.DecodeRequest(raw); err == nil {
		stack, _ := r.w.Cloud().CloudFormation().Stack(request.StackID)
		q.all = append(q.all, sentRequest{request, stack.Status})
	}
}

// stackIsTakenBack says whether CloudFormation rolls the stack back, or deletes its resource, so that
// its deployment may be aborted.
func (r *run) stackIsTakenBack() bool {
	if r.stack == nil {
		return false
	}
	return stackshift.RollsBack(r.stack.status()) || slices.ContainsFunc(r.wanted.all, func(q sentRequest) bool { return q.Type == stackshift.Delete })
}

// verifyAnswers checks that CloudFormation was answered as the Ledger's record says, and that it has
// waited for no answer in vain.
func (r *run) verifyAnswers() error {
	cloud := r.w.Cloud().CloudFormation()
	for _, q := range r.wanted.all {
		answers := cloud.Received(q.ResponseURL)
		if err := r.verifyRequest(q, answers); err != nil {
			return fmt.Errorf("the request %s %s of %s (%s): %w", q.Type, q.RequestID, q.LogicalID, q.status, err)
		}
	}
	for _, line := range cloud.History(stackName) {
		if strings.Contains(line, "did not receive a response") && !r.mayTimeOut() {
			return fmt.Errorf("CloudFormation has waited for an answer in vain: %s", line)
		}
	}
	return nil
}

func (r *run) verifyRequest(q sentRequest, answers []localaws.StackReceived) error {
	p, err := stackshift.DecodeProperties(q.Properties)
	if err != nil {
		return err
	}
	d := r.deployments[r.arnOf(q.Request)]
	forward := q.Type != stackshift.Delete && !stackshift.RollsBack(q.status)
	if err := r.verifySent(answers, d, forward && !p.NoWait && p.Handle == "" && d != nil); err != nil {
		return err
	}
	if !forward || p.Handle == "" || d == nil {
		return nil
	}
	return r.verifySignals(q, p.Handle, d)
}

// verifySent checks the answers to a request. tells says that they are about the Deployment.
func (r *run) verifySent(answers []localaws.StackReceived, d *standing, tells bool) error {
	var status string
	for i, received := range answers {
		var answer stackshift.Answer
		if err := json.Unmarshal(received.Body, &answer); err != nil {
			return err
		}
		if i > 0 && answer.Status != status && !r.mayFailBack() {
			return fmt.Errorf("it was answered with %s, and then with %s: %s", status, answer.Status, answer.Reason)
		}
		status = answer.Status
		if tells {
			if err := r.tellsTheRecord(d, received.At, answer.Status == "SUCCESS", answer.Reason); err != nil {
				return err
			}
		}
	}
	return nil
}

// verifySignals checks what a wait condition was told of a request.
func (r *run) verifySignals(q sentRequest, handle string, d *standing) error {
	for _, received := range r.w.Cloud().CloudFormation().Received(handle) {
		var signal struct{ Status, UniqueId, Reason string }
		if err := json.Unmarshal(received.Body, &signal); err != nil {
			return err
		}
		if signal.UniqueId != q.RequestID {
			continue
		}
		if err := r.tellsTheRecord(d, received.At, signal.Status == "SUCCESS", signal.Reason); err != nil {
			return err
		}
	}
	return nil
}

// isCancelled says whether CloudFormation has given up a change of a resource, whose request may be
// answered as one of the rollback by then.
func (r *run) isCancelled() bool {
	return slices.ContainsFunc(r.w.Cloud().CloudFormation().History(stackName), func(line string) bool {
		return strings.Contains(line, "Shift UPDATE_FAILED") && strings.Contains(line, "cancelled")
	})
}

// arnOf is the ARN of the execution that a request starts.
func (r *run) arnOf(q stackshift.Request) string {
	return "arn:aws:states:" + world.Region + ":" + world.Account + ":execution:" + flow.DefaultNamePrefix + ":" + q.Execution()
}

// tellsTheRecord checks an answer against the record of the Deployment that it is about.
func (r *run) tellsTheRecord(d *standing, at time.Time, success bool, reason string) error {
	switch {
	case r.mayFail() && !success: // Sluice could not find out
	case d.closed.IsZero() || at.Before(d.closed):
		return fmt.Errorf("it was answered before its deployment %s had ended: %s", nameOf(d.id), reason)
	case success && r.isCancelled(): // nobody listens
	case success != endsAsWanted(d):
		return fmt.Errorf("its deployment ended as %s, and the answer is %t: %s", d.outcome, success, reason)
	case !success && !strings.Contains(reason, d.cause):
		return fmt.Errorf("its deployment ended because of %q, and the answer says %q", d.cause, reason)
	}
	return nil
}

// mayFail says whether stack-shift was refused something for good, so that it may answer so, or has
// never heard of a request.
func (r *run) mayFail() bool {
	return r.isLost(world.InvocationKind) || r.isLost(flow.AnnouncementDetailType) || slices.ContainsFunc(r.struck, func(s struck) bool {
		return s.fault.class == denied || s.fault.name == "access denied" && s.actor == flow.StackShift
	})
}

// mayFailBack says whether a rollback may fail: somebody has stopped its deployment.
func (r *run) mayFailBack() bool {
	return r.mayFail() || stackOrders[r.base.name].story.disturbed > 0 || slices.ContainsFunc(r.wanted.all, func(q sentRequest) bool {
		d := r.deployments[r.arnOf(q.Request)]
		return stackshift.RollsBack(q.status) && d != nil && d.finished() && !endsAsWanted(d)
	})
}

func endsAsWanted(d *standing) bool {
	return d.outcome == shift.Promoted || d.outcome == shift.Unchanged
}

// isLost says whether an event of a kind was lost.
func (r *run) isLost(kind string) bool {
	return slices.ContainsFunc(r.strikes, func(s strike) bool { return s.isLostTo(kind) })
}

// mayTimeOut says whether CloudFormation may get no answer: an event was lost, or a permission.
func (r *run) mayTimeOut() bool {
	return stackOrders[r.base.name].story.timesOut || slices.ContainsFunc(r.strikes, func(s strike) bool {
		return s.fault.class == denied
	}) || r.mayFail()
}

// isLostTo says whether an event of a kind is lost, or comes after one that never does.
func (s strike) isLostTo(kind string) bool {
	return s.event > 0 && s.kind == kind && slices.Contains([]string{"lost", "after its follower"}, s.fault.name)
}

// expectedOfStack : a stack ends as its story does, unless a fault has provoked another end.
func (r *run) expectedOfStack(story stackStory) error {
	if story.aborts && stackOrders[r.base.name].seed == 0 && len(r.strikes) == 0 && r.stack.isPromoted() {
		return errors.New("the stack was taken back, and its shift was Promoted")
	}
	for _, s := range r.strikes {
		if !r.harmless(s) || s.isLostTo(flow.AnnouncementDetailType) || s.isLostTo(world.InvocationKind) {
			return nil
		}
	}
	if r.mayFailBack() || slices.Contains(story.ends, r.stack.status()) {
		return nil
	}
	return fmt.Errorf("the stack is %s, and nothing has kept it from being %v", r.stack.status(), story.ends)
}

// TestChaosStacks plays the stories of stacks with every fault at every moment, in some orders.
// Without CHAOS=all it plays each 512th, another slice for each order.
func TestChaosStacks(t *testing.T) {
	slice := 512
	if whole(t) {
		slice = 1
	}
	chaosOfStacks(t, stackBases, slice)
}

func chaosOfStacks(t *testing.T, bases []base, slice int) {
	t.Helper()
	var runs atomic.Int64
	explore(t, len(bases), func(i int) error {
		all := strikesOf(t, bases[i])
		for n := i * 7 % slice; n < len(all); n += slice {
			runs.Add(1)
			if r, err := play(bases[i], guard{}, all[n]); err != nil {
				return fmt.Errorf("fault %d of %d: %w", n, len(all), r.story(err))
			}
		}
		return nil
	})
	t.Logf("%d runs of %d orders with a single fault", runs.Load(), len(bases))
}

// The first try of a rollback stores that it waits for an execution, and starts none. The next one
// finds that CloudFormation has written the alias itself by then, so nobody would answer who waits.
func TestARollbackThatIsTriedAgainKeepsNoRequest(t *testing.T) {
	t.Parallel()
	strikesStack(t, "a stack: the rollback is late, with stale attributes, order 3", strike{
		actor: flow.StackShift, action: "dynamodb:UpdateItem", nth: 3, fault: theFault("slower than the Lambda may be, and late"),
	})
}

// Whoever answers a rollback that has waited is stopped before the answer is sent. The next try of
// the announcement finds the request still waiting, so that CloudFormation is answered.
func TestARollbackWaitsUntilItsAnswerIsSent(t *testing.T) {
	t.Parallel()
	strikesStack(t, "a stack: a resource behind the alias fails, in order, order 3", strike{
		actor: flow.StackShift, action: "lambda:GetAlias", nth: 3, fault: theFault("stopped, a zombie at 25 s a call"),
	})
}

// The first try of an update is slow, and CloudFormation has cancelled the update before it has begun
// its shift. The next one answers that nothing is shifted, so the first one begins nothing any more.
func TestAShiftDoesNotBeginAfterItsRequestWasAnswered(t *testing.T) {
	t.Parallel()
	for name, action := range map[string]string{
		"a stack: the update is cancelled, in order, order 3":                           "dynamodb:GetItem",
		"a stack: the update is cancelled in mid-shift, with stale attributes, order 3": "cloudformation:DescribeStacks",
		"a stack: the update is cancelled in mid-shift, writing dependants, order 7":    "cloudformation:DescribeStacks",
	} {
		strikesStack(t, name, strike{actor: flow.StackShift, action: action, nth: 1, fault: theFault("forsaken, and gone on at 25 s a call")})
	}
}

// A slow rollback stores that it waits for a shift whose end was announced a moment before, so that
// nobody comes for it. It is forgotten when the rollback was answered.
func TestARollbackThatWaitsTooLateIsForgotten(t *testing.T) {
	t.Parallel()
	strikesStack(t, "a stack: the update is cancelled in mid-shift, in order, order 0", strike{
		actor: flow.StackShift, action: "cloudformation:DescribeStacks", nth: 2, fault: theFault("forsaken, and gone on at 3 s a call"),
	})
}

// The second try of an update that is cancelled gives up the shift of the first one. If it is slow, it
// stores too late that it waits for the end, too.
func TestAnUpdateThatGivesUpTooLateIsForgotten(t *testing.T) {
	t.Parallel()
	strikesStack(t, "a stack: the update is cancelled in mid-shift, with stale attributes, order 3",
		strike{actor: flow.StackShift, action: "states:StartExecution", nth: 1, fault: theFault("killed after")},
		strike{actor: flow.StackShift, action: "dynamodb:GetItem", nth: 4, fault: theFault("forsaken, and gone on at 3 s a call")},
	)
}

// An update may fail because Sluice may not read that its shift was promoted. CloudFormation writes no
// alias back that it has not reached, so the deletion of the resource does, although it may not read
// that either.
func TestADeletionTakesBackWhatItMayNotRead(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"a stack: adopted with a new version, in order, order 0",
		"a stack: adopted with a new version, and a failure, with stale attributes, order 0",
	} {
		strikesStack(t, name, strike{
			actor: flow.StackShift, action: "dynamodb:GetItem", nth: 3, fault: theFault("a permission lost for 20 minutes"),
		})
	}
}

// The request of an update comes when the stack rolls back already. It has what the update before has
// left as its old properties, as the request that takes that update back would.
func TestALateRequestTakesBackNothingOfTheUpdateBefore(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"a stack: a later update is cancelled, as documented, order 3",
		"a stack: a later update is cancelled, in order, order 7",
	} {
		strikesStack(t, name, strike{event: 4, kind: world.InvocationKind, fault: theStray("5 seconds late")})
	}
}

// CloudFormation hears nothing of a deletion, so that it fails. A person deletes the stack again, and
// that ends.
func TestADeletionThatWasNotAnsweredIsTriedAgain(t *testing.T) {
	t.Parallel()
	strikesStack(t, "a stack: the stack is deleted in mid-shift, as documented, order 3", strike{
		actor: flow.StackShift, action: "s3:PutObject", nth: 2, fault: theFault("a permission lost for 20 minutes"),
	})
}

// A stack is deleted with its function while its shift runs, which stack-shift may not abort. Who puts
// the traffic back finds that there is none any more.
func TestAShiftEndsWhoseStackWasDeletedWithItsFunction(t *testing.T) {
	t.Parallel()
	strikesStack(t, "a stack: the stack is deleted in mid-shift, writing dependants, order 0", strike{
		actor: flow.StackShift, action: "lambda:InvokeFunction", nth: 1, fault: theFault("a permission lost for 20 minutes"),
	})
}

// strikesStack plays a story of a stack with faults, which must break nothing.
func strikesStack(t *testing.T, name string, strikes ...strike) {
	t.Helper()
	i := slices.IndexFunc(stackBases, func(b base) bool { return b.name == name })
	require.GreaterOrEqual(t, i, 0)
	r, err := play(stackBases[i], guard{}, strikes...)
	require.NoError(t, r.story(err))
	require.Len(t, r.struck, len(strikes))
}

// TestChaosStackPairs draws two faults at a time on a story of a stack, for CHAOS_SECONDS with
// CHAOS=all, and a few of them otherwise.
func TestChaosStackPairs(t *testing.T) {
	draw := func(t testing.TB, seed uint64) (*run, error) {
		random := rand.New(rand.NewPCG(seed, 19))
		b := stackBases[random.IntN(len(stackBases))]
		for len(strikesOf(t, b)) == 0 { // it is over before Sluice hears of it
			b = stackBases[random.IntN(len(stackBases))]
		}
		return pairOf(t, b, random)
	}
	if *chaosSeed != 0 {
		r, err := draw(t, *chaosSeed)
		require.NoError(t, r.story(err))
		return
	}
	seconds := 2
	if whole(t) {
		seconds, _ = strconv.Atoi(os.Getenv("CHAOS_SECONDS"))
	}
	t.Logf("%d pairs of faults on stacks", bySeed(t, seconds, draw))
}
