package lambda

import (
	"net/http"
	"strconv"

	"github.com/sluice-aws/sluice/internal/localaws/paging"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// maxPageItems is the largest page that Lambda returns, even if MaxItems is larger
// (ListVersionsByFunction in Lambda's API reference).
const maxPageItems = 50

// cutPage returns the page that Marker and MaxItems ask for, and the NextMarker.
func cutPage[T any](in input, list []T, key func(T) string) ([]T, string, error) {
	size := maxPageItems
	if given := in.Query.Get("MaxItems"); given != "" {
		maxItems, err := strconv.Atoi(given)
		if err != nil {
			return nil, "", protocol.NewError(http.StatusBadRequest, "SerializationException", "MaxItems is not a number: %q", given)
		}
		if maxItems < 1 || maxItems > 10000 {
			return nil, "", protocol.Constraint("Value '%d' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 10000", maxItems)
		}
		size = min(maxItems, maxPageItems)
	}
	page, next, ok := paging.Cut(list, in.Query.Get("Marker"), size, key)
	if !ok {
		return nil, "", invalidParameter("Invalid pagination token")
	}
	return page, next, nil
}

// pageOf answers with one page of a list, under a name.
func pageOf[T any](in input, name string, list []T, key func(T) string) (protocol.Reply, error) {
	page, marker, err := cutPage(in, list, key)
	body := map[string]any{name: page}
	if marker != "" {
		body["NextMarker"] = marker
	}
	return protocol.Reply{Body: body}, err
}
