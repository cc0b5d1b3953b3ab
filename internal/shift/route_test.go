package shift_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
)

func serves(v shift.Version) shift.Route { return shift.Route{Serving: v} }

func divided(serving, additional shift.Version, w shift.Weight) shift.Route {
	return shift.Route{Serving: serving, Additional: additional, Weight: w}
}

// moving is a Route that its platform is still moving by itself.
func moving(serving, from shift.Version) shift.Route {
	r := divided(serving, from, shift.All)
	r.Settling = true
	return r
}

var (
	// change is of an alias that serves version 1 and is to serve 2.
	change = shift.Change{Target: orders, Stable: "1", Candidate: "2", Revision: "r0"}
	// settling is the same with provisioned concurrency.
	settling = shift.Change{Target: orders, Stable: "1", Candidate: "2", Revision: "r0", Settles: true}
	// creating is of an alias that does not exist yet.
	creating = shift.Change{Target: orders, Candidate: "2", Maker: "first"}
)

// madeBy is the Route of an alias that a deployment has created for version 2.
func madeBy(maker string) shift.Route { return shift.Route{Serving: "2", Maker: maker} }

// threeSteps are at 10, 50 and 100 %.
func threeSteps(t *testing.T) shift.Plan {
	t.Helper()
	return plan(t, shift.Step{Weight: 1000, Bake: minute}, shift.Step{Weight: 5000, Bake: minute}, shift.Step{Weight: shift.All})
}

func TestARouteIsShownToPeople(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "100% on 1", serves("1").String())
	assert.Equal(t, "10% on 2, the rest on 1", divided("1", "2", 1000).String())
	assert.Equal(t, "0% on 2, the rest on 1", divided("1", "2", 0).String())
	assert.Equal(t, "a weight finer than 0.01% on 2, the rest on 1", divided("1", "2", shift.Foreign).String())
	assert.Equal(t, "nothing", shift.Route{}.String())
}

func TestRoutesAreComparedWithoutTheirRevisions(t *testing.T) {
	t.Parallel()
	a, b := divided("1", "2", 1000), divided("1", "2", 1000)
	a.Revision, b.Revision = "x", "y"
	assert.True(t, a.Same(b))
	assert.False(t, a.Same(divided("1", "2", 1001)))
	assert.False(t, a.Same(divided("2", "1", 1000)))
	assert.False(t, serves("1").Same(divided("1", "2", 0)), "a zero weight is still an additional version")
}

func TestStableServesUntilTheCandidateHasEverything(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change shift.Change
		weight shift.Weight
		want   shift.Route
	}{
		{"nothing", change, shift.None, serves("1")},
		{"a little", change, 1, divided("1", "2", 1)},
		{"nearly everything", change, 9999, divided("1", "2", 9999)},
		{"everything", change, shift.All, serves("2")},
		{"an alias that is new has nothing else to serve", creating, 1000, madeBy("first")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, test.change.At(test.weight))
		})
	}
	assert.Equal(t, serves("1"), change.Before())
	assert.True(t, creating.Creates())
	assert.False(t, change.Creates())
}

// A platform may go on moving the traffic by itself after the serving version has changed.
func TestARouteSettlesOnlyWhereItsPlatformDoesAndBetweenOurTwoVersions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  shift.Change
		found   shift.Route
		serving shift.Version
		want    bool
	}{
		{"to the candidate", settling, moving("2", "1"), "2", true},
		{"to the candidate, and the platform does not say so", settling, divided("2", "1", shift.All), "2", false},
		{"to the candidate, by a weight that Lambda does not give", settling, divided("2", "1", 4217), "2", false},
		{"to the candidate, by a share that is none of ours", settling, divided("2", "1", shift.Foreign), "2", false},
		{"back to stable, by a weight that Lambda does not give", settling, divided("1", "2", 3300), "1", false},
		{"back to stable", settling, moving("1", "2"), "1", true},
		{"without provisioned concurrency", change, moving("2", "1"), "2", false},
		{"to another version", settling, moving("3", "1"), "2", false},
		{"from another version", settling, moving("2", "3"), "2", false},
		{"the other way round", settling, moving("1", "2"), "2", false},
		{"settled", settling, serves("2"), "2", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, test.change.Settling(test.found, test.serving))
		})
	}
}

func TestWhatATargetServesIsVerified(t *testing.T) {
	t.Parallel()
	require.NoError(t, change.CheckServes(serves("2"), "2"))
	require.NoError(t, change.CheckServes(shift.Route{Serving: "1", Revision: "r9"}, "1"))
	require.ErrorIs(t, settling.CheckServes(moving("2", "1"), "2"), shift.ErrRouteSettling)
	err := change.CheckServes(divided("1", "2", 1000), "2")
	require.ErrorIs(t, err, shift.ErrRouteChanged)
	require.ErrorContains(t, err, "lambda:orders:live has 10% on 2, the rest on 1, and should have 100% on 2")
	require.ErrorIs(t, settling.CheckServes(serves("3"), "2"), shift.ErrRouteChanged)
}

func TestARefusedWriteIsJudgedByWhatIsFound(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change shift.Change
		step   int
		found  shift.Route
		want   shift.Landing
	}{
		{"the first step had landed", change, 1, divided("1", "2", 1000), shift.RouteLanded},
		{"the first step had not", change, 1, serves("1"), shift.RouteUntouched},
		{"the second step had landed", change, 2, divided("1", "2", 5000), shift.RouteLanded},
		{"the second step had not", change, 2, divided("1", "2", 1000), shift.RouteUntouched},
		{"the last step had landed", change, 3, serves("2"), shift.RouteLanded},
		{"the last step had not", change, 3, divided("1", "2", 5000), shift.RouteUntouched},
		{"the last step had landed and settles", settling, 3, moving("2", "1"), shift.RouteLanded},
		{"the same without provisioned concurrency", change, 3, divided("2", "1", shift.All), shift.RouteForeign},
		{"a divided step never settles", settling, 2, divided("1", "2", 4000), shift.RouteForeign},
		{"a step further than the next", change, 1, divided("1", "2", 5000), shift.RouteForeign},
		{"a step further back", change, 3, divided("1", "2", 1000), shift.RouteForeign},
		{"somebody put it back", change, 2, serves("1"), shift.RouteForeign},
		{"somebody promoted it", change, 1, serves("2"), shift.RouteForeign},
		{"a weight that is not ours", change, 1, divided("1", "2", 999), shift.RouteForeign},
		{"a weight finer than ours", change, 1, divided("1", "2", shift.Foreign), shift.RouteForeign},
		{"another version", change, 1, divided("1", "3", 1000), shift.RouteForeign},
		{"nothing left over for the candidate", change, 1, divided("1", "2", 0), shift.RouteUntouched},
		{"nothing left over for another version", change, 1, divided("1", "7", 0), shift.RouteUntouched},
		{"a restoration on its way", change, 2, divided("1", "2", 0), shift.RouteForeign},
		{"the alias was created by an earlier try", creating, 1, madeBy("first"), shift.RouteLanded},
		{"the alias was created by somebody", creating, 1, serves("7"), shift.RouteForeign},
		{"the alias was created by another deployment, with the same version", creating, 1, madeBy("another"), shift.RouteForeign},
		{"the alias was created by hand, with the same version", creating, 1, madeBy(""), shift.RouteForeign},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.found.Revision = "r9"
			assert.Equal(t, test.want, test.change.Landing(test.found, threeSteps(t), test.step-1, test.step))
		})
	}
}

func TestARestorationWritesWhateverAnIntentExplainsAndNothingElse(t *testing.T) {
	t.Parallel()
	before := serves("1")
	back := shift.Restoration{Ours: true, Write: &before}
	rotate := shift.Restoration{Ours: true, Rotate: true}
	foreign := shift.Restoration{}
	tests := []struct {
		name   string
		change shift.Change
		found  shift.Route
		gone   bool
		intent int
		want   shift.Restoration
	}{
		{"on stable already: written all the same, so that the revision rotates", change, serves("1"), false, 1, rotate},
		{"at the step that was meant", change, divided("1", "2", 1000), false, 1, back},
		{"at a step before the one that was meant", change, divided("1", "2", 1000), false, 2, back},
		{"at a step beyond what was meant", change, divided("1", "2", 5000), false, 1, foreign},
		{"at everything, as meant", change, serves("2"), false, 3, back},
		{"at everything, never meant", change, serves("2"), false, 2, foreign},
		{"at everything, settling", settling, moving("2", "1"), false, 3, back},
		{"at everything, with a foreign share", settling, divided("2", "1", shift.Foreign), false, 3, foreign},
		{"back, with a share that is not Lambda's", settling, divided("1", "2", 3300), false, 3, foreign},
		{"settling, never meant", settling, moving("2", "1"), false, 2, foreign},
		{"settling back", settling, moving("1", "2"), false, 3, back},
		{"settling back without having moved", settling, moving("1", "2"), false, 2, foreign},
		{"as a restoration left it that was cut short", change, divided("1", "2", 0), false, 1, back},
		{"nothing left over for another version", change, divided("1", "7", 0), false, 1, back},
		{"weights without provisioned concurrency that look like settling", change, divided("2", "1", shift.All), false, 3, foreign},
		{"a weight that is not ours", change, divided("1", "2", 1234), false, 3, foreign},
		{"a weight finer than ours", change, divided("1", "2", shift.Foreign), false, 3, foreign},
		{"another version", change, serves("7"), false, 3, foreign},
		{"another additional version", change, divided("1", "7", 1000), false, 3, foreign},
		{"an intent beyond the plan", change, serves("2"), false, 99, back},
		{"the alias is gone", change, shift.Route{}, true, 3, foreign},
		{"an alias that was created", creating, madeBy("first"), false, 1, shift.Restoration{Ours: true, Delete: true}},
		{"an alias that was not created after all", creating, shift.Route{}, true, 1, shift.Restoration{Ours: true}},
		{"an alias that somebody else created is never deleted", creating, serves("7"), false, 1, foreign},
		{"an alias that another deployment created with the same version is never deleted", creating, madeBy("another"), false, 1, foreign},
		{"an alias that was created by hand with the same version is never deleted", creating, madeBy(""), false, 1, foreign},
		{"an alias that somebody divided is never deleted", creating, divided("2", "7", 1000), false, 1, foreign},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.found.Revision = "r9"
			assert.Equal(t, test.want, test.change.Restoration(test.found, !test.gone, threeSteps(t), test.intent))
		})
	}
}

// The second look deletes only what this very Deployment has created.
func TestASecondLookTakesBackOnlyWhatTheDeploymentItselfHasLeft(t *testing.T) {
	t.Parallel()
	before := serves("1")
	for name, test := range map[string]struct {
		change shift.Change
		found  shift.Route
		want   shift.Restoration
	}{
		"an alias that it created":                                    {creating, madeBy("first"), shift.Restoration{Ours: true, Delete: true}},
		"an alias that another deployment created, with its version":  {creating, madeBy("another"), shift.Restoration{Delete: true}},
		"an alias that somebody created by hand, with its version":    {creating, madeBy(""), shift.Restoration{Delete: true}},
		"its own alias, which somebody has moved since":               {creating, shift.Route{Serving: "7", Maker: "first"}, shift.Restoration{Delete: true}},
		"a zero weight, which an interrupted restoration has left":    {change, divided("1", "2", shift.None), shift.Restoration{Ours: true, Write: &before}},
		"a zero weight of another version":                            {change, divided("1", "7", shift.None), shift.Restoration{}},
		"all traffic on the Candidate: somebody has shifted it since": {change, serves("2"), shift.Restoration{}},
		"Stable alone": {change, serves("1"), shift.Restoration{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, test.change.Stray(test.found))
		})
	}
}

// I2 and I6 for any Route: what is not ours is left alone, and what is ours ends
// on Stable by at least one write that changes something.
func TestEveryRestorationEndsOnStableOrLeavesTheRouteAlone(t *testing.T) {
	t.Parallel()
	steps := threeSteps(t)
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom([]shift.Change{change, settling}).Draw(t, "change")
		version := rapid.SampledFrom([]shift.Version{"1", "2", "3"})
		found := shift.Route{Serving: version.Draw(t, "serving")}
		if rapid.Bool().Draw(t, "divided") {
			found.Additional = version.Filter(func(v shift.Version) bool { return v != found.Serving }).Draw(t, "additional")
			found.Weight = rapid.SampledFrom([]shift.Weight{shift.Foreign, 0, 1, 1000, 5000, 9999, shift.All}).Draw(t, "weight")
			found.Settling = found.Weight == shift.All
		}
		intent := rapid.IntRange(1, 3).Draw(t, "intent")
		way := c.Restoration(found, true, steps, intent)
		require.False(t, way.Delete)
		if !way.Ours {
			require.Equal(t, shift.Restoration{}, way)
			return
		}
		require.NotEqual(t, shift.Version("3"), found.Serving)
		require.False(t, found.Additional == "3" && found.Weight != shift.None, "somebody divides the traffic")
		if way.Rotate {
			require.True(t, found.Same(c.Before()), "what is not on Stable needs more than another revision")
			return
		}
		require.False(t, way.Write.Same(found), "a write that changes nothing may keep the revision")
		require.True(t, way.Write.Same(c.Before()), "no traffic goes to the candidate on the way back")
	})
}

// I6 for a refused write: what is found is overwritten only when it is what the
// Plan had written, or found.
func TestOnlyOurOwnRoutesAreEverWrittenAgain(t *testing.T) {
	t.Parallel()
	steps := threeSteps(t)
	for step := 1; step <= steps.Len(); step++ {
		for w := shift.Foreign; w <= shift.All; w++ {
			found := divided("1", "2", w)
			if change.Landing(found, steps, step-1, step) == shift.RouteUntouched {
				if step == 1 {
					require.Equal(t, shift.None, w, "which divides nothing")
					continue
				}
				require.Equal(t, steps.Step(step-1).Weight, w)
			}
		}
	}
}

func TestARouteIsShownAsItSendsTraffic(t *testing.T) {
	t.Parallel()
	for want, route := range map[string]shift.Route{
		"nothing": {}, "100% on 1": {Serving: "1"}, "10% on 2, the rest on 1": {Serving: "1", Additional: "2", Weight: 1000},
		"10% on 2, the rest on ": {Additional: "2", Weight: 1000},
	} {
		assert.Equal(t, want, route.String())
	}
	assert.True(t, shift.Route{Serving: "1", Weight: 7}.IsWhole())
	assert.True(t, shift.Route{Serving: "1", Additional: "2"}.IsWhole())
	assert.False(t, shift.Route{Serving: "1", Additional: "2", Weight: 1}.IsWhole())
}

// A platform that needs the detail of a Route for its writes gets it with each of them.
func TestEveryWriteCarriesTheDetailOfTheRoute(t *testing.T) {
	t.Parallel()
	c := shift.Change{Target: orders, Stable: "1", Candidate: "2", RouteDetail: "d"}
	stable := shift.Route{Serving: "1", Detail: "d"}
	assert.Equal(t, stable, c.Before())
	assert.Equal(t, stable, c.At(shift.None))
	assert.Equal(t, shift.Route{Serving: "1", Additional: "2", Weight: 1000, Detail: "d"}, c.At(1000))
	assert.Equal(t, shift.Route{Serving: "2", Detail: "d"}, c.At(shift.All))
	assert.Equal(t, shift.Restoration{Ours: true, Write: &stable}, c.Stray(shift.Route{Serving: "1", Additional: "2", Weight: shift.None}))
	created := shift.Change{Target: orders, Candidate: "2", Maker: "first", RouteDetail: "d"}
	assert.Equal(t, shift.Route{Serving: "2", Maker: "first", Detail: "d"}, created.At(1000))
}

func TestTheMakerOfATargetIsTheNameOfItsExecution(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "first", shift.MakerOf("arn:aws:states:us-east-1:123456789012:execution:sluice:first"))
	assert.Equal(t, "first", shift.MakerOf("first"))
}

// A Target that is divided settles on no version.
func TestARouteThatSettlesHasLandedOnlyWhereAllTrafficGoes(t *testing.T) {
	t.Parallel()
	p := plan(t, shift.Step{Weight: 1000, Bake: minute}, shift.Step{Weight: shift.All})
	c := shift.Change{Target: orders, Stable: "1", Candidate: "2", Settles: true}
	settling := shift.Route{Serving: "1", Additional: "2", Weight: 7000, Settling: true}
	assert.Equal(t, shift.RouteForeign, c.Landing(settling, p, 0, 1))
	all := shift.Route{Serving: "2", Additional: "1", Weight: 7000, Settling: true}
	assert.Equal(t, shift.RouteLanded, c.Landing(all, p, 1, 2))
	assert.Equal(t, shift.Restoration{}, c.Restoration(shift.Route{Serving: "1"}, false, p, 1), "it is gone")
}

func TestWhatIsUndoneIsToldWithWhatWasFound(t *testing.T) {
	t.Parallel()
	divided := shift.Route{Serving: "1", Additional: "2", Weight: 1000}
	assert.Equal(t, shift.Undone{Target: orders, Fate: shift.Back, Stable: "1", Found: "10% on 2, the rest on 1"}, change.Undo(divided))
	assert.Equal(t, shift.Undone{Target: orders, Fate: shift.WasBack, Stable: "1", Found: "100% on 1"}, change.Undo(shift.Route{Serving: "1"}))
	created := shift.Change{Target: orders, Candidate: "2"}
	assert.Equal(t, shift.Undone{Target: orders, Fate: shift.Gone}, created.Undo(shift.Route{Serving: "2"}))
}
