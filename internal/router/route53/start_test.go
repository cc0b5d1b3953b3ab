package route53_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestADeploymentDoesNotBeginWithRecordsThatCannotBeShifted(t *testing.T) {
	t.Parallel()
	failover := simpleIP
	failover.SetIdentifier, failover.Failover = "first", "PRIMARY"
	geo := simpleIP
	geo.SetIdentifier, geo.GeoLocation = "eu", &localaws.RecordArea{ContinentCode: "EU"}
	yes := true
	multi := simpleIP
	multi.SetIdentifier, multi.MultiValue = "one", &yes
	many := localaws.SimpleRecord(name, "A", 60)
	for n := range 400 {
		many.Values.List = append(many.Values.List, localaws.SimpleRecord("x", "A", 60, fmt.Sprintf("10.0.%d.%d", n/250, n%250)).Values.List...)
	}
	type testcase struct {
		name    string
		records []localaws.Record
		is      error
		want    []string
	}
	for _, test := range []testcase{
		{"failover", []localaws.Record{failover}, shift.ErrRouteRefused, []string{"another routing policy (failover PRIMARY)", "leave one simple record"}},
		{"geolocation", []localaws.Record{geo}, shift.ErrRouteRefused, []string{"geolocation EU"}},
		{"multivalue", []localaws.Record{multi}, shift.ErrRouteRefused, []string{"multivalue answer"}},
		{"three", []localaws.Record{simpleIP.Weighted("a", 1), otherIP.Weighted("b", 0), otherIP.Weighted("c", 0)}, shift.ErrRouteRefused, []string{"3 weighted records", "at most two"}},
		{"TTL", []localaws.Record{localaws.SimpleRecord(name, "A", 3600, "192.0.2.1")}, shift.ErrRouteRefused, []string{"the TTL of its records A is 3600 s", "lower it to 60 s now, and begin 3600 s later"}},
		{"HTTPS", []localaws.Record{simpleIP, localaws.SimpleRecord(name, "HTTPS", 60, "1 . alpn=h2")}, shift.ErrRouteRefused, []string{"a record HTTPS, which would go on naming the endpoint of the stable version"}},
		{"SVCB and a TTL", []localaws.Record{localaws.SimpleRecord(name, "A", 301, "192.0.2.1"), localaws.SimpleRecord(name, "SVCB", 60, "1 . alpn=h2")}, shift.ErrRouteRefused, []string{"301 s", "SVCB"}},
		{"types that differ", []localaws.Record{simpleIP.Weighted("a", 1), otherIP.Weighted("b", 1), simpleIP6}, shift.ErrRouteRefused, []string{"give them the same weights"}},
		{"somebody's guard", []localaws.Record{simpleIP, localaws.SimpleRecord(guard, "TXT", 60, `"v=spf1"`)}, shift.ErrRouteRefused, []string{"the record TXT _sluice.www.example.com has something that Sluice did not write"}},
		{"too many addresses", []localaws.Record{many}, shift.ErrRouteRefused, []string{"too many values"}},
		{"divided", []localaws.Record{simpleIP.Weighted("a", 95), otherIP.Weighted("b", 5)}, shift.ErrTargetWeighted, []string{"5% on A 192.0.2.2", "give one of the records the weight 0"}},
		{"divided evenly", []localaws.Record{simpleIP.Weighted("a", 0), otherIP.Weighted("b", 0)}, shift.ErrTargetWeighted, []string{"finish that shift first"}},
		{"a TTL that is just short enough", []localaws.Record{localaws.SimpleRecord(name, "A", 300, "192.0.2.1")}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, r := newest(t, test.records...)
			found := read(t, r)
			assert.LessOrEqual(t, len(found.Detail), 4096)
			err := r.CheckStart(target, found, false)
			require.ErrorIs(t, err, test.is)
			for _, text := range test.want {
				assert.ErrorContains(t, err, text)
			}
		})
	}
	_, r := newest(t)
	require.Error(t, r.CheckStart(target, shift.Route{Serving: oldIP}, false), "without a Detail")
}

func TestVersionsThatWeightsCannotDivideAreRefused(t *testing.T) {
	t.Parallel()
	site6 := localaws.AliasRecord(name, "AAAA", distros, string(oldSite))
	type testcase struct {
		name      string
		records   []localaws.Record
		candidate shift.Version
		want      []string
	}
	for _, test := range []testcase{
		{"two distributions", []localaws.Record{simpleSite}, "d222.cloudfront.net", []string{"both versions are CloudFront distributions", "with a target cloudfront"}},
		{"two distributions by CNAME", []localaws.Record{localaws.SimpleRecord(name, "CNAME", 60, "d111.cloudfront.net")}, "CNAME d222.cloudfront.net", []string{"both versions are CloudFront distributions"}},
		{"no IPv6", []localaws.Record{simpleIP, simpleIP6}, newIP, []string{"the name has records AAAA, and the candidate has none"}},
		{"more than there is", []localaws.Record{simpleIP}, newIP + "; AAAA 2001:db8::2", []string{"the candidate has records AAAA, and the name has none"}},
		{"a website for IPv6", []localaws.Record{simpleSite, site6}, newSite, []string{"a website of S3 has no IPv6 addresses"}},
		{"a CNAME for addresses", []localaws.Record{simpleIP}, "CNAME b.example.org", []string{"records A, and the candidate has none", "records CNAME, and the name has none"}},
		{"an alias for a CNAME", []localaws.Record{localaws.SimpleRecord(name, "CNAME", 60, "a.example.org")}, newSite, []string{"records CNAME, and the candidate has none"}},
		{"the article's pair", []localaws.Record{simpleSite}, newSite, nil},
		{"two types", []localaws.Record{simpleSite, site6}, "d-1.execute-api.eu-west-1.amazonaws.com in ZLY8HYME6SFDD", nil},
		{"CNAMEs", []localaws.Record{localaws.SimpleRecord(name, "CNAME", 60, "d111.cloudfront.net")}, "CNAME b.example.org", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, r := newest(t, test.records...)
			stable, err := r.DescribeVersion(t.Context(), target, read(t, r).Serving)
			require.NoError(t, err)
			candidate, err := r.DescribeVersion(t.Context(), target, test.candidate)
			require.NoError(t, err)
			require.NoError(t, candidate.CheckReady(target))
			err = r.CheckCompatible(target, stable, candidate)
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, shift.ErrRouteRefused)
			for _, text := range test.want {
				assert.ErrorContains(t, err, text)
			}
		})
	}
}

func TestAPrivateZoneCannotHaveADistribution(t *testing.T) {
	t.Parallel()
	i := newInternet(t, unlimited)
	i.AddZone(localaws.Zone{ID: zoneID, Name: "example.com", Private: true})
	require.NoError(t, i.PutRecords(zoneID, simpleIP))
	r := i.router()
	stable, err := r.DescribeVersion(t.Context(), target, oldIP)
	require.NoError(t, err)
	candidate, err := r.DescribeVersion(t.Context(), target, oldSite)
	require.NoError(t, err)
	require.ErrorContains(t, r.CheckCompatible(target, stable, candidate), "a private zone has no alias of a CloudFront distribution: use the public zone")
	require.NoError(t, r.CheckCompatible(target, stable, stable))
	require.Error(t, r.CheckCompatible(target, shift.Published{}, candidate))
}

func TestPeopleAreToldWhatTheyShouldKnow(t *testing.T) {
	t.Parallel()
	healthy := localaws.AliasRecord(name, "A", "Z32O12XQLNTSW2", "lb.eu-west-1.elb.amazonaws.com")
	healthy.Alias.EvaluateTargetHealth = true
	for _, test := range []struct {
		record    localaws.Record
		candidate shift.Version
		want      string
	}{
		{simpleIP, newIP, ""},
		{simpleIP, newSite, "a website of S3 serves only HTTP, and its bucket must have the name of the site"},
		{simpleIP, "shop.s3-website.eu-central-1.amazonaws.com in Z21DNDUVLTQW6Q", "a website of S3 serves only HTTP, and its bucket must have the name of the site"},
		{withHealthCheck(simpleIP), newIP, "the records have health checks: while the stable version is unhealthy, Route 53 may send more than the weight to the candidate"},
		{healthy, newIP, "the records have health checks: while the stable version is unhealthy, Route 53 may send more than the weight to the candidate"},
	} {
		_, r := newest(t, test.record)
		candidate, err := r.DescribeVersion(t.Context(), target, test.candidate)
		require.NoError(t, err)
		assert.Equal(t, test.want, candidate.Note)
	}
}

// The domain judges what is found: which Routes a restoration may overwrite.
func TestTheDomainStrandsWhatNoIntentExplains(t *testing.T) {
	t.Parallel()
	const candidate = newIP + "; AAAA 2001:db8::2"
	plan := shift.Plan{Steps: []shift.Step{{Weight: 1000}, {Weight: 5000}, {Weight: shift.All}}}
	type testcase struct {
		name string
		step int
		edit func(i *internet) error
		ours bool
	}
	none := func(*internet) error { return nil }
	for _, test := range []testcase{
		{"step 1", 1, none, true},
		{"step 2", 2, none, true},
		{"the end", 3, none, true},
		{"the guard is gone", 1, func(i *internet) error { return i.DeleteRecords(zoneID, i.ZoneRecords(zoneID)[4]) }, true},
		{"another weight", 1, func(i *internet) error { return i.PutRecords(zoneID, otherIP.Weighted("sluice-candidate", 100)) }, false},
		{"a record is gone", 1, func(i *internet) error { return i.DeleteRecords(zoneID, otherIP.Weighted("sluice-candidate", 20)) }, false},
		{"a type is gone", 1, func(i *internet) error {
			return i.DeleteRecords(zoneID, simpleIP6.Weighted("sluice-stable", 180), otherIP6.Weighted("sluice-candidate", 20))
		}, false},
		{"the stable records are gone", 1, func(i *internet) error {
			return i.DeleteRecords(zoneID, simpleIP.Weighted("sluice-stable", 180), simpleIP6.Weighted("sluice-stable", 180))
		}, false},
		{"all stable", 1, func(i *internet) error {
			return i.DeleteRecords(zoneID, otherIP.Weighted("sluice-candidate", 20), otherIP6.Weighted("sluice-candidate", 20))
		}, true},
		{"another endpoint", 3, func(i *internet) error {
			return i.PutRecords(zoneID, localaws.SimpleRecord(name, "A", 60, "192.0.2.66"))
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			i, r := newest(t, simpleIP, simpleIP6)
			start := read(t, r)
			change := shift.Change{Target: target, Stable: start.Serving, Candidate: candidate, RouteDetail: start.Detail}
			last := start
			for step := 1; step <= test.step; step++ {
				last = set(t, r, change.At(plan.Step(step).Weight), last.Revision)
				require.Equal(t, shift.RouteLanded, change.Landing(read(t, r), plan, step-1, step))
			}
			require.NoError(t, test.edit(i))
			found := read(t, r)
			way := change.Restoration(found, true, plan, test.step)
			assert.Equal(t, test.ours, way.Ours, "%s", found)
			var back shift.Route
			var err error
			switch {
			case !way.Ours:
				return
			case way.Rotate:
				back, err = r.Rotate(t.Context(), target, found, candidate)
			default:
				wanted := *way.Write
				wanted.Revision = found.Revision
				back, err = r.SetRoute(t.Context(), target, wanted)
			}
			require.NoError(t, err)
			require.NoError(t, change.CheckServes(back, change.Stable))
			assert.Equal(t, []localaws.Record{simpleIP, simpleIP6}, i.records())
		})
	}
}

// Somebody removes or adds a type when the traffic is not divided. What is there is moved.
func TestTypesMayComeAndGoWhileNothingIsDivided(t *testing.T) {
	t.Parallel()
	i, r := newest(t, simpleSite)
	start := read(t, r)
	const candidate = shift.Version("d-1.execute-api.eu-west-1.amazonaws.com in ZLY8HYME6SFDD")
	there := set(t, r, at(start, candidate, shift.All), start.Revision)
	require.NoError(t, i.PutRecords(zoneID, localaws.AliasRecord(name, "AAAA", "ZLY8HYME6SFDD", "d-1.execute-api.eu-west-1.amazonaws.com")))
	found := read(t, r)
	assert.True(t, found.Same(there))
	set(t, r, at(start, candidate, shift.None), found.Revision)
	assert.Equal(t, []localaws.Record{simpleSite, localaws.AliasRecord(name+".", "AAAA", distros, string(oldSite)+".")}, i.records())

	require.NoError(t, i.DeleteRecords(zoneID, i.records()[1]))
	found = read(t, r)
	require.NoError(t, r.CheckStart(target, found, false), "and the next deployment begins with them")
	set(t, r, at(found, candidate, 500), found.Revision)
	assert.Len(t, i.records(), 2)
}
