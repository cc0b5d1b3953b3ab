package flow

import (
	"strings"

	"github.com/sluice-aws/sluice/internal/shift"
)

const capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + shift.Digits

// maxID is how long the id of a zone can be (Route 53 API, ResourceId). No longer id of a
// distribution is known.
const maxID = 32

// IsDistribution says whether a text can be the id of a CloudFront distribution.
func IsDistribution(s string) bool { return shift.MadeOf(s, capitals) && len(s) <= maxID }

// IsZone says whether a text can be the id of a Route 53 hosted zone.
func IsZone(s string) bool { return shift.MadeOf(s, capitals) && len(s) <= maxID }

// MaxRelease is how long the id of a release can be.
const MaxRelease = 64

// IsRelease says whether a text can be the id of a release of a site. It becomes a folder in
// the path of a request.
func IsRelease(s string) bool {
	return shift.MadeOf(s, shift.OfNames+".") && len(s) <= MaxRelease && strings.Trim(s, ".") != ""
}

const (
	// GuardLabel begins the name of the TXT record beside the records of a Target of kind
	// shift.KindRoute53. It has the token that every write replaces.
	GuardLabel = "_sluice."

	maxLabel = 63
	// maxDNSName is how long a name can be for its guard to be a name, too: 253 characters
	// (RFC 1035, 2.3.4: 255 octets, of which the text does not show two).
	maxDNSName = 253 - len(GuardLabel)

	ofLabels = "abcdefghijklmnopqrstuvwxyz" + shift.Digits + "-_"
)

// IsDNSName says whether a text can be the name of a Target's records: lower case, without the
// dot at its end. Its first label may be a wildcard. Elsewhere DNS takes the * for an ordinary
// character (Route 53 Developer Guide, DNS domain name format).
func IsDNSName(s string) bool {
	rest, _ := strings.CutPrefix(s, "*.")
	return isHost(rest) && len(s) <= maxDNSName && !strings.HasPrefix(s, GuardLabel)
}

// IsHost says whether a text can be the name of what answers requests: a DNS name in lower case
// without a wildcard.
func IsHost(s string) bool { return isHost(s) && len(s) <= 253 }

func isHost(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if !shift.MadeOf(label, ofLabels) || len(label) > maxLabel || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	return true
}

// IsSwitchedName says whether a text can be the name of a Target of kind shift.KindSwitch. A
// wildcard of the other distribution covers it, so it has no wildcard itself and is not the apex
// of a domain.
func IsSwitchedName(s string) bool { return IsHost(s) && strings.Count(s, ".") >= 2 }

// What is wrong with a text that one of the functions above refuses.
const (
	NoDistribution = "is not the id of a distribution, such as E1ABCDEF234567: capital letters and digits, at most 32"
	NoZone         = "is not the id of a hosted zone, such as Z0123456789ABC: capital letters and digits, at most 32, without /hostedzone/"
	NoRelease      = "is not the id of a release, such as 2026-11-29.1: letters, digits, dots, hyphens and underscores, at most 64, not dots alone"
	NoDNSName      = "is not a name of records that Sluice can shift, such as api.example.com or *.example.com: lower case, no dot at the end, labels of at most 63 letters, digits, hyphens and underscores, at most 245 characters, and not below " + GuardLabel
	NoHost         = "is not the name of a host, such as d111111abcdef8.cloudfront.net: lower case, no dot at the end, no wildcard, labels of at most 63 letters, digits, hyphens and underscores"
	NoSwitchedName = "is not a name that can be switched, such as www.example.com: lower case, no dot at the end, no wildcard, and at least three labels, because a wildcard such as *.example.com has to cover it"
)
