package route53

import (
	"fmt"
	"strings"

	"sluice/internal/shift"
)

// Kind is the kind of a Target that is a name in a hosted zone.
const Kind = "route53"

// place is where a Target is: a zone and a name in it, in lower case and without the dot at
// the end.
type place struct{ zone, name string }

// guardLabel begins the name of the guard.
const guardLabel = "_sluice."

func (p place) guard() string { return guardLabel + p.name }

const (
	upperAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + shift.Digits
	ofDNS          = "abcdefghijklmnopqrstuvwxyz" + shift.Digits + "-_."
)

// Limits of a zone's id (ResourceId), and of a name with its guard's label (RFC 1035).
const (
	maxZoneID = 32
	maxName   = 253 - len(guardLabel)
)

// NewTarget returns the Target of a name in a hosted zone. It returns shift.ErrUnknownTarget.
func NewTarget(zone, name string) (shift.Target, error) {
	t := shift.Target(Kind + ":" + zone + ":" + plainName(name))
	_, err := parseTarget(t)
	return t, err
}

func parseTarget(t shift.Target) (place, error) {
	parts := strings.Split(string(t), ":")
	if len(parts) != 3 || parts[0] != Kind {
		return place{}, fmt.Errorf("%w: %q is not of the form route53:ZONE:NAME", shift.ErrUnknownTarget, shift.BoundText(string(t), 80))
	}
	p := place{zone: parts[1], name: parts[2]}
	switch {
	case len(p.zone) > maxZoneID || !shift.MadeOf(p.zone, upperAndDigits):
		return place{}, fmt.Errorf("%w: %q is no id of a hosted zone: write it as in Z0123456789ABC", shift.ErrUnknownTarget, shift.BoundText(p.zone, 80))
	case !isName(strings.TrimPrefix(p.name, "*.")) || len(p.name) > maxName:
		return place{}, fmt.Errorf("%w: %q is no name of a record: write it in lower case and without a dot at the end, with at most %d characters",
			shift.ErrUnknownTarget, shift.BoundText(p.name, 80), maxName)
	}
	return p, nil
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
