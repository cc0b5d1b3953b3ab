package world

import (
	"slices"
	"sort"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/router/cloudfront/edge"
	"github.com/sluice-aws/sluice/internal/shift"
)

// viewers are the viewers of a front end. What serves them follows the control plane with a lag,
// so it is looked at again and again while a change is on its way.
type viewers struct {
	world   *World
	stream  *stream
	changed time.Time // of the control plane
	// look returns the shares of the requests that the versions serve now, and for how long
	// they stay the same; 0 means until the control plane changes.
	look func(*viewers) ([]portion, time.Duration)
	next *appointment

	resolvers *localaws.Resolvers // of a name
}

const (
	// resolverCount is the number of resolvers that viewers ask. Each of them is one answer.
	resolverCount = 100
	// resolverTick is how often they are asked while their answers change.
	resolverTick = 5 * time.Second
)

// Nobody is counted in place of a version where nobody serves the requests.
const Nobody = "nobody"

// addViewers starts the traffic to a front end.
func (w *World) addViewers(t shift.Target) {
	d := w.Division(t)
	w.routes.begin(t, d)
	v := &viewers{world: w, changed: w.began.Add(-time.Hour)}
	switch t.Kind() {
	case shift.KindCloudFront:
		v.look = (*viewers).lookAtKey
	case shift.KindRoute53:
		v.look = (*viewers).lookAtRecords
		v.resolvers = localaws.NewResolvers(w.cloud.Zones, resolverCount, w.answering.Float64)
	case shift.KindSwitch:
		v.look = (*viewers).lookAtDistributions
	}
	v.stream = w.traffic.add(t, d.Serving, nil)
	w.fronts.viewers[t] = v
	v.refresh()
}

// refresh counts the requests so far, and looks at what serves those from now on.
func (v *viewers) refresh() {
	now := v.world.clock.now
	v.world.traffic.count(v.stream, now)
	if v.next != nil {
		v.next.cancelled, v.next = true, nil
	}
	var same time.Duration
	v.stream.portions, same = v.look(v)
	if same > 0 {
		v.next = v.world.clock.after(same, nature, v.refresh)
	}
}

// untilNextEdge returns for how long no other edge gets the last change, or 0 if all have it.
func (v *viewers) untilNextEdge(propagation time.Duration) time.Duration {
	since := v.world.clock.now.Sub(v.changed)
	edges := v.world.scenario.Propagation.Edges
	for i := range edges {
		if reached := propagation * time.Duration(i+1) / time.Duration(edges); since < reached {
			return reached - since
		}
	}
	return 0
}

// lookAtKey looks at the value of a site's key at each edge. Viewers are spread evenly over the
// edges and over the buckets.
func (v *viewers) lookAtKey() ([]portion, time.Duration) {
	w := v.world
	distribution, _ := flow.SplitCloudFrontTarget(v.stream.target)
	shares := map[string]float64{}
	for i := range w.cloud.KeyValueEdges() {
		text, _ := w.cloud.EdgeKeyValue(w.fronts.store, distribution, i)
		release := func(bucket int) string { return edge.Release(text, w.fronts.fallback[v.stream.target], bucket) }
		// The Candidate has the lowest buckets.
		low := sort.Search(edge.Buckets, func(bucket int) bool { return release(bucket) != release(0) })
		shares[release(0)] += float64(low)
		shares[release(edge.Buckets-1)] += float64(edge.Buckets - low)
	}
	return portionsOf(shares), v.untilNextEdge(w.scenario.Propagation.Keys)
}

// lookAtRecords asks the resolvers.
func (v *viewers) lookAtRecords() ([]portion, time.Duration) {
	w, t := v.world, v.stream.target
	zone, name, _ := flow.SplitRoute53Target(t)
	shares := map[string]float64{}
	kind := w.askedType(t)
	for i := range resolverCount {
		shares[w.endpointNamed(t, kind, v.resolvers.Resolve(i, zone, name, kind))]++
	}
	return portionsOf(shares), v.untilNextAnswer(shares)
}

func (v *viewers) untilNextAnswer(shares map[string]float64) time.Duration {
	w := v.world
	since := w.clock.now.Sub(v.changed)
	d := w.Division(v.stream.target)
	switch {
	case since < w.scenario.Propagation.Records:
		return min(w.scenario.Propagation.Records-since, time.Minute)
	case d.Additional == "" && len(shares) == 1 && shares[d.Serving] > 0:
		return 0
	case since < w.scenario.Propagation.Records+w.longestTTL(v.stream.target)+2*resolverTick:
		return resolverTick
	}
	return time.Minute
}

// longestTTL returns for how long a resolver may keep an answer.
func (w *World) longestTTL(t shift.Target) time.Duration {
	longest := int64(defaultTTL)
	for _, r := range w.recordsOf(t) {
		if r.TTL != nil {
			longest = max(longest, *r.TTL)
		}
	}
	return time.Duration(longest) * time.Second
}

// askedType returns the type of records that viewers ask for: the first that the name has.
func (w *World) askedType(t shift.Target) string {
	for _, kind := range addressTypes {
		if slices.ContainsFunc(w.recordsOf(t), func(r localaws.Record) bool { return r.Type == kind }) {
			return kind
		}
	}
	return "A"
}

// endpointNamed returns the endpoint that an answer is about, as the inputs write it.
func (w *World) endpointNamed(t shift.Target, kind string, answer []string) string {
	if len(answer) == 0 {
		return Nobody
	}
	for _, version := range w.fronts.known[t] {
		e, err := flow.ParseEndpoint(version)
		if err != nil {
			continue
		}
		for _, r := range recordsTo("x", e, defaultTTL) {
			isAlias := r.Alias != nil && plainName(answer[0]) == plainName(r.Alias.DNSName)
			if isAlias || r.Type == kind && r.Alias == nil && slices.EqualFunc(slices.Sorted(slices.Values(r.Answer())), slices.Sorted(slices.Values(answer)), isSameName) {
				return string(version)
			}
		}
	}
	return plainName(answer[0])
}

func isSameName(a, b string) bool { return plainName(a) == plainName(b) }

// lookAtDistributions looks at which distribution serves the name at each edge.
func (v *viewers) lookAtDistributions() ([]portion, time.Duration) {
	w := v.world
	name, _ := flow.SplitSwitchTarget(v.stream.target)
	shares := map[string]float64{}
	for i := range w.cloud.DistributionEdges() {
		serving := w.cloud.EdgeDistribution(i, name)
		if serving == "" {
			serving = Nobody
		}
		shares[serving]++
	}
	return portionsOf(shares), v.untilNextEdge(w.scenario.Propagation.Distributions)
}

// viewersFollow says that the viewers of all front ends get what the control planes have. A
// front end whose traffic is divided is not waited for.
func (w *World) viewersFollow() bool {
	for t, v := range w.fronts.viewers {
		d := w.Division(t)
		isWhole := d.Exists && d.Strange == "" && d.Additional == ""
		if isWhole && !(len(v.stream.portions) == 1 && v.stream.portions[0].version == d.Serving) {
			return false
		}
	}
	return true
}

// frontEndBehaviour returns how a version of a front end serves. Only Lambda has sandboxes, and
// throttles.
func (w *World) frontEndBehaviour(t shift.Target, version string) Behaviour {
	if version == Nobody {
		return Behaviour{ErrorRate: 1}
	}
	of := w.scenario.of(t, w.routes.role(t, version) == RoleCandidate)
	return Behaviour{ErrorRate: of.ErrorRate, ErrorClump: of.ErrorClump, Drift: of.Drift, Duration: of.Duration}
}

// portionsOf returns portions in the order of their versions.
func portionsOf(shares map[string]float64) []portion {
	var sum float64
	for _, s := range shares {
		sum += s
	}
	var list []portion
	for _, version := range sortedKeys(shares) {
		if s := shares[version]; s > 0 {
			list = append(list, portion{version, s / sum})
		}
	}
	return list
}

// rerouteFrontEnd takes note of a change of a front end's control plane.
func (w *World) rerouteFrontEnd(t shift.Target, actor string) {
	v, known := w.fronts.viewers[t]
	if !known {
		return
	}
	_, ours := w.functions[actor]
	w.routes.reroute(t, w.Division(t), ours)
	v.changed = w.clock.now
	v.refresh()
}

// watchFrontEnds takes note of all changes of front ends.
func (w *World) watchFrontEnds() {
	w.cloud.OnKeyValueChange(func(c localaws.KeyValueChange) {
		if c.Store == w.fronts.store {
			w.rerouteFrontEnd(flow.CloudFrontTarget(c.Key), c.Actor)
		}
	})
	w.cloud.OnRecordChange(func(c localaws.RecordChange) {
		for _, t := range sortedKeys(w.fronts.zones) {
			if w.fronts.zones[t].ID == c.ZoneID {
				w.rerouteFrontEnd(t, c.Actor)
			}
		}
	})
	w.cloud.OnDistributionChange(func(c localaws.DistributionChange) {
		for _, t := range sortedKeys(w.fronts.pairs) {
			w.rerouteFrontEnd(t, c.Actor)
		}
	})
}
