// Package paging splits lists into pages and issues the tokens that continue them.
package paging

import (
	"encoding/base64"
	"slices"
)

// Cut returns the page of at most size items that token asks for; an empty token asks
// for the first page. next is the token of the following page, empty if this page is
// the last. ok is false for a token that Cut did not return for this list.
func Cut[T any](list []T, token string, size int, key func(T) string) (page []T, next string, ok bool) {
	after, ok := Key(token)
	if !ok {
		return nil, "", false
	}
	from := 0
	if after != "" {
		last := slices.IndexFunc(list, func(item T) bool { return key(item) == after })
		if last < 0 {
			return nil, "", false
		}
		from = last + 1
	}
	if to := from + size; to < len(list) {
		return list[from:to], newToken(key(list[to-1])), true
	}
	return list[from:], "", true
}

// newToken encodes the key of a page's last item, so that no client comes to rely on
// its shape.
func newToken(key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(key))
}

// Key returns the key of the last item of the previous page, empty for an empty token.
// ok is false if token is not a valid token.
func Key(token string) (key string, ok bool) {
	decoded, err := base64.RawURLEncoding.DecodeString(token)
	return string(decoded), err == nil && (len(decoded) > 0 || token == "")
}
