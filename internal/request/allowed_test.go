package request_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestOnlyAllowedFunctionsMayBeShifted(t *testing.T) {
	t.Parallel()
	tagged := flow.Tags{flow.TagAlias: "live"}
	tests := []struct {
		setting, function string
		tags              flow.Tags
		allowed           bool
	}{
		{"", "orders", tagged, true},
		{"tag", "orders", tagged, true},
		{"", "orders", nil, false},
		{"tag", "orders", flow.Tags{flow.TagAlias: ""}, false},
		{"tag", "orders", flow.Tags{flow.TagAlias: "  "}, false},
		{"tag", "orders", flow.Tags{flow.TagStrategy: "AllAtOnce", "alias": "live"}, false},
		{"orders-*", "orders-api", nil, true},
		{"orders-*", "orders-", nil, true},
		{"orders-*", "orders", tagged, false},
		{"orders-*", "my-orders-api", tagged, false},
		{"*", "orders", nil, true},
		{"*-api", "orders-api", nil, true},
		{"*-api", "orders-api-2", nil, false},
		{"a*b*c", "a-b-b-c", nil, true},
		{"a*b*c", "a-c", nil, false},
		{"a*a", "a", nil, false},
		{"**", "x", nil, true},
		{"orders", "orders", nil, true},
		{"orders", "Orders", nil, false},
	}
	for _, test := range tests {
		t.Run(test.setting+" "+test.function, func(t *testing.T) {
			t.Parallel()
			allowed, err := request.ParseAllowed(test.setting)
			require.NoError(t, err)
			err = allowed.Check(flow.LambdaTarget(test.function, "live"), test.tags)
			if test.allowed {
				assert.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, shift.ErrFunctionNotAllowed)
			assert.ErrorContains(t, err, test.function)
			assert.Regexp(t, "add it|widen|give it the name of the alias", err, "it says the remedy")
		})
	}
}

func TestASettingThatMeansNothingIsRefused(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{"orders api", "orders.*", "a,b", "arn:aws:lambda:*", "\n", strings.Repeat("a", 65)} {
		_, err := request.ParseAllowed(setting)
		require.Error(t, err, setting)
		assert.Less(t, len(err.Error()), 400)
	}
}

func TestAPatternMeansWhatItsRegularExpressionMeans(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab*]{1,8}`).Draw(t, "pattern")
		name := rapid.StringMatching(`[ab]{1,8}`).Draw(t, "name")
		allowed, err := request.ParseAllowed(pattern)
		require.NoError(t, err)
		want := regexp.MustCompile("^" + strings.ReplaceAll(pattern, "*", ".*") + "$").MatchString(name)
		assert.Equal(t, want, allowed.Check(flow.LambdaTarget(name, "live"), nil) == nil)
	})
}
