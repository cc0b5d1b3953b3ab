package main

import (
	"fmt"
	"regexp"
)

var wellFormed = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)

// check says what is wrong with a version: its form, or that the changelog does not tell
// what it brings.
func check(version, changelog string) error {
	if !wellFormed.MatchString(version) {
		return fmt.Errorf("the version is %q, and must have a form like 0.1.0, without a v: make release VERSION=0.1.0", version)
	}
	if !section(version, ".*").MatchString(changelog) {
		return fmt.Errorf("CHANGELOG.md has no section [%s]: turn [Unreleased] into it first", version)
	}
	return nil
}

// isDated reports whether the changelog gives the day of a version.
func isDated(version, changelog string) bool {
	return section(version, ` - \d{4}-\d{2}-\d{2}`).MatchString(changelog)
}

func section(version, rest string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)^## \[` + regexp.QuoteMeta(version) + `\]` + rest + `$`)
}
