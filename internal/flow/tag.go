package flow

import (
	"slices"
	"strings"
)

// Tags are the tags of a function. With them its owner configures the deployments that
// start when a version is published. A tag with an empty value configures nothing.
type Tags map[string]string

// The tags that Sluice reads.
const (
	// TagAlias names the alias to shift. It also permits Sluice to shift the function,
	// unless the installation permits functions by their names. It must have a value: see
	// EmptyTagAlias.
	TagAlias         = "sluice:alias"
	TagStrategy      = "sluice:strategy"
	TagAlarms        = "sluice:alarms"         // names, with spaces between them
	TagBeforeTraffic = "sluice:before-traffic" // functions, with spaces between them
	TagAfterTraffic  = "sluice:after-traffic"
	TagJudge         = "sluice:judge" // enforce, observe or off
	// TagConfig names the parameter that holds the whole configuration instead of the tags
	// above.
	TagConfig = "sluice:config"
	// TagHook permits Sluice to invoke a function as a hook. It configures nothing. It must
	// have a value, too; only IAM reads it.
	TagHook = "sluice:hook"
	// TagSynthetic permits Sluice to ask a function for synthetic requests. It configures
	// nothing either, must have a value, and only IAM reads it.
	TagSynthetic = "sluice:synthetic"
	// TagShiftedBy says who starts the deployments of a function, if that is not the event of a
	// published version. ShiftedByStack is its only value: a stack waits for them (the macro
	// Sluice). It configures nothing.
	TagShiftedBy   = "sluice:shifted-by"
	ShiftedByStack = "stack"
)

// EmptyTagAlias says what is wrong with a TagAlias without a value. The roles of Sluice's
// functions may touch a function on condition that the tag is not null, and for IAM an empty
// value may be null (IAM User Guide, condition operators: "a null data set, such as an empty
// string").
const EmptyTagAlias = "has no value, which IAM may take for no tag at all: give it the name of the alias to shift, such as live"

// HasAlias says whether TagAlias has a value.
func (t Tags) HasAlias() bool { return strings.TrimSpace(t[TagAlias]) != "" }

// tagPrefix begins all of Sluice's tags, and most mistyped ones.
const tagPrefix = "sluice:"

var configurationTags = []string{TagAlias, TagStrategy, TagAlarms, TagBeforeTraffic, TagAfterTraffic, TagJudge, TagConfig}

// Ask says whether any of the tags is meant for Sluice, even if it is mistyped.
func (t Tags) Ask() bool { return len(t.ownKeys()) > 0 }

// Unknown lists the tags that begin like Sluice's but are not known, in sorted order.
func (t Tags) Unknown() []string {
	return slices.DeleteFunc(t.ownKeys(), func(key string) bool { return slices.Contains(configurationTags, key) })
}

// silentTags do not ask for a deployment.
var silentTags = []string{TagHook, TagSynthetic, TagShiftedBy}

// KnownTags lists the tags that configure a deployment.
func KnownTags() []string { return slices.Clone(configurationTags) }

func (t Tags) ownKeys() []string {
	var keys []string
	for key := range t {
		if strings.HasPrefix(key, tagPrefix) && !slices.Contains(silentTags, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
