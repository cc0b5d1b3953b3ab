package flow

import (
	"encoding/json"
	"fmt"
)

// Site is what an input may say about a Target of kind shift.KindCloudFront, apart from what is
// shifted. It is the Detail of an Arrival.
type Site struct {
	// Bucket has the releases. Without it, nobody looks for the Candidate before it is shifted to.
	Bucket string `json:"bucket,omitempty"`
	// Domain is a name under which the distribution is reached. It makes the URLs for hooks.
	Domain string `json:"domain,omitempty"`
}

// Detail returns the Site as an Arrival's Detail, "" if nothing was said.
func (s Site) Detail() string {
	if s == (Site{}) {
		return ""
	}
	text, _ := json.Marshal(s) // texts can always be encoded
	return string(text)
}

// ParseSite reads an Arrival's Detail.
func ParseSite(detail string) (s Site, err error) {
	if detail == "" {
		return s, nil
	}
	if err := json.Unmarshal([]byte(detail), &s); err != nil {
		return s, fmt.Errorf("read what is known of the site: %w", err)
	}
	return s, nil
}

// url returns the address of a path of the site, "" without a domain.
func (s Site) url(path string) string {
	if s.Domain == "" || path == "" {
		return ""
	}
	return "https://" + s.Domain + path
}
