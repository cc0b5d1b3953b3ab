package lambda

import (
	"net/http"
	"strconv"

	"sluice/internal/localaws/paging"
	"sluice/internal/localaws/protocol"
)

// maxPage is the most that a list of Lambda's holds, even if more is
// asked for (ListVersionsByFunction in Lambda's API reference).
const maxPage = 50

// cutPage cuts a page by Marker and MaxItems. It returns the NextMarker.
func cutPage[T any](in input, list []T, key func(T) string) ([]T, string, error) {
	size := maxPage
	if given := in.Query.Get("MaxItems"); given != "" {
		asked, err := strconv.Atoi(given)
		if err != nil {
			return nil, "", protocol.NewError(http.StatusBadRequest, "SerializationException", "MaxItems is not a number: %q", given)
		}
		if asked < 1 || asked > 10000 {
			return nil, "", protocol.Constraint("Value '%d' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 10000", asked)
		}
		size = min(asked, maxPage)
	}
	page, next, ok := paging.Cut(list, in.Query.Get("Marker"), size, key)
	if !ok {
		return nil, "", invalidParameter("Invalid pagination token")
	}
	return page, next, nil
}
