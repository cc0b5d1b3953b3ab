package flow

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Endpoint is what an input says that a name in Route 53 is to lead to: exactly one of an alias,
// values and a CNAME. Its text is the Version of a Target of kind shift.KindRoute53, and holds
// all of it. What a name leads to without Sluice may be more than an Endpoint can say.
type Endpoint struct {
	Alias Alias
	// A and AAAA are addresses. Either may be empty.
	A, AAAA []netip.Addr
	CNAME   string
}

// Alias is what an alias record leads to.
type Alias struct {
	DNSName string `json:"dnsName"`
	// Zone is the id of the hosted zone of what DNSName is the name of. Each AWS service has
	// its own for each region.
	Zone string `json:"zone"`
}

// CloudFrontZone is the zone of the names of all distributions (Route 53 API, AliasTarget,
// HostedZoneId). The text of an alias leaves it out.
const CloudFrontZone = "Z2FDTNDATAQYW2"

// inZone stands before any other zone.
const inZone = " in "

// FitsCloudFront says whether the alias of a distribution is in CloudFront's zone, and no other.
func (a Alias) FitsCloudFront() bool {
	return strings.HasSuffix(a.DNSName, ".cloudfront.net") == (a.Zone == CloudFrontZone)
}

// MaxAddresses is how many addresses of a type an Endpoint has at most. With more, its text
// would be too long for the ledger's key, and for people.
const MaxAddresses = 8

// maxEndpoint is how long the text of an Endpoint is at most: names of 253 characters, or
// addresses of 15 and 39 with what stands between them.
const maxEndpoint = 512

// Version returns the text of an Endpoint. Addresses are sorted, so that the same Endpoint always
// has the same text.
func (e Endpoint) Version() shift.Version {
	switch {
	case e.Alias.Zone == CloudFrontZone:
		return shift.Version(e.Alias.DNSName)
	case e.Alias != Alias{}:
		return shift.Version(e.Alias.DNSName + inZone + e.Alias.Zone)
	case e.CNAME != "":
		return shift.Version("CNAME " + e.CNAME)
	}
	var texts []string
	for _, set := range []struct {
		name      string
		addresses []netip.Addr
	}{{"A ", e.A}, {"AAAA ", e.AAAA}} {
		var list []string
		for _, a := range set.addresses {
			list = append(list, a.String())
		}
		if len(list) > 0 {
			slices.Sort(list)
			texts = append(texts, set.name+strings.Join(list, ","))
		}
	}
	return shift.Version(strings.Join(texts, "; "))
}

// ParseEndpoint reads the text of an Endpoint. It returns shift.ErrVersionNotFound for a text
// that Version does not return.
func ParseEndpoint(v shift.Version) (Endpoint, error) {
	e := readEndpoint(string(v))
	if !e.isPossible() || e.Version() != v {
		return Endpoint{}, fmt.Errorf("%w: %q is not what a name can lead to, such as d111111abcdef8.cloudfront.net, example.s3-website-eu-west-1.amazonaws.com in Z1BKCTXD74EZPE, A 203.0.113.7; AAAA 2001:db8::7 or CNAME shop.example.net",
			shift.ErrVersionNotFound, shift.BoundText(string(v), 80))
	}
	return e, nil
}

func readEndpoint(text string) (e Endpoint) {
	if name, found := strings.CutPrefix(text, "CNAME "); found {
		return Endpoint{CNAME: name}
	}
	if name, zone, found := strings.Cut(text, inZone); found {
		return Endpoint{Alias: Alias{DNSName: name, Zone: zone}}
	}
	if !strings.Contains(text, " ") {
		return Endpoint{Alias: Alias{DNSName: text, Zone: CloudFrontZone}}
	}
	for set := range strings.SplitSeq(text, "; ") {
		kind, list, _ := strings.Cut(set, " ")
		into := &e.A
		if kind == "AAAA" {
			into = &e.AAAA
		}
		for address := range strings.SplitSeq(list, ",") {
			a, _ := netip.ParseAddr(address) // isPossible finds the zero one
			*into = append(*into, a)
		}
	}
	return e
}

// isPossible says whether records can have the Endpoint.
func (e Endpoint) isPossible() bool {
	switch {
	case e.Alias != Alias{}:
		return IsHost(e.Alias.DNSName) && IsZone(e.Alias.Zone) && e.Alias.FitsCloudFront()
	case e.CNAME != "":
		return IsHost(e.CNAME)
	}
	return len(e.A)+len(e.AAAA) > 0 && areAll(e.A, netip.Addr.Is4) && areAll(e.AAAA, IsAAAA)
}

// areAll says whether there are not too many addresses, and each is of a kind.
func areAll(list []netip.Addr, isRight func(netip.Addr) bool) bool {
	return len(list) <= MaxAddresses && !slices.ContainsFunc(list, func(a netip.Addr) bool { return !isRight(a) })
}

// IsAAAA says whether an address can be the value of an AAAA record.
func IsAAAA(a netip.Addr) bool { return a.Is6() && a.Zone() == "" }
