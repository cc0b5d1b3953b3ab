package shift

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Tags are what the owner of a function has written on it: the configuration of
// the deployments that are started by a published version. One whose value is
// empty is there, and says nothing.
type Tags map[string]string

// The tags that Sluice reads.
const (
	// TagAlias names the alias to shift. It also says that Sluice may shift the
	// function at all, unless a name pattern says so (Allowed).
	TagAlias         = "sluice:alias"
	TagStrategy      = "sluice:strategy"
	TagAlarms        = "sluice:alarms"         // names, with spaces between them
	TagBeforeTraffic = "sluice:before-traffic" // functions, with spaces between them
	TagAfterTraffic  = "sluice:after-traffic"
	// TagConfig names the parameter that holds the whole configuration, in place of
	// the tags above.
	TagConfig = "sluice:config"
	// TagHook marks a function that may be asked as a hook, and configures nothing.
	TagHook = "sluice:hook"
)

// tagPrefix is what all of them begin with, and what a mistyped one begins with.
const tagPrefix = "sluice:"

var configurationTags = []string{TagAlias, TagStrategy, TagAlarms, TagBeforeTraffic, TagAfterTraffic, TagConfig}

// Ask says whether somebody wants something of Sluice: there is a tag of its own,
// a mistyped one included.
func (t Tags) Ask() bool { return len(t.ownKeys()) > 0 }

// Unknown lists the tags that look like Sluice's and are not, in their order.
func (t Tags) Unknown() []string {
	return slices.DeleteFunc(t.ownKeys(), func(key string) bool { return slices.Contains(configurationTags, key) })
}

// KnownTags lists the tags that configure a deployment.
func KnownTags() []string { return slices.Clone(configurationTags) }

func (t Tags) ownKeys() []string {
	var keys []string
	for key := range t {
		if strings.HasPrefix(key, tagPrefix) && key != TagHook {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// errorTags say where the owner of a function has written what an error complains of.
var errorTags = []struct {
	err error
	tag string
}{
	{ErrTargetNotFound, TagAlias},
	{ErrAlarmNotFound, TagAlarms},
}

// Attribute adds to an error where somebody has written what is wrong, when it was
// not in an execution's input.
func (r Release) Attribute(err error) error {
	if r.Trigger != Event {
		return err
	}
	for _, w := range errorTags {
		if !errors.Is(err, w.err) {
			continue
		}
		if r.Parameter != "" {
			return fmt.Errorf("%w (it is named by the parameter %s, and that by the function's tag %s)", err, r.Parameter, TagConfig)
		}
		return fmt.Errorf("%w (it is named by the function's tag %s)", err, w.tag)
	}
	return err
}
