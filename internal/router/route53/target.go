package route53

import (
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// ofDNS are the characters of names. Records may have names that are no hosts.
const ofDNS = "abcdefghijklmnopqrstuvwxyz" + shift.Digits + "-_."

// place is where a Target is: a zone and a name in it, in lower case and without the dot at
// the end.
type place struct{ zone, name string }

func (p place) guard() string { return flow.GuardLabel + p.name }

// parseTarget returns where a Target is. It returns shift.ErrUnknownTarget for a Target of
// another kind.
func parseTarget(t shift.Target) (p place, err error) {
	p.zone, p.name, err = flow.SplitRoute53Target(t)
	return p, err
}

// isName says whether a text is a DNS name in lower case, without the dot at the end.
func isName(name string) bool {
	return shift.MadeOf(name, ofDNS) && !strings.Contains("."+name+".", "..")
}

// plainName returns a name of Route 53 without the dot at the end, in lower case, and with an
// asterisk for its escape.
func plainName(name string) string {
	return strings.ReplaceAll(strings.TrimSuffix(strings.ToLower(name), "."), `\052`, "*")
}
