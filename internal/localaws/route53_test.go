package localaws_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

const (
	exampleZone = "Z0123456789ABC"
	distroZone  = "Z2FDTNDATAQYW2"
)

// www is the account with a zone for example.com, without rate limits.
func www(t *testing.T, records ...localaws.Record) account {
	t.Helper()
	a := newAccount(t, localaws.Config{RecordRate: -1, BatchTime: -1})
	a.AddZone(localaws.Zone{ID: exampleZone, Name: "example.com"})
	require.NoError(t, a.PutRecords(exampleZone, records...))
	return a
}

func (a account) dns() *route53.Client { return route53.NewFromConfig(a.config) }

func (a account) change(changes ...types.Change) (*types.ChangeInfo, error) {
	out, err := a.dns().ChangeResourceRecordSets(context.Background(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(exampleZone), ChangeBatch: &types.ChangeBatch{Changes: changes, Comment: aws.String("by a test")},
	})
	if err != nil {
		return nil, err
	}
	return out.ChangeInfo, nil
}

func (a account) list(t *testing.T, input route53.ListResourceRecordSetsInput) *route53.ListResourceRecordSetsOutput {
	t.Helper()
	input.HostedZoneId = aws.String(exampleZone)
	out, err := a.dns().ListResourceRecordSets(context.Background(), &input)
	require.NoError(t, err)
	return out
}

func values(name, kind string, ttl int64, list ...string) *types.ResourceRecordSet {
	r := &types.ResourceRecordSet{Name: aws.String(name), Type: types.RRType(kind), TTL: aws.Int64(ttl)}
	for _, value := range list {
		r.ResourceRecords = append(r.ResourceRecords, types.ResourceRecord{Value: aws.String(value)})
	}
	return r
}

func weighted(r *types.ResourceRecordSet, set string, weight int64) *types.ResourceRecordSet {
	out := *r
	out.SetIdentifier, out.Weight = aws.String(set), aws.Int64(weight)
	return &out
}

func aliased(name, kind, zone, target string) *types.ResourceRecordSet {
	return &types.ResourceRecordSet{Name: aws.String(name), Type: types.RRType(kind), AliasTarget: &types.AliasTarget{HostedZoneId: aws.String(zone), DNSName: aws.String(target)}}
}

func create(r *types.ResourceRecordSet) types.Change {
	return types.Change{Action: "CREATE", ResourceRecordSet: r}
}
func remove(r *types.ResourceRecordSet) types.Change {
	return types.Change{Action: "DELETE", ResourceRecordSet: r}
}
func upsert(r *types.ResourceRecordSet) types.Change {
	return types.Change{Action: "UPSERT", ResourceRecordSet: r}
}

func TestRecordsAreListedByTheirReversedNames(t *testing.T) {
	t.Parallel()
	const ip = "192.0.2.1"
	a := www(t,
		localaws.SimpleRecord("www.example.com", "AAAA", 60, "2001:DB8::1"),
		localaws.SimpleRecord("a.www.example.com", "A", 60, ip),
		localaws.SimpleRecord("_sluice.WWW.example.com", "TXT", 60, `"x"`),
		localaws.SimpleRecord("1.www.example.com", "A", 60, ip),
		localaws.SimpleRecord("www-2.example.com", "A", 60, ip),
		localaws.SimpleRecord("*.example.com", "A", 60, ip),
		localaws.SimpleRecord("www.example.com", "A", 60, ip).Weighted("b", 1),
		localaws.SimpleRecord("www.example.com", "A", 60, ip).Weighted("a", 1),
		localaws.SimpleRecord("example.com", "A", 60, ip),
	)
	var names []string
	input := route53.ListResourceRecordSetsInput{MaxItems: aws.Int32(2)}
	for more := true; more; {
		page := a.list(t, input)
		for _, r := range page.ResourceRecordSets {
			names = append(names, strings.TrimSpace(fmt.Sprint(*r.Name, " ", r.Type, " ", aws.ToString(r.SetIdentifier))))
		}
		more = page.IsTruncated
		input.StartRecordName, input.StartRecordType, input.StartRecordIdentifier = page.NextRecordName, page.NextRecordType, page.NextRecordIdentifier
	}
	assert.Equal(t, []string{
		"example.com. A", `\052.example.com. A`,
		"www-2.example.com. A", // a hyphen is before the dot that ends com.example.www.
		"www.example.com. A a", "www.example.com. A b", "www.example.com. AAAA",
		"1.www.example.com. A", "_sluice.www.example.com. TXT", "a.www.example.com. A",
	}, names)

	page := a.list(t, route53.ListResourceRecordSetsInput{StartRecordName: aws.String("www.example.com"), StartRecordType: "AAAA"})
	assert.Equal(t, "2001:db8::1", *page.ResourceRecordSets[0].ResourceRecords[0].Value)
	_, err := a.dns().ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(exampleZone), StartRecordType: "A"})
	requireRefused(t, err, 400, "InvalidInput", "name")
}

func TestABatchIsAppliedInItsOrderAndWhole(t *testing.T) {
	t.Parallel()
	site := aliased("www.example.com", "A", distroZone, "D111.cloudfront.net")
	bucket := aliased("www.example.com", "A", "Z3AQBSTGFYJSTF", "s3-website-us-east-1.amazonaws.com")
	a := www(t, localaws.AliasRecord("www.example.com", "A", distroZone, "d111.cloudfront.net"))

	_, err := a.change(create(weighted(site, "stable", 190)), remove(site))
	requireRefused(t, err, 400, "InvalidChangeBatch", "[RRSet with DNS name www.example.com., type A, SetIdentifier stable cannot be created as a non-weighted set exists with the same name and type.]")
	_, err = a.change(upsert(weighted(site, "stable", 190)))
	requireRefused(t, err, 400, "InvalidChangeBatch", "a non-weighted set exists")
	assert.Len(t, a.ZoneRecords(exampleZone), 1)

	_, err = a.change(create(values("_sluice.www.example.com", "TXT", 60, `"7b1f"`)), remove(site), create(weighted(site, "stable", 190)), create(weighted(bucket, "candidate", 10)))
	require.NoError(t, err)
	listed := a.list(t, route53.ListResourceRecordSetsInput{}).ResourceRecordSets
	require.Len(t, listed, 3)
	assert.Equal(t, "s3-website-us-east-1.amazonaws.com.", *listed[0].AliasTarget.DNSName)
	assert.Equal(t, int64(190), *listed[1].Weight)
	assert.Nil(t, listed[1].TTL)
	assert.Equal(t, `"7b1f"`, *listed[2].ResourceRecords[0].Value)

	_, err = a.change(remove(weighted(site, "stable", 3)), remove(weighted(bucket, "candidate", 3)), create(bucket))
	require.NoError(t, err, "a DELETE does not compare the weight")
}

func TestARefusedBatchHasTheTextsOfAWS(t *testing.T) {
	t.Parallel()
	one, two := values("api.example.com", "A", 60, "192.0.2.1"), values("api.example.com", "A", 60, "192.0.2.2")
	cname := values("old.example.com", "CNAME", 60, "api.example.com")
	many := make([]string, 1001)
	for i := range many {
		many[i] = fmt.Sprintf("192.0.%d.%d", i/250, i%250)
	}
	type testcase struct {
		name  string
		batch []types.Change
		want  string
	}
	for _, test := range []testcase{
		{"gone", []types.Change{remove(values("x.example.com", "A", 60, "192.0.2.1"))}, "[Tried to delete resource record set [name='x.example.com.', type='A'] but it was not found]"},
		{"other set", []types.Change{remove(weighted(one, "x", 1))}, "[Tried to delete resource record set [name='api.example.com.', type='A', set-identifier='x'] but it was not found]"},
		{"other values", []types.Change{remove(two)}, "[Tried to delete resource record set [name='api.example.com.', type='A'] but the values provided do not match the current values]"},
		{"other TTL", []types.Change{remove(values("api.example.com", "A", 61, "192.0.2.1"))}, "do not match the current values"},
		{"alias for values", []types.Change{remove(aliased("api.example.com", "A", distroZone, "d1.cloudfront.net"))}, "do not match the current values"},
		{"another alias", []types.Change{remove(aliased("site.example.com", "A", distroZone, "d2.cloudfront.net"))}, "do not match the current values"},
		{"exists", []types.Change{create(two)}, "[Tried to create resource record set [name='api.example.com.', type='A'] but it already exists]"},
		{"weighted beside simple", []types.Change{create(weighted(two, "x", 1))}, "a non-weighted set exists"},
		{"simple beside weighted", []types.Change{create(values("pair.example.com", "A", 60, "192.0.2.9"))}, "[RRSet with DNS name pair.example.com., type A cannot be created as other RRSets exist with the same name and type.]"},
		{"mixed TTL", []types.Change{create(weighted(values("pair.example.com", "A", 61, "192.0.2.9"), "c", 1))}, "[RRSet with DNS name pair.example.com. and type A, SetIdentifier c cannot be created as weighted sets must contain the same TTL.]"},
		{"CNAME beside others", []types.Change{create(values("api.example.com", "CNAME", 60, "x.example.com"))}, "[RRSet of type CNAME with DNS name api.example.com. is not permitted as it conflicts with other records with the same DNS name in zone example.com.]"},
		{"others beside CNAME", []types.Change{create(values("old.example.com", "A", 60, "192.0.2.9"))}, "because a conflicting RRSet of type CNAME with the same DNS name already exists"},
		{"CNAME at the apex", []types.Change{create(values("example.com", "CNAME", 60, "x.example.com"))}, "is not permitted at apex"},
		{"another zone", []types.Change{create(values("example.org", "A", 60, "192.0.2.9"))}, "[RRSet with DNS name example.org. is not permitted in zone example.com.]"},
		{"twice", []types.Change{remove(one), remove(one)}, "The request contains an invalid set of changes for a resource record set 'A api.example.com.'"},
		{"all together", []types.Change{remove(two), create(cname)}, "but the values provided do not match the current values, Tried to create resource record set [name='old.example.com.', type='CNAME'] but it already exists]"},
		{"alias in another zone", []types.Change{create(aliased("new.example.com", "A", "Z3AQBSTGFYJSTF", "d1.cloudfront.net"))}, "but the alias target name does not lie within the target zone"},
		{"IPv6 of a website", []types.Change{create(aliased("new.example.com", "AAAA", "Z3AQBSTGFYJSTF", "s3-website-us-east-1.amazonaws.com"))}, "but that target was not found"},
		{"too many values", []types.Change{create(values("new.example.com", "A", 60, many...))}, "[Number of records limit of 1000 exceeded.]"},
		{"too many values at twice", []types.Change{upsert(values("new.example.com", "A", 60, many[:501]...))}, "[Number of records limit of 1000 exceeded.]"},
		{"too many characters", []types.Change{create(values("new.example.com", "TXT", 60, `"`+strings.Repeat("x", 32000)+`"`))}, "[RDATA character limit of 32000 exceeded.]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := www(t,
				localaws.SimpleRecord("api.example.com", "A", 60, "192.0.2.1"), localaws.SimpleRecord("old.example.com", "CNAME", 60, "api.example.com"),
				localaws.AliasRecord("site.example.com", "A", distroZone, "d1.cloudfront.net"),
				localaws.SimpleRecord("pair.example.com", "A", 60, "192.0.2.1").Weighted("a", 1), localaws.SimpleRecord("pair.example.com", "A", 60, "192.0.2.2").Weighted("b", 1),
			)
			before := a.ZoneRecords(exampleZone)
			_, err := a.change(test.batch...)
			requireRefused(t, err, 400, "InvalidChangeBatch", test.want)
			var invalid *types.InvalidChangeBatch
			require.ErrorAs(t, err, &invalid)
			assert.Equal(t, before, a.ZoneRecords(exampleZone))
		})
	}
}

func TestAGroupHasAHundredWeightedRecords(t *testing.T) {
	t.Parallel()
	a := www(t)
	for i := range 100 {
		require.NoError(t, a.PutRecords(exampleZone, localaws.SimpleRecord("big.example.com", "A", 60, "192.0.2.1").Weighted(fmt.Sprint(i), 1)))
	}
	_, err := a.change(create(weighted(values("big.example.com", "A", 60, "192.0.2.1"), "more", 1)))
	requireRefused(t, err, 400, "InvalidChangeBatch", "100")
}

func TestAPrivateZoneHasNoAliasOfADistribution(t *testing.T) {
	t.Parallel()
	a := newAccount(t, localaws.Config{})
	a.AddZone(localaws.Zone{ID: exampleZone, Name: "example.com", Private: true})
	_, err := a.change(create(aliased("www.example.com", "A", distroZone, "d1.cloudfront.net")))
	requireRefused(t, err, 400, "InvalidChangeBatch", "private zone")
	found, err := a.dns().GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String(exampleZone)})
	require.NoError(t, err)
	assert.True(t, found.HostedZone.Config.PrivateZone)
	assert.Equal(t, "example.com.", *found.HostedZone.Name)
	assert.Equal(t, "/hostedzone/"+exampleZone, *found.HostedZone.Id)
}

func TestARecordWhoseMembersDoNotFitIsInvalidInput(t *testing.T) {
	t.Parallel()
	a := www(t)
	both := aliased("x.example.com", "A", distroZone, "d1.cloudfront.net")
	both.TTL = aws.Int64(60)
	unnamed := values("x.example.com", "A", 60, "192.0.2.1")
	unnamed.Weight = aws.Int64(1)
	for want, r := range map[string]*types.ResourceRecordSet{
		"found none in Change with [Action=CREATE, Name=x.example.com, Type=A, SetIdentifier=null]": {Name: aws.String("x.example.com"), Type: "A"},
		"found more than one": both,
		"SetIdentifier":       unnamed,
		"between 0 and 255":   weighted(values("x.example.com", "A", 60, "192.0.2.1"), "x", 256),
	} {
		_, err := a.change(create(r))
		requireRefused(t, err, 400, "InvalidInput", want)
	}
	_, err := a.change(create(&types.ResourceRecordSet{Name: aws.String("x.example.com"), Type: "A", TrafficPolicyInstanceId: aws.String("1")}))
	requireRefused(t, err, 501, "NotImplemented", "TrafficPolicyInstanceId")
}

func TestAChangeIsPendingUntilTheNameServersHaveIt(t *testing.T) {
	t.Parallel()
	a := www(t, localaws.SimpleRecord("api.example.com", "A", 1, "192.0.2.1"))
	resolvers := localaws.NewResolvers(a.Zones, 1, func() float64 { return 0 })
	info, err := a.change(upsert(values("api.example.com", "A", 1, "192.0.2.2")))
	require.NoError(t, err)
	assert.Equal(t, types.ChangeStatusPending, info.Status)
	assert.Equal(t, "192.0.2.2", *a.list(t, route53.ListResourceRecordSetsInput{}).ResourceRecordSets[0].ResourceRecords[0].Value, "lists show what is PENDING")

	a.clock.advance(59 * time.Second)
	got, err := a.dns().GetChange(t.Context(), &route53.GetChangeInput{Id: info.Id})
	require.NoError(t, err)
	assert.Equal(t, types.ChangeStatusPending, got.ChangeInfo.Status)
	assert.Equal(t, "by a test", *got.ChangeInfo.Comment)
	assert.Equal(t, []string{"192.0.2.1"}, resolvers.Resolve(0, exampleZone, "api.example.com", "A"))

	a.clock.advance(time.Second)
	got, err = a.dns().GetChange(t.Context(), &route53.GetChangeInput{Id: info.Id})
	require.NoError(t, err)
	assert.Equal(t, types.ChangeStatusInsync, got.ChangeInfo.Status)
	assert.Equal(t, []string{"192.0.2.2"}, resolvers.Resolve(0, exampleZone, "api.example.com", "A"))
	_, err = a.dns().GetChange(t.Context(), &route53.GetChangeInput{Id: aws.String("C1")})
	requireRefused(t, err, 404, "NoSuchChange", "C1")
}

func TestRoute53LimitsCallsAndBatches(t *testing.T) {
	t.Parallel()
	a := newAccount(t, localaws.Config{})
	a.AddZone(localaws.Zone{ID: exampleZone, Name: "example.com"})
	_, err := a.change(create(values("a.example.com", "A", 60, "192.0.2.1")))
	require.NoError(t, err)
	_, err = a.change(create(values("b.example.com", "A", 60, "192.0.2.1")))
	requireRefused(t, err, 400, "PriorRequestNotComplete", "The request was rejected because Route 53 was still processing a prior request.")
	a.clock.advance(100 * time.Millisecond)
	_, err = a.change(create(values("b.example.com", "A", 60, "192.0.2.1")))
	require.NoError(t, err)
	for range 2 {
		a.list(t, route53.ListResourceRecordSetsInput{})
	}
	_, err = a.dns().GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String(exampleZone)})
	requireRefused(t, err, 400, "Throttling", "Rate exceeded")
}

func TestRoute53SaysWhichResourceIAMChecks(t *testing.T) {
	t.Parallel()
	a := www(t)
	var calls []localaws.Call
	a.OnCall(func(call localaws.Call) { calls = append(calls, call) })
	info, err := a.change(create(values("a.example.com", "A", 60, "192.0.2.1")))
	require.NoError(t, err)
	_, err = a.dns().GetChange(t.Context(), &route53.GetChangeInput{Id: info.Id})
	require.NoError(t, err)
	_, err = a.dns().GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String("ZGONE")})
	requireRefused(t, err, 404, "NoSuchHostedZone", "ZGONE")
	_, err = a.dns().ListHostedZones(t.Context(), &route53.ListHostedZonesInput{})
	requireRefused(t, err, 501, "NotImplemented", "route53:")
	require.Len(t, calls, 4)
	assert.Equal(t, "route53:ChangeResourceRecordSets", calls[0].Action())
	assert.Equal(t, "arn:aws:route53:::hostedzone/"+exampleZone, calls[0].Resource)
	assert.Equal(t, "arn:aws:route53:::change/"+strings.TrimPrefix(*info.Id, "/change/"), calls[1].Resource)

	a.Fault(func(call localaws.Call) error { return localaws.AccessDenied(call) })
	_, err = a.change(create(values("b.example.com", "A", 60, "192.0.2.1")))
	requireRefused(t, err, 403, "AccessDenied", "route53:ChangeResourceRecordSets")
}

func TestRoute53AnswersOverAPort(t *testing.T) {
	t.Parallel()
	a := www(t, localaws.SimpleRecord("www.example.com", "A", 60, "192.0.2.1"))
	server := httptest.NewServer(a.Cloud)
	t.Cleanup(server.Close)
	client := route53.NewFromConfig(localaws.ClientConfig("set-weight", http.DefaultClient), func(o *route53.Options) { o.BaseEndpoint = &server.URL })
	_, err := client.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: aws.String(exampleZone), ChangeBatch: &types.ChangeBatch{
		Changes: []types.Change{upsert(values("www.example.com", "A", 60, "192.0.2.2"))},
	}})
	require.NoError(t, err)
	page, err := client.ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(exampleZone)})
	require.NoError(t, err)
	assert.Equal(t, "192.0.2.2", *page.ResourceRecordSets[0].ResourceRecords[0].Value)
	_, err = client.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: aws.String(exampleZone), ChangeBatch: &types.ChangeBatch{
		Changes: []types.Change{create(values("www.example.com", "A", 60, "192.0.2.2"))},
	}})
	requireRefused(t, err, 400, "InvalidChangeBatch", "but it already exists")
}

func TestOtherRoutingPoliciesKeepToThemselves(t *testing.T) {
	t.Parallel()
	a := www(t)
	near := values("geo.example.com", "A", 60, "192.0.2.1")
	near.SetIdentifier, near.GeoLocation = aws.String("eu"), &types.GeoLocation{ContinentCode: aws.String("EU")}
	_, err := a.change(create(near))
	require.NoError(t, err)
	listed := a.list(t, route53.ListResourceRecordSetsInput{}).ResourceRecordSets
	assert.Equal(t, "EU", *listed[0].GeoLocation.ContinentCode)
	_, err = a.change(create(weighted(values("geo.example.com", "A", 60, "192.0.2.1"), "x", 1)))
	requireRefused(t, err, 400, "InvalidChangeBatch", "a non-weighted set exists")
	late := values("geo.example.com", "A", 60, "192.0.2.1")
	late.SetIdentifier, late.Region = aws.String("x"), "eu-west-1"
	_, err = a.change(create(late))
	requireRefused(t, err, 400, "InvalidChangeBatch", "non-latency")
	_, err = a.change(upsert(weighted(values("geo.example.com", "A", 60, "192.0.2.1"), "eu", 1)))
	requireRefused(t, err, 400, "InvalidChangeBatch", "a non-weighted set exists")
}

func TestTheSharesOfResolversFollowTheWeightsWithALag(t *testing.T) {
	t.Parallel()
	a := newAccount(t, localaws.Config{RecordRate: -1, PropagationTime: 30 * time.Second})
	a.AddZone(localaws.Zone{ID: exampleZone, Name: "example.com"})
	old := values("api.example.com", "A", 60, "192.0.2.1")
	require.NoError(t, a.PutRecords(exampleZone, localaws.SimpleRecord("api.example.com", "A", 60, "192.0.2.1"), localaws.SimpleRecord("api.example.com", "AAAA", 60, "2001:db8::1")))
	dice := rand.New(rand.NewPCG(1, 2))
	const count = 2000
	resolvers := localaws.NewResolvers(a.Zones, count, dice.Float64)
	share := func() (moved float64) {
		for i := range count {
			resolvers.Resolve(i, exampleZone, "api.example.com", "AAAA")
			if resolvers.Resolve(i, exampleZone, "api.example.com", "A")[0] == "192.0.2.2" {
				moved += 1.0 / count
			}
		}
		return moved
	}
	assert.Zero(t, share())
	_, err := a.change(remove(old), create(weighted(old, "a", 100)), create(weighted(values("api.example.com", "A", 60, "192.0.2.2"), "b", 100)))
	require.NoError(t, err)
	a.clock.advance(29 * time.Second)
	assert.Zero(t, share(), "no name server has the change")
	a.clock.advance(31 * time.Second)
	assert.InDelta(t, 0.25, share(), 0.05, "half of the answers ended after the change")
	a.clock.advance(60 * time.Second)
	assert.InDelta(t, 0.5, share(), 0.05)
	assert.Empty(t, resolvers.Resolve(0, exampleZone, "gone.example.com", "A"))
}

func TestAAndAAAAAreDrawnIndependently(t *testing.T) {
	t.Parallel()
	a := www(t)
	for _, kind := range [][]string{{"A", "192.0.2.1", "192.0.2.2"}, {"AAAA", "2001:db8::1", "2001:db8::2"}} {
		for i, address := range kind[1:] {
			require.NoError(t, a.PutRecords(exampleZone, localaws.SimpleRecord("api.example.com", kind[0], 60, address).Weighted(fmt.Sprint(i), 100)))
		}
	}
	const count = 1000
	resolvers := localaws.NewResolvers(a.Zones, count, rand.New(rand.NewPCG(3, 4)).Float64)
	differ := 0
	for i := range count {
		v4, v6 := resolvers.Resolve(i, exampleZone, "api.example.com", "A"), resolvers.Resolve(i, exampleZone, "api.example.com", "AAAA")
		if strings.HasSuffix(v4[0], "2") != strings.HasSuffix(v6[0], "2") {
			differ++
		}
	}
	assert.InDelta(t, count/2, differ, count/10)
}

func FuzzRoute53ReadsOnlyWhatItKnows(f *testing.F) {
	const open = `<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes>`
	const end = `</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`
	f.Add(open + `<Change><Action>CREATE</Action><ResourceRecordSet><Name>a.example.com</Name><Type>A</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>` + end)
	f.Add(open + `<Change><Action>DELETE</Action><ResourceRecordSet><Name>www.example.com</Name><Type>A</Type><AliasTarget><HostedZoneId>Z</HostedZoneId><DNSName>x</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget></ResourceRecordSet></Change>` + end)
	f.Add(open + `<Change><Action>UPSERT</Action><Surprise/></Change>` + end)
	f.Add(open + `<Change/>` + end + `<more/>`)
	f.Add(`<ChangeResourceRecordSetsRequest/>`)
	f.Add(`{}`)
	f.Fuzz(func(t *testing.T, body string) {
		cloud := localaws.New(localaws.Config{Now: newClock().Now, RecordRate: -1})
		cloud.AddZone(localaws.Zone{ID: exampleZone, Name: "example.com"})
		require.NoError(t, cloud.PutRecords(exampleZone, localaws.SimpleRecord("www.example.com", "A", 60, "192.0.2.1")))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://route53.amazonaws.com/2013-04-01/hostedzone/"+exampleZone+"/rrset", bytes.NewBufferString(body))
		require.NoError(t, err)
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=id/20261201/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=x")
		before := cloud.ZoneRecords(exampleZone)
		response, err := cloud.Do(r)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		if response.StatusCode != http.StatusOK {
			assert.Equal(t, before, cloud.ZoneRecords(exampleZone), "a refused batch changes nothing")
		}
		for _, record := range cloud.ZoneRecords(exampleZone) {
			assert.True(t, record.Alias != nil || record.TTL != nil && record.Values != nil, body)
		}
	})
}

// IAM decides about a whole batch, by the names, types and actions of all its changes.
func TestABatchHasItsConditionKeys(t *testing.T) {
	t.Parallel()
	a := www(t)
	var asked []localaws.Permission
	a.Fault(func(c localaws.Call) error {
		asked = append(asked, c.Permissions()...)
		return nil
	})
	_, err := a.change(
		types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: values("_sluice.WWW.example.com.", "TXT", 60, `"a"`)},
		types.Change{Action: types.ChangeActionUpsert, ResourceRecordSet: values("www.example.com", "A", 60, "203.0.113.7")},
		types.Change{Action: types.ChangeActionUpsert, ResourceRecordSet: values("*.example.com", "A", 60, "203.0.113.7")},
	)
	require.NoError(t, err)
	a.list(t, route53.ListResourceRecordSetsInput{})
	const zone, change = "arn:aws:route53:::hostedzone/" + exampleZone, "route53:ChangeResourceRecordSets"
	assert.Equal(t, []localaws.Permission{
		{Action: change, Resource: zone, Context: &localaws.RequestContext{Keys: map[string][]string{
			change + "NormalizedRecordNames": {"_sluice.www.example.com", "www.example.com", `\052.example.com`},
			change + "RecordTypes":           {"TXT", "A"},
			change + "Actions":               {"CREATE", "UPSERT"},
		}}},
		{Action: "route53:ListResourceRecordSets", Resource: zone},
	}, asked)
	assert.Equal(t, "map["+change+"RecordTypes:[A]]", (&localaws.RequestContext{Keys: map[string][]string{change + "RecordTypes": {"A"}}}).String())
}
