package proof

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/world"
)

// guard is a precaution in Sluice. A test removes it by changing calls, to see that the simulation
// notices. If nothing notices the absence of a guard, the guard is not tested or not needed.
type guard struct {
	name string
	// without changes a call, or answers it itself.
	without func(r *run, call *wireCall) (*http.Response, error)
	// bases are the bases to try; empty for all.
	bases []string
	// breaks matches the beginning of the expected violation. If nil, any invariant's number
	// is expected.
	breaks *regexp.Regexp
	// second lists the second faults to try, if a single fault is not enough.
	second func(first strike, all []strike) []strike
	// strikes are the faults to try, if more than two are needed or a search takes long.
	strikes []strike
}

// on returns a function that removes the guard from a run's calls.
func (g guard) on(r *run) interceptor {
	if g.without == nil {
		return nil
	}
	return func(_ *world.World, actor string, request *http.Request) (*http.Response, error) {
		if !r.w.IsSluice(actor) {
			return nil, nil
		}
		text, err := readBody(request)
		if err != nil {
			return nil, err
		}
		call := &wireCall{actor: actor, operation: request.Method, path: request.URL.Path, header: request.Header, text: string(text)}
		if _, operation, aws := strings.Cut(request.Header.Get("X-Amz-Target"), "."); aws {
			call.operation = operation
		}
		if json.Unmarshal(text, &call.body) != nil {
			call.body = nil
		}
		answer, err := g.without(r, call)
		if call.changed {
			if text = []byte(call.text); call.body != nil {
				text, _ = json.Marshal(call.body)
			}
			setBody(request, text)
		}
		return answer, err
	}
}

// TestEveryGuardIsNeeded removes one guard at a time, and expects the simulation to find a
// violation.
func TestEveryGuardIsNeeded(t *testing.T) {
	t.Parallel()
	for _, g := range slices.Concat(guards, frontEndGuards, hookGuards, entryGuards, queueGuards, stackGuards, roads) {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			broken, violation := search(t, g)
			require.Error(t, violation, "nothing notices that the guard %s is missing", g.name)
			story, _, _ := strings.Cut(violation.Error(), "\n  ")
			t.Log(story)
			for _, s := range broken.struck {
				t.Logf("it has struck %s at %s", s.actor, s.action)
			}
			r, err := play(broken.base, guard{}, broken.strikes...)
			require.NoError(t, r.story(err), "with the guard, the same faults do no harm")
		})
	}
}

// broken says whether a violation is the one that the guard prevents: any invariant's, unless
// the guard says otherwise.
func (g guard) broken(violation error) bool {
	if g.breaks != nil {
		return g.breaks.MatchString(violation.Error())
	}
	return invariant.MatchString(violation.Error())
}

// invariant matches the beginning of an invariant's violation.
var invariant = regexp.MustCompile(`^I[1-9]`)

// search disturbs runs without a guard until one breaks an invariant. It returns nil if none
// does.
func search(t *testing.T, g guard) (*run, error) {
	t.Helper()
	for _, b := range slices.Concat(withBothAnswers(), stackBases) {
		if len(g.bases) == 0 && (b.keeps || isStacks(b)) || len(g.bases) > 0 && !slices.Contains(g.bases, b.name) {
			continue
		}
		for _, strikes := range attempts(strikesOf(t, b), g) {
			if r, err := play(b, g, strikes...); err != nil && g.broken(err) {
				return r, r.story(err)
			}
		}
	}
	return nil, nil
}

// attempts returns the faults to try, in a shuffled but reproducible order.
func attempts(all []strike, g guard) [][]strike {
	if g.strikes != nil {
		return [][]strike{g.strikes}
	}
	var list [][]strike
	for _, s := range all {
		if g.second == nil {
			list = append(list, []strike{s})
			continue
		}
		for _, other := range g.second(s, all) {
			list = append(list, []strike{s, other})
		}
	}
	random := rand.New(rand.NewPCG(1, 1))
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

func only(all []strike, names ...string) []strike {
	return slices.DeleteFunc(slices.Clone(all), func(s strike) bool { return !slices.Contains(names, s.fault.name) })
}
