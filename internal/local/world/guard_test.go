package world

import "net/http"

// guard is a precaution that is taken away, to see that the simulation notices.
type guard struct {
	name    string
	without func(w *World, actor string, r *http.Request) (*http.Response, error)
}

func (g guard) apply(w *World, actor string, r *http.Request) (*http.Response, error) {
	if g.without == nil {
		return nil, nil
	}
	return g.without(w, actor, r)
}
