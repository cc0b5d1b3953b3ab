package shift_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestTargetsWithoutAClauseOfTheirOwnAreCounted(t *testing.T) {
	t.Parallel()
	groups := []shift.Group[string]{
		{Of: "1", Targets: []shift.Target{"lambda:a:live", "lambda:b:live"}},
		{Of: "2", Targets: []shift.Target{"lambda:c:live"}},
		{Of: "3", Targets: []shift.Target{"lambda:d:live"}},
	}
	for most, want := range map[int][]string{
		4: {"on 1", "on 2", "on 3"},
		3: {"on 1", "on 2", "on 3"},
		2: {"on 1", "2 more targets are elsewhere"},
		1: {"4 targets are elsewhere"},
		0: {"4 targets are elsewhere"},
	} {
		assert.Equal(t, want, shift.TellGroups(groups, most, func(g shift.Group[string]) string { return "on " + g.Of }, "are elsewhere"), most)
	}
	assert.Empty(t, shift.TellGroups(nil, 0, func(g shift.Group[string]) string { return g.Of }, "are elsewhere"))
}

func TestAFewTargetsAreNamedAndMoreAreCounted(t *testing.T) {
	t.Parallel()
	all := []shift.Target{"a", "b", "c", "d", "e"}
	for n, want := range []string{"", "a", "a and b", "a, b and c", "a, b and 2 more", "a, b and 3 more"} {
		assert.Equal(t, want, shift.NameTargets(all[:n]))
	}
}
