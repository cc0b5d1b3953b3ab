package lambdaalias

import "strings"

// created begins the description of an alias that Sluice created. The name of the
// execution that did so follows.
const created = "Created by Sluice in execution "

func creationNote(maker string) string { return created + maker }

// makerIn is who created an alias with such a description; "" for somebody else, and for
// one that was described anew since.
func makerIn(description string) string {
	maker, ours := strings.CutPrefix(description, created)
	if !ours {
		return ""
	}
	return maker
}
