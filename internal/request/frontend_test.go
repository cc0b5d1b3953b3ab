package request_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

func TestFrontEndsStandBesideFunctions(t *testing.T) {
	t.Parallel()
	release := decode(t, `{"targets": [
		{"function": "orders", "alias": "live"},
		{"cloudfront": {"distribution": "E1ABCDEF234567", "release": "2026-11-29.1", "bucket": "site-prod", "domain": "www.example.com"}},
		{"route53": {"zone": "Z0123456789ABC", "name": "api.example.com",
			"candidate": {"alias": {"dnsName": "d-abc.execute-api.eu-west-1.amazonaws.com", "zone": "ZLY8HYME6SFDD"}}}},
		{"route53": {"zone": "Z0123456789ABC", "name": "*.example.com", "candidate": {"values": {"AAAA": ["2001:DB8::7"], "A": ["203.0.113.7", "9.0.0.1"]}}}},
		{"route53": {"zone": "Z0123456789ABC", "name": "shop.example.com", "candidate": {"cname": "shop.example.net"}}},
		{"cloudfrontSwitch": {"name": "www.example.com", "candidate": "E2GREEN"}}],
		"strategy": "Linear10PercentEvery10Minutes"}`)
	assert.Equal(t, []shift.Arrival{
		{Target: "lambda:orders:live"},
		{Target: "cloudfront:E1ABCDEF234567", Candidate: "2026-11-29.1", Detail: `{"bucket":"site-prod","domain":"www.example.com"}`},
		{Target: "route53:Z0123456789ABC:api.example.com", Candidate: "d-abc.execute-api.eu-west-1.amazonaws.com in ZLY8HYME6SFDD"},
		{Target: "route53:Z0123456789ABC:*.example.com", Candidate: "A 203.0.113.7,9.0.0.1; AAAA 2001:db8::7"},
		{Target: "route53:Z0123456789ABC:shop.example.com", Candidate: "CNAME shop.example.net"},
		{Target: "switch:www.example.com", Candidate: "E2GREEN"},
	}, release.Arrivals)
}

func TestASingleFrontEndMayStandAtTheTop(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]shift.Arrival{
		`{"cloudfront": {"distribution": "E1", "release": "r42"}, "alarms": ["a"]}`:                                         {Target: "cloudfront:E1", Candidate: "r42"},
		`{"route53": {"zone": "Z1", "name": "a.example.com", "candidate": {"cname": "b.example.com"}}}`:                     {Target: "route53:Z1:a.example.com", Candidate: "CNAME b.example.com"},
		`{"cloudfrontSwitch": {"name": "www.example.com", "candidate": "E2"}, "strategy": "AllAtOnce"}`:                     {Target: "switch:www.example.com", Candidate: "E2"},
		`{"targets": [{"cloudfront": {"distribution": "E1", "release": "42"}}], "strategy": {"steps": [{"percent": 100}]}}`: {Target: "cloudfront:E1", Candidate: "42"},
	} {
		assert.Equal(t, []shift.Arrival{want}, decode(t, input).Arrivals, input)
	}
}

func TestEveryProblemOfAFrontEndIsSaidByItsPath(t *testing.T) {
	t.Parallel()
	cases := map[string][]string{
		`{"cloudfront": {"distribution": "e1", "release": "..", "bucket": "Site", "domain": "*.example.com", "path": "/"}}`: {
			"cloudfront.path: is not known here", "cloudfront.distribution: " + flow.NoDistribution, "cloudfront.release: " + flow.NoRelease, "cloudfront.bucket: is not the name of a bucket",
			"cloudfront.domain: " + flow.NoHost,
		},
		`{"cloudfront": "E1"}`: {`cloudfront: must be an object such as {"distribution": "E1ABCDEF234567", "release": "2026-11-29.1"}`},
		`{"cloudfront": {}}`:   {"cloudfront.distribution: is missing", "cloudfront.release: is missing"},
		`{"cloudfront": {"distribution": 1, "release": null}}`:             {"cloudfront.distribution: must be a string", "cloudfront.release: must be a string"},
		`{"cloudfrontSwitch": {"name": "example.com", "candidate": "e2"}}`: {"cloudfrontSwitch.name: " + flow.NoSwitchedName, "cloudfrontSwitch.candidate: " + flow.NoDistribution},
		`{"targets": [{"route53": {"zone": "/hostedzone/Z1", "name": "A.example.com.", "candidate": {"cname": "*.b.c"}}}]}`: {
			"targets[0].route53.zone: " + flow.NoZone, "targets[0].route53.name: " + flow.NoDNSName, "targets[0].route53.candidate.cname: " + flow.NoHost,
		},
		`{"route53": {"zone": "Z1", "name": "a.b", "candidate": {}}}`:                                                          {"route53.candidate: must have exactly one of alias, values and cname"},
		`{"route53": {"zone": "Z1", "name": "a.b", "candidate": {"cname": "c.d", "values": {}}}}`:                              {"route53.candidate: must have exactly one of alias, values and cname"},
		`{"route53": {"zone": "Z1", "name": "a.b", "candidate": {"alias": {"dnsName": "x y"}}}}`:                               {"route53.candidate.alias.dnsName: " + flow.NoHost, "route53.candidate.alias.zone: is missing"},
		`{"route53": {"zone": "Z1", "name": "a.b", "candidate": {"cname": "a.b"}}}`:                                            {"route53.candidate: leads a.b to itself"},
		`{"route53": {"zone": "Z1", "name": "a.b", "candidate": {"alias": {"dnsName": "a.b", "zone": "Z1"}}}}`:                 {"route53.candidate: leads a.b to itself"},
		`{"route53": {"zone": "Z1", "name": "a.b", "candidate": {"alias": {"dnsName": "d111.cloudfront.net", "zone": "Z1"}}}}`: {"route53.candidate.alias: is a CloudFront distribution exactly if its zone is Z2FDTNDATAQYW2"},
		`{"route53": {"zone": "Z1", "name": "a.b", "candidate": {"alias": {"dnsName": "a.c", "zone": "Z2FDTNDATAQYW2"}}}}`:     {"route53.candidate.alias: is a CloudFront distribution exactly if"},
		`{"route53": {"zone": "Z1", "name": "a.b", "candidate": {"values": {}}}}`:                                              {"route53.candidate.values: has no address"},
		`{"route53": {"zone": "Z1", "name": "a.b", "candidate": {"values": {"A": ["2001:db8::7", 7, "9.0.0.1", "9.0.0.1"], "AAAA": ["fe80::1%eth0"], "MX": []}}}}`: {
			"route53.candidate.values.MX: is not known here", "route53.candidate.values.A[0]: is not an IPv4 address", "route53.candidate.values.A[1]: must be a string",
			"route53.candidate.values.A[3]: 9.0.0.1 appears twice", "route53.candidate.values.AAAA[0]: is not an IPv6 address",
		},
		`{"route53": {"zone": "Z1", "name": "a.b", "candidate": {"values": {"A": ["9.0.0.1", "9.0.0.2", "9.0.0.3", "9.0.0.4", "9.0.0.5", "9.0.0.6", "9.0.0.7", "9.0.0.8", "9.0.0.9"]}}}}`: {
			"route53.candidate.values.A: has 9 addresses, and at most 8 are allowed",
		},
		`{"function": "orders", "cloudfront": {"distribution": "E1", "release": "r"}}`: {"function: stands beside cloudfront, and a target is one thing: write each as an object of its own in targets"},
		`{"cloudfrontSwitch": {"name": "www.example.com", "candidate": "E2"}, "cloudfront": {"distribution": "E1", "release": "r"}, "version": "7"}`: {
			"cloudfrontSwitch: stands beside cloudfront", "version: stands beside cloudfront",
		},
		`{"cloudfront": {"distribution": "E1", "release": "r"}, "targets": [{"function": "orders"}]}`:                                   {"cloudfront: stands beside targets: write it inside a target"},
		`{"targets": [{"cloudfront": {"distribution": "E1", "release": "r"}}, {"cloudfront": {"distribution": "E1", "release": "s"}}]}`: {"targets[1]: cloudfront:E1 appears twice"},
		`{"cloudfront": {"distribution": "E1", "release": "r"}, "trigger": "event"}`:                                                    {`cloudfront: stands beside the trigger "event"`, "function: is missing"},
		`{"cloudfront": {"distribution": "E1", "release": "r"}, "judge": "observe"}`:                                                    {"judge: has nothing to compare: only the versions of functions can be told apart"},
	}
	for input, want := range cases {
		got := problems(t, input)
		require.Len(t, got, len(want), "%s: %q", input, got)
		for i := range want {
			assert.Contains(t, got[i], want[i], input)
		}
	}
}

func TestAKindWhoseSettingIsNotGivenIsRefused(t *testing.T) {
	t.Parallel()
	const (
		store    = "arn:aws:cloudfront::123456789012:key-value-store/a1b2"
		site     = `{"cloudfront": {"distribution": "E1", "release": "r"}}`
		name     = `{"route53": {"zone": "Z1", "name": "a.example.com", "candidate": {"cname": "b.example.com"}}}`
		switched = `{"cloudfrontSwitch": {"name": "www.example.com", "candidate": "E2"}, "strategy": "AllAtOnce"}`
	)
	for _, test := range []struct{ store, records, distributions, input, want string }{
		{"", "", "", site, "cloudfront: this stack does not shift CloudFront: give it the setting cloudfrontStore and deploy it again, or leave this target out"},
		{"", "Z1/a.example.com", "www.example.com/E1/E2", site, "cloudfront: this stack does not shift CloudFront: give it the setting cloudfrontStore and deploy it again, or leave this target out"},
		{store, "", "", site, ""},
		{"", "", "", name, "route53: this stack does not shift Route 53: give it the setting route53 and deploy it again, or leave this target out"},
		{"", "Z1/a.example.com Z2/b.example.com", "", name, ""},
		{"", "Z2/a.example.com", "", name, "route53: this stack shifts only Z2/a.example.com in Route 53: add Z1/a.example.com to its setting route53 and deploy it again"},
		{"", "Z2/a Z2/b Z2/c Z2/d Z2/e", "", name, "route53: this stack shifts only Z2/a, Z2/b, Z2/c and 2 more in Route 53: add"},
		{store, "Z1/a.example.com", "", switched, "cloudfrontSwitch: this stack does not shift CloudFront's alternate names: give it the setting distributions and deploy it again, or leave this target out"},
		{"", "", "www.example.com/E1/E2", switched, ""},
		{"", "", "shop.example.com/E3/E4 www.example.com/E2/E1", switched, ""},
		{"", "", "www.example.com/E1/E3", switched, "cloudfrontSwitch: www.example.com is served by E1 or E3, and not by E2: name the one of the two that does not serve it now, or change its pair in the setting distributions and deploy again"},
		{"", "", "shop.example.com/E1/E2", switched, "cloudfrontSwitch: this stack switches only shop.example.com: add www.example.com/SWITCH/OTHER, with its two distributions, to its setting distributions and deploy it again"},
		{"", "", "", `{"function": "orders"}`, ""},
		{"", "", "", `{"cloudfront": {"distribution": "e1", "release": "r"}}`, "cloudfront.distribution: " + flow.NoDistribution},
	} {
		frontEnds, err := request.ParseFrontEnds(test.store, test.records, test.distributions)
		require.NoError(t, err)
		assert.Equal(t, test.store, frontEnds.Store())
		_, err = request.Reader{ExecutionID: execution, FrontEnds: frontEnds}.Input([]byte(test.input))
		if test.want == "" {
			require.NoError(t, err, test.input)
			continue
		}
		require.ErrorIs(t, err, flow.ErrInvalidInput)
		assert.ErrorContains(t, err, test.want)
	}
}

func TestASettingForFrontEndsThatMeansNothingIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ store, records, distributions, want string }{
		{store: "create", want: `SLUICE_CLOUDFRONT_STORE: "create" is not the ARN of a KeyValueStore`},
		{store: "arn:aws:cloudfront::123456789012:distribution/E1", want: "SLUICE_CLOUDFRONT_STORE"},
		{store: "arn:aws:cloudfront:us-east-1:123456789012:key-value-store/a", want: "SLUICE_CLOUDFRONT_STORE"},
		{store: "arn:aws:cloudfront::123456789012:key-value-store/", want: "SLUICE_CLOUDFRONT_STORE"},
		{records: "Z1/a.b a.b", want: `SLUICE_ROUTE53: "a.b" is not of the form ZONE/NAME`},
		{records: "Z1/A.b", want: "SLUICE_ROUTE53"},
		{records: "Z1:a.b", want: "SLUICE_ROUTE53"},
		{distributions: "www.example.com/E1/e2", want: `SLUICE_DISTRIBUTIONS: "e2" is not the id of a distribution`},
	} {
		_, err := request.ParseFrontEnds(test.store, test.records, test.distributions)
		require.ErrorContains(t, err, test.want)
	}
	off, err := request.ParseFrontEnds("", "", " ")
	require.NoError(t, err)
	assert.Empty(t, off.Store())
}

func TestOnlyFunctionsAreCompared(t *testing.T) {
	t.Parallel()
	const site = `{"cloudfront": {"distribution": "E1", "release": "r"}}`
	assert.Equal(t, shift.DefaultJudging(), decode(t, `{"targets": [{"function": "orders"}]}`).Judging)
	assert.Zero(t, decode(t, site).Judging)
	assert.Equal(t, shift.Judging{Mode: judge.Off}, decode(t, `{"targets": [`+site+`], "judge": "off"}`).Judging)
	mixed := shift.DefaultJudging()
	mixed.Control = 0
	assert.Equal(t, mixed, decode(t, `{"targets": [{"function": "orders"}, `+site+`]}`).Judging, "all targets move together, so none keeps a control")
}

// Every name keeps the records that it had.
func TestADocumentHasRoomForWhatIsKept(t *testing.T) {
	t.Parallel()
	input := func(names int) string {
		var targets []string
		for i := range names {
			targets = append(targets, fmt.Sprintf(`{"route53": {"zone": "Z1", "name": "n%d.example.com", "candidate": {"cname": "b.example.com"}}}`, i))
		}
		return `{"targets": [` + strings.Join(targets, ",") + `]}`
	}
	decode(t, input(18))
	got := problems(t, input(24))
	require.Len(t, got, 1)
	assert.Contains(t, got[0], "document too large")
}
