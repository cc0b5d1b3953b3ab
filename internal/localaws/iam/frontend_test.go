package iam

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the stack's settings name in the template with all front ends, and what is beside it.
const (
	store       = "arn:aws:cloudfront::123456789012:key-value-store/STORE"
	zone        = "arn:aws:route53:::hostedzone/Z0123456789ABC"
	secondZone  = "arn:aws:route53:::hostedzone/Z0DEF"
	onSwitch    = "arn:aws:cloudfront::111122223333:distribution/E1SWITCH"
	otherOne    = "arn:aws:cloudfront::111122223333:distribution/E2OTHER"
	release     = "arn:aws:s3:::site-prod/releases/r42/index.html"
	changeNames = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
	changeTypes = "route53:ChangeResourceRecordSetsRecordTypes"
)

// frontEndStack returns the template of package infra with all front ends.
func frontEndStack(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../../infra/testdata/sluice-front-ends.template.json")
	require.NoError(t, err)
	return text
}

func batch(inZone string, types []string, names ...string) Request {
	return Request{Action: "route53:ChangeResourceRecordSets", Resource: inZone, Keys: map[string][]string{changeNames: names, changeTypes: types}}
}

func TestRolesAllowTheFrontEndsAndNothingBesideThem(t *testing.T) {
	t.Parallel()
	parsed, err := Parse(frontEndStack(t), somewhere)
	require.NoError(t, err)
	nobody := []string{}
	writers := []string{"set-weight", "rollback", "safety-net"}
	readers := append([]string{"publish-version", "open-deployment", "check-alarms", "close-deployment"}, writers...)
	describers := []string{"publish-version", "open-deployment"}
	askers := append([]string{"check-alarms"}, describers...)
	a, aAndGuard := []string{"A"}, []string{"TXT", "A", "AAAA", "CNAME"}
	for _, test := range []struct {
		name    string
		request Request
		allowed []string
	}{
		{"read the store", Request{Action: "cloudfront-keyvaluestore:DescribeKeyValueStore", Resource: store}, readers},
		{"read a key", Request{Action: "cloudfront-keyvaluestore:GetKey", Resource: store}, readers},
		{"write a key", Request{Action: "cloudfront-keyvaluestore:PutKey", Resource: store}, writers},
		{"delete a key", Request{Action: "cloudfront-keyvaluestore:DeleteKey", Resource: store}, writers},
		{"write many keys", Request{Action: "cloudfront-keyvaluestore:UpdateKeys", Resource: store}, nobody},
		{"list the keys", Request{Action: "cloudfront-keyvaluestore:ListKeys", Resource: store}, nobody},
		{"read another store", Request{Action: "cloudfront-keyvaluestore:GetKey", Resource: store + "2"}, nobody},
		{"write another store", Request{Action: "cloudfront-keyvaluestore:PutKey", Resource: store[:len(store)-1]}, nobody},
		{"delete the store", Request{Action: "cloudfront:DeleteKeyValueStore", Resource: store}, nobody},

		{"look for a release", Request{Action: "s3:GetObject", Resource: release}, []string{"open-deployment", "publish-version"}},
		{"look beside the releases", Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::site-prod/secret"}, nobody},
		{"look into another bucket", Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::site-prod-2/releases/r42/index.html"}, nobody},
		{"write a release", Request{Action: "s3:PutObject", Resource: release}, nobody},
		{"list the bucket", Request{Action: "s3:ListBucket", Resource: "arn:aws:s3:::site-prod"}, nobody},

		{"list a zone", Request{Action: "route53:ListResourceRecordSets", Resource: zone}, readers},
		{"list the other zone", Request{Action: "route53:ListResourceRecordSets", Resource: secondZone}, readers},
		{"list a zone that no setting names", Request{Action: "route53:ListResourceRecordSets", Resource: zone + "D"}, nobody},
		{"read whether a zone is private", Request{Action: "route53:GetHostedZone", Resource: zone}, describers},
		{"read whether a batch has reached all name servers", Request{Action: "route53:GetChange", Resource: "arn:aws:route53:::change/C1"}, []string{"check-alarms"}},
		{"delete a zone", Request{Action: "route53:DeleteHostedZone", Resource: zone}, nobody},
		{"write a name with its guard", batch(zone, aAndGuard, "api.example.com", "_sluice.api.example.com"), writers},
		{"write a wildcard with its guard", batch(zone, aAndGuard, `\052.example.com`, `_sluice.\052.example.com`), writers},
		{"write the name of the other zone", batch(secondZone, a, "shop.example.net"), writers},
		{"write a name of the one zone in the other", batch(secondZone, a, "api.example.com"), nobody},
		{"write a name of the other zone in the one", batch(zone, a, "shop.example.net"), nobody},
		{"write a name that the wildcard would cover", batch(zone, a, "www.example.com"), nobody},
		{"write the apex besides", batch(zone, a, "api.example.com", "example.com"), nobody},
		{"write a name below", batch(zone, a, "a.api.example.com"), nobody},
		{"write the mail servers of a name", batch(zone, []string{"MX"}, "api.example.com"), nobody},
		{"write the name servers besides", batch(zone, []string{"A", "NS"}, "api.example.com"), nobody},

		{"read the switch", Request{Action: "cloudfront:GetDistributionConfig", Resource: onSwitch}, readers},
		{"read the other one", Request{Action: "cloudfront:GetDistributionConfig", Resource: otherOne}, writers},
		{"read whether the switch is deployed", Request{Action: "cloudfront:GetDistribution", Resource: onSwitch}, askers},
		{"read whether the other one is deployed", Request{Action: "cloudfront:GetDistribution", Resource: otherOne}, describers},
		{"write the switch", Request{Action: "cloudfront:UpdateDistribution", Resource: onSwitch}, writers},
		{"write the other one", Request{Action: "cloudfront:UpdateDistribution", Resource: otherOne}, nobody},
		{"read a distribution that no setting names", Request{Action: "cloudfront:GetDistributionConfig", Resource: onSwitch + "2"}, nobody},
		{"delete the switch", Request{Action: "cloudfront:DeleteDistribution", Resource: onSwitch}, nobody},
		{"move a name without a fence", Request{Action: "cloudfront:AssociateAlias", Resource: onSwitch}, nobody},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			allowed := []string{}
			for function, role := range parsed.Functions {
				if role.Decide(test.request).Allowed {
					allowed = append(allowed, function[len("sluice-"):])
				}
			}
			assert.Equal(t, slices.Sorted(slices.Values(test.allowed)), slices.Sorted(slices.Values(allowed)))
			for id, role := range parsed.StateMachines {
				assert.False(t, role.Decide(test.request).Allowed, id)
			}
		})
	}
}

func TestWithoutFrontEndsNoRoleAllowsThem(t *testing.T) {
	t.Parallel()
	parsed, err := Parse(stack(t), somewhere)
	require.NoError(t, err)
	for id, role := range parsed.Roles {
		for _, s := range role.Statements {
			for _, action := range s.Actions {
				assert.NotRegexp(t, `^(cloudfront|cloudfront-keyvaluestore|s3|route53):`, action, id)
			}
		}
	}
}
