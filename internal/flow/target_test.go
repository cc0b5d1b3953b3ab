package flow_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestATargetNamesAFunctionAndAnAlias(t *testing.T) {
	t.Parallel()
	function, alias, err := flow.SplitLambdaTarget(flow.LambdaTarget("orders", "live"))
	require.NoError(t, err)
	assert.Equal(t, shift.Target("lambda:orders:live"), flow.LambdaTarget("orders", "live"))
	assert.Equal(t, "orders", function)
	assert.Equal(t, "live", alias)
}

func TestATargetOfAFrontEndNamesIt(t *testing.T) {
	t.Parallel()
	distribution, err := flow.SplitCloudFrontTarget("cloudfront:E1ABCDEF234567")
	require.NoError(t, err)
	assert.Equal(t, "E1ABCDEF234567", distribution)
	zone, name, err := flow.SplitRoute53Target("route53:Z0123456789ABC:*.api.example.com")
	require.NoError(t, err)
	assert.Equal(t, []string{"Z0123456789ABC", "*.api.example.com"}, []string{zone, name})
	switched, err := flow.SplitSwitchTarget("switch:www.example.com")
	require.NoError(t, err)
	assert.Equal(t, "www.example.com", switched)

	assert.Equal(t, shift.Target("cloudfront:E1"), flow.CloudFrontTarget("E1"))
	assert.Equal(t, shift.Target("route53:Z1:a.b"), flow.Route53Target("Z1", "a.b"))
	assert.Equal(t, shift.Target("switch:www.example.com"), flow.SwitchTarget("www.example.com"))
}

func TestATargetOfAnotherKindIsUnknown(t *testing.T) {
	t.Parallel()
	for _, target := range []shift.Target{"", "lambda", "lambda:orders", "lambda::live", "lambda:orders:", "store:zone:name", "lambda:a:b:c"} {
		_, _, err := flow.SplitLambdaTarget(target)
		require.ErrorIs(t, err, shift.ErrUnknownTarget, string(target))
		assert.ErrorContains(t, err, "lambda:FUNCTION:ALIAS")
	}
}

func TestATargetThatCannotExistIsUnknown(t *testing.T) {
	t.Parallel()
	for target, why := range map[shift.Target]string{
		"":                               "does not begin with a kind",
		"orders":                         "does not begin with a kind",
		"lambda:orders":                  "lambda:FUNCTION:ALIAS",
		"cloudfront:":                    "does not begin with a kind",
		"cloudfront:e1":                  "is not the id of a distribution",
		"cloudfront:E1:x":                "cloudfront:DISTRIBUTION",
		"route53:Z1":                     "route53:ZONE:NAME",
		"route53:Z1:":                    "route53:ZONE:NAME",
		"route53:/hostedzone/Z1:a.b":     "without /hostedzone/",
		"route53:Z1:api.example.com.":    "no dot at the end",
		"route53:Z1:API.example.com":     "lower case",
		"route53:Z1:_sluice.example.com": "not below _sluice.",
		"switch:example.com":             "at least three labels",
		"switch:*.example.com":           "no wildcard",
	} {
		err := flow.CheckTarget(target)
		require.ErrorIs(t, err, shift.ErrUnknownTarget, string(target))
		assert.ErrorContains(t, err, why, string(target))
	}
	for _, target := range []shift.Target{"lambda:orders:live", "cloudfront:E1", "route53:Z1:a", "switch:www.example.com", "store:anything:at:all"} {
		assert.NoError(t, flow.CheckTarget(target), string(target))
	}
}

// The rules of names, as patterns.
func TestNamesOfFrontEndsFitTheirPatterns(t *testing.T) {
	t.Parallel()
	const label = `[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?`
	guarded := func(s string) bool { return strings.HasPrefix(s, "_sluice.") }
	rules := map[string]struct {
		fits    func(string) bool
		pattern string
		not     func(string) bool
	}{
		"distribution": {flow.IsDistribution, `^[A-Z0-9]{1,32}$`, nil},
		"zone":         {flow.IsZone, `^[A-Z0-9]{1,32}$`, nil},
		"release":      {flow.IsRelease, `^[A-Za-z0-9._-]{1,64}$`, func(s string) bool { return strings.Trim(s, ".") == "" }},
		"host":         {flow.IsHost, `^` + label + `(\.` + label + `)*$`, func(s string) bool { return len(s) > 253 }},
		"DNS name":     {flow.IsDNSName, `^(\*\.)?` + label + `(\.` + label + `)*$`, func(s string) bool { return len(s) > 245 || guarded(s) }},
		"switched":     {flow.IsSwitchedName, `^` + label + `(\.` + label + `){2,}$`, func(s string) bool { return len(s) > 253 }},
	}
	edge := []string{"", ".", "..", "...", "a..b", ".a", "a.", "*", "*.", "*.a", "a.*.b", "**.a", "*a.b", "_sluice.a", "a._sluice.b", "-a.b", "a-.b", "a\n", "A.b", "a.b.c", "é.b"}
	for _, length := range []int{32, 33, 61, 62, 63, 64, 65} {
		edge = append(edge, strings.Repeat("x", length), strings.Repeat("X", length), strings.Repeat("x", length)+".example.com")
	}
	for _, length := range []int{245, 246, 253, 254} {
		edge = append(edge, strings.Repeat("a.", length)[:length-1]+"b")
	}
	for name, rule := range rules {
		pattern := regexp.MustCompile(rule.pattern)
		wanted := func(s string) bool { return pattern.MatchString(s) && (rule.not == nil || !rule.not(s)) }
		for _, s := range edge {
			assert.Equal(t, wanted(s), rule.fits(s), "a %s: %q", name, s)
		}
		rapid.Check(t, func(t *rapid.T) {
			s := rapid.StringOfN(rapid.RuneFrom([]rune("azAZ059-_.*é \n")), 0, 20, -1).Draw(t, "name")
			assert.Equal(t, wanted(s), rule.fits(s), "a %s: %q", name, s)
		})
	}
}

func TestEachKindIsFoundByItsTargets(t *testing.T) {
	t.Parallel()
	for target, want := range map[shift.Target]string{
		"lambda:orders:live": "function", "cloudfront:E1": "cloudfront", "route53:Z1:a.b": "route53", "switch:www.example.com": "cloudfrontSwitch",
	} {
		kind, known := flow.KindOf(target)
		assert.True(t, known)
		assert.Equal(t, want, kind.Field)
	}
	_, known := flow.KindOf("store:site")
	assert.False(t, known)
}
