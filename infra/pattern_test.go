package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rule is a rule of the template with its references resolved.
type rule struct {
	Name    string          `json:"name"`
	Pattern json.RawMessage `json:"pattern"`
	// Template and Paths are the input transformer of its target, if it has one.
	Template string            `json:"template"`
	Paths    map[string]string `json:"paths"`
}

// matches says whether an event matches a pattern (EventBridge User Guide, event patterns). It
// supports only the operators in the stack's patterns, and panics for any other.
func matches(pattern map[string]any, event map[string]any) bool {
	for field, wanted := range pattern {
		switch w := wanted.(type) {
		case map[string]any:
			below, _ := event[field].(map[string]any)
			if !matches(w, below) {
				return false
			}
		case []any:
			found, present := event[field]
			fits := func(rule any) bool { return fitsOne(rule, found, present) }
			if field == "$or" {
				fits = func(alternative any) bool { return matches(alternative.(map[string]any), event) }
			}
			if !slices.ContainsFunc(w, fits) {
				return false
			}
		default:
			panic(fmt.Sprintf("a pattern has %v for %s", wanted, field))
		}
	}
	return true
}

// fitsOne says whether a value matches one rule of a pattern.
func fitsOne(rule, found any, present bool) bool {
	filter, ok := rule.(map[string]any)
	if !ok {
		return present && found == rule
	}
	text, isText := found.(string)
	for name, argument := range filter {
		switch name {
		case "exists":
			return isLeaf(found, present) == argument.(bool)
		case "prefix":
			return isText && strings.HasPrefix(text, argument.(string))
		case "anything-but":
			if not, ok := argument.(map[string]any); ok {
				return present && !fitsOne(not, found, present)
			}
			return present && !slices.Contains(argument.([]any), found)
		}
	}
	panic(fmt.Sprintf("a pattern has %v", rule))
}

// isLeaf says whether a field has a value that "exists" sees: not an object, nor an empty list
// (EventBridge User Guide, exists matching; recorded by LocalStack against AWS).
func isLeaf(found any, present bool) bool {
	switch value := found.(type) {
	case map[string]any:
		return false
	case []any:
		return len(value) > 0
	}
	return present
}

func TestAFieldExistsIfItHasAValue(t *testing.T) {
	t.Parallel()
	pattern := map[string]any{"a": []any{map[string]any{"exists": true}}}
	for event, exists := range map[string]bool{
		`{"a": 1}`: true, `{"a": ""}`: true, `{"a": null}`: true, `{"a": ["x"]}`: true,
		`{}`: false, `{"a": {"b": 1}}`: false, `{"a": {}}`: false, `{"a": []}`: false,
	} {
		var decoded map[string]any
		require.NoError(t, json.Unmarshal([]byte(event), &decoded))
		assert.Equal(t, exists, matches(pattern, decoded), event)
	}
}

// transformed returns the input of a target: the template with an event's values in its
// placeholders. A value is JSON, or unescaped if it is within a text between the template's quotes,
// which are kept (EventBridge User Guide, Input transformation; aws-cdk issues 5924 and 38121).
func (r rule) transformed(event map[string]any) string {
	if r.Template == "" {
		text, _ := json.Marshal(event)
		return string(text)
	}
	var text strings.Builder
	rest := 0
	for _, at := range placeholders.FindAllStringIndex(r.Template, -1) {
		text.WriteString(r.Template[rest:at[0]])
		isText := strings.Count(r.Template[:at[0]], `"`)%2 == 1 // no template has a quote within its texts
		text.WriteString(r.valueOf(r.Template[at[0]:at[1]], event, isText))
		rest = at[1]
	}
	return text.String() + r.Template[rest:]
}

// valueOf returns what stands for a placeholder.
func (r rule) valueOf(placeholder string, event map[string]any, isText bool) string {
	var value any = event
	path := r.Paths[strings.Trim(placeholder, "<>")]
	for _, field := range strings.Split(strings.TrimPrefix(path, "$."), ".") {
		value = value.(map[string]any)[field]
	}
	if isText {
		return value.(string)
	}
	text, _ := json.Marshal(value)
	return string(text)
}

var placeholders = regexp.MustCompile(`<[A-Za-z0-9_-]+>`)
