package dynamodb

import (
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNumbersHaveOneCanonicalForm(t *testing.T) {
	t.Parallel()
	type testcase struct{ text, want string }
	for _, tc := range []testcase{
		{"0", "0"}, {"-0", "0"}, {"00.00", "0"}, {"0e125", "0"},
		{"1", "1"}, {"01", "1"}, {"1.0", "1"}, {"0042.1200", "42.12"}, {"-1.50", "-1.5"},
		{".5", "0.5"}, {"5.", "5"}, {"-.5", "-0.5"},
		{"1e2", "100"}, {"1E+2", "100"}, {"1e-3", "0.001"}, {"123.456e2", "12345.6"}, {"123.456e-5", "0.00123456"},
		{"1e125", "1" + strings.Repeat("0", 125)},
		{"1e-130", "0." + strings.Repeat("0", 129) + "1"},
		{strings.Repeat("9", 38), strings.Repeat("9", 38)},
		{"1" + strings.Repeat("0", 60), "1" + strings.Repeat("0", 60)},
	} {
		got, err := canonicalNumber(tc.text)
		require.NoError(t, err, tc.text)
		require.Equal(t, tc.want, got, tc.text)
	}
}

func TestNumbersOutOfRangeAreRefused(t *testing.T) {
	t.Parallel()
	const overflow = "Number overflow. Attempting to store a number with magnitude larger than supported range"
	const underflow = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
	type testcase struct{ text, want string }
	for _, tc := range []testcase{
		{"1e126", overflow}, {"1e2147483648", overflow}, {"-1e99999999999", overflow}, {"0e126", overflow},
		{"9223372036854775807e9223372036854775807", overflow},
		{"1e-131", underflow}, {"1e-9223372036854775808", underflow}, {"0e-131", underflow},
		{strings.Repeat("1", 39), "Attempting to store more than 38 significant digits in a Number"},
		{"0." + strings.Repeat("1", 39), "Attempting to store more than 38 significant digits in a Number"},
	} {
		_, err := canonicalNumber(tc.text)
		require.EqualError(t, err, tc.want, tc.text)
	}
	for _, text := range []string{
		"", "abc", "1.2.3", " 1", "1 ", "0x10", "1e", "e1", "1e+", "1e1.5", "NaN", "Infinity", "+1", "--1", "-", ".", "-.",
		"1_0", "1e9223372036854775808",
	} {
		_, err := canonicalNumber(text)
		require.EqualError(t, err, "The parameter cannot be converted to a numeric value: "+text)
	}
}

// The sizes were measured against the service by paritysuite/dynamodb-conformance.
func TestNumberSizes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"0": 1, "1": 2, "-1": 3, "123456": 4, "3.14159": 5, "100": 2, "0.001": 2, "1e125": 2, "1.5": 3, "-42.12": 4,
	} {
		number, err := canonicalNumber(text)
		require.NoError(t, err)
		require.Equal(t, want, numberSize(number), text)
	}
}

// Arithmetic and order must match those of rational numbers.
func TestNumbersBehaveAsRationals(t *testing.T) {
	t.Parallel()
	literal := rapid.StringMatching(`-?[0-9]{1,18}(\.[0-9]{1,15})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, errA := canonicalNumber(literal.Draw(t, "a"))
		b, errB := canonicalNumber(literal.Draw(t, "b"))
		require.NoError(t, errA)
		require.NoError(t, errB)
		x, y := rational(t, a), rational(t, b)
		require.Equal(t, x.Cmp(y), sign(compareNumbers(a, b)))
		require.Equal(t, a == b, x.Cmp(y) == 0)

		sum, err := addNumbers(a, b)
		require.NoError(t, err)
		require.Zero(t, new(big.Rat).Add(x, y).Cmp(rational(t, sum)))
		difference, err := subtractNumbers(a, b)
		require.NoError(t, err)
		require.Zero(t, new(big.Rat).Sub(x, y).Cmp(rational(t, difference)))
		again, err := canonicalNumber(difference)
		require.NoError(t, err)
		require.Equal(t, again, difference, "results are in canonical form")
	})
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	default:
		return 0
	}
}

func rational(t *rapid.T, number string) *big.Rat {
	r, ok := new(big.Rat).SetString(number)
	require.True(t, ok, number)
	return r
}

func TestSumsOfMoreThan38DigitsAreRefused(t *testing.T) {
	t.Parallel()
	_, err := addNumbers("1"+strings.Repeat("0", 38), "1")
	require.EqualError(t, err, "Attempting to store more than 38 significant digits in a Number")
	_, err = addNumbers(strings.Repeat("9", 38)+strings.Repeat("0", 88), "1"+strings.Repeat("0", 88))
	require.ErrorContains(t, err, "Number overflow")
}
