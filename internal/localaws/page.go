package localaws

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
)

// pageAfter cuts a page of at most size out of what is listed, after the item
// that the last page ended with. It returns the key of this page's last item
// if more follows, and false if nothing listed has the key to go on from.
func pageAfter[T any](listed []T, after string, size int, key func(T) string) (page []T, last string, ok bool) {
	from := 0
	if after != "" {
		found := slices.IndexFunc(listed, func(item T) bool { return key(item) == after })
		if found < 0 {
			return nil, "", false
		}
		from = found + 1
	}
	if to := from + size; to < len(listed) {
		return listed[from:to], key(listed[to-1]), true
	}
	return listed[from:], "", true
}

// A token is the key of a page's last item, made opaque so that nobody comes
// to rely on it.

func tokenOf(key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(key))
}

func keyOf(token string) (string, bool) {
	key, err := base64.RawURLEncoding.DecodeString(token)
	return string(key), err == nil && (len(key) > 0 || token == "")
}

// lambdaPageSize is the most that a list of Lambda's holds, even if more is
// asked for (ListVersionsByFunction in Lambda's API reference).
const lambdaPageSize = 50

// lambdaPage cuts a page by Marker and MaxItems.
func lambdaPage[T any](in lambdaInput, listed []T, key func(T) string) ([]T, string, error) {
	size := lambdaPageSize
	if given := in.query.Get("MaxItems"); given != "" {
		asked, err := strconv.Atoi(given)
		if err != nil {
			return nil, "", failure(http.StatusBadRequest, "SerializationException", "MaxItems is not a number: %q", given)
		}
		if asked < 1 || asked > 10000 {
			return nil, "", constraint("Value '%d' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 10000", asked)
		}
		size = min(asked, lambdaPageSize)
	}
	after, ok := keyOf(in.query.Get("Marker"))
	page, last, found := pageAfter(listed, after, size, key)
	if !ok || !found {
		return nil, "", invalidParameter("Invalid pagination token")
	}
	if last == "" {
		return page, "", nil
	}
	return page, tokenOf(last), nil
}
