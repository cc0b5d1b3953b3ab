package merge

import (
	"regexp"
	"slices"
)

// joined returns the parts of a text that is joined without anything between them.
func joined(value map[string]any) ([]any, bool) {
	join, ok := value[fnJoin].([]any)
	if !ok || len(join) != 2 || join[0] != "" {
		return nil, false
	}
	parts, ok := join[1].([]any)
	return parts, ok
}

func joinOf(parts []any) any { return map[string]any{fnJoin: []any{"", parts}} }

func allJoined(others []other) bool {
	return !slices.ContainsFunc(others, func(o other) bool {
		object, _ := o.value.(map[string]any)
		_, ok := joined(object)
		return !ok
	})
}

// word matches a piece of JSON that either is in a text or is not.
var word = regexp.MustCompile(`[^][{},:]+|[][{},:]`)

// words splits the texts among the parts, so that a variant may differ in a few words only.
func words(parts []any) []any {
	var all []any
	for _, part := range parts {
		text, ok := part.(string)
		if !ok {
			all = append(all, part)
			continue
		}
		for _, w := range word.FindAllString(text, -1) {
			all = append(all, w)
		}
	}
	return all
}

// mergeJoin merges joined texts word by word. Where a variant has a word for which there is no
// place, it is the whole text that differs.
func mergeJoin(parts []any, others []other) (any, error) {
	split := make([]other, len(others))
	for i, o := range others {
		of, _ := joined(o.value.(map[string]any))
		split[i] = other{condition: o.condition, value: words(of)}
	}
	list := words(parts)
	aligned, ok := alignAll(list, split)
	if !ok {
		return choice(joinOf(parts), others)
	}
	merged, err := mergeWords(list, aligned, split)
	if err != nil {
		return nil, err
	}
	return joinOf(merged), nil
}

// mergeWords puts words with the same conditions together again.
func mergeWords(list []any, aligned [][]other, others []other) ([]any, error) {
	var runs []run
	for i, item := range list {
		at := make([]other, len(others))
		for j := range others {
			at[j] = aligned[j][i]
		}
		r, err := runOf(item, at)
		if err != nil {
			return nil, err
		}
		if last := len(runs) - 1; last >= 0 && runs[last].joins(r) {
			runs[last].parts = append(runs[last].parts, r.parts...)
			continue
		}
		runs = append(runs, r)
	}
	var parts []any
	for _, r := range runs {
		parts = append(parts, r.value()...)
	}
	return compact(parts), nil
}

// run is a part of a text for which the same conditions have to hold.
type run struct {
	conditions []string
	parts      []any
}

func runOf(item any, at []other) (run, error) {
	missing, present := split(at)
	one, err := mergePresent(item, present)
	return run{conditions: missing, parts: []any{one}}, err
}

func (r run) joins(next run) bool {
	return slices.Equal(r.conditions, next.conditions)
}

// value returns the parts, or the one that they are under their conditions.
func (r run) value() []any {
	if len(r.conditions) == 0 {
		return r.parts
	}
	parts := compact(r.parts)
	var value any = joinOf(parts)
	if text, ok := parts[0].(string); ok && len(parts) == 1 {
		value = text
	}
	for _, c := range r.conditions {
		value = map[string]any{fnIf: []any{c, value, ""}}
	}
	return []any{value}
}

// compact puts texts that follow each other together.
func compact(parts []any) []any {
	var all []any
	for _, part := range parts {
		text, isText := part.(string)
		if last := len(all) - 1; last >= 0 && isText {
			if before, ok := all[last].(string); ok {
				all[last] = before + text
				continue
			}
		}
		all = append(all, part)
	}
	return all
}
