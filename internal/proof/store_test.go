package proof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
	"github.com/sluice-aws/sluice/internal/router"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
	"github.com/sluice-aws/sluice/internal/world"
)

// store is a second kind of Target, which only these tests have: a table of weights with an
// ETag, whose readers may be behind by the Lag. It shows that nothing of Sluice but an
// adapter and the reading of an input has to know a kind.
type store struct {
	client *api.Client
	// unfenced makes it write whatever the ETag is.
	unfenced bool
}

const (
	storeKind  = "store"
	storeTable = "weights"
	storeLag   = shift.Seconds(20)
	// storeOrigin is what the site's item has beside its route. Every write replaces the
	// whole item, so the store needs it again each time.
	storeOrigin = "origin.example.com"
	site        = shift.Target("store:site")
)

var storeKinds = map[string]world.Kind{storeKind: storeOf(false)}

func storeOf(unfenced bool) world.Kind {
	return world.Kind{Read: readStore, Adapter: func(c aws.Config) router.Adapter {
		return store{client: api.NewFromConfig(c), unfenced: unfenced}
	}}
}

func readStore(v strictjson.Value) shift.Arrival {
	o := v.Object("name", "version")
	return shift.Arrival{Target: shift.Target(storeKind + ":" + o.Require("name").Text()), Candidate: shift.Version(o.Require("version").Text())}
}

func (store) Rules() shift.Rules {
	return shift.Rules{Grain: 100, CallsPerSecond: 100, Lag: storeLag, KeepsDetail: true}
}

func keyOf(t shift.Target) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: string(t)}, "sk": &types.AttributeValueMemberS{Value: "route"}}
}

func (s store) Route(ctx context.Context, t shift.Target) (shift.Route, error) {
	out, err := s.client.GetItem(ctx, &api.GetItemInput{TableName: aws.String(storeTable), Key: keyOf(t), ConsistentRead: aws.Bool(true)})
	switch {
	case err != nil:
		return shift.Route{}, fmt.Errorf("read %s: %w", t, awserror.Meaning(err))
	case len(out.Item) == 0:
		return shift.Route{}, fmt.Errorf("read %s: %w", t, shift.ErrTargetNotFound)
	}
	return routeIn(out.Item), nil
}

func routeIn(item map[string]types.AttributeValue) shift.Route {
	value := func(name string) string {
		switch v := item[name].(type) {
		case *types.AttributeValueMemberS:
			return v.Value
		case *types.AttributeValueMemberN:
			return v.Value
		}
		return ""
	}
	weight, _ := strconv.Atoi(value("weight"))
	return shift.Route{
		Serving: shift.Version(value("serving")), Additional: shift.Version(value("additional")),
		Weight: shift.Weight(weight), Revision: shift.Revision(value("etag")), Detail: value("origin"),
	}
}

// SetRoute writes with an ETag that never returns: it counts up.
func (s store) SetRoute(ctx context.Context, t shift.Target, r shift.Route) (shift.Route, error) {
	number := func(n int) types.AttributeValue { return &types.AttributeValueMemberN{Value: strconv.Itoa(n)} }
	etag, err := strconv.Atoi(string(r.Revision))
	if err != nil {
		return shift.Route{}, fmt.Errorf("write %s: its revision is %q", t, r.Revision)
	}
	write := &api.UpdateItemInput{
		TableName: aws.String(storeTable), Key: keyOf(t), ReturnValues: types.ReturnValueAllNew,
		UpdateExpression:    aws.String("SET serving = :serving, additional = :additional, weight = :weight, origin = :origin, etag = :next"),
		ConditionExpression: aws.String("etag = :etag"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":serving": &types.AttributeValueMemberS{Value: string(r.Serving)}, ":additional": &types.AttributeValueMemberS{Value: string(r.Additional)},
			":origin": &types.AttributeValueMemberS{Value: r.Detail}, ":weight": number(int(r.Weight)), ":etag": number(etag), ":next": number(etag + 1),
		},
	}
	if s.unfenced {
		write.ConditionExpression = aws.String("etag <> :etag OR etag = :etag")
	}
	out, err := s.client.UpdateItem(ctx, write)
	var stale *types.ConditionalCheckFailedException
	switch {
	case errors.As(err, &stale):
		return shift.Route{}, fmt.Errorf("write %s: %w", t, shift.ErrRevisionMismatch)
	case err != nil:
		return shift.Route{}, fmt.Errorf("write %s: %w", t, awserror.Meaning(err))
	}
	return routeIn(out.Attributes), nil
}

func (s store) Rotate(ctx context.Context, t shift.Target, found shift.Route, _ shift.Version) (shift.Route, error) {
	rotated, err := s.SetRoute(ctx, t, found)
	if err != nil {
		return found, err
	}
	return rotated, nil
}

var errNotInStore = errors.New("a store is neither made nor removed")

func (store) Create(context.Context, shift.Target, shift.Route) (shift.Route, error) {
	return shift.Route{}, errNotInStore
}

func (store) Delete(context.Context, shift.Target) error { return errNotInStore }

func (store) Arrived(context.Context, shift.Target, string) (bool, error) { return true, nil }

func (store) Settles(context.Context, shift.Target) (bool, error) {
	return false, errors.New("a store never settles")
}

func (store) Publish(context.Context, shift.Target) (shift.Published, error) {
	return shift.Published{}, errNotInStore
}

func (store) DescribeVersion(_ context.Context, _ shift.Target, v shift.Version) (shift.Published, error) {
	return shift.Published{Version: v, Readiness: shift.Ready}, nil
}

func (s store) CheckArrival(ctx context.Context, a shift.Arrival) error {
	t := a.Target
	_, err := s.Route(ctx, t)
	if errors.Is(err, shift.ErrTargetNotFound) {
		return fmt.Errorf("%w; stock %s first", err, t)
	}
	return err
}

func (store) CheckCandidate(context.Context, shift.Arrival) error { return nil }

func (store) Wake(context.Context, shift.Target, shift.Version) error { return errNotInStore }

func (store) CheckStart(t shift.Target, found shift.Route, _ bool) error {
	if found.IsWhole() {
		return nil
	}
	return fmt.Errorf("%w: %s has %s", shift.ErrTargetWeighted, t, found)
}

func (store) CheckCompatible(shift.Target, shift.Published, shift.Published) error { return nil }

func (store) DescribeChange(c shift.Change) (any, error) {
	return map[string]any{"store": c.Target, "stable": c.Stable, "candidate": c.Candidate}, nil
}

// stocked is a run whose world has the table, with all traffic of the site on version a.
func stocked(b base, weaken guard, strikes ...strike) (*run, error) {
	r, err := newRun(b, weaken, strikes...)
	if err != nil {
		return nil, err
	}
	r.w.Tables().CreateTable(storeTable, "pk", "sk", "expiresAt")
	r.w.WrapPermits(func(permits world.Permits) world.Permits {
		return func(actor string, needed localaws.Permission, tags map[string]string) bool {
			return needed.Resource == r.storeARN() || permits(actor, needed, tags)
		}
	})
	return r, r.stock()
}

func (r *run) storeARN() string {
	return "arn:aws:dynamodb:us-east-1:123456789012:table/" + storeTable
}

func (r *run) stock() error {
	item := keyOf(site)
	item["serving"], item["additional"] = &types.AttributeValueMemberS{Value: "a"}, &types.AttributeValueMemberS{Value: ""}
	item["origin"] = &types.AttributeValueMemberS{Value: storeOrigin}
	item["weight"], item["etag"] = &types.AttributeValueMemberN{Value: "0"}, &types.AttributeValueMemberN{Value: "1"}
	_, err := api.NewFromConfig(r.w.Config("owner")).PutItem(context.Background(), &api.PutItemInput{TableName: aws.String(storeTable), Item: item})
	return err
}

// siteRoute is what the site serves, as an item of the table says.
func siteRoute(item dynamodb.Item) shift.Route {
	number := ledgerItem(item).number
	return shift.Route{
		Serving: shift.Version(text(item, "serving")), Additional: shift.Version(text(item, "additional")),
		Weight: shift.Weight(number("weight")), Revision: shift.Revision(strconv.Itoa(number("etag"))), Detail: text(item, "origin"),
	}
}

// stored holds I1 and I4 at every write of the store.
func (r *run) stored(before, after dynamodb.Item) {
	if before == nil || after == nil {
		return
	}
	if found := text(after, "origin"); found != storeOrigin {
		r.breaks("a write of the site has lost its detail: it has %q", found)
	}
	now, share := siteRoute(after), shift.None
	switch {
	case now.Serving == "b":
		share = shift.All
	case now.Additional == "b":
		share = now.Weight
	}
	if share == shift.None {
		return
	}
	d := r.deployments[r.main.ARN()]
	switch {
	case d == nil || d.finished():
		r.breaks("I1: the site sends %s to its candidate, and no deployment is open", share)
	case share > d.deployment.Plan.Step(d.intent).Weight:
		r.breaks("I4: the site sends %s to its candidate, and step %d is intended", share, d.intent)
	}
}

// checkSite holds I2 and I3 at the end.
func (r *run) checkSite() error {
	wanted := shift.Version("a")
	if r.outcome() == shift.Promoted {
		wanted = "b"
	}
	for _, item := range r.w.Tables().Items(storeTable) {
		if now := siteRoute(item); !now.Same(shift.Route{Serving: wanted}) {
			return fmt.Errorf("it ended as %s, and the site has %s: it should have 100%% on %s", r.outcome(), now, wanted)
		}
	}
	return nil
}

// playStocked plays a run with a store beside an alias, and checks both.
func playStocked(b base, weaken guard, strikes ...strike) (*run, error) {
	r, err := stocked(b, weaken, strikes...)
	if err != nil {
		return nil, err
	}
	if err := r.play(); err != nil {
		return r, err
	}
	return r, r.checkSite()
}

const bothTargets = `"targets": [{"function": "orders"}, {"store": {"name": "site", "version": "b"}}]`

// storeBases are deployments of an alias and a store in lockstep.
var storeBases = []base{
	{"an alias and a store promoted",
		`{` + bothTargets + `, "strategy": {"canary": {"percent": 10, "bakeMinutes": 2}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `}`, shift.Promoted, "", storeKinds, false},
	{"an alias and a store with an alarm",
		`{` + bothTargets + `, "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 70, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", storeKinds, false},
	{"an alias and a store, stopped at the whole weight",
		`{` + bothTargets + `, "strategy": {"steps": [{"percent": 50, "bakeMinutes": 1}, {"percent": 100, "bakeMinutes": 5}]}}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 100, "do": "stopExecution"}]}`, shift.RolledBack, "", storeKinds, false},
}

func TestASecondKindOfTargetIsShiftedBesideAnAlias(t *testing.T) {
	t.Parallel()
	for _, b := range storeBases {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			r, err := playStocked(b, guard{})
			require.NoError(t, r.story(err))
			assert.Equal(t, b.outcome, r.outcome())
		})
	}
}

// A plan that the store cannot take is refused before anything is published.
func TestTheRulesOfASecondKindHoldForThePlan(t *testing.T) {
	t.Parallel()
	for strategy, want := range map[string]string{
		`{"steps": [{"percent": 0.5, "bakeMinutes": 5}, {"percent": 100}]}`:  "step 1 is at 0.5%, and store:site takes multiples of 1%",
		`{"steps": [{"percent": 10, "bakeMinutes": 0.5}, {"percent": 100}]}`: "viewers of store:site may see the step before for 20s",
	} {
		b := base{"", `{` + bothTargets + `, "strategy": ` + strategy + `}`, `{` + chaosFunctions + `}`, shift.Rejected, "", storeKinds, false}
		r, err := playStocked(b, guard{})
		require.NoError(t, r.story(err))
		assert.Equal(t, shift.Rejected, r.outcome())
		cause := r.deployments[r.main.ARN()].cause
		assert.Contains(t, cause, "InvalidPlan")
		assert.Contains(t, cause, want)
		assert.Zero(t, r.w.Calls()["lambda:PublishVersion"])
	}
}

// The lag of the store makes the last step bake, so that nobody is asked, or told, before
// all viewers are on the candidate.
func TestTheLastStepBakesForTheLagOfASecondKind(t *testing.T) {
	t.Parallel()
	r, err := playStocked(storeBases[0], guard{})
	require.NoError(t, r.story(err))
	taken := r.main.Stopped().Sub(r.main.Started())
	assert.GreaterOrEqual(t, taken, 2*time.Minute+storeLag.Duration())
}

// Whoever reads the cause of a rollback reads until when viewers may see the candidate.
func TestTheCauseOfARollbackTellsOfTheLagOfASecondKind(t *testing.T) {
	t.Parallel()
	r, err := playStocked(storeBases[1], guard{})
	require.NoError(t, r.story(err))
	cause := r.deployments[r.main.ARN()].cause
	assert.Regexp(t, `store:site is back on a \(it had 10% on b, the rest on a\), and viewers may still see b until \d\d:\d\d:\d\d UTC`, cause)
	assert.NotRegexp(t, `lambda:orders:live [^;]*viewers`, cause)
}

// A router that creates nothing is not asked to, even if the input allows to create aliases.
func TestAMissingTargetOfAKindThatCreatesNoneIsRefused(t *testing.T) {
	t.Parallel()
	const missing = `"targets": [{"function": "orders"}, {"store": {"name": "nowhere", "version": "b"}}]`
	b := base{"", `{` + missing + `, "createAlias": true}`, `{` + chaosFunctions + `}`, shift.Rejected, "", storeKinds, false}
	r, err := playStocked(b, guard{})
	require.NoError(t, r.story(err))
	assert.Equal(t, shift.Rejected, r.outcome())
	assert.Contains(t, r.deployments[r.main.ARN()].cause, "target not found; stock store:nowhere first")
	assert.Zero(t, r.w.Calls()["lambda:UpdateAlias"])
}

// Some hundred faults, the same that strike at aliases alone.
func TestChaosSecondKindOfTarget(t *testing.T) {
	slice := 37
	if whole(t) {
		slice = 1
	}
	for i, b := range storeBases {
		undisturbed, err := playStocked(b, guard{})
		require.NoError(t, undisturbed.story(err), b.name)
		all := every(undisturbed)
		t.Run(b.name, func(t *testing.T) {
			chosen := (len(all) - i%slice + slice - 1) / slice
			explore(t, chosen, func(n int) error {
				strike := all[i%slice+n*slice]
				r, err := playStocked(b, guard{}, strike)
				if err != nil {
					return fmt.Errorf("%s: %w", strike, r.story(err))
				}
				return nil
			})
			t.Logf("%d runs with a single fault", chosen)
		})
	}
}

// Without the condition on the ETag, a set-weight that outlives its deployment shifts the
// site after it was put back, and the checks notice.
func TestTheETagOfASecondKindIsNeeded(t *testing.T) {
	t.Parallel()
	b := storeBases[2]
	b.input = `{"targets": [{"store": {"name": "site", "version": "b"}}, {"function": "orders"}], "strategy": {"steps": [{"percent": 50, "bakeMinutes": 1}, {"percent": 100, "bakeMinutes": 5}]}}`
	undisturbed, err := playStocked(b, guard{})
	require.NoError(t, undisturbed.story(err))
	noticed := func(unfenced bool) bool {
		b.kinds = map[string]world.Kind{storeKind: storeOf(unfenced)}
		return slices.ContainsFunc(every(undisturbed), func(s strike) bool {
			if s.fault.class != slowed { // stopped, and its Lambda goes on
				return false
			}
			_, err := playStocked(b, guard{}, s)
			return err != nil
		})
	}
	assert.False(t, noticed(false))
	assert.True(t, noticed(true))
}
