package request

import (
	"errors"
	"fmt"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// errorTags names, for an error, the tag that holds the wrong value.
var errorTags = []struct {
	err error
	tag string
}{
	{shift.ErrTargetNotFound, flow.TagAlias},
	{shift.ErrAlarmNotFound, flow.TagAlarms},
	{shift.ErrSyntheticNotFound, flow.TagConfig}, // no other tag can name it
}

// AttributeToTag adds to an error the tag or the parameter that holds the wrong value, if the
// release was not started with an input of its own.
func AttributeToTag(r shift.Release, err error) error {
	if r.Trigger != shift.Event {
		return err
	}
	for _, w := range errorTags {
		if !errors.Is(err, w.err) {
			continue
		}
		if r.Parameter != "" {
			return fmt.Errorf("%w (it is named by the parameter %s, and that by the function's tag %s)", err, r.Parameter, flow.TagConfig)
		}
		return fmt.Errorf("%w (it is named by the function's tag %s)", err, w.tag)
	}
	return err
}
