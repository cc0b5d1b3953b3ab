package route53

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// cloudFrontZone is the zone of all distributions (AliasTarget, HostedZoneId).
const cloudFrontZone = "Z2FDTNDATAQYW2"

// endpoint is where the records of one type lead, as text. An alias is its name, with
// " in ZONE" unless it is a distribution's, and " with health" if Route 53 evaluates the
// target's health. Addresses are joined by commas.
type endpoint string

const (
	inZone     = " in "
	withHealth = " with health"
)

func aliasEndpoint(a types.AliasTarget) endpoint {
	text := plainName(aws.ToString(a.DNSName))
	if zone := aws.ToString(a.HostedZoneId); zone != cloudFrontZone {
		text += inZone + zone
	}
	if a.EvaluateTargetHealth {
		text += withHealth
	}
	return endpoint(text)
}

// valuesEndpoint returns the endpoint of values. Their order does not matter.
func valuesEndpoint(kind string, values []string) endpoint {
	plain := make([]string, len(values))
	for i, value := range values {
		plain[i] = value
		if kind == typeCNAME {
			plain[i] = plainName(value)
		} else if address, err := netip.ParseAddr(value); err == nil {
			plain[i] = address.String()
		}
	}
	slices.Sort(plain)
	return endpoint(strings.Join(plain, ","))
}

// target returns what the endpoint is an alias of, or nil for values.
func (e endpoint) target(kind string) *types.AliasTarget {
	if kind == typeCNAME || e.isAddresses() {
		return nil
	}
	text, health := strings.CutSuffix(string(e), withHealth)
	name, zone, other := strings.Cut(text, inZone)
	if !other {
		zone = cloudFrontZone
	}
	return &types.AliasTarget{DNSName: aws.String(name + "."), HostedZoneId: aws.String(zone), EvaluateTargetHealth: health}
}

func (e endpoint) isAddresses() bool {
	first, _, _ := strings.Cut(string(e), ",")
	_, err := netip.ParseAddr(first)
	return err == nil
}

// host is the name that the endpoint leads to. Addresses have none.
func (e endpoint) host() string {
	host, _, _ := strings.Cut(string(e), " ")
	return host
}

func (e endpoint) isCloudFront() bool { return strings.HasSuffix(e.host(), ".cloudfront.net") }

// isWebsite says whether the endpoint is a website of S3, which serves only HTTP and has no
// IPv6 addresses.
func (e endpoint) isWebsite() bool {
	return strings.HasPrefix(e.host(), "s3-website") || strings.Contains(e.host(), ".s3-website")
}

// check returns an error for a text that is no endpoint of the type.
func (e endpoint) check(kind string) error {
	if kind == typeCNAME {
		if !isName(string(e)) {
			return fmt.Errorf("%q is no name in lower case", string(e))
		}
		return nil
	}
	if e.isAddresses() {
		return e.checkAddresses(kind)
	}
	target := e.target(kind)
	switch {
	case aliasEndpoint(*target) != e || !isName(plainName(*target.DNSName)):
		return fmt.Errorf("%q is no target of an alias: write its name in lower case, and \" in ZONE\" unless it is a CloudFront distribution", string(e))
	case !flow.IsZone(aws.ToString(target.HostedZoneId)):
		return fmt.Errorf("%q is no id of a hosted zone", *target.HostedZoneId)
	case e.isCloudFront() != (*target.HostedZoneId == cloudFrontZone):
		return fmt.Errorf("%q is no CloudFront distribution: the zone of its name is missing, or wrong", string(e))
	}
	return nil
}

func (e endpoint) checkAddresses(kind string) error {
	list := strings.Split(string(e), ",")
	for _, text := range list {
		address, err := netip.ParseAddr(text)
		if err != nil || address.Is4() != (kind == typeA) || address.Zone() != "" {
			return fmt.Errorf("%q is no address of a record %s", text, kind)
		}
	}
	if valuesEndpoint(kind, list) != e || len(slices.Compact(slices.Clone(list))) < len(list) {
		return fmt.Errorf("the addresses %q must be in their order, each once", string(e))
	}
	return nil
}

// endpoints are where the records of each type lead. The key anyAddress stands for A and AAAA
// alike.
type endpoints map[string]endpoint

const (
	typeA      = "A"
	typeAAAA   = "AAAA"
	typeCNAME  = "CNAME"
	anyAddress = ""
)

// kinds are the types of records that are moved, in their order.
var kinds = []string{typeA, typeAAAA, typeCNAME}

// of returns the endpoint for a type.
func (e endpoints) of(kind string) (endpoint, bool) {
	if to, has := e[kind]; has {
		return to, true
	}
	to, has := e[anyAddress]
	return to, has && kind != typeCNAME
}

// version returns the text that stands for the endpoints: that of an alias alone if all
// types lead to it, otherwise each type and its endpoint.
func (e endpoints) version() shift.Version {
	if to, same := e.commonAlias(); same {
		return shift.Version(to)
	}
	var parts []string
	for _, kind := range kinds {
		if to, has := e[kind]; has {
			parts = append(parts, kind+" "+string(to))
		}
	}
	return shift.Version(strings.Join(parts, "; "))
}

func (e endpoints) commonAlias() (common endpoint, same bool) {
	for kind, to := range e {
		if kind == typeCNAME || to.isAddresses() || common != "" && common != to {
			return "", false
		}
		common = to
	}
	return common, common != ""
}

// maxVersion bounds a version, in characters. It is part of a key in the ledger.
const maxVersion = 512

// parseVersion reads what version has written.
func parseVersion(v shift.Version) (endpoints, error) {
	if len(v) > maxVersion {
		return nil, fmt.Errorf("it has more than %d characters", maxVersion)
	}
	e := endpoints{}
	for part := range strings.SplitSeq(string(v), "; ") {
		kind, to, typed := strings.Cut(part, " ")
		if !typed || !slices.Contains(kinds, kind) {
			kind, to = anyAddress, part
		}
		if endpoint(to).isAddresses() && kind == anyAddress {
			return nil, errors.New("addresses need their type, as in A 203.0.113.7")
		}
		if err := endpoint(to).check(kind); err != nil {
			return nil, err
		}
		e[kind] = endpoint(to)
	}
	if e.version() != v {
		return nil, fmt.Errorf("it must be written as %q", string(e.version()))
	}
	return e, nil
}
