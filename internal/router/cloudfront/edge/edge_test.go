package edge_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/router/cloudfront/edge"
)

func TestTheFunctionFitsIntoCloudFront(t *testing.T) {
	t.Parallel()
	text, err := edge.Source(strings.Repeat("r", 64))
	require.NoError(t, err)
	assert.Less(t, len(text), edge.MaxSource)
	assert.Contains(t, text, "const FALLBACK = '"+strings.Repeat("r", 64)+"';")
	for _, bad := range []string{"", ".", "..", "a'b", "a/b", strings.Repeat("r", 65)} {
		_, err := edge.Source(bad)
		assert.Error(t, err, bad)
	}
}

// The runtime refuses a function that has these (CloudFront Developer Guide, JavaScript runtime
// 2.0: await among arguments, closures that are async, and what is newer than it supports).
func TestTheFunctionUsesWhatTheRuntimeSupports(t *testing.T) {
	t.Parallel()
	text, err := edge.Source(fallback)
	require.NoError(t, err)
	for _, unsupported := range []string{"(await", ", await", "async (", "async(", "?.", "??", "setTimeout", "eval(", "class ", "new Function"} {
		assert.NotContains(t, text, unsupported)
	}
}

func value(stable, candidate string, weight int) string {
	return fmt.Sprintf(`{"v":1,"stable":%q,"candidate":%q,"weight":%d,"n":"9f2c51e0a7b34d189f2c51e0a7b34d18"}`, stable, candidate, weight)
}

const alone = `{"v":1,"stable":"r41","n":"9f2c51e0a7b34d189f2c51e0a7b34d18"}`

func TestAPathIsLookedUpInTheRelease(t *testing.T) {
	t.Parallel()
	f := newFunction(t).holds(alone)
	for uri, want := range map[string]string{
		"/":                     "/releases/r41/index.html",
		"/a/b.css":              "/releases/r41/a/b.css",
		"/a/":                   "/releases/r41/a/index.html",
		"/a":                    "/releases/r41/a",
		"/a%20b%2F/%C3%A9":      "/releases/r41/a%20b%2F/%C3%A9",
		"/a%2f":                 "/releases/r41/a%2f",
		"/releases":             "/releases/r41/releases",
		"/releases/r9/a.css":    "/releases/r9/a.css",
		"/releases/":            "/releases/",
		"/my/releases/r9/a.css": "/releases/r41/my/releases/r9/a.css",
	} {
		assert.Equal(t, want, f.uri(t, viewer{ip: "203.0.113.7"}, uri), uri)
	}
	f.asked = nil
	f.uri(t, viewer{ip: "203.0.113.7"}, "/releases/r9/a.css")
	assert.Empty(t, f.asked, "a path of a release does not cost a read")
	f.uri(t, viewer{ip: "203.0.113.7"}, "/a.css")
	assert.Equal(t, []string{distribution}, f.asked)
}

func TestNothingElseOfARequestIsChanged(t *testing.T) {
	t.Parallel()
	f := newFunction(t).holds(alone)
	query := map[string]any{"a": map[string]any{"value": "1%202"}, "b": map[string]any{"value": "", "multiValue": []any{map[string]any{"value": "x"}}}}
	v := viewer{ip: "203.0.113.7", agent: "curl", cookie: "17", preview: "r41"}
	got := f.ask(t, v, "/a", query)
	assert.Equal(t, map[string]any{
		"method": "GET", "uri": "/releases/r41/a", "querystring": query,
		"headers": map[string]any{
			"host": map[string]any{"value": "www.example.com"}, "user-agent": map[string]any{"value": "curl"}, edge.PreviewHeader: map[string]any{"value": "r41"},
		},
		"cookies": map[string]any{edge.BucketCookie: map[string]any{"value": "17"}},
	}, got)
}

func TestAMissingOrBrokenValueServesTheFallback(t *testing.T) {
	t.Parallel()
	f := newFunction(t)
	assert.Equal(t, fallback, f.release(t, viewer{ip: "203.0.113.7"}))
	for _, broken := range []string{
		"", "r41", "null", "1", `"r41"`, "[]", "{}", `{"v":1}`, `{"v":2,"stable":"r41"}`, `{"v":"1","stable":"r41"}`, `{"stable":"r41"}`, `{"v":1,"stable":41}`,
		`{"v":1,"stable":"a/b"}`, `{"v":1,"stable":".."}`, `{"v":1,"stable":""}`, `{"V":1,"Stable":"r41"}`, alone + "x", alone[1:],
	} {
		assert.Equal(t, fallback, f.holds(broken).release(t, viewer{ip: "203.0.113.7", cookie: "0", preview: "r41"}), broken)
		assert.Equal(t, fallback, edge.Release(broken, fallback, 0), broken)
	}
	// Whatever is wrong with the candidate, stable is known.
	for _, broken := range []string{
		`"candidate":"r42"`, `"weight":10000`, `"candidate":"r42","weight":"10000"`, `"candidate":"r42","weight":99.5`, `"candidate":"../r42","weight":10000`,
		`"candidate":"r42","weight":null`, `"candidate":42,"weight":10000`,
	} {
		text := `{"v":1,"stable":"r41",` + broken + `}`
		assert.Equal(t, "r41", f.holds(text).release(t, viewer{ip: "203.0.113.7", cookie: "0", preview: "r42"}), text)
		assert.Equal(t, "r41", edge.Release(text, fallback, 0), text)
	}
}

func TestThePreviewHeaderServesOnlyTheTwoReleases(t *testing.T) {
	t.Parallel()
	f := newFunction(t).holds(value("r41", "r42", 5000))
	for preview, want := range map[string][2]string{
		"": {"r42", "r41"}, "r41": {"r41", "r41"}, "r42": {"r42", "r42"}, "r40": {"r42", "r41"}, "../x": {"r42", "r41"}, "R42": {"r42", "r41"},
	} {
		assert.Equal(t, want[0], f.release(t, viewer{cookie: "4999", preview: preview}), preview)
		assert.Equal(t, want[1], f.release(t, viewer{cookie: "5000", preview: preview}), preview)
	}
	assert.Equal(t, "r42", f.holds(value("r41", "r42", 0)).release(t, viewer{ip: "203.0.113.7", preview: "r42"}), "before anybody else gets it")
}

func TestACookieFixesTheBucketIfItIsValid(t *testing.T) {
	t.Parallel()
	v := viewer{ip: "203.0.113.7", agent: "curl"}
	hashed := edge.Bucket("", v.ip, v.agent)
	require.Equal(t, 5693, hashed, "the first 32 bits of SHA-256, as sha256sum has them, modulo 10000")
	for cookie, want := range map[string]int{
		"0": 0, "17": 17, "0017": 17, "9999": 9999,
		"": hashed, "10000": hashed, "-1": hashed, "1.5": hashed, "1e3": hashed, " 1": hashed, "1\n": hashed, "0x10": hashed, "x": hashed, "١": hashed,
	} {
		assert.Equal(t, want, edge.Bucket(cookie, v.ip, v.agent), cookie)
		f := newFunction(t)
		v.cookie = cookie
		assert.Equal(t, "r41", f.holds(value("r41", "r42", want)).release(t, v), cookie)
		assert.Equal(t, "r42", f.holds(value("r41", "r42", want+1)).release(t, v), cookie)
	}
}

// Nobody who was moved to the candidate is moved back while the weight grows, and zero moves
// everybody back.
func TestAGrowingWeightNeverMovesAViewerBack(t *testing.T) {
	t.Parallel()
	f := newFunction(t)
	rapid.Check(t, func(t *rapid.T) {
		v := viewer{ip: ips.Draw(t, "ip"), agent: rapid.String().Draw(t, "agent"), cookie: cookies.Draw(t, "cookie")}
		before, moved := 0, false
		for _, weight := range append([]int{0}, rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 8).Draw(t, "growth")...) {
			before = min(before+weight, 10000)
			isMoved := f.holds(value("r41", "r42", before)).release(t, v) == "r42"
			if moved && !isMoved {
				t.Fatalf("moved back at %d", before)
			}
			moved = isMoved
		}
		if f.holds(value("r41", "r42", 10000)).release(t, v) != "r42" || f.holds(value("r41", "r42", 0)).release(t, v) != "r41" {
			t.Fatal("all or nothing is not for everybody")
		}
	})
}

var (
	ips = rapid.OneOf(
		rapid.Custom(func(t *rapid.T) string {
			b := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "bytes")
			return fmt.Sprintf("%d.%d.%d.%d", b[0], b[1], b[2], b[3])
		}),
		rapid.StringMatching(`2001:db8:[0-9a-f]{1,4}::[0-9a-f]{1,4}`),
	)
	cookies = rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[0-9]{1,5}`), rapid.String())
)

// A weight of 1e999 is infinite in JavaScript. The engine of these tests refuses it instead.
func TestAWeightBeyondAllNumbersIsNoWeight(t *testing.T) {
	t.Parallel()
	for _, weight := range []string{"1e999", "-1e999"} {
		assert.Equal(t, "r41", edge.Release(`{"v":1,"stable":"r41","candidate":"r42","weight":`+weight+`}`, fallback, 0))
	}
}

// The local world takes the Go functions for CloudFront's.
func TestJavaScriptAndGoAgree(t *testing.T) {
	t.Parallel()
	f := newFunction(t)
	release := rapid.SampledFrom([]string{`"r41"`, `"r42"`, `"."`, `""`, `"a/b"`, `1`, `null`, `"\u0072\u0034"`, `["r41"]`})
	weight := rapid.OneOf(
		rapid.Map(rapid.IntRange(-1, 10001), strconv.Itoa),
		rapid.SampledFrom([]string{"1e3", "1E3", "-0", "0.5", "1e-400", "5000.0", "null", `"5000"`, "true", "12345678901234567890", "01", "+1"}),
	)
	member := rapid.OneOf(
		rapid.SampledFrom([]string{`"v":1`, `"v":1.0`, `"v":2`, `"V":1`, `"n":"x"`, `"__proto__":{"v":1,"stable":"r9"}`, `"x":[{}]`}),
		rapid.Custom(func(t *rapid.T) string {
			return `"` + rapid.SampledFrom([]string{"stable", "candidate", "Stable"}).Draw(t, "name") + `":` + release.Draw(t, "release")
		}),
		rapid.Custom(func(t *rapid.T) string { return `"weight":` + weight.Draw(t, "weight") }),
	)
	text := rapid.Custom(func(t *rapid.T) string {
		members := append([]string{`"v":1`, `"stable":"r41"`, `"candidate":"r42"`, `"weight":` + strconv.Itoa(rapid.IntRange(0, 10000).Draw(t, "share"))},
			rapid.SliceOfN(member, 0, 3).Draw(t, "members")...)
		space := rapid.SampledFrom([]string{"", " ", "\n", "\u00a0"}).Draw(t, "space")
		return space + "{" + strings.Join(members[rapid.IntRange(0, 2).Draw(t, "from"):], space+","+space) + rapid.SampledFrom([]string{"}", "}", "}", "", "}}", ",}"}).Draw(t, "end") + space
	})
	rapid.Check(t, func(t *rapid.T) {
		v := viewer{ip: ips.Draw(t, "ip"), agent: rapid.String().Draw(t, "agent"), cookie: cookies.Draw(t, "cookie")}
		held := text.Draw(t, "text")
		want := f.holds(held).release(t, v)
		if got := edge.Release(held, fallback, edge.Bucket(v.cookie, v.ip, v.agent)); got != want {
			t.Fatalf("%s: %q in JavaScript, %q in Go", held, want, got)
		}
	})
}

// Each share is within five standard deviations of what it should be.
func TestSharesOfManyViewersAreThoseOfTheWeight(t *testing.T) {
	t.Parallel()
	const viewers = 200_000
	random := rand.New(rand.NewPCG(1, 2))
	var counts [10001]int // of the viewers in each bucket
	for range viewers {
		n := random.Uint32()
		counts[edge.Bucket("", fmt.Sprintf("%d.%d.%d.%d", n>>24, n>>16&255, n>>8&255, n&255), agents[n%uint32(len(agents))])]++
	}
	for _, weight := range []int{1, 10, 100, 500, 1000, 2500, 5000, 9000, 9900, 9999} {
		moved := 0
		for bucket := range weight {
			moved += counts[bucket]
		}
		share := float64(weight) / 10000
		deviation := math.Sqrt(viewers * share * (1 - share))
		assert.InDelta(t, viewers*share, moved, 5*deviation, "%d basis points", weight)
	}
}

var agents = []string{
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15", "curl/8.14.1", "",
}

func BenchmarkBucket(b *testing.B) {
	for b.Loop() {
		edge.Bucket("", "203.0.113.7", agents[0])
	}
}
