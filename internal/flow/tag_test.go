package flow_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/flow"
)

func TestOnlyTagsOfSluiceAskForSomething(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		tags    flow.Tags
		ask     bool
		unknown []string
	}{
		{"none", nil, false, nil},
		{"somebody else's", flow.Tags{"team": "orders", "sluice": "x", "Sluice:alias": "live", "aws:cloudformation:stack-name": "s"}, false, nil},
		{"the mark of a function for synthetic requests", flow.Tags{flow.TagSynthetic: "true"}, false, nil},
		{"the mark of a hook", flow.Tags{flow.TagHook: "true"}, false, nil},
		{"the mark of a function that a stack shifts", flow.Tags{flow.TagShiftedBy: flow.ShiftedByStack}, false, nil},
		{"an alias", flow.Tags{flow.TagAlias: "live"}, true, nil},
		{"an alias that is not named", flow.Tags{flow.TagAlias: ""}, true, nil},
		{"a mistyped one", flow.Tags{"sluice:alais": "live", "sluice:": "", "sluice:alarms": "a"}, true, []string{"sluice:", "sluice:alais"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.ask, test.tags.Ask())
			assert.ElementsMatch(t, test.unknown, test.tags.Unknown())
		})
	}
}
