package shift_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sluice/internal/shift"
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
