package route53_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

var (
	simpleSite = localaws.AliasRecord(name+".", "A", distros, string(oldSite)+".")
	simpleIP   = localaws.SimpleRecord(name+".", "A", 60, "192.0.2.1")
	otherIP    = localaws.SimpleRecord(name+".", "A", 60, "192.0.2.2")
	bucket     = localaws.AliasRecord(name+".", "A", websites, "s3-website-us-east-1.amazonaws.com.")
	simpleIP6  = localaws.SimpleRecord(name+".", "AAAA", 60, "2001:db8::1")
	otherIP6   = localaws.SimpleRecord(name+".", "AAAA", 60, "2001:db8::2")
)

// The course of the article that weighs a distribution against a website of S3.
func TestASimpleRecordIsWeightedAndBecomesSimpleAgain(t *testing.T) {
	t.Parallel()
	i, r := newest(t, simpleSite)
	start := read(t, r)
	assert.Equal(t, oldSite, start.Serving)
	assert.True(t, start.IsWhole())
	require.NoError(t, r.CheckStart(target, start, false))

	first := set(t, r, at(start, newSite, 500), start.Revision)
	assert.Equal(t, shift.Route{Serving: oldSite, Additional: newSite, Weight: 500, Revision: first.Revision, Detail: start.Detail, Lag: 120, Receipt: first.Receipt}, first)
	assert.Equal(t, []localaws.Record{bucket.Weighted("sluice-candidate", 10), simpleSite.Weighted("sluice-stable", 190)}, i.records())
	assert.Equal(t, fmt.Sprintf("%q", token(first.Revision)+" A"), i.guard(t).Values.List[0].Value)
	assert.Len(t, token(first.Revision), 32, "128 bits")

	second := set(t, r, at(start, newSite, 5000), first.Revision)
	assert.Equal(t, []localaws.Record{bucket.Weighted("sluice-candidate", 100), simpleSite.Weighted("sluice-stable", 100)}, i.records())
	last := set(t, r, at(start, newSite, shift.All), second.Revision)
	assert.Equal(t, []localaws.Record{bucket}, i.records(), "the record that gets nothing is deleted")
	assert.Equal(t, fmt.Sprintf("%q", token(last.Revision)), i.guard(t).Values.List[0].Value)

	back := set(t, r, at(start, newSite, shift.None), last.Revision)
	assert.Equal(t, []localaws.Record{simpleSite}, i.records())
	assert.Equal(t, oldSite, back.Serving)
	assert.NotEqual(t, start.Revision, back.Revision, "the guard stays")
}

func TestWhatAWriteReturnsIsWhatIsReadAfterIt(t *testing.T) {
	t.Parallel()
	_, r := newest(t, simpleSite)
	start := read(t, r)
	last := start
	for _, w := range []shift.Weight{50, 500, 9950, shift.All, shift.None, 1000, shift.None} {
		last = set(t, r, at(start, newSite, w), last.Revision)
		found := read(t, r)
		assert.True(t, last.Same(found), "%s and %s", last, found)
		assert.Equal(t, last.Revision, found.Revision, w.String())
		assert.True(t, last.Same(at(start, newSite, w)), "%s", last)
	}
}

// The forms in which users have records, at 10 %, at the end, and after a rollback.
func TestRecordsGoBackToTheFormInWhichTheyWereFound(t *testing.T) {
	t.Parallel()
	long := localaws.SimpleRecord(name+".", "A", 300, "192.0.2.1")
	checked := simpleIP
	checked.HealthCheck = "abc"
	checkedPair := simpleIP.Weighted("blue", 100)
	checkedPair.HealthCheck = "abc"
	type testcase struct {
		name          string
		found         []localaws.Record
		candidate     shift.Version
		tenth, hundth []localaws.Record
	}
	for _, test := range []testcase{
		{
			"simple", []localaws.Record{simpleIP}, newIP,
			[]localaws.Record{otherIP.Weighted("sluice-candidate", 20), simpleIP.Weighted("sluice-stable", 180)}, []localaws.Record{otherIP},
		},
		{
			"two types", []localaws.Record{simpleIP, simpleIP6}, newIP + "; AAAA 2001:db8::2",
			[]localaws.Record{
				otherIP.Weighted("sluice-candidate", 20), simpleIP.Weighted("sluice-stable", 180),
				otherIP6.Weighted("sluice-candidate", 20), simpleIP6.Weighted("sluice-stable", 180),
			},
			[]localaws.Record{otherIP, otherIP6},
		},
		{
			"a CNAME", []localaws.Record{localaws.SimpleRecord(name+".", "CNAME", 60, "A.example.org.")}, "CNAME b.example.org",
			[]localaws.Record{
				localaws.SimpleRecord(name+".", "CNAME", 60, "b.example.org").Weighted("sluice-candidate", 20),
				localaws.SimpleRecord(name+".", "CNAME", 60, "a.example.org").Weighted("sluice-stable", 180),
			},
			[]localaws.Record{localaws.SimpleRecord(name+".", "CNAME", 60, "b.example.org")},
		},
		{
			"one weighted record", []localaws.Record{simpleIP.Weighted("mine", 7)}, newIP,
			[]localaws.Record{simpleIP.Weighted("mine", 180), otherIP.Weighted("sluice-candidate", 20)}, []localaws.Record{otherIP.Weighted("mine", 7)},
		},
		{
			"a pair, and its other record", []localaws.Record{simpleIP.Weighted("blue", 100), otherIP.Weighted("green", 0)}, newIP,
			[]localaws.Record{simpleIP.Weighted("blue", 180), otherIP.Weighted("green", 20)}, []localaws.Record{simpleIP.Weighted("blue", 0), otherIP.Weighted("green", 255)},
		},
		{
			"a pair, and another endpoint", []localaws.Record{localaws.SimpleRecord(name+".", "A", 60, "192.0.2.9").Weighted("blue", 0), simpleIP.Weighted("green", 3)}, newIP,
			[]localaws.Record{otherIP.Weighted("blue", 20), simpleIP.Weighted("green", 180)}, []localaws.Record{otherIP.Weighted("blue", 255), simpleIP.Weighted("green", 0)},
		},
		{
			"a long TTL and an alias", []localaws.Record{long}, newSite,
			[]localaws.Record{bucket.Weighted("sluice-candidate", 20), long.Weighted("sluice-stable", 180)}, []localaws.Record{bucket},
		},
		{
			"an alias and addresses", []localaws.Record{simpleSite}, newIP,
			[]localaws.Record{otherIP.Weighted("sluice-candidate", 20), simpleSite.Weighted("sluice-stable", 180)}, []localaws.Record{otherIP},
		},
		{
			"a health check", []localaws.Record{checked}, newIP,
			[]localaws.Record{otherIP.Weighted("sluice-candidate", 20), withHealthCheck(simpleIP.Weighted("sluice-stable", 180))}, []localaws.Record{otherIP},
		},
		{
			"a pair with a health check", []localaws.Record{checkedPair, otherIP.Weighted("green", 0)}, newIP,
			[]localaws.Record{withHealthCheck(simpleIP.Weighted("blue", 180)), otherIP.Weighted("green", 20)},
			[]localaws.Record{withHealthCheck(simpleIP.Weighted("blue", 0)), otherIP.Weighted("green", 255)},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			i, r := newest(t, test.found...)
			before := i.records()
			start := read(t, r)
			require.NoError(t, r.CheckStart(target, start, false))
			tenth := set(t, r, at(start, test.candidate, 1000), start.Revision)
			assert.Equal(t, test.tenth, i.records())
			assert.True(t, tenth.Same(read(t, r)), "%s", read(t, r))
			most := set(t, r, at(start, test.candidate, 9000), tenth.Revision)
			assert.True(t, at(start, test.candidate, 9000).Same(read(t, r)), "%s", read(t, r))
			whole := set(t, r, at(start, test.candidate, shift.All), most.Revision)
			assert.Equal(t, test.hundth, i.records())
			assert.Equal(t, shift.Route{Serving: test.candidate, Revision: whole.Revision, Detail: start.Detail, Lag: whole.Lag, Receipt: whole.Receipt}, whole)
			back := set(t, r, at(start, test.candidate, shift.None), whole.Revision)
			assert.Equal(t, lowerCNAME(before), i.records())
			assert.Equal(t, start.Serving, back.Serving)
			assert.True(t, back.Same(start))

			again := set(t, r, at(start, test.candidate, 1000), back.Revision)
			set(t, r, at(start, test.candidate, shift.None), again.Revision)
			assert.Equal(t, lowerCNAME(before), i.records(), "and from a step, too")
		})
	}
}

func withHealthCheck(r localaws.Record) localaws.Record {
	r.HealthCheck = "abc"
	return r
}

// lowerCNAME is what a CNAME is written as once it has been moved.
func lowerCNAME(records []localaws.Record) []localaws.Record {
	for i, r := range records {
		if r.Type == "CNAME" {
			records[i] = localaws.SimpleRecord(r.Name, r.Type, *r.TTL, strings.TrimSuffix(strings.ToLower(r.Values.List[0].Value), "."))
		}
	}
	return records
}

func TestTheFirstBatchDeletesBeforeItCreates(t *testing.T) {
	t.Parallel()
	i := newInternet(t, unlimited, simpleSite)
	held := &stalled{to: i, holds: true}
	r := i.routerThrough(held)
	start := read(t, r)
	_, err := r.SetRoute(t.Context(), target, at(start, newSite, 500))
	require.ErrorIs(t, err, errStalled)
	status, text := held.release(t)
	require.Equal(t, 200, status, text)
	calls := i.CallCounts()
	assert.Equal(t, 2, calls["route53:ListResourceRecordSets"], "one read, and one before the write")
	assert.Equal(t, 1, calls["route53:ChangeResourceRecordSets"])
}

func TestATTLThatSomebodyHasChangedIsKept(t *testing.T) {
	t.Parallel()
	i, r := newest(t, simpleIP)
	start := read(t, r)
	require.NoError(t, i.PutRecords(zoneID, localaws.SimpleRecord(name, "A", 20, "192.0.2.1")))
	found := read(t, r)
	_, err := r.SetRoute(t.Context(), target, at(start, newIP, 1000))
	require.ErrorIs(t, err, shift.ErrRevisionMismatch)
	set(t, r, at(start, newIP, 1000), found.Revision)
	for _, record := range i.records() {
		assert.Equal(t, int64(20), *record.TTL)
	}
}

func TestTheGuardIsFoundBehindManyNames(t *testing.T) {
	t.Parallel()
	i, r := newest(t, simpleIP)
	for n := range 350 { // names that come before _sluice.www.example.com
		require.NoError(t, i.PutRecords(zoneID, localaws.SimpleRecord(fmt.Sprintf("%d.%s", n, name), "A", 60, "192.0.2.7")))
	}
	start := read(t, r)
	written := set(t, r, at(start, newIP, 1000), start.Revision)
	assert.Equal(t, written.Revision, read(t, r).Revision)
	before := i.CallCounts()["route53:ListResourceRecordSets"]
	read(t, r)
	assert.Equal(t, before+2, i.CallCounts()["route53:ListResourceRecordSets"])
}

func TestANameWithManyRecordsIsReadWhole(t *testing.T) {
	t.Parallel()
	i, r := newest(t)
	for _, kind := range []localaws.Record{simpleIP, simpleIP6} {
		for n := range 100 {
			require.NoError(t, i.PutRecords(zoneID, kind.Weighted(fmt.Sprint(n), 1)))
		}
	}
	found := read(t, r)
	assert.Equal(t, shift.Version("A: 100 weighted records; AAAA: 100 weighted records"), found.Serving)
	require.ErrorIs(t, r.CheckStart(target, found, false), shift.ErrRouteRefused)
	require.NoError(t, i.DeleteRecords(zoneID, simpleIP6.Weighted("5", 1)))
	assert.NotEqual(t, found.Revision, read(t, r).Revision)
}

// What strangers may leave at a name, and what a Route says of it.
func TestRouteIsReadExactly(t *testing.T) {
	t.Parallel()
	three := []localaws.Record{simpleIP.Weighted("a", 1), otherIP.Weighted("b", 1), localaws.SimpleRecord(name, "A", 60, "192.0.2.3").Weighted("c", 1)}
	latency := simpleIP
	latency.SetIdentifier, latency.Region = "eu", "eu-west-1"
	type testcase struct {
		name    string
		records []localaws.Record
		want    shift.Route
	}
	for _, test := range []testcase{
		{"one alias for two types", []localaws.Record{simpleSite, localaws.AliasRecord(name, "AAAA", distros, "D111.cloudfront.NET")}, shift.Route{Serving: oldSite}},
		{"two aliases", []localaws.Record{simpleSite, localaws.AliasRecord(name, "AAAA", distros, "d222.cloudfront.net")}, shift.Route{Serving: "A d111.cloudfront.net; AAAA d222.cloudfront.net"}},
		{"addresses in another order", []localaws.Record{localaws.SimpleRecord(name, "A", 60, "192.0.2.2", "192.0.2.1")}, shift.Route{Serving: "A 192.0.2.1,192.0.2.2"}},
		{"a pair", []localaws.Record{simpleIP.Weighted("a", 95), otherIP.Weighted("b", 5)}, shift.Route{Serving: oldIP, Additional: newIP, Weight: 500}},
		{"a pair, the smaller first", []localaws.Record{simpleIP.Weighted("a", 5), otherIP.Weighted("b", 95)}, shift.Route{Serving: newIP, Additional: oldIP, Weight: 500}},
		{"a pair at rest", []localaws.Record{simpleIP.Weighted("a", 0), otherIP.Weighted("b", 1)}, shift.Route{Serving: newIP}},
		{"a pair without weights", []localaws.Record{simpleIP.Weighted("a", 0), otherIP.Weighted("b", 0)}, shift.Route{Serving: oldIP, Additional: newIP, Weight: shift.Foreign}},
		{"a share that is no number of basis points", []localaws.Record{simpleIP.Weighted("a", 2), otherIP.Weighted("b", 1)}, shift.Route{Serving: oldIP, Additional: newIP, Weight: shift.Foreign}},
		{"a zero weight", []localaws.Record{simpleIP.Weighted("sluice-stable", 200), otherIP.Weighted("sluice-candidate", 0)}, shift.Route{Serving: oldIP, Additional: newIP}},
		{"only the candidate's", []localaws.Record{otherIP.Weighted("sluice-candidate", 10)}, shift.Route{Serving: newIP}},
		{"types that differ", []localaws.Record{simpleIP.Weighted("a", 190), otherIP.Weighted("b", 10), simpleIP6}, shift.Route{Serving: "A: 5% on 192.0.2.2, the rest on 192.0.2.1; AAAA: 100% on 2001:db8::1"}},
		{"three", three, shift.Route{Serving: "A: 3 weighted records"}},
		{"latency", []localaws.Record{latency}, shift.Route{Serving: "A: 1 records with another routing policy (latency eu-west-1)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, r := newest(t, test.records...)
			found := read(t, r)
			found.Revision, found.Detail, found.Lag = "", "", 0
			assert.Equal(t, test.want, found)
		})
	}
}

func TestANameWithoutRecordsIsNoTarget(t *testing.T) {
	t.Parallel()
	i, r := newest(t, localaws.SimpleRecord("a."+name, "A", 60, "192.0.2.1"), localaws.SimpleRecord(name, "TXT", 60, `"x"`))
	_, err := r.Route(t.Context(), target)
	require.ErrorIs(t, err, shift.ErrTargetNotFound)
	require.ErrorContains(t, err, "create it first")
	require.ErrorIs(t, r.CheckArrival(t.Context(), shift.Arrival{Target: target}), shift.ErrTargetNotFound)
	_, err = r.Route(t.Context(), "route53:ZGONE:"+name)
	require.ErrorIs(t, err, shift.ErrTargetNotFound)
	require.ErrorContains(t, err, "check the zone's id")
	require.NoError(t, i.PutRecords(zoneID, simpleIP))
	require.NoError(t, r.CheckArrival(t.Context(), shift.Arrival{Target: target}))
}

func TestAWildcardIsATarget(t *testing.T) {
	t.Parallel()
	i := newInternet(t, unlimited, localaws.SimpleRecord("*.example.com", "A", 60, "192.0.2.1"))
	r := i.router()
	wild := flow.Route53Target(zoneID, "*.example.com")
	start, err := r.Route(t.Context(), wild)
	require.NoError(t, err)
	written, err := r.SetRoute(t.Context(), wild, at(start, newIP, 1000))
	require.NoError(t, err)
	found, err := r.Route(t.Context(), wild)
	require.NoError(t, err)
	assert.Equal(t, written.Revision, found.Revision)
	assert.True(t, written.Same(found))
}

func TestOnlyANameInAZoneIsATarget(t *testing.T) {
	t.Parallel()
	i := newInternet(t, unlimited)
	r := i.router()
	for _, wrong := range []shift.Target{"", "route53:Z1", "lambda:orders:live", "route53::a.b", "route53:z1:a.b", "route53:Z1:", "route53:Z1:A.b", "route53:Z1:a.b.", "route53:Z1:a..b", "route53:Z1:a.b:c", "route53:Z1:x.*.b", shift.Target("route53:Z1:" + strings.Repeat("a", 250))} {
		_, err := r.Route(t.Context(), wrong)
		require.ErrorIs(t, err, shift.ErrUnknownTarget, wrong)
		_, err = r.SetRoute(t.Context(), wrong, shift.Route{Serving: newIP, Revision: "r", Detail: "{}"})
		require.ErrorIs(t, err, shift.ErrUnknownTarget, wrong)
		_, err = r.DescribeVersion(t.Context(), wrong, newIP)
		require.ErrorIs(t, err, shift.ErrUnknownTarget, wrong)
		_, err = r.DescribeChange(shift.Change{Target: wrong})
		require.ErrorIs(t, err, shift.ErrUnknownTarget, wrong)
	}
	assert.Empty(t, i.CallCounts())
}

func TestARouteThatCannotBeWrittenIsRefusedBeforeTheBatch(t *testing.T) {
	t.Parallel()
	i, r := newest(t, simpleIP, simpleIP6)
	start := read(t, r)
	both := newIP + "; AAAA 2001:db8::2"
	for want, wanted := range map[string]shift.Route{
		"multiples of 0.5%": {Serving: start.Serving, Additional: both, Weight: 125, Revision: start.Revision, Detail: start.Detail},
		"has no records":    {Serving: start.Serving, Additional: newIP, Weight: 1000, Revision: start.Revision, Detail: start.Detail},
		"below 100%":        {Serving: start.Serving, Additional: both, Weight: shift.All, Revision: start.Revision, Detail: start.Detail},
		"no target":         {Serving: "What?", Revision: start.Revision, Detail: start.Detail},
	} {
		_, err := r.SetRoute(t.Context(), target, wanted)
		require.ErrorIs(t, err, shift.ErrRouteRefused, want)
		require.ErrorContains(t, err, want)
	}
	for want, wanted := range map[string]shift.Route{
		"the revision that was read is missing":                {Serving: both, Detail: start.Detail},
		"the records that were found at the start are missing": {Serving: both, Revision: start.Revision},
	} {
		_, err := r.SetRoute(t.Context(), target, wanted)
		require.ErrorContains(t, err, want)
	}
	assert.Zero(t, i.CallCounts()["route53:ChangeResourceRecordSets"])
}

func TestThereIsNoWriteWithoutRandomBytes(t *testing.T) {
	t.Parallel()
	i, r := newest(t, simpleIP)
	start := read(t, r)
	r = i.routerWithout()
	_, err := r.SetRoute(t.Context(), target, at(start, newIP, 1000))
	require.ErrorContains(t, err, "draw a token")
	assert.Zero(t, i.CallCounts()["route53:ChangeResourceRecordSets"])
}

func TestAChangeHasArrivedWhenItIsInSync(t *testing.T) {
	t.Parallel()
	i, r := newest(t, simpleIP)
	arrived := func(receipt string) bool {
		has, err := r.Arrived(t.Context(), target, receipt)
		require.NoError(t, err)
		return has
	}
	start := read(t, r)
	assert.Empty(t, start.Receipt)
	assert.True(t, arrived(start.Receipt), "nothing is known of another change")
	written := set(t, r, at(start, newIP, 1000), start.Revision)
	rotated, err := r.Rotate(t.Context(), target, read(t, r), "")
	require.NoError(t, err)
	assert.NotEqual(t, written.Receipt, rotated.Receipt)
	r = i.router() // another process
	assert.False(t, arrived(written.Receipt))
	i.now = i.now.Add(59 * time.Second)
	assert.False(t, arrived(written.Receipt))
	i.now = i.now.Add(time.Second)
	assert.True(t, arrived(written.Receipt))
	i.Fault(func(c localaws.Call) error { return localaws.Throttled(c.Service) })
	_, err = r.Arrived(t.Context(), target, written.Receipt)
	require.ErrorIs(t, err, shift.ErrThrottled)
}

func TestTheLagHasTheTTLOfTheRecords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		record localaws.Record
		want   shift.Seconds
	}{{simpleSite, 120}, {simpleIP, 120}, {localaws.SimpleRecord(name, "A", 300, "192.0.2.1"), 360}, {localaws.SimpleRecord(name, "A", 5, "192.0.2.1"), 120}} {
		_, r := newest(t, test.record)
		assert.Equal(t, test.want, read(t, r).Lag)
	}
}

func TestWhatRoute53AnswersIsToldApart(t *testing.T) {
	t.Parallel()
	i := newInternet(t, localaws.Config{RecordRate: -1}, simpleIP)
	r := i.router()
	start := read(t, r)
	first := set(t, r, at(start, newIP, 1000), start.Revision)
	_, err := r.SetRoute(t.Context(), target, at(start, newIP, 2000))
	require.ErrorIs(t, err, shift.ErrRevisionMismatch, "the Revision is that from before")

	wanted := at(start, newIP, 2000)
	wanted.Revision = first.Revision
	_, err = r.SetRoute(t.Context(), target, wanted)
	require.ErrorIs(t, err, shift.ErrThrottled, "another batch of the zone is being applied")
	require.ErrorContains(t, err, "PriorRequestNotComplete")
	i.now = i.now.Add(time.Second)

	i.Fault(func(c localaws.Call) error { return localaws.Throttled(c.Service) })
	_, err = r.SetRoute(t.Context(), target, wanted)
	require.ErrorIs(t, err, shift.ErrThrottled)
	_, err = r.Route(t.Context(), target)
	require.ErrorIs(t, err, shift.ErrThrottled)
	i.Fault(func(c localaws.Call) error { return localaws.AccessDenied(c) })
	_, err = r.SetRoute(t.Context(), target, wanted)
	require.ErrorContains(t, err, "the stack's setting route53")
	i.Fault(func(localaws.Call) error { return errors.New("lost") })
	_, err = r.SetRoute(t.Context(), target, wanted)
	require.ErrorContains(t, err, "lost")
	i.Fault(nil)

	wanted.Serving, wanted.Additional, wanted.Weight = "d1.cloudfront.net with health", "", 0
	_, err = r.SetRoute(t.Context(), target, wanted)
	require.ErrorIs(t, err, shift.ErrRouteRefused)
	require.ErrorContains(t, err, "health of a CloudFront distribution")
	assert.NotErrorIs(t, err, shift.ErrRevisionMismatch)
}

func TestFiveCallsASecondAreTheLimit(t *testing.T) {
	t.Parallel()
	i := newInternet(t, localaws.Config{}, simpleIP)
	r := i.router()
	for range r.Rules().CallsPerSecond {
		read(t, r)
	}
	_, err := r.Route(t.Context(), target)
	require.ErrorIs(t, err, shift.ErrThrottled)
}

func TestSluiceNeitherCreatesNorDeletesNames(t *testing.T) {
	t.Parallel()
	i, r := newest(t, simpleIP)
	_, err := r.Create(t.Context(), target, shift.Route{Serving: newIP})
	require.ErrorIs(t, err, shift.ErrRouteRefused)
	require.ErrorIs(t, r.Delete(t.Context(), target), shift.ErrRouteRefused)
	_, err = r.Publish(t.Context(), target)
	require.ErrorIs(t, err, shift.ErrVersionNotFound)
	require.NoError(t, r.Wake(t.Context(), target, newIP))
	assert.Empty(t, i.CallCounts())
	change, err := r.DescribeChange(shift.Change{Target: target, Stable: oldIP, Candidate: newIP})
	require.NoError(t, err)
	text, err := json.Marshal(change)
	require.NoError(t, err)
	assert.JSONEq(t, `{"kind": "route53", "target": "route53:`+zoneID+`:`+name+`", "stable": "A 192.0.2.1", "candidate": "A 192.0.2.2", "zone": "`+zoneID+`", "name": "`+name+`",
		"stableEndpoint": {"values": {"A": ["192.0.2.1"]}}, "candidateEndpoint": {"values": {"A": ["192.0.2.2"]}}}`, string(text))
}
