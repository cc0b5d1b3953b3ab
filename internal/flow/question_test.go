package flow_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestAHookReceivesWhatItNeedsToTestTheCandidate(t *testing.T) {
	t.Parallel()
	const alias = shift.Version("d111.cloudfront.net")
	for want, c := range map[string]shift.Change{
		`{"kind": "cloudfront", "target": "cloudfront:E1", "stable": "r41", "candidate": "r42", "distribution": "E1",
			"stablePath": "/releases/r41/", "candidatePath": "/releases/r42/", "previewHeader": {"name": "x-sluice-preview", "value": "r42"}}`: {
			Target: "cloudfront:E1", Stable: "r41", Candidate: "r42", Detail: `{"bucket":"site-prod"}`,
		},
		`{"kind": "cloudfront", "target": "cloudfront:E1", "stable": "", "candidate": "r42", "distribution": "E1", "candidatePath": "/releases/r42/",
			"candidateUrl": "https://www.example.com/releases/r42/", "previewHeader": {"name": "x-sluice-preview", "value": "r42"}}`: {
			Target: "cloudfront:E1", Candidate: "r42", Detail: `{"domain":"www.example.com"}`,
		},
		`{"kind": "route53", "target": "route53:Z1:a.example.com", "stable": "d111.cloudfront.net", "candidate": "A 203.0.113.7,9.0.0.1; AAAA 2001:db8::7",
			"zone": "Z1", "name": "a.example.com", "stableEndpoint": {"alias": {"dnsName": "d111.cloudfront.net", "zone": "Z2FDTNDATAQYW2"}},
			"candidateEndpoint": {"values": {"A": ["203.0.113.7", "9.0.0.1"], "AAAA": ["2001:db8::7"]}}}`: {
			Target: "route53:Z1:a.example.com", Stable: alias, Candidate: "A 203.0.113.7,9.0.0.1; AAAA 2001:db8::7",
		},
		`{"kind": "route53", "target": "route53:Z1:a.example.com", "stable": "MX records", "candidate": "CNAME b.example.com",
			"zone": "Z1", "name": "a.example.com", "stableEndpoint": null, "candidateEndpoint": {"cname": "b.example.com"}}`: {
			Target: "route53:Z1:a.example.com", Stable: "MX records", Candidate: "CNAME b.example.com",
		},
		`{"kind": "switch", "target": "switch:www.example.com", "stable": "E1", "candidate": "E2", "name": "www.example.com", "candidateDomain": "d222.cloudfront.net"}`: {
			Target: "switch:www.example.com", Stable: "E1", Candidate: "E2", Detail: "d222.cloudfront.net",
		},
	} {
		asked, err := ask(c)
		require.NoError(t, err)
		text, err := json.Marshal(asked)
		require.NoError(t, err)
		assert.JSONEq(t, want, string(text))
	}
}

func ask(c shift.Change) (any, error) {
	switch c.Target.Kind() {
	case shift.KindCloudFront:
		return flow.AskAboutCloudFront(c)
	case shift.KindRoute53:
		return flow.AskAboutRoute53(c)
	}
	return flow.AskAboutSwitch(c)
}

func TestNothingIsAskedAboutATargetOfAnotherKind(t *testing.T) {
	t.Parallel()
	other := shift.Change{Target: "store:site", Candidate: "CNAME a.b"}
	_, err := flow.AskAboutCloudFront(other)
	require.ErrorIs(t, err, shift.ErrUnknownTarget)
	_, err = flow.AskAboutRoute53(other)
	require.ErrorIs(t, err, shift.ErrUnknownTarget)
	_, err = flow.AskAboutSwitch(other)
	require.ErrorIs(t, err, shift.ErrUnknownTarget)
	_, err = flow.AskAboutRoute53(shift.Change{Target: "route53:Z1:a.b", Candidate: "42"})
	require.ErrorIs(t, err, shift.ErrVersionNotFound)
}
