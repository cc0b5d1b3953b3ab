package statemachine_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// keys is a readable order of the fields of a definition. Other fields follow by name.
var keys = []string{
	"Comment", "QueryLanguage", "StartAt", "Type",
	"Variable", "IsPresent", "StringEquals",
	"ErrorEquals", "IntervalSeconds", "BackoffRate", "MaxDelaySeconds", "MaxAttempts", "JitterStrategy",
	"Resource", "InputPath", "ItemsPath", "ItemSelector", "MaxConcurrency", "Parameters", "FunctionName",
	"Payload", "state.$", "now.$", "executionId.$", "retry.$", "taskToken.$", "document.$",
	"TimeoutSeconds", "TimeoutSecondsPath", "SecondsPath", "Error", "ErrorPath", "Cause", "CausePath",
	"ItemProcessor", "ProcessorConfig", "ResultSelector", "ResultPath", "OutputPath",
	"Choices", "Default", "Retry", "Catch", "Next", "End", "States",
}

func rank(key string) int {
	if i := slices.Index(keys, key); i >= 0 {
		return i
	}
	return len(keys)
}

func byReading(a, b string) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

// canonical formats a definition for readers: the fields in the order of keys, and the states in
// running order.
func canonical(t *testing.T, definition []byte) []byte {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(definition))
	decoder.UseNumber()
	var machine map[string]any
	require.NoError(t, decoder.Decode(&machine))
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, write(t, nil, machine), "", "  "))
	return append(indented.Bytes(), '\n')
}

func write(t *testing.T, text []byte, value any) []byte {
	switch v := value.(type) {
	case map[string]any:
		return writeObject(t, text, v, slices.SortedFunc(maps.Keys(v), byReading))
	case []any:
		text = append(text, '[')
		for i, item := range v {
			if i > 0 {
				text = append(text, ',')
			}
			text = write(t, text, item)
		}
		return append(text, ']')
	default:
		return append(text, plain(t, v)...)
	}
}

func writeObject(t *testing.T, text []byte, object map[string]any, order []string) []byte {
	text = append(text, '{')
	for i, key := range order {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(text, plain(t, key)...), ':')
		if states, ok := object[key].(map[string]any); ok && key == "States" {
			text = writeObject(t, text, states, running(object["StartAt"].(string), states))
			continue
		}
		text = write(t, text, object[key])
	}
	return append(text, '}')
}

// plain encodes a scalar without escaping <, > and &.
func plain(t *testing.T, value any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(value))
	return bytes.TrimSpace(text.Bytes())
}

// running lists the states in running order: first the path without failures, then the states to
// which the Catches lead.
func running(startAt string, states map[string]any) []string {
	var order []string
	var visit func(name string)
	visit = func(name string) {
		if name == "" || slices.Contains(order, name) {
			return
		}
		order = append(order, name)
		state := states[name].(map[string]any)
		for _, next := range destinations(state, "Choices") {
			visit(next)
		}
		visit(text(state["Default"]))
		visit(text(state["Next"]))
	}
	visit(startAt)
	for i := 0; i < len(order); i++ {
		for _, next := range destinations(states[order[i]].(map[string]any), "Catch") {
			visit(next)
		}
	}
	return order
}

// destinations lists the next states in the rules of a Choice or a Catch.
func destinations(state map[string]any, rules string) []string {
	list, _ := state[rules].([]any)
	var next []string
	for _, rule := range list {
		next = append(next, text(rule.(map[string]any)["Next"]))
	}
	return next
}

func text(value any) string {
	s, _ := value.(string)
	return s
}
