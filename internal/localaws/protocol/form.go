package protocol

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Form is the body of a request in the Query  It knows which members were read, so
// that one that is not implemented is found.
type Form struct {
	values url.Values
	read   map[string]bool
}

// ParseForm reads a request's members.
func ParseForm(request Request) (*Form, error) {
	values, err := url.ParseQuery(string(request.Body))
	if err != nil {
		return nil, NewError(http.StatusBadRequest, "MalformedQueryString", "%s", err)
	}
	for key, given := range request.Query {
		values[key] = append(values[key], given...)
	}
	return &Form{values, map[string]bool{"Action": true, "Version": true}}, nil
}

// Text returns a member, empty if it is not given.
func (f *Form) Text(name string) string {
	f.read[name] = true
	return f.values.Get(name)
}

// List returns the members of a list: Capabilities.member.1, ….
func (f *Form) List(name string) []string {
	var items []string
	for i := 1; ; i++ {
		key := fmt.Sprintf("%s.member.%d", name, i)
		if !f.values.Has(key) {
			f.read[name] = true // an empty list is sent as its name
			return items
		}
		items = append(items, f.Text(key))
	}
}

// Objects returns the members of a list of objects with these fields.
func (f *Form) Objects(name string, fields ...string) []map[string]string {
	var items []map[string]string
	for i := 1; ; i++ {
		item := map[string]string{}
		for _, field := range fields {
			if key := fmt.Sprintf("%s.member.%d.%s", name, i, field); f.values.Has(key) {
				item[field] = f.Text(key)
			}
		}
		if len(item) == 0 {
			f.read[name] = true
			return items
		}
		items = append(items, item)
	}
}

// Rest returns an error if a member was given and not read.
func (f *Form) Rest(service, operation string) error {
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if !f.read[key] {
			return NotImplemented(service, operation+" with "+strings.Split(key, ".member.")[0])
		}
	}
	return nil
}
