package flow_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestTheVersionOfANameIsItsEndpoint(t *testing.T) {
	t.Parallel()
	addresses := func(texts ...string) (list []netip.Addr) {
		for _, text := range texts {
			list = append(list, netip.MustParseAddr(text))
		}
		return list
	}
	for want, e := range map[shift.Version]flow.Endpoint{
		"d111.cloudfront.net": {Alias: flow.Alias{DNSName: "d111.cloudfront.net", Zone: "Z2FDTNDATAQYW2"}},
		"d-abc.execute-api.eu-west-1.amazonaws.com in ZLY8HYME6SFDD": {Alias: flow.Alias{DNSName: "d-abc.execute-api.eu-west-1.amazonaws.com", Zone: "ZLY8HYME6SFDD"}},
		"CNAME shop.example.net":                                     {CNAME: "shop.example.net"},
		"A 203.0.113.7":                                              {A: addresses("203.0.113.7")},
		"AAAA 2001:db8::7":                                           {AAAA: addresses("2001:db8::7")},
		"A 203.0.113.7,9.0.0.1; AAAA 2001:db8::10,2001:db8::7": {
			A: addresses("203.0.113.7", "9.0.0.1"), AAAA: addresses("2001:db8::10", "2001:db8::7"),
		},
	} {
		assert.Equal(t, want, e.Version())
		read, err := flow.ParseEndpoint(want)
		require.NoError(t, err)
		assert.Equal(t, e, read)
	}
	assert.Equal(t, shift.Version("A 203.0.113.7,9.0.0.1"), flow.Endpoint{A: addresses("9.0.0.1", "203.0.113.7")}.Version(), "in any order")
}

func TestATextThatIsNoEndpointIsNoVersion(t *testing.T) {
	t.Parallel()
	for _, v := range []shift.Version{
		"", "42", "CNAME ", "CNAME *.a.b", "CNAME A.b", "d111.example.net", "d111.cloudfront.net in Z2", "a.b in z2", "a.b in ", " in Z2", "a.b in Z2FDTNDATAQYW2", "a.b in Z2 with health",
		"A", "A ", "A 203.0.113.007", "A 203.0.113.7, 203.0.113.8", "A 2001:db8::7", "AAAA 203.0.113.7", "AAAA 2001:DB8::7", "AAAA fe80::1%eth0",
		"AAAA 2001:db8::7; A 203.0.113.7", "A 9.0.0.1; A 9.0.0.2", "A 9.0.0.1,203.0.113.7", "MX 10 mail.example.com", "A 9.0.0.1; ",
		shift.Version("A 9.0.0.1" + strings.Repeat(",9.0.0.1", 8)),
	} {
		_, err := flow.ParseEndpoint(v)
		assert.ErrorIs(t, err, shift.ErrVersionNotFound, string(v))
	}
}

func TestTheTextOfAnEndpointHoldsAllOfIt(t *testing.T) {
	t.Parallel()
	host := rapid.StringMatching(`[a-z0-9]{1,12}(\.[a-z0-9]{1,12}){0,4}`)
	rapid.Check(t, func(t *rapid.T) {
		var e flow.Endpoint
		switch rapid.IntRange(0, 2).Draw(t, "form") {
		case 0:
			e.Alias = flow.Alias{DNSName: host.Draw(t, "name") + ".example", Zone: rapid.StringMatching(`[A-Z0-9]{1,32}`).Draw(t, "zone")}
		case 1:
			e.CNAME = host.Draw(t, "name")
		case 2:
			for range rapid.IntRange(0, flow.MaxAddresses).Draw(t, "a") {
				e.A = append(e.A, netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "v4"))))
			}
			for range rapid.IntRange(0, flow.MaxAddresses).Draw(t, "aaaa") {
				e.AAAA = append(e.AAAA, netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "v6"))))
			}
			if len(e.A)+len(e.AAAA) == 0 {
				t.Skip("nothing")
			}
		}
		version := e.Version()
		read, err := flow.ParseEndpoint(version)
		require.NoError(t, err)
		require.Equal(t, version, read.Version())
		require.ElementsMatch(t, e.A, read.A)
		require.ElementsMatch(t, e.AAAA, read.AAAA)
		require.LessOrEqual(t, len(version), flow.Route53.LongestVersion)
	})
}

func FuzzParseEndpoint(f *testing.F) {
	f.Add("A 203.0.113.7; AAAA 2001:db8::7")
	f.Add("d111.cloudfront.net")
	f.Add("a.b in Z1")
	f.Add("CNAME shop.example.net")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := flow.ParseEndpoint(shift.Version(text))
		if err == nil {
			require.Equal(t, shift.Version(text), e.Version())
		}
	})
}
