package merge

import (
	"fmt"
	"reflect"
	"strings"
)

// Marker is a value that stands in a template for a parameter.
type Marker struct {
	// Value is a text, which is also replaced within other texts; or a number or a list.
	Value any
	// Whole says that a text is not replaced within other texts.
	Whole bool
	// By is what replaces it, such as a Ref.
	By any
}

// Parameters replaces markers. It returns an error if a marker is nowhere, or where CloudFormation
// allows no function.
func Parameters(template Template, markers []Marker) (Template, error) {
	r := replacer{markers: markers, found: make([]bool, len(markers))}
	replaced := Template{}
	for section, value := range template {
		if section == "Conditions" { // they compare parameters, and no marker
			replaced[section] = value
			continue
		}
		replaced[section] = r.value(section, value)
	}
	for i, m := range markers {
		if !r.found[i] {
			return nil, fmt.Errorf("nothing in the template is %v", m.Value)
		}
	}
	return replaced, r.err
}

type replacer struct {
	markers []Marker
	found   []bool
	err     error
}

func (r *replacer) value(path string, value any) any {
	for i, m := range r.markers {
		if reflect.DeepEqual(m.Value, value) {
			r.found[i] = true
			return m.By
		}
	}
	switch v := value.(type) {
	case string:
		parts := r.parts(v)
		if len(parts) == 1 {
			return parts[0]
		}
		return joinOf(parts)
	case []any:
		return r.list(path, v)
	case map[string]any:
		return r.object(path, v)
	}
	return value
}

func (r *replacer) list(path string, list []any) any {
	all := make([]any, len(list))
	for i, item := range list {
		all[i] = r.value(fmt.Sprintf("%s[%d]", path, i), item)
	}
	return all
}

func (r *replacer) object(path string, object map[string]any) any {
	if parts, ok := joined(object); ok {
		return joinOf(r.joined(path, parts))
	}
	all := map[string]any{}
	for name, value := range object {
		text, _ := value.(string)
		if r.marks(name) || name == "Fn::Sub" && r.marks(text) || path == "Outputs" && r.marks(fmt.Sprint(value.(map[string]any)["Description"])) {
			r.err = fmt.Errorf("%s: %s: no parameter can be used here", path, name)
		}
		all[name] = r.value(path+"."+name, value)
	}
	return all
}

// joined replaces markers in the parts of a joined text.
func (r *replacer) joined(path string, parts []any) []any {
	var all []any
	for _, part := range parts {
		if text, ok := part.(string); ok {
			all = append(all, r.parts(text)...)
			continue
		}
		all = append(all, r.value(path, part))
	}
	return all
}

func (r *replacer) marks(text string) bool {
	for _, m := range r.markers {
		if marker, ok := m.text(); ok && strings.Contains(text, marker) {
			return true
		}
	}
	return false
}

// text returns the marker if it may be a part of a text.
func (m Marker) text() (string, bool) {
	text, ok := m.Value.(string)
	return text, ok && !m.Whole
}

// parts splits a text at the markers. Without any, it is the text alone.
func (r *replacer) parts(text string) []any {
	for i, m := range r.markers {
		marker, ok := m.text()
		before, after, found := strings.Cut(text, marker)
		if !ok || !found {
			continue
		}
		r.found[i] = true
		var all []any
		if before != "" {
			all = append(all, r.parts(before)...)
		}
		all = append(all, m.By)
		if after != "" {
			all = append(all, r.parts(after)...)
		}
		return all
	}
	return []any{text}
}
