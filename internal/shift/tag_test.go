package shift_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"sluice/internal/shift"
)

func TestOnlyTagsOfSluiceAskForSomething(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		tags    shift.Tags
		ask     bool
		unknown []string
	}{
		{"none", nil, false, nil},
		{"somebody else's", shift.Tags{"team": "orders", "sluice": "x", "Sluice:alias": "live", "aws:cloudformation:stack-name": "s"}, false, nil},
		{"the mark of a hook", shift.Tags{shift.TagHook: "true"}, false, nil},
		{"an alias", shift.Tags{shift.TagAlias: "live"}, true, nil},
		{"an alias that is not named", shift.Tags{shift.TagAlias: ""}, true, nil},
		{"a mistyped one", shift.Tags{"sluice:alais": "live", "sluice:": "", "sluice:alarms": "a"}, true, []string{"sluice:", "sluice:alais"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.ask, test.tags.Ask())
			assert.ElementsMatch(t, test.unknown, test.tags.Unknown())
		})
	}
}

func TestAnErrorSaysWhichTagIsWrong(t *testing.T) {
	t.Parallel()
	missing := fmt.Errorf("%w: it has no alias", shift.ErrTargetNotFound)
	byTags := shift.Release{Trigger: shift.Event}
	byParameter := shift.Release{Trigger: shift.Event, Parameter: "/sluice/orders"}
	tests := []struct {
		name    string
		release shift.Release
		err     error
		want    string
	}{
		{"an alias", byTags, missing, missing.Error() + " (it is named by the function's tag sluice:alias)"},
		{"an alarm", byTags, shift.ErrAlarmNotFound, "alarm not found (it is named by the function's tag sluice:alarms)"},
		{"a parameter's alarm", byParameter, shift.ErrAlarmNotFound, "alarm not found (it is named by the parameter /sluice/orders, and that by the function's tag sluice:config)"},
		{"what no tag says", byTags, shift.ErrAlarmFiring, shift.ErrAlarmFiring.Error()},
		{"an explicit start", shift.Release{Trigger: shift.Explicit}, missing, missing.Error()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.release.Attribute(test.err)
			assert.EqualError(t, err, test.want)
			assert.ErrorIs(t, err, test.err, "it keeps its name")
		})
	}
	assert.NoError(t, byTags.Attribute(nil))
}
