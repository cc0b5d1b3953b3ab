package lambdaalias

import "strings"

// creationPrefix begins the description of an alias that Sluice created. The name of the
// execution that created it follows.
const creationPrefix = "Created by Sluice in execution "

func creationNote(maker string) string { return creationPrefix + maker }

// makerIn returns the execution that created an alias, read from its description. It
// returns "" if Sluice did not create the alias, or if somebody changed the description.
func makerIn(description string) string {
	maker, ours := strings.CutPrefix(description, creationPrefix)
	if !ours {
		return ""
	}
	return maker
}
