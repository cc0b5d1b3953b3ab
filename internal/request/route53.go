package request

import (
	"net/netip"
	"slices"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// readRoute53 reads a name in a zone, and what it is to lead to.
func readRoute53(v strictjson.Value) shift.Arrival {
	o := v.ObjectLike(`{"zone": "Z0123456789ABC", "name": "api.example.com", "candidate": {"cname": "shop.example.net"}}`, "zone", "name", "candidate")
	zone := identifier(o.Require("zone"), flow.IsZone, flow.NoZone)
	name := identifier(o.Require("name"), flow.IsDNSName, flow.NoDNSName)
	endpoint := readEndpoint(o.Require("candidate"))
	if name != "" && (endpoint.CNAME == name || endpoint.Alias.DNSName == name && endpoint.Alias.Zone == zone) {
		o.Field("candidate").Problem("leads %s to itself", name)
	}
	if zone == "" || name == "" {
		return shift.Arrival{}
	}
	return shift.Arrival{Target: flow.Route53Target(zone, name), Candidate: endpoint.Version()}
}

// readEndpoint reads exactly one of an alias, values and a CNAME. It returns the zero Endpoint if
// something is wrong.
func readEndpoint(v strictjson.Value) flow.Endpoint {
	o := v.ObjectLike(`{"cname": "shop.example.net"}`, "alias", "values", "cname")
	if v.IsObject() && len(o.Names()) != 1 {
		v.Problem(`must have exactly one of alias, values and cname, such as {"cname": "shop.example.net"}`)
		return flow.Endpoint{}
	}
	switch alias, values, cname := o.Field("alias"), o.Field("values"), o.Field("cname"); {
	case alias.Present():
		return flow.Endpoint{Alias: readAlias(alias)}
	case values.Present():
		return readValues(values)
	case cname.Present():
		return flow.Endpoint{CNAME: identifier(cname, flow.IsHost, flow.NoHost)}
	}
	return flow.Endpoint{}
}

func readAlias(v strictjson.Value) flow.Alias {
	o := v.ObjectLike(`{"dnsName": "d111111abcdef8.cloudfront.net", "zone": "Z2FDTNDATAQYW2"}`, "dnsName", "zone")
	a := flow.Alias{
		DNSName: identifier(o.Require("dnsName"), flow.IsHost, flow.NoHost),
		Zone:    identifier(o.Require("zone"), flow.IsZone, flow.NoZone),
	}
	if a.DNSName == "" || a.Zone == "" {
		return flow.Alias{}
	}
	if !a.FitsCloudFront() {
		v.Problem("is a CloudFront distribution exactly if its zone is %s: correct one of the two", flow.CloudFrontZone)
	}
	return a
}

func readValues(v strictjson.Value) flow.Endpoint {
	o := v.ObjectLike(`{"A": ["203.0.113.7"], "AAAA": ["2001:db8::7"]}`, "A", "AAAA")
	e := flow.Endpoint{
		A:    readAddresses(o.Field("A"), netip.Addr.Is4, "is not an IPv4 address, such as 203.0.113.7"),
		AAAA: readAddresses(o.Field("AAAA"), flow.IsAAAA, "is not an IPv6 address, such as 2001:db8::7"),
	}
	if v.IsObject() && !v.HasProblem() && len(e.A)+len(e.AAAA) == 0 {
		v.Problem(`has no address: write {"A": ["203.0.113.7"]}`)
	}
	return e
}

func readAddresses(v strictjson.Value, isRight func(netip.Addr) bool, wrong string) []netip.Addr {
	var list []netip.Addr
	for _, item := range v.Array() {
		if !item.IsString() {
			item.Text()
			continue
		}
		a, err := netip.ParseAddr(item.Text())
		switch {
		case err != nil || !isRight(a):
			item.Problem("%s", wrong)
			continue
		case slices.Contains(list, a):
			item.Problem("%s appears twice", a)
		}
		list = append(list, a)
	}
	if len(list) > flow.MaxAddresses {
		v.Problem("has %d addresses, and at most %d are allowed", len(list), flow.MaxAddresses)
	}
	return list
}
