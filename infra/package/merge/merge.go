// Package merge makes one CloudFormation template with parameters of several templates without
// any. Merge is the central function: it takes the template in which every option is on, and
// another one for each option that may be off, and writes down where they differ, by conditions.
// Parameters then puts references in the place of values that were chosen to be found again.
//
// It knows CloudFormation's language, and nothing of the resources.
package merge

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// A Template is a template, as encoding/json decodes it.
type Template = map[string]any

// Variant is the template if a condition does not hold. All else is as in the full template.
type Variant struct {
	Condition string
	Template  Template
}

// The names of CloudFormation's language.
const (
	fnIf, fnJoin = "Fn::If", "Fn::Join"
	condition    = "Condition"
	dependsOn    = "DependsOn"
)

// noValue removes the property or the item that it stands for.
func noValue() any { return map[string]any{"Ref": "AWS::NoValue"} }

// Merge returns the full template with the conditions of its variants. Conditions are combined
// where one of them removes what the other ones change. It returns an error if two conditions
// change the same place: then nobody knows what it would be if neither of them holds.
func Merge(full Template, variants []Variant) (Template, error) {
	merged := Template{}
	for section := range full {
		if _, isObject := full[section].(map[string]any); !isObject {
			merged[section] = full[section]
			continue
		}
		entries, err := mergeSection(section, full, variants)
		if err != nil {
			return nil, err
		}
		merged[section] = entries
	}
	for _, v := range variants {
		for section := range v.Template {
			if _, known := full[section]; !known {
				return nil, fmt.Errorf("only the variant without %s has the section %s", v.Condition, section)
			}
		}
	}
	if resources, ok := merged["Resources"].(map[string]any); ok {
		settleDependencies(resources)
	}
	return merged, nil
}

// mergeSection merges a section's entries, such as the resources. An entry that is missing in a
// variant gets its condition.
func mergeSection(name string, full Template, variants []Variant) (map[string]any, error) {
	all, of := full[name].(map[string]any), make([]other, len(variants))
	merged := map[string]any{}
	for i, v := range variants {
		section, _ := v.Template[name].(map[string]any)
		of[i] = other{condition: v.Condition, value: section}
		for id := range section {
			if _, known := all[id]; !known {
				return nil, fmt.Errorf("%s: only the variant without %s has %s", name, v.Condition, id)
			}
		}
	}
	for id, entry := range all {
		one, err := mergeEntry(entry, member(of, id))
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, id, err)
		}
		merged[id] = one
	}
	return merged, nil
}

func mergeEntry(entry any, others []other) (any, error) {
	missing, present := split(others)
	merged, err := mergeAttributes(entry.(map[string]any), present)
	switch {
	case err != nil:
		return nil, err
	case len(missing) > 1:
		return nil, errors.New("it has more than one condition: " + strings.Join(missing, ", "))
	case len(missing) == 1:
		merged[condition] = missing[0]
	}
	return merged, nil
}

// mergeAttributes merges the attributes of a resource or an output. What a resource depends on is
// a list of names without conditions (settleDependencies).
func mergeAttributes(entry map[string]any, others []other) (map[string]any, error) {
	merged := map[string]any{}
	for name, value := range entry {
		if name == dependsOn {
			merged[name] = value
			continue
		}
		one, err := mergeValue(value, member(others, name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		merged[name] = one
	}
	return merged, nil
}

// other is the value in a variant. It is absent if the variant has none.
type other struct {
	condition string
	value     any
	absent    bool
}

// member returns the member of each value that is an object.
func member(of []other, name string) []other {
	members := make([]other, len(of))
	for i, o := range of {
		value, present := o.value.(map[string]any)[name]
		members[i] = other{condition: o.condition, value: value, absent: !present}
	}
	return members
}

// split returns the conditions of the variants that have no value, and the other variants.
func split(others []other) (missing []string, present []other) {
	for _, o := range others {
		if o.absent {
			missing = append(missing, o.condition)
			continue
		}
		present = append(present, o)
	}
	return missing, present
}

// mergeValue merges a value with those of the variants.
func mergeValue(value any, others []other) (any, error) {
	missing, present := split(others)
	merged, err := mergePresent(value, present)
	for _, c := range missing {
		merged = map[string]any{fnIf: []any{c, merged, noValue()}}
	}
	return merged, err
}

func mergePresent(value any, others []other) (any, error) {
	others = slices.DeleteFunc(slices.Clone(others), func(o other) bool { return reflect.DeepEqual(o.value, value) })
	if len(others) == 0 {
		return value, nil
	}
	switch v := value.(type) {
	case map[string]any:
		if parts, ok := joined(v); ok && allJoined(others) {
			return mergeJoin(parts, others)
		}
		if isPlain(v) && allPlain(others) {
			return mergeObject(v, others)
		}
	case []any:
		if aligned, ok := alignAll(v, others); ok {
			return mergeList(v, aligned, others)
		}
	}
	return choice(value, others)
}

// choice returns a value, or that of the one variant which has another one.
func choice(value any, others []other) (any, error) {
	if len(others) > 1 {
		var names []string
		for _, o := range others {
			names = append(names, o.condition)
		}
		return nil, fmt.Errorf("more than one condition changes it: %s", strings.Join(names, ", "))
	}
	return map[string]any{fnIf: []any{others[0].condition, value, others[0].value}}, nil
}

// isPlain says whether an object is none of CloudFormation's functions.
func isPlain(object map[string]any) bool {
	for name := range object {
		if name == "Ref" || strings.HasPrefix(name, "Fn::") {
			return false
		}
	}
	return true
}

func allPlain(others []other) bool {
	return !slices.ContainsFunc(others, func(o other) bool {
		object, ok := o.value.(map[string]any)
		return !ok || !isPlain(object)
	})
}

func mergeObject(object map[string]any, others []other) (any, error) {
	merged := map[string]any{}
	for name, value := range object {
		one, err := mergeValue(value, member(others, name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		merged[name] = one
	}
	for _, o := range others {
		for name, value := range o.value.(map[string]any) {
			if _, known := object[name]; known {
				continue
			}
			if _, twice := merged[name]; twice {
				return nil, fmt.Errorf("%s: more than one condition adds it", name)
			}
			merged[name] = map[string]any{fnIf: []any{o.condition, noValue(), value}}
		}
	}
	return merged, nil
}

func mergeList(list []any, aligned [][]other, others []other) ([]any, error) {
	merged := make([]any, len(list))
	for i, item := range list {
		at := make([]other, len(others))
		for j := range others {
			at[j] = aligned[j][i]
		}
		one, err := mergeValue(item, at)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
		merged[i] = one
	}
	return merged, nil
}

// settleDependencies looks at what each resource depends on. DependsOn takes no function, and
// CloudFormation does not document what it makes of a resource that a condition has left out. If
// the two resources have different conditions, a reference in the metadata makes the dependency.
func settleDependencies(resources map[string]any) {
	for _, id := range slices.Sorted(maps.Keys(resources)) {
		resource := resources[id].(map[string]any)
		var always, references []any
		for _, on := range names(resource[dependsOn]) {
			if c := resources[on].(map[string]any)[condition]; c != nil && c != resource[condition] {
				references = append(references, map[string]any{fnIf: []any{c, map[string]any{"Ref": on}, noValue()}})
				continue
			}
			always = append(always, on)
		}
		if len(references) == 0 {
			continue
		}
		if resource[dependsOn] = always; len(always) == 0 {
			delete(resource, dependsOn)
		}
		metadata := map[string]any{dependsOn: references}
		if own, ok := resource["Metadata"].(map[string]any); ok {
			maps.Copy(metadata, own)
		}
		resource["Metadata"] = metadata
	}
}

// names returns what a resource depends on.
func names(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, item.(string))
		}
		return all
	}
	return nil
}
