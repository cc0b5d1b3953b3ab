package localaws_test

import (
	"net/http"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// withQuery adds a query parameter that the SDK's client does not know.
type withQuery struct {
	cloud *localaws.Cloud
	query string
}

func (w withQuery) Do(r *http.Request) (*http.Response, error) {
	r.URL.RawQuery = w.query
	return w.cloud.Do(r)
}
