package request

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
)

// The rules of names, as the API references of Lambda and Systems Manager write them.
func TestNamesFitAWSsOwnPatterns(t *testing.T) {
	t.Parallel()
	rules := map[string]struct {
		fits    func(string) bool
		pattern string
	}{
		"function":         {isFunction, `^[a-zA-Z0-9-_]{1,64}$`},
		"version":          {isVersion, `^[1-9][0-9]{0,17}$`},
		"parameter":        {isParameter, `^[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*$`},
		"parameter folder": {IsParameterFolder, `^(/[a-zA-Z0-9_.-]+)+/$`},
		"alias": {
			func(s string) bool { return IsAlias(s) || shift.MadeOf(s, shift.Digits) && len(s) <= 128 }, `^[a-zA-Z0-9-_]{1,128}$`,
		},
	}
	edge := []string{"", "0", "00", "7", "a/b", "/a/b/", "//", "/", "/a//b/", "a.b", "$LATEST", "a\n"}
	for _, length := range []int{17, 18, 19, 64, 65, 128, 129} {
		edge = append(edge, strings.Repeat("1", length), strings.Repeat("x", length))
	}
	for name, rule := range rules {
		pattern := regexp.MustCompile(rule.pattern)
		for _, s := range edge {
			assert.Equal(t, pattern.MatchString(s), rule.fits(s), "a %s: %q", name, s)
		}
		rapid.Check(t, func(t *rapid.T) {
			s := rapid.StringOfN(rapid.RuneFrom([]rune("azAZ059-_./é$ \n")), 0, 20, -1).Draw(t, "name")
			assert.Equal(t, pattern.MatchString(s), rule.fits(s), "a %s: %q", name, s)
		})
	}
}
