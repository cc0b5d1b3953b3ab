package world

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Division is how a control plane divides the traffic of a Target. It is read from the local AWS
// without Sluice's adapters.
type Division struct {
	// Exists says that there is such an alias, key, name or distribution.
	Exists bool
	// Serving serves what Additional does not. At a site without a key, or with one that nobody
	// understands, that is the release to which its function falls back.
	Serving, Additional string
	// Weight is the share of Additional.
	Weight shift.Weight
	// Strange says what is there if no Route describes it.
	Strange string
}

// Division returns how the traffic of a Target is divided now. It is empty for a Target of a kind
// that is not Sluice's own.
func (w *World) Division(t shift.Target) Division {
	switch t.Kind() {
	case shift.KindLambda:
		function, alias, _ := flow.SplitLambdaTarget(t)
		if found, exists := w.cloud.Alias(function, alias); exists {
			return aliasDivision(&found)
		}
	case shift.KindCloudFront:
		return w.siteDivision(t)
	case shift.KindRoute53:
		return w.nameDivision(t)
	case shift.KindSwitch:
		name, _ := flow.SplitSwitchTarget(t)
		serving := w.cloud.DistributionOf(name)
		return Division{Exists: serving != "", Serving: serving}
	}
	return Division{}
}

// aliasDivision returns the division of an alias, which is nil if there is none.
func aliasDivision(a *localaws.Alias) Division {
	if a == nil {
		return Division{}
	}
	d := Division{Exists: true, Serving: a.FunctionVersion}
	if len(a.Weights) > 0 {
		d.Additional = slices.Collect(maps.Keys(a.Weights))[0]
		d.Weight = toWeight(a.Weights[d.Additional])
	}
	return d
}

func (w *World) siteDivision(t shift.Target) Division {
	distribution, _ := flow.SplitCloudFrontTarget(t)
	text, exists := w.cloud.KeyValue(w.fronts.store, distribution)
	d := Division{Exists: exists, Serving: w.fronts.fallback[t]}
	if !exists {
		return d
	}
	var v siteValue
	if err := json.Unmarshal([]byte(text), &v); err != nil || v.Version != 1 || !flow.IsRelease(v.Stable) {
		d.Strange = text
		return d
	}
	d.Serving, d.Additional = v.Stable, v.Candidate
	if v.Weight != nil {
		d.Weight = shift.Weight(*v.Weight)
	}
	return d
}

// nameDivision returns the division of a name by the weights of its records. The endpoint that
// has served everything before is Serving.
func (w *World) nameDivision(t shift.Target) Division {
	groups := map[string][]localaws.Record{} // by type
	for _, r := range w.recordsOf(t) {
		groups[r.Type] = append(groups[r.Type], r)
	}
	if len(groups) == 0 {
		return Division{}
	}
	first, second, weight := map[string]localaws.Record{}, map[string]localaws.Record{}, shift.None
	for i, kind := range sortedKeys(groups) {
		group := groups[kind]
		share, ok := secondShare(group)
		if !ok || i > 0 && share != weight {
			return Division{Exists: true, Serving: "other records", Strange: fmt.Sprintf("%d records %s", len(group), kind)}
		}
		first[kind], weight = group[0], share
		if len(group) > 1 {
			second[kind] = group[1]
		}
	}
	d := Division{Exists: true, Serving: endpointOf(first), Additional: endpointOf(second), Weight: weight}
	return d.servedBefore(w.routes.whole(t))
}

// servedBefore makes the version that has served everything before the Serving one. A record
// that is never answered with is no part of the division.
func (d Division) servedBefore(before string) Division {
	if d.Additional != "" && (d.Additional == before || d.Weight == shift.All) {
		d.Serving, d.Additional, d.Weight = d.Additional, d.Serving, shift.All-d.Weight
	}
	if d.Weight == shift.None {
		d.Additional = ""
	}
	return d
}

// addressTypes are the types of records that are shifted.
var addressTypes = []string{"A", "AAAA", "CNAME"}

// recordsOf returns the records of a name, of the types that are shifted.
func (w *World) recordsOf(t shift.Target) []localaws.Record {
	zone, name, _ := flow.SplitRoute53Target(t)
	return slices.DeleteFunc(w.cloud.ZoneRecords(zone), func(r localaws.Record) bool {
		return plainName(r.Name) != name || !slices.Contains(addressTypes, r.Type)
	})
}

// secondShare returns the share of the second of at most two records of a type. It returns false
// for records with another routing policy.
func secondShare(group []localaws.Record) (shift.Weight, bool) {
	if len(group) == 1 {
		return shift.None, group[0].SetIdentifier == "" || group[0].Weight != nil
	}
	if len(group) > 2 || group[0].Weight == nil || group[1].Weight == nil {
		return shift.None, false
	}
	sum := *group[0].Weight + *group[1].Weight
	if sum == 0 {
		return shift.None, false // each is answered as often
	}
	return shift.Weight(*group[1].Weight * int64(shift.All) / sum), true
}

// endpointOf returns the text of the endpoint that records of some types lead to.
func endpointOf(records map[string]localaws.Record) string {
	var e flow.Endpoint
	for _, r := range records {
		answer := r.Answer()
		switch {
		case r.Alias != nil:
			e.Alias = flow.Alias{DNSName: plainName(r.Alias.DNSName), Zone: r.Alias.Zone}
		case r.Type == "CNAME":
			e.CNAME = plainName(answer[0])
		default:
			for _, text := range answer {
				address, _ := netip.ParseAddr(text)
				if r.Type == "A" {
					e.A = append(e.A, address)
				} else {
					e.AAAA = append(e.AAAA, address)
				}
			}
		}
	}
	return string(e.Version())
}

// plainName returns a name of Route 53 without the dot at its end, and with an asterisk for its
// escape.
func plainName(name string) string {
	return strings.ReplaceAll(strings.TrimSuffix(strings.ToLower(name), "."), `\052`, "*")
}
