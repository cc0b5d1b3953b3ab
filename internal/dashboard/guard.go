package dashboard

import (
	"net/http"
	"slices"
	"strings"
)

// protect sets the headers that keep other pages, and text from outside, from doing anything here.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src "+styleSource+"; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	// Without any referrer a browser would send forms with the origin null.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// refuse says why a request is refused, or returns "". A page of another site may send requests
// to this machine, or have its own name lead to it (DNS rebinding). The host that the browser has
// asked for, and the origin of the page that asks, give both away.
func (d *Dashboard) refuse(r *http.Request) string {
	origin, host := withoutPort80(r.Header.Get("Origin")), withoutPort80(r.Host)
	switch {
	case !slices.Contains(d.hosts, host):
		return "This is Sluice's dashboard, and it is not on this host. Open " + "http://" + d.hosts[0] + "/ instead."
	case origin != "" && origin != "http://"+host:
		return "A page of another site has asked for this. Nothing was done."
	case origin == "" && r.Method != http.MethodGet && r.Method != http.MethodHead:
		return "It is not known which page has asked for this. Nothing was done."
	case isForeign(r) && (r.Method != http.MethodGet || r.Header.Get("Sec-Fetch-Mode") != "navigate"):
		return "A page of another site has asked for this. Nothing was done."
	}
	return ""
}

// withoutPort80 returns a host or an origin without its port if that is 80, which browsers leave out.
func withoutPort80(address string) string { return strings.TrimSuffix(address, ":80") }

// isForeign reports whether a browser says that a page of another origin has made the request.
// Another port of this machine is the same site, and another origin.
func isForeign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}
