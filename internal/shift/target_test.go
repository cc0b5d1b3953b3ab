package shift_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestVersionsAreOrderedAsNumbers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		v, w shift.Version
		want bool
	}{
		{"1", "2", true},
		{"2", "1", false},
		{"2", "2", false},
		{"9", "10", true}, // not as texts
		{"10", "9", false},
		{"99999999999999999999", "100000000000000000000", true}, // beyond 64 bits
		{"", "1", false},
		{"1", "", false},
		{"$LATEST", "1", false},
		{"1", "$LATEST", false},
		{"01", "2", false},
		{"1", "b", false},
		{"-1", "2", false},
	}
	for _, test := range tests {
		assert.Equal(t, test.want, test.v.Before(test.w), "%q before %q", test.v, test.w)
	}
}

func TestTheOrderOfVersionsIsThatOfTheirNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v, w := rapid.IntRange(1, 1e9).Draw(t, "v"), rapid.IntRange(1, 1e9).Draw(t, "w")
		require.Equal(t, v < w, shift.Version(strconv.Itoa(v)).Before(shift.Version(strconv.Itoa(w))))
	})
}

func TestATargetHasAKindOnlyIfItIsOne(t *testing.T) {
	t.Parallel()
	for target, kind := range map[shift.Target]string{"lambda:orders:live": "lambda", "shop:a": "shop", "lambda": "", "lambda:": "", "": "", ":a": ""} {
		assert.Equal(t, kind, target.Kind(), target)
	}
}

func TestVersionsThatAreNumbersHaveAnOrder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		v, w   shift.Version
		before bool
	}{{"9", "10", true}, {"10", "9", false}, {"10", "11", true}, {"11", "10", false}, {"7", "7", false}, {"07", "8", false}, {"7", "08", false}, {"", "8", false}, {"a", "b", false}} {
		assert.Equal(t, test.before, test.v.Before(test.w), "%s and %s", test.v, test.w)
	}
	assert.False(t, shift.Version("0").IsNumber())
	assert.False(t, shift.Version("").IsNumber())
	assert.True(t, shift.Version("10").IsNumber())
}
