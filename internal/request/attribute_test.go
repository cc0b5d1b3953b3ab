package request_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

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
		{"a parameter's function for synthetic requests", byParameter, shift.ErrSyntheticNotFound, shift.ErrSyntheticNotFound.Error() + " (it is named by the parameter /sluice/orders, and that by the function's tag sluice:config)"},
		{"what no tag says", byTags, shift.ErrAlarmFiring, shift.ErrAlarmFiring.Error()},
		{"an explicit start", shift.Release{Trigger: shift.Explicit}, missing, missing.Error()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := request.AttributeToTag(test.release, test.err)
			assert.EqualError(t, err, test.want)
			assert.ErrorIs(t, err, test.err, "it keeps its name")
		})
	}
	assert.NoError(t, request.AttributeToTag(byTags, nil))
}
