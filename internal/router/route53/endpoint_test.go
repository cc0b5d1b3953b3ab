package route53_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestAVersionIsTheEndpointAsText(t *testing.T) {
	t.Parallel()
	addresses := func(list ...string) (parsed []netip.Addr) {
		for _, a := range list {
			parsed = append(parsed, netip.MustParseAddr(a))
		}
		return parsed
	}
	for want, endpoint := range map[shift.Version]flow.Endpoint{
		"d111.cloudfront.net":                              {Alias: flow.Alias{DNSName: "d111.cloudfront.net", Zone: distros}},
		"lb.eu-west-1.elb.amazonaws.com in Z32O12XQLNTSW2": {Alias: flow.Alias{DNSName: "lb.eu-west-1.elb.amazonaws.com", Zone: "Z32O12XQLNTSW2"}},
		"A 192.0.2.1,192.0.2.2":                            {A: addresses("192.0.2.2", "192.0.2.1")},
		"A 203.0.113.7; AAAA 2001:db8::7":                  {A: addresses("203.0.113.7"), AAAA: addresses("2001:DB8:0::7")},
		"CNAME a.example.org":                              {CNAME: "a.example.org"},
	} {
		got := endpoint.Version()
		assert.Equal(t, want, got)
		_, r := newest(t, simpleIP)
		published, err := r.DescribeVersion(t.Context(), target, got)
		require.NoError(t, err, got)
		assert.Equal(t, got, published.Version)
		assert.Equal(t, shift.Ready, published.Readiness)
	}
}

func TestATextThatIsNoEndpointIsNoVersion(t *testing.T) {
	t.Parallel()
	_, r := newest(t, simpleIP)
	for _, wrong := range []shift.Version{
		"", "7", "192.0.2.1", "A", "A ", "A 192.0.2.300", "A 192.0.2.1, 192.0.2.2", "A 192.0.2.2,192.0.2.1", "A 192.0.2.1,192.0.2.1", "A 2001:db8::1", "AAAA 192.0.2.1",
		"AAAA 2001:DB8::1", "AAAA fe80::1%eth0", "AAAA 2001:db8::1; A 192.0.2.1", "A 192.0.2.1; A 192.0.2.2", "D1.cloudfront.net", "d1.cloudfront.net.",
		"d1.cloudfront.net in Z1", "example.org", "lb.example.org in z1", "lb.example.org in ", "lb.example.org in Z2FDTNDATAQYW2", "d1.cloudfront.net with health with health",
		"CNAME", "CNAME A.example.org", "CNAME a.example.org,b.example.org", "TXT x", "d1.cloudfront.net; AAAA 2001:db8::1", "A d1.cloudfront.net; AAAA d1.cloudfront.net",
		shift.Version("CNAME " + strings.Repeat("a", 600)),
	} {
		_, err := r.DescribeVersion(t.Context(), target, wrong)
		require.ErrorIs(t, err, shift.ErrVersionNotFound, wrong)
	}
}

// Whatever endpoint a record has, its version can be written again, and is read as the same.
func TestAnyVersionThatIsReadCanBeWritten(t *testing.T) {
	t.Parallel()
	v4 := rapid.SliceOfNDistinct(rapid.StringMatching(`(1|2|3)\.[0-9]\.0\.[1-9]`), 1, 4, rapid.ID[string])
	v6 := rapid.SliceOfNDistinct(rapid.StringMatching(`2001:(0db8|DB8):0?[0-9a-f]::[1-9]`), 1, 1, rapid.ID[string])
	host := rapid.StringMatching(`[a-zA-Z0-9_]{1,9}(-[a-z]{1,3})?\.([a-z]{1,5}\.){0,2}amazonaws\.com\.?`)
	rapid.Check(t, func(t *rapid.T) {
		records := func(label string) (list []localaws.Record) {
			switch rapid.IntRange(0, 2).Draw(t, label) {
			case 0:
				return []localaws.Record{localaws.SimpleRecord(name, "A", 60, v4.Draw(t, "A")...), localaws.SimpleRecord(name, "AAAA", 60, v6.Draw(t, "AAAA")...)}
			case 1:
				to := host.Draw(t, "alias")
				for _, kind := range []string{"A", "AAAA"} {
					r := localaws.AliasRecord(name, kind, "Z35SXDOTRQ7X7K", to)
					r.Alias.EvaluateTargetHealth = len(to)%2 == 0
					list = append(list, r)
				}
				return list
			}
			return []localaws.Record{localaws.AliasRecord(name, "A", distros, "D1.cloudfront.net"), localaws.SimpleRecord(name, "AAAA", 60, v6.Draw(t, "AAAA")...)}
		}
		other := newInternet(t, unlimited, records("candidate")...)
		candidate := read(t, other.router()).Serving
		i := newInternet(t, unlimited, records("stable")...)
		r := i.router()
		start := read(t, r)
		if start.Serving == candidate {
			return
		}
		last := start
		for _, w := range []shift.Weight{rapid.SampledFrom([]shift.Weight{50, 1000, 9950}).Draw(t, "weight"), shift.All, shift.None} {
			last = set(t, r, at(start, candidate, w), last.Revision)
			found := read(t, r)
			if !found.Same(at(start, candidate, w)) || found.Revision != last.Revision {
				t.Fatalf("wrote %s, and found %s", at(start, candidate, w), found)
			}
		}
	})
}
