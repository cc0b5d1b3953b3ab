package world

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	site     = shift.Target("cloudfront:E1SITE")
	dnsName  = shift.Target("route53:Z1EXAMPLE:api.example.com")
	switched = shift.Target("switch:www.example.com")
)

// The targets of inputs.
const (
	siteTarget     = `{"cloudfront": {"distribution": "E1SITE", "release": "r42", "bucket": "site-prod"}}`
	cnameTarget    = `{"route53": {"zone": "Z1EXAMPLE", "name": "api.example.com", "candidate": {"cname": "green.example.net"}}}`
	aliasTarget    = `{"route53": {"zone": "Z1EXAMPLE", "name": "api.example.com", "candidate": {"alias": {"dnsName": "d111111abcdef8.cloudfront.net", "zone": "Z2FDTNDATAQYW2"}}}}`
	addressTarget  = `{"route53": {"zone": "Z1EXAMPLE", "name": "api.example.com", "candidate": {"values": {"A": ["203.0.113.7"], "AAAA": ["2001:db8::7"]}}}}`
	switchTarget   = `{"cloudfrontSwitch": {"name": "www.example.com", "candidate": "E2GREEN"}}`
	functionTarget = `{"function": "orders", "version": "2"}`
)

func inputOf(strategy, more string, targets ...string) json.RawMessage {
	return json.RawMessage(`{"targets": [` + strings.Join(targets, ", ") + `], "strategy": "` + strategy + `"` + more + `}`)
}

// newFrontEndWorld makes the world of a scenario.
func newFrontEndWorld(t *testing.T, scenario string, inputs ...json.RawMessage) *World {
	t.Helper()
	s, err := DecodeScenario([]byte(scenario))
	require.NoError(t, err)
	w, err := New(s, inputs...)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	return w
}

func playFrontEnds(t *testing.T, scenario string, input json.RawMessage) (*World, Result) {
	t.Helper()
	w := newFrontEndWorld(t, scenario, input)
	x, err := w.Start(Simulated, input)
	require.NoError(t, err)
	require.NoError(t, w.Run())
	return w, w.Result(x)
}

func TestEveryKindOfTargetIsPromotedAndRolledBack(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		strategy string
		targets  []string
		moved    map[shift.Target][2]string // Stable and Candidate
	}{
		{"a site", "Linear25PercentEvery3Minutes", []string{siteTarget}, map[shift.Target][2]string{site: {"stable", "r42"}}},
		{"a name with a CNAME", "Canary10Percent5Minutes", []string{cnameTarget}, map[shift.Target][2]string{dnsName: {"CNAME stable.example.net", "CNAME green.example.net"}}},
		{"a name with an alias", "Canary10Percent5Minutes", []string{aliasTarget}, map[shift.Target][2]string{dnsName: {"d-stable.execute-api.us-east-1.amazonaws.com in Z1UJRXOUMOOFQ8", "d111111abcdef8.cloudfront.net"}}},
		{"a name with addresses", "Canary10Percent5Minutes", []string{addressTarget}, map[shift.Target][2]string{dnsName: {"A 192.0.2.1; AAAA 2001:db8::1", "A 203.0.113.7; AAAA 2001:db8::7"}}},
		{"a switch", "AllAtOnce", []string{switchTarget}, map[shift.Target][2]string{switched: {"ESTABLE", "E2GREEN"}}},
		{"a function and a switch", "AllAtOnce", []string{functionTarget, switchTarget}, map[shift.Target][2]string{"lambda:orders:live": {"1", "2"}, switched: {"ESTABLE", "E2GREEN"}}},
		{"a function, a site and a name", "Canary10Percent5Minutes", []string{functionTarget, siteTarget, cnameTarget},
			map[shift.Target][2]string{"lambda:orders:live": {"1", "2"}, site: {"stable", "r42"}, dnsName: {"CNAME stable.example.net", "CNAME green.example.net"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for outcome, scenario := range map[shift.Outcome]string{
				shift.Promoted:   `{}`,
				shift.RolledBack: `{"events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "site-5xx", "state": "ALARM"}]}`,
			} {
				w, r := playFrontEnds(t, scenario, inputOf(tc.strategy, `, "alarms": ["site-5xx"]`, tc.targets...))
				require.EqualValues(t, outcome, r.Outcome, r.Cause)
				for target, versions := range tc.moved {
					want := versions[0]
					if outcome == shift.Promoted {
						want = versions[1]
					}
					assert.Equal(t, Division{Exists: true, Serving: want}, w.Division(target))
					var last Routed
					for _, route := range r.Routes {
						if route.Target == target {
							last = route
							assert.True(t, route.IsOurs)
						}
					}
					assert.Equal(t, versions[0], last.Stable)
					assert.Equal(t, versions[1], last.Candidate)
					assert.Equal(t, outcome == shift.Promoted, last.Percent == shift.All, "%v", r.Routes)
				}
			}
		})
	}
}

func TestTheWeightsOfTargetsMoveInLockstep(t *testing.T) {
	t.Parallel()
	_, r := playFrontEnds(t, `{}`, inputOf("Linear25PercentEvery5Minutes", "", functionTarget, siteTarget, cnameTarget))
	require.Equal(t, "Promoted", r.Outcome, r.Cause)
	var percents []shift.Weight
	for i, route := range r.Routes {
		assert.Equal(t, []shift.Target{"lambda:orders:live", site, dnsName}[i%3], route.Target)
		percents = append(percents, route.Percent)
	}
	assert.Equal(t, []shift.Weight{2500, 2500, 2500, 5000, 5000, 5000, 7500, 7500, 7500, 10000, 10000, 10000}, percents)
}

func TestASetupOfFrontEndsDecidesWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, scenario, more, target string
		outcome, cause               string
	}{
		{"another release", `{"sites": {"E1SITE": {"release": "r41"}}}`, "", siteTarget, "Promoted", ""},
		{"a release that serves", `{"sites": {"E1SITE": {"release": "r42"}}}`, "", siteTarget, "Unchanged", ""},
		{"a site that somebody shifts", `{"sites": {"E1SITE": {"release": "r40", "candidate": "r41", "percent": 10}}}`, "", siteTarget, "Rejected", "TargetWeighted"},
		{"a release that is missing", `{"sites": {"E1SITE": {"uploaded": []}}}`, "", siteTarget, "Rejected", "VersionNotFound"},
		{"no key", `{"sites": {"E1SITE": {"absent": true}}}`, "", siteTarget, "Rejected", "TargetNotFound"},
		{"a key that is created", `{"sites": {"E1SITE": {"absent": true}}}`, `, "createAlias": true`, siteTarget, "Promoted", ""},
		{"a long TTL", `{"names": {"Z1EXAMPLE/api.example.com": {"to": "CNAME blue.example.net", "ttlSeconds": 3600}}}`, "", cnameTarget, "Rejected", "TTL"},
		{"a pair of records", `{"names": {"Z1EXAMPLE/api.example.com": {"to": "CNAME blue.example.net", "idle": "CNAME green.example.net"}}}`, "", cnameTarget, "Promoted", ""},
		{"two distributions behind a name", `{"names": {"Z1EXAMPLE/api.example.com": {"to": "d222222abcdef8.cloudfront.net"}}}`, "", aliasTarget, "Rejected", "CloudFront"},
		{"the switch serves", `{"switches": {"www.example.com": {"switch": "E1BLUE", "other": "E2GREEN"}}}`, "", switchTarget, "Promoted", ""},
		{"a distribution of neither", `{"switches": {"www.example.com": {"switch": "E1BLUE", "other": "E3RED"}}}`, "", switchTarget, "Rejected", "E2GREEN"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			strategy := "Canary10Percent10Minutes"
			if tc.target == switchTarget {
				strategy = "AllAtOnce"
			}
			_, r := playFrontEnds(t, tc.scenario, inputOf(strategy, tc.more, tc.target))
			assert.Equal(t, tc.outcome, r.Outcome, r.Cause)
			assert.Contains(t, r.Cause, tc.cause)
		})
	}
}

func TestAFrontEndThatAStrangerHasMovedIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, target, event string
		outcome             shift.Outcome
		left                Division
	}{
		{"a foreign value", siteTarget, `"do": "putKey", "target": "cloudfront:E1SITE", "value": "closed"`, shift.Stranded, Division{Exists: true, Serving: "stable", Strange: "closed"}},
		{"another release", siteTarget, `"do": "putKey", "target": "cloudfront:E1SITE", "version": "r43"`, shift.Stranded, Division{Exists: true, Serving: "r43"}},
		{"another weight", cnameTarget, `"do": "changeRecords", "target": "route53:Z1EXAMPLE:api.example.com", "percent": 50`, shift.Stranded,
			Division{Exists: true, Serving: "CNAME stable.example.net", Additional: "CNAME green.example.net", Weight: 5000}},
		{"another endpoint", cnameTarget, `"do": "changeRecords", "target": "route53:Z1EXAMPLE:api.example.com", "version": "CNAME red.example.net"`, shift.Stranded,
			Division{Exists: true, Serving: "CNAME red.example.net"}},
		{"no guard", cnameTarget, `"do": "deleteGuard", "target": "route53:Z1EXAMPLE:api.example.com"`, shift.RolledBack, Division{Exists: true, Serving: "CNAME stable.example.net"}},
		{"another comment", switchTarget, `"do": "updateDistribution", "target": "switch:www.example.com"`, shift.RolledBack, Division{Exists: true, Serving: "E1BLUE"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			strategy := "Canary10Percent10Minutes"
			more := ""
			if tc.target == switchTarget { // Sluice has taken the name away, and must add it again
				strategy, more = "AllAtOnce", `"switches": {"www.example.com": {"switch": "E1BLUE", "other": "E2GREEN"}}, `
			}
			w, r := playFrontEnds(t, `{"latencyMs": 250, `+more+`"events": [{"atSeconds": 90, `+tc.event+`}, {"atSeconds": 120, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`,
				inputOf(strategy, `, "alarms": ["a"]`, tc.target))
			target := w.Targets()[0]
			require.EqualValues(t, tc.outcome, r.Outcome, r.Cause)
			assert.Equal(t, tc.left, w.Division(target))
			assert.Equal(t, tc.outcome == shift.RolledBack, r.Routes[len(r.Routes)-1].IsOurs, "%v", r.Routes)
		})
	}
}

func TestANameThatSomebodyTakesLeadsToTheirDistribution(t *testing.T) {
	t.Parallel()
	w := newFrontEndWorld(t, `{"events": [{"atSeconds": 90, "do": "takeName", "target": "switch:www.example.com", "version": "E9RED"}]}`, inputOf("AllAtOnce", "", switchTarget))
	require.NoError(t, w.Advance(89*time.Second))
	assert.Equal(t, Division{Exists: true, Serving: "ESTABLE"}, w.Division(switched))
	require.NoError(t, w.Advance(6*time.Minute))
	assert.Equal(t, Division{Exists: true, Serving: "E9RED"}, w.Division(switched))
	require.Len(t, w.Routes(), 1)
	assert.Equal(t, Routed{Seconds: 90, Target: switched, Kind: "switch", Stable: "ESTABLE", Candidate: "E9RED", Percent: shift.All}, w.Routes()[0])
	assert.Equal(t, []portion{{"E9RED", 1}}, w.fronts.viewers[switched].stream.portions, "the edges have it")
}

func TestAScenarioOfFrontEndsThatNobodyShiftsIsRefused(t *testing.T) {
	t.Parallel()
	s, err := DecodeScenario([]byte(`{"sites": {"E1OTHER": {}}, "names": {"Z1EXAMPLE/www.example.com": {}}, "switches": {"www.example.com": {}}, "targets": {"switch:www.example.com": {}}, "alarms": [
		{"name": "a", "metric": "5xxErrorRate", "threshold": 1, "target": "route53:Z1EXAMPLE:api.example.com"},
		{"name": "b", "metric": "Errors", "threshold": 1},
		{"name": "c", "metric": "Requests", "threshold": 1, "version": "candidate"},
		{"name": "d"}]}`))
	require.NoError(t, err)
	_, err = New(s, inputOf("Canary10Percent10Minutes", "", siteTarget, cnameTarget))
	var invalid *ScenarioError
	require.ErrorAs(t, err, &invalid)
	var paths []string
	for _, p := range invalid.Problems {
		paths = append(paths, p.Path)
	}
	assert.Equal(t, []string{"alarms[0].metric", "alarms[1].metric", "alarms[2].version", `targets."switch:www.example.com"`, "sites.E1OTHER", `names."Z1EXAMPLE/www.example.com"`, `switches."www.example.com"`}, paths, err)
}

func TestAlarmsWatchDistributions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, strategy, target, alarm, outcome string
	}{
		{"errors of a site", "Canary20Percent10Minutes", siteTarget, `"metric": "5xxErrorRate", "statistic": "Average", "threshold": 8`, "RolledBack"},
		{"fewer errors of a site", "Canary20Percent10Minutes", siteTarget, `"metric": "5xxErrorRate", "statistic": "Average", "threshold": 60`, "Promoted"},
		{"requests to a site", "Canary20Percent10Minutes", siteTarget, `"metric": "Requests", "threshold": 600`, "RolledBack"},
		{"errors of a switch's candidate", "AllAtOnce", switchTarget, `"metric": "5xxErrorRate", "statistic": "Average", "threshold": 8`, "RolledBack"},
		{"errors of a switch's stable version", "AllAtOnce", switchTarget, `"metric": "5xxErrorRate", "statistic": "Average", "threshold": 8, "version": "stable"`, "Promoted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, r := playFrontEnds(t, `{"candidate": {"errorRate": 0.5}, "traffic": {"requestsPerMinute": 600}, "alarms": [{"name": "site-5xx", `+tc.alarm+`}]}`,
				inputOf(tc.strategy, `, "alarms": ["site-5xx"]`, tc.target))
			assert.Equal(t, tc.outcome, r.Outcome, r.Cause)
		})
	}
}

func TestATargetMayBehaveOtherwise(t *testing.T) {
	t.Parallel()
	_, r := playFrontEnds(t, `{"stable": {"errorRate": 0.5}, "targets": {"cloudfront:E1SITE": {"candidate": {"errorRate": 1}, "stable": {}}}}`,
		inputOf("Canary10Percent10Minutes", `, "judge": "off"`, functionTarget, siteTarget))
	for _, requests := range r.Requests {
		want := map[Role]float64{RoleStable: 0.5, RoleCandidate: 0}
		if requests.Target == site {
			want = map[Role]float64{RoleStable: 0, RoleCandidate: 1}
		}
		assert.InDelta(t, want[requests.Role], float64(requests.Errors)/float64(requests.Requests), 0.05, "%+v", requests)
	}
}

func TestARunGoesOnUntilAllViewersAreBack(t *testing.T) {
	t.Parallel()
	for target, least := range map[string]time.Duration{siteTarget: 10 * time.Second, cnameTarget: 90 * time.Second, switchTarget: 5 * time.Minute} {
		strategy := "Canary50Percent10Minutes"
		if target == switchTarget {
			strategy = "AllAtOnce"
		}
		w, r := playFrontEnds(t, `{"events": [{"atSeconds": 240, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, inputOf(strategy, `, "alarms": ["a"]`, target))
		require.Equal(t, "RolledBack", r.Outcome, r.Cause)
		back := time.Duration(r.Routes[len(r.Routes)-1].Seconds * float64(time.Second))
		assert.GreaterOrEqual(t, w.Elapsed(), back+least, target)
		assert.Less(t, w.Elapsed(), back+least+2*time.Minute, target)
		for _, v := range w.fronts.viewers {
			assert.Equal(t, []portion{{r.Routes[0].Stable, 1}}, v.stream.portions, target)
		}
	}
}

func TestADivisionIsWhatTheRecordsSay(t *testing.T) {
	t.Parallel()
	record := func(set string, weight int64, to string) localaws.Record {
		return localaws.SimpleRecord("api.example.com", "CNAME", 60, to).Weighted(set, weight)
	}
	for _, tc := range []struct {
		name    string
		records []localaws.Record
		want    Division
	}{
		{"nothing", nil, Division{}},
		{"a simple record", []localaws.Record{localaws.SimpleRecord("api.example.com", "CNAME", 60, "blue.example.net")}, Division{Exists: true, Serving: "CNAME blue.example.net"}},
		{"two addresses", []localaws.Record{localaws.SimpleRecord("api.example.com", "A", 60, "192.0.2.9", "192.0.2.1")}, Division{Exists: true, Serving: "A 192.0.2.1,192.0.2.9"}},
		{"a pair", []localaws.Record{record("a", 30, "blue.example.net"), record("b", 10, "green.example.net")},
			Division{Exists: true, Serving: "CNAME blue.example.net", Additional: "CNAME green.example.net", Weight: 2500}},
		{"a pair whose second record served before", []localaws.Record{record("a", 30, "green.example.net"), record("b", 10, "stable.example.net")},
			Division{Exists: true, Serving: "CNAME stable.example.net", Additional: "CNAME green.example.net", Weight: 7500}},
		{"a pair of which one serves", []localaws.Record{record("a", 0, "blue.example.net"), record("b", 10, "green.example.net")}, Division{Exists: true, Serving: "CNAME green.example.net"}},
		{"a pair without weights", []localaws.Record{record("a", 0, "blue.example.net"), record("b", 0, "green.example.net")},
			Division{Exists: true, Serving: "other records", Strange: "2 records CNAME"}},
		{"three records", []localaws.Record{record("a", 1, "a.example.net"), record("b", 1, "b.example.net"), record("c", 1, "c.example.net")},
			Division{Exists: true, Serving: "other records", Strange: "3 records CNAME"}},
		{"types with other weights", []localaws.Record{
			localaws.SimpleRecord("api.example.com", "A", 60, "192.0.2.1").Weighted("a", 1), localaws.SimpleRecord("api.example.com", "A", 60, "192.0.2.2").Weighted("b", 1),
			localaws.SimpleRecord("api.example.com", "AAAA", 60, "2001:db8::1"),
		}, Division{Exists: true, Serving: "other records", Strange: "1 records AAAA"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newFrontEndWorld(t, `{}`, inputOf("Canary10Percent10Minutes", "", cnameTarget))
			require.NoError(t, w.cloud.ReplaceRecords("Z1EXAMPLE", w.recordsOf(dnsName), nil))
			if tc.records != nil {
				require.NoError(t, w.cloud.PutRecords("Z1EXAMPLE", tc.records...))
			}
			assert.Equal(t, tc.want, w.Division(dnsName))
		})
	}
}

func TestTheRandomBytesOfAWorldDependOnItsSeed(t *testing.T) {
	t.Parallel()
	value := func(seed string) string {
		w, _ := playFrontEnds(t, `{"seed": `+seed+`}`, inputOf("Canary10Percent5Minutes", "", siteTarget))
		text, exists := w.Cloud().KeyValue(w.fronts.store, "E1SITE")
		require.True(t, exists)
		return text
	}
	assert.Equal(t, value("7"), value("7"))
	assert.NotEqual(t, value("7"), value("8"))
}

func TestViewersFollowTheControlPlaneWithALag(t *testing.T) {
	t.Parallel()
	type served struct{ requests, errors int64 }
	between := func(w *World, target shift.Target, version string, from, until int64) (sum served) {
		for _, m := range w.minutesServed() {
			if minute := int64(m.Begins / time.Minute); m.Target == target && m.Version == version && minute >= from && minute < until {
				sum.requests += m.Requests
				sum.errors += m.Errors
			}
		}
		return sum
	}
	t.Run("a site", func(t *testing.T) {
		t.Parallel()
		w, r := playFrontEnds(t, `{"candidate": {"errorRate": 1}, "propagation": {"keysSeconds": 60, "edges": 6}}`, inputOf("Canary50Percent5Minutes", "", siteTarget))
		require.Equal(t, "Promoted", r.Outcome, r.Cause)
		// In the first minute, the edges follow 10 seconds after each other.
		assert.InDelta(t, 300*(0+1+2+3+4+5)/6/6, between(w, site, "r42", 0, 1).requests, 40)
		assert.InDelta(t, 4*300, between(w, site, "r42", 1, 5).requests, 120)
		all := between(w, site, "r42", 0, 100)
		assert.Equal(t, all.requests, all.errors)
		assert.Zero(t, between(w, site, "stable", 0, 100).errors)
		assert.Zero(t, between(w, site, "stable", 7, 100).requests, "all edges have the Candidate")
	})
	t.Run("a name", func(t *testing.T) {
		t.Parallel()
		w, r := playFrontEnds(t, `{"latencyMs": 250}`, inputOf("Canary50Percent10Minutes", "", cnameTarget))
		require.Equal(t, "Promoted", r.Outcome, r.Cause)
		candidate := "CNAME green.example.net"
		assert.Zero(t, between(w, dnsName, candidate, 0, 1).requests, "the name servers have the change after a minute")
		assert.InDelta(t, 600/4, between(w, dnsName, candidate, 1, 2).requests, 70, "resolvers ask again within the TTL")
		assert.InDelta(t, 8*300, between(w, dnsName, candidate, 2, 10).requests, 300)
		assert.InDelta(t, 300, between(w, dnsName, candidate, 10, 11).requests, 120, "the last step is not there yet")
	})
	t.Run("a switch", func(t *testing.T) {
		t.Parallel()
		w, r := playFrontEnds(t, `{"propagation": {"edges": 5}}`, inputOf("AllAtOnce", "", switchTarget))
		require.Equal(t, "Promoted", r.Outcome, r.Cause)
		for minute := range int64(5) {
			assert.InDelta(t, 600*minute/5, between(w, switched, "E2GREEN", minute, minute+1).requests, 70, "in minute %d", minute)
		}
		assert.Zero(t, between(w, switched, Nobody, 0, 100).requests)
	})
}
