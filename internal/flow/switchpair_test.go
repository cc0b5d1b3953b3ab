package flow_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
)

func TestSwitchPairsAreRead(t *testing.T) {
	t.Parallel()
	pairs, err := flow.ParseSwitchPairs(" www.example.com/E1BLUE/E2GREEN\nshop.example.com/E3/E2GREEN ")
	require.NoError(t, err)
	assert.Equal(t, []flow.SwitchPair{{"www.example.com", "E1BLUE", "E2GREEN"}, {"shop.example.com", "E3", "E2GREEN"}}, pairs)
	assert.Equal(t, "www.example.com/E1BLUE/E2GREEN", pairs[0].String())
	for text, want := range map[string]string{
		"www.example.com":                              "NAME/SWITCH/OTHER",
		"example.com/E1/E2":                            "at least three labels",
		"*.example.com/E1/E2":                          "no wildcard",
		"www.example.com/E1/E1":                        "one distribution twice",
		"www.example.com/E1/e2":                        `"e2" is not the id of a distribution`,
		"www.example.com/e1/E2":                        `"e1" is not the id of a distribution`,
		"www.example.com/E1/E2 www.example.com/E3/E4":  "appears twice",
		"www.example.com/E1/E2 shop.example.com/E1/E2": "the SWITCH of two names",
	} {
		_, err := flow.ParseSwitchPairs(text)
		require.ErrorContains(t, err, want)
	}
}
