package world

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// frontEnds are the sites, names and switches of the deployments.
type frontEnds struct {
	settings  request.FrontEnds
	variables map[string]string                // the settings, as environment variables
	buckets   []string                         // with releases
	store     string                           // the ARN of the key value store; empty without a site
	fallback  map[shift.Target]string          // the release that the CloudFront Function of a site falls back to
	pairs     map[shift.Target]flow.SwitchPair // the distributions of a switched name
	first     map[shift.Target]shift.Version   // the first Candidate
	zones     map[shift.Target]localaws.Zone   // of a name
	known     map[shift.Target][]shift.Version // the endpoints of a name, as the scenario or an input writes them
	viewers   map[shift.Target]*viewers
	certified []string // the names of the certificate
}

// What serves before a deployment, if the scenario does not say it.
const (
	defaultRelease      = "stable"
	defaultDistribution = "ESTABLE"
	defaultTTL          = 60 // seconds
)

// certificate is the ARN of the certificate of all distributions.
const certificate = "arn:aws:acm:us-east-1:123456789012:certificate/local"

// makeFrontEnds creates the sites, names and switches that the deployments name, and the
// settings of a stack that shifts them.
func (w *World) makeFrontEnds(releases []shift.Release) error {
	w.fronts = frontEnds{
		fallback: map[shift.Target]string{}, pairs: map[shift.Target]flow.SwitchPair{}, first: map[shift.Target]shift.Version{},
		zones: map[shift.Target]localaws.Zone{}, known: map[shift.Target][]shift.Version{}, viewers: map[shift.Target]*viewers{},
	}
	candidates := candidatesOf(releases)
	for t, list := range candidates {
		w.fronts.first[t] = list[0]
	}
	var err error
	for _, make := range []func(map[shift.Target][]shift.Version) error{w.makeSites, w.makeNames, w.makeSwitches} {
		if err = make(candidates); err != nil {
			return err
		}
	}
	w.makeBuckets(releases)
	var names, pairs []string
	for _, t := range sortedKeys(w.fronts.zones) {
		zone, name, _ := flow.SplitRoute53Target(t)
		names = append(names, zone+"/"+name)
	}
	for _, t := range sortedKeys(w.fronts.pairs) {
		p := w.fronts.pairs[t]
		pairs = append(pairs, p.Name+"/"+p.Switch+"/"+p.Other)
	}
	v := map[string]string{
		flow.CloudFront.Variable: w.fronts.store, flow.Route53.Variable: strings.Join(names, " "), flow.Switch.Variable: strings.Join(pairs, " "),
	}
	w.fronts.variables = v
	w.fronts.settings, err = request.ParseFrontEnds(v[flow.CloudFront.Variable], v[flow.Route53.Variable], v[flow.Switch.Variable])
	if err != nil {
		return err
	}
	return w.showSettings()
}

// FrontEnds returns the settings of the stack that turn its front ends on, as environment
// variables of the Lambdas.
func (p *Paced) FrontEnds() map[string]string { return p.world.fronts.variables }

// candidatesOf returns the Candidates of each front end, in the order of the releases.
func candidatesOf(releases []shift.Release) map[shift.Target][]shift.Version {
	candidates := map[shift.Target][]shift.Version{}
	for _, r := range releases {
		for _, a := range r.Arrivals {
			if isFrontEnd(a.Target) && !slices.Contains(candidates[a.Target], a.Candidate) {
				candidates[a.Target] = append(candidates[a.Target], a.Candidate)
			}
		}
	}
	return candidates
}

// isFrontEnd says whether a Target is one of Sluice's own kinds, but no Lambda alias.
func isFrontEnd(t shift.Target) bool {
	kind, known := flow.KindOf(t)
	return known && kind.Name != shift.KindLambda
}

// ofKind returns the Targets of a kind, in order.
func ofKind(candidates map[shift.Target][]shift.Version, kind string) []shift.Target {
	return slices.DeleteFunc(sortedKeys(candidates), func(t shift.Target) bool { return t.Kind() != kind })
}

// siteValue is what a key of the store has.
type siteValue struct {
	Version   int    `json:"v"`
	Stable    string `json:"stable"`
	Candidate string `json:"candidate,omitempty"`
	Weight    *int   `json:"weight,omitempty"`
	Nonce     string `json:"n"`
}

// newSiteValue returns a value of the form that Sluice writes, with another nonce each time.
func (w *World) newSiteValue(d Division) string {
	var nonce [16]byte
	_, _ = w.random.Read(nonce[:]) // it never fails
	v := siteValue{Version: 1, Stable: d.Serving, Candidate: d.Additional, Nonce: fmt.Sprintf("%x", nonce)}
	if d.Additional != "" {
		weight := int(d.Weight)
		v.Weight = &weight
	}
	text, _ := json.Marshal(v) // texts and numbers can always be encoded
	return string(text)
}

func (w *World) makeSites(candidates map[shift.Target][]shift.Version) error {
	for _, t := range ofKind(candidates, shift.KindCloudFront) {
		if w.fronts.store == "" {
			w.fronts.store = w.cloud.AddKeyValueStore().ARN
		}
		distribution, err := flow.SplitCloudFrontTarget(t)
		if err != nil {
			return err
		}
		s := w.scenario.Sites[distribution]
		if s.Release == "" {
			s.Release = defaultRelease
		}
		w.fronts.fallback[t] = s.Release
		if s.Absent {
			continue
		}
		value := w.newSiteValue(Division{Serving: s.Release, Additional: s.Candidate, Weight: s.Percent})
		if err := w.cloud.PutKeyValue(w.fronts.store, distribution, value); err != nil {
			return fmt.Errorf("make the site %s: %w", distribution, err)
		}
	}
	return nil
}

// makeBuckets creates the buckets that the deployments name, with the releases in them.
func (w *World) makeBuckets(releases []shift.Release) {
	made := map[string]bool{}
	for _, r := range releases {
		for _, a := range r.Arrivals {
			site, err := flow.ParseSite(a.Detail)
			if a.Target.Kind() != shift.KindCloudFront || err != nil || site.Bucket == "" {
				continue
			}
			if !made[site.Bucket] {
				w.cloud.AddBucket(localaws.Bucket{Name: site.Bucket})
				w.fronts.buckets = append(w.fronts.buckets, site.Bucket)
				made[site.Bucket] = true
			}
			distribution, _ := flow.SplitCloudFrontTarget(a.Target) // the reader has checked it
			uploaded := w.scenario.Sites[distribution].Uploaded
			if uploaded == nil {
				uploaded = []string{string(a.Candidate), cmp.Or(w.scenario.Sites[distribution].Release, defaultRelease)}
			}
			for _, id := range uploaded {
				w.cloud.PutObject(site.Bucket, "releases/"+id+"/index.html")
			}
		}
	}
}

func (w *World) makeNames(candidates map[shift.Target][]shift.Version) error {
	targets := ofKind(candidates, shift.KindRoute53)
	zones := map[string]string{} // the names of zones, by id
	for _, t := range targets {
		id, name, err := flow.SplitRoute53Target(t)
		if err != nil {
			return err
		}
		zones[id] = commonZone(zones[id], name)
	}
	for _, id := range sortedKeys(zones) {
		w.cloud.AddZone(localaws.Zone{ID: id, Name: zones[id]})
	}
	for _, t := range targets {
		id, name, _ := flow.SplitRoute53Target(t) // it was split before
		w.fronts.zones[t] = localaws.Zone{ID: id, Name: zones[id]}
		s := w.scenario.Names[id+"/"+name]
		if s.To == "" {
			to, err := defaultEndpoint(candidates[t][0])
			if err != nil {
				return fmt.Errorf("make the name %s: %w", name, err)
			}
			s.To = to.Version()
		}
		w.fronts.known[t] = slices.Concat([]shift.Version{s.To, s.Idle}, candidates[t])
		records, err := s.records(name)
		if err == nil {
			err = w.cloud.PutRecords(id, records...)
		}
		if err != nil {
			return fmt.Errorf("make the name %s: %w", name, err)
		}
	}
	return nil
}

// commonZone returns the name of a zone that has a name, and all names of the zone so far.
func commonZone(zone, name string) string {
	labels := strings.Split(name, ".")
	if len(labels) > 2 {
		labels = labels[1:] // so that the name may be a CNAME
	}
	if zone == "" {
		return strings.Join(labels, ".")
	}
	common := strings.Split(zone, ".")
	for len(common) > 1 && !strings.HasSuffix("."+strings.Join(labels, "."), "."+strings.Join(common, ".")) {
		common = common[1:]
	}
	return strings.Join(common, ".")
}

// defaultEndpoint returns an endpoint of the same form as a Candidate. The alias is none of a
// CloudFront distribution: two of these cannot share a name.
func defaultEndpoint(candidate shift.Version) (flow.Endpoint, error) {
	e, err := flow.ParseEndpoint(candidate)
	switch {
	case err != nil:
		return flow.Endpoint{}, err
	case e.Alias != flow.Alias{}:
		// The zone of regional APIs in us-east-1 (AWS General Reference, API Gateway endpoints).
		return flow.Endpoint{Alias: flow.Alias{DNSName: "d-stable.execute-api.us-east-1.amazonaws.com", Zone: "Z1UJRXOUMOOFQ8"}}, nil
	case e.CNAME != "":
		return flow.Endpoint{CNAME: "stable.example.net"}, nil
	}
	var stable flow.Endpoint
	if len(e.A) > 0 {
		stable.A = []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	}
	if len(e.AAAA) > 0 {
		stable.AAAA = []netip.Addr{netip.MustParseAddr("2001:db8::1")}
	}
	return stable, nil
}

// records returns the records of a name before the deployment.
func (s NameSetup) records(name string) ([]localaws.Record, error) {
	to, err := flow.ParseEndpoint(s.To)
	if err != nil || s.Idle == "" {
		return recordsTo(name, to, s.ttl()), err
	}
	idle, err := flow.ParseEndpoint(s.Idle)
	var records []localaws.Record
	for _, r := range recordsTo(name, to, s.ttl()) {
		records = append(records, r.Weighted("one", maxRecordWeight))
	}
	for _, r := range recordsTo(name, idle, s.ttl()) {
		records = append(records, r.Weighted("two", 0))
	}
	return records, err
}

// maxRecordWeight is the largest weight of a record (Route 53 API, ResourceRecordSet, Weight).
const maxRecordWeight = 255

func (s NameSetup) ttl() int64 {
	if s.TTL == 0 {
		return defaultTTL
	}
	return int64(s.TTL.Seconds())
}

// recordsTo returns the simple records that lead a name to an endpoint.
func recordsTo(name string, to flow.Endpoint, ttl int64) []localaws.Record {
	switch {
	case to.Alias != flow.Alias{}:
		return []localaws.Record{localaws.AliasRecord(name, "A", to.Alias.Zone, to.Alias.DNSName)}
	case to.CNAME != "":
		return []localaws.Record{localaws.SimpleRecord(name, "CNAME", ttl, to.CNAME)}
	}
	var records []localaws.Record
	for _, of := range []struct {
		kind      string
		addresses []netip.Addr
	}{{"A", to.A}, {"AAAA", to.AAAA}} {
		var values []string
		for _, a := range of.addresses {
			values = append(values, a.String())
		}
		if len(values) > 0 {
			records = append(records, localaws.SimpleRecord(name, of.kind, ttl, values...))
		}
	}
	return records
}

// makeSwitches creates the distributions of the switched names. At first the Candidate does not
// serve.
func (w *World) makeSwitches(candidates map[shift.Target][]shift.Version) error {
	names := map[string][]string{} // of each distribution
	for _, t := range ofKind(candidates, shift.KindSwitch) {
		name, err := flow.SplitSwitchTarget(t)
		if err != nil {
			return err
		}
		p := w.scenario.Switches[name].pair(name, candidates[t])
		w.fronts.pairs[t] = p
		_, parent, _ := strings.Cut(name, ".")
		if wildcard := "*." + parent; !slices.Contains(names[p.Other], wildcard) {
			names[p.Other] = append(names[p.Other], wildcard)
		}
		names[p.Switch] = slices.Concat(names[p.Switch])
		if string(candidates[t][0]) == p.Other {
			names[p.Switch] = append(names[p.Switch], name)
		}
		w.fronts.certified = append(w.fronts.certified, name, "*."+parent)
	}
	w.cloud.AddCertificate(certificate, w.fronts.certified...)
	for _, id := range sortedKeys(names) {
		err := w.cloud.AddDistribution(localaws.CloudFrontDistribution{ID: id, Names: names[id], Comment: "made for the scenario", Certificate: certificate})
		if err != nil {
			return fmt.Errorf("make the distribution %s: %w", id, err)
		}
	}
	return nil
}

// pair returns the two distributions of a name. By default the first Candidate is the switch, and
// the other one is the second Candidate, if there is one.
func (s SwitchSetup) pair(name string, candidates []shift.Version) flow.SwitchPair {
	p := flow.SwitchPair{Name: name, Switch: s.Switch, Other: s.Other}
	if p.Switch == "" && (p.Other == "" || string(candidates[0]) != p.Other) {
		p.Switch = string(candidates[0])
	}
	for _, missing := range []*string{&p.Switch, &p.Other} {
		if *missing != "" {
			continue
		}
		*missing = defaultDistribution
		for _, c := range candidates {
			if string(c) != p.Switch && string(c) != p.Other {
				*missing = string(c)
			}
		}
	}
	return p
}
