package world

import (
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// SiteSetup describes a site before the deployment, where it differs from the default: all
// viewers get one release, which was uploaded, as were the Candidates of the deployments.
type SiteSetup struct {
	// Release is what viewers get. The CloudFront Function falls back to it, too.
	Release string
	// Candidate gets a share of the viewers, because somebody else is shifting.
	Candidate string
	Percent   shift.Weight
	// Absent means that the store does not have the key.
	Absent bool
	// Uploaded are the releases in the bucket. If nil, these are the Candidates and Release.
	Uploaded []string
}

// NameSetup describes a name in Route 53 before the deployment, where it differs from the
// default: one simple record of each type, of the form of the Candidate.
type NameSetup struct {
	// To is the endpoint that the name leads to.
	To shift.Version
	// Idle is the endpoint of a second record with the weight 0, so that the records are a pair.
	Idle shift.Version
	// TTL is that of the records. An alias has none.
	TTL time.Duration
}

// SwitchSetup names the two distributions of a switched name: the one that has the name to serve
// it, and the one whose wildcard covers it.
type SwitchSetup struct{ Switch, Other string }

// Propagation is how long changes of front ends take.
type Propagation struct {
	// Keys, Records and Distributions are how long the last edge, or all name servers, take to
	// serve a new value of a key, new records and a new configuration.
	Keys, Records, Distributions time.Duration
	// Edges is the number of CloudFront's edges. They follow one after the other.
	Edges int
}

// The defaults of Propagation: AWS says "a few seconds" of keys (AWS News Blog, introducing
// CloudFront KeyValueStore) and a minute of records (Route 53 API, ChangeResourceRecordSets), and
// nothing of distributions, which usually take some minutes.
var defaultPropagation = Propagation{Keys: 10 * time.Second, Records: time.Minute, Distributions: 5 * time.Minute, Edges: 8}

// maxEdges bounds the number of edges.
const maxEdges = 1000

func decodePropagation(v strictjson.Value) Propagation {
	o := v.Object("keysSeconds", "recordsSeconds", "distributionsSeconds", "edges")
	p := defaultPropagation
	for _, of := range []struct {
		name string
		into *time.Duration
	}{{"keysSeconds", &p.Keys}, {"recordsSeconds", &p.Records}, {"distributionsSeconds", &p.Distributions}} {
		if given := o.Field(of.name); given.Present() {
			*of.into = seconds(given)
		}
	}
	if edges := o.Field("edges"); edges.Present() {
		p.Edges = int(edges.Int(1, maxEdges))
	}
	return p
}

// orAtOnce returns a time for the configuration of a service of the local AWS, where 0 means the
// default, and a negative time none.
func orAtOnce(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

func decodeSites(o strictjson.Object) map[string]SiteSetup {
	sites := map[string]SiteSetup{}
	for _, distribution := range o.Names() {
		if !flow.IsDistribution(distribution) {
			o.Field(distribution).Problem("%s", flow.NoDistribution)
		}
		f := o.Field(distribution).Object("release", "candidate", "percent", "absent", "uploaded")
		s := SiteSetup{
			Release: checked(f.Field("release"), flow.IsRelease, flow.NoRelease), Candidate: checked(f.Field("candidate"), flow.IsRelease, flow.NoRelease),
			Percent: share(f.Field("percent")), Absent: f.Field("absent").Bool(),
		}
		if s.Percent != shift.None {
			f.Require("candidate")
		}
		if uploaded := f.Field("uploaded"); uploaded.Present() {
			s.Uploaded = []string{}
			for _, id := range uploaded.Array() {
				s.Uploaded = append(s.Uploaded, checked(id, flow.IsRelease, flow.NoRelease))
			}
		}
		sites[distribution] = s
	}
	return sites
}

// checked reads a text that may be missing.
func checked(v strictjson.Value, isRight func(string) bool, wrong string) string {
	text := v.Text()
	if v.IsString() && !isRight(text) {
		v.Problem("%s", wrong)
	}
	return text
}

func decodeNames(o strictjson.Object) map[string]NameSetup {
	names := map[string]NameSetup{}
	for _, record := range o.Names() {
		if zone, name, _ := strings.Cut(record, "/"); !flow.IsZone(zone) || !flow.IsDNSName(name) {
			o.Field(record).Problem("must be of the form ZONE/NAME, such as Z0123456789ABC/api.example.com")
		}
		f := o.Field(record).Object("to", "idle", "ttlSeconds")
		s := NameSetup{To: decodeEndpoint(f.Field("to")), Idle: decodeEndpoint(f.Field("idle")), TTL: time.Duration(f.Field("ttlSeconds").Int(0, maxTTL)) * time.Second}
		if s.Idle != "" {
			f.Require("to")
		}
		names[record] = s
	}
	return names
}

// maxTTL bounds the TTL of records, in seconds (Route 53 API, ResourceRecordSet, TTL).
const maxTTL = 1<<31 - 1

func decodeEndpoint(v strictjson.Value) shift.Version {
	text := shift.Version(v.Text())
	if v.IsString() {
		if _, err := flow.ParseEndpoint(text); err != nil {
			v.Problem("%v", err)
		}
	}
	return text
}

func decodeSwitches(o strictjson.Object) map[string]SwitchSetup {
	switches := map[string]SwitchSetup{}
	for _, name := range o.Names() {
		if !flow.IsSwitchedName(name) {
			o.Field(name).Problem("%s", flow.NoSwitchedName)
		}
		f := o.Field(name).Object("switch", "other")
		s := SwitchSetup{
			Switch: checked(f.Field("switch"), flow.IsDistribution, flow.NoDistribution),
			Other:  checked(f.Field("other"), flow.IsDistribution, flow.NoDistribution),
		}
		if s.Switch != "" && s.Switch == s.Other {
			f.Field("other").Problem("is the same distribution as switch")
		}
		switches[name] = s
	}
	return switches
}
