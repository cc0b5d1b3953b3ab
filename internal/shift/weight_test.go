package shift_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestPercentIsReadExactly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		decimal string
		want    shift.Weight
	}{
		{"0", shift.None},
		{"0.01", 1},
		{"0.07", 7}, // 0.07 × 100 is 7.000000000000001 in floating point
		{"0.29", 29},
		{"0.5", 50},
		{"10", 1000},
		{"33.33", 3333},
		{"99.99", 9999},
		{"100", shift.All},
		{"100.000", shift.All},
		{strings.Repeat("0", 30) + "10", 1000}, // of 32 characters, the most
	}
	for _, test := range tests {
		t.Run(test.decimal, func(t *testing.T) {
			t.Parallel()
			got, err := shift.ParsePercent(test.decimal)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestWhatIsNoPercentIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, decimal, want string }{
		{"above", "100.01", "100.01% is not between 0 and 100%"},
		{"below", "-0.01", "-0.01% is not between 0 and 100%"},
		{"too fine", "0.005", "0.005% is finer than 0.01%: write at most two decimals"},
		{"nothing", "", `"" is not a plain decimal number`},
		{"a word", "ten", `"ten" is not a plain decimal number`},
		{"a fraction", "1/3", `"1/3" is not a plain decimal number`},
		{"an exponent", "1e1", `"1e1" is not a plain decimal number`},
		{"a huge exponent", "1e999999999", `"1e999999999" is not a plain decimal number`},
		{"hexadecimal", "0x10", `"0x10" is not a plain decimal number`},
		{"binary", "0b1010", `"0b1010" is not a plain decimal number`},
		{"octal", "0o17", `"0o17" is not a plain decimal number`},
		{"underscores", "1_0", `"1_0" is not a plain decimal number`},
		{"infinity", "Inf", `"Inf" is not a plain decimal number`},
		{"one character more", strings.Repeat("0", 31) + "10", `"` + strings.Repeat("0", 31) + `10" is not a plain decimal number`},
		{"hostile length", strings.Repeat("9", 1_000_000), `"` + strings.Repeat("9", 40) + `" is not a plain decimal number`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := shift.ParsePercent(test.decimal)
			require.ErrorContains(t, err, test.want)
			assert.Less(t, len(err.Error()), 120)
		})
	}
}

func TestEveryWeightSurvivesBeingWrittenAndRead(t *testing.T) {
	t.Parallel()
	for w := shift.None; w <= shift.All; w++ {
		parsed, err := shift.ParsePercent(w.Percent())
		require.NoError(t, err)
		require.Equal(t, w, parsed)
		text, err := json.Marshal(w)
		require.NoError(t, err)
		var read shift.Weight
		require.NoError(t, json.Unmarshal(text, &read))
		require.Equal(t, w, read)
	}
}

func TestReadingAPercentNeverInventsAWeight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		decimal := rapid.StringMatching(`-?[0-9]{1,4}(\.[0-9]{1,4})?`).Draw(t, "decimal")
		w, err := shift.ParsePercent(decimal)
		if err != nil {
			return
		}
		require.GreaterOrEqual(t, w, shift.None)
		require.LessOrEqual(t, w, shift.All)
		again, err := shift.ParsePercent(w.Percent())
		require.NoError(t, err)
		require.Equal(t, w, again)
	})
}

func TestAWeightIsShownWithoutTrailingZeros(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "10%", shift.Weight(1000).String())
	assert.Equal(t, "0.5%", shift.Weight(50).String())
	assert.Equal(t, "100%", shift.All.String())
	assert.Equal(t, "0%", shift.None.String())
	assert.Equal(t, "a weight finer than 0.01%", shift.Foreign.String())
}

func TestAWeightInJSONIsANumberOfPercent(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`null`, `true`, `{}`, `"ten"`, `101`, `-1`, `0.001`, `1e1`} {
		var w shift.Weight
		require.Error(t, json.Unmarshal([]byte(text), &w), text)
	}
	step, err := json.Marshal(shift.Step{Weight: 50, Bake: 90})
	require.NoError(t, err)
	assert.JSONEq(t, `{"percent": 0.5, "bakeSeconds": 90}`, string(step))
}

// Every document has many of them.
func TestTheUsualPercentagesAreReadWithoutFractions(t *testing.T) {
	for text, want := range map[string]shift.Weight{"0": 0, "5": 500, "10": 1000, "99.9": 9990, "12.34": 1234, "100": shift.All, "100.00": shift.All} {
		got, err := shift.ParsePercent(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.Zero(t, testing.AllocsPerRun(10, func() { _, _ = shift.ParsePercent(text) }), text)
	}
}

func TestWhatLooksAlmostLikeAPercentageIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{":", "/", "1:", "1/", "1.:", "1./", "10.", ".5", "", "100.01", "101", "1000", "0.001", "-1", "0x1"} {
		_, err := shift.ParsePercent(text)
		require.Error(t, err, text)
	}
	for text, want := range map[string]shift.Weight{"0.000": 0, "100.000": shift.All, "0012.5": 1250} {
		got, err := shift.ParsePercent(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}
