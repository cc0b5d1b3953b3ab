package cloudformation

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sluice/internal/localaws/protocol"
)

// form is the body of a request in the Query protocol. It knows which members were read, so
// that one that is not implemented is found.
type form struct {
	values url.Values
	read   map[string]bool
}

// parseForm reads a request's members.
func parseForm(request protocol.Request) (*form, error) {
	values, err := url.ParseQuery(string(request.Body))
	if err != nil {
		return nil, protocol.NewError(http.StatusBadRequest, "MalformedQueryString", "%s", err)
	}
	for key, given := range request.Query {
		values[key] = append(values[key], given...)
	}
	return &form{values, map[string]bool{"Action": true, "Version": true}}, nil
}

// text returns a member, empty if it is not given.
func (f *form) text(name string) string {
	f.read[name] = true
	return f.values.Get(name)
}

// list returns the members of a list: Capabilities.member.1, ….
func (f *form) list(name string) []string {
	var items []string
	for i := 1; ; i++ {
		key := fmt.Sprintf("%s.member.%d", name, i)
		if !f.values.Has(key) {
			f.read[name] = true // an empty list is sent as its name
			return items
		}
		items = append(items, f.text(key))
	}
}

// objects returns the members of a list of objects with these fields.
func (f *form) objects(name string, fields ...string) []map[string]string {
	var items []map[string]string
	for i := 1; ; i++ {
		item := map[string]string{}
		for _, field := range fields {
			if key := fmt.Sprintf("%s.member.%d.%s", name, i, field); f.values.Has(key) {
				item[field] = f.text(key)
			}
		}
		if len(item) == 0 {
			f.read[name] = true
			return items
		}
		items = append(items, item)
	}
}

// rest returns an error if a member was given and not read.
func (f *form) rest(operation string) error {
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if !f.read[key] {
			return protocol.NotImplemented(Name, operation+" with "+strings.Split(key, ".member.")[0])
		}
	}
	return nil
}
