package world

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/iam"
)

func TestTheRolesOfAStackAllowItsOwnFrontEndsAlone(t *testing.T) {
	t.Parallel()
	const store = "arn:aws:cloudfront::123456789012:key-value-store/a1"
	roles, err := readTemplates().Roles(Stack{
		Region: Region, Account: Account, Store: store, Buckets: []string{"site-a", "site-b"},
		Records: []string{"Z1/a.example.com", "Z2/*.example.net"}, Pairs: []string{"www.example.com/E1/E2"},
	})
	require.NoError(t, err)
	allows := func(function, action, resource string, names ...string) bool {
		return roles.Functions[FunctionPrefix+function].Decide(iam.Request{Action: action, Resource: resource, Keys: map[string][]string{
			"route53:ChangeResourceRecordSetsNormalizedRecordNames": names,
		}}).Allowed
	}
	writer := flow.SetWeight.Function
	const change, zone1, zone2 = "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", "arn:aws:route53:::hostedzone/Z2"
	assert.True(t, allows(writer, change, zone1, "a.example.com", "_sluice.a.example.com"))
	assert.True(t, allows(writer, change, zone2, `\052.example.net`, `_sluice.\052.example.net`))
	assert.False(t, allows(writer, change, zone1, `\052.example.net`))
	assert.False(t, allows(writer, change, zone1, `\052.example.com`), "a name of the template")
	assert.False(t, allows(writer, change, "arn:aws:route53:::hostedzone/Z0123456789ABC", "api.example.com"), "a name of the template")
	assert.True(t, allows(writer, "cloudfront-keyvaluestore:PutKey", store))
	assert.False(t, allows(writer, "cloudfront-keyvaluestore:PutKey", store+"2"))
	assert.True(t, allows(writer, "cloudfront:UpdateDistribution", "arn:aws:cloudfront::"+Account+":distribution/E1"))
	assert.False(t, allows(writer, "cloudfront:UpdateDistribution", "arn:aws:cloudfront::"+Account+":distribution/E2"))
	for bucket, want := range map[string]bool{"site-a": true, "site-b": true, "site-prod": false} {
		assert.Equal(t, want, allows(flow.Publish.Function, "s3:GetObject", "arn:aws:s3:::"+bucket+"/releases/r1/index.html"), bucket)
	}

	roles, err = readTemplates().Roles(Stack{Region: Region, Account: Account, Pattern: "orders-*", Pairs: []string{"www.example.com/E1/E2"}})
	require.NoError(t, err)
	assert.False(t, allows(writer, "cloudfront-keyvaluestore:PutKey", store), "CloudFront is off")
	assert.True(t, allows(writer, "cloudfront:UpdateDistribution", "arn:aws:cloudfront::"+Account+":distribution/E1"))
	assert.True(t, allows(writer, "lambda:UpdateAlias", "arn:aws:lambda:"+Region+":"+Account+":function:orders-a:live"), "by the pattern")
}

// A World fails for a call beside what the stack's settings name.
func TestAFrontEndThatTheStackDoesNotNameIsDenied(t *testing.T) {
	t.Parallel()
	for target, beside := range map[string]struct {
		stack Stack
		want  string
	}{
		siteTarget:   {Stack{Store: "arn:aws:cloudfront::123456789012:key-value-store/other", Buckets: []string{"site-prod"}}, "the role of publish-version does not allow cloudfront-keyvaluestore:DescribeKeyValueStore on arn:aws:cloudfront:"},
		cnameTarget:  {Stack{Records: []string{"Z1EXAMPLE/other.example.com"}}, "the role of set-weight does not allow route53:ChangeResourceRecordSets on arn:aws:route53:::hostedzone/Z1EXAMPLE"},
		switchTarget: {Stack{Pairs: []string{"www.example.com/E2OTHER/ESTABLE"}}, "the role of publish-version does not allow cloudfront:GetDistribution"},
	} {
		input := inputOf("AllAtOnce", "", target)
		w := newFrontEndWorld(t, `{}`, input)
		beside.stack.Region, beside.stack.Account = Region, Account
		w.WrapPermits(func(Permits) Permits { return policiesOf(beside.stack) })
		_, err := w.Start(Simulated, input)
		require.NoError(t, err)
		require.ErrorContains(t, w.Run(), beside.want)
	}
}
