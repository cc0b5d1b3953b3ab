package proof

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// Front ends are observed as aliases are. What their control planes have is noted in the form of
// an alias: FunctionVersion serves, Weights divide, and RevisionID is another one after each
// write, whoever made it.

const (
	siteID = "E1SITE"
	zoneID = "Z0SHOP"
	// A switched name is served by the Candidate if the Candidate has it.
	switchID = "E2GREEN"
	otherID  = "ESTABLE" // has the wildcard
	thirdID  = "E3THIRD" // a stranger's
	shopName = "shop.example.com"
	wwwName  = "www.example.com"

	shopSite   = shift.Target("cloudfront:" + siteID)
	shopRecord = shift.Target("route53:" + zoneID + ":" + shopName)
	shopSwitch = shift.Target("switch:" + wwwName)
)

// watchFrontEnds has the observer told of every write of a front end.
func (r *run) watchFrontEnds() {
	c := r.w.Cloud()
	c.OnKeyValueChange(func(c localaws.KeyValueChange) { r.frontEndWritten(shift.KindCloudFront, c.Actor) })
	c.OnRecordChange(func(c localaws.RecordChange) { r.frontEndWritten(shift.KindRoute53, c.Actor) })
	c.OnDistributionChange(func(c localaws.DistributionChange) {
		if c.Distribution == switchID { // nothing that Sluice reads tells who else has the name
			r.frontEndWritten(shift.KindSwitch, c.Actor)
		}
	})
}

// ofKind are the Targets of a kind that the run shifts.
func (r *run) ofKind(kind string) []shift.Target {
	return slices.DeleteFunc(r.w.Targets(), func(t shift.Target) bool { return t.Kind() != kind })
}

func (r *run) frontEndWritten(kind, actor string) {
	for _, t := range r.ofKind(kind) {
		r.writes[t]++
		before, after := r.target(t).alias, r.facing(t)
		if actor != "" && !r.w.IsSluice(actor) {
			actor = ""
		}
		r.reroutedTo(t, localaws.AliasChange{Actor: actor, Before: before, After: after})
	}
}

// facing is what the control plane of a front end has, nil for nothing.
func (r *run) facing(t shift.Target) *localaws.Alias {
	d := r.w.Division(t)
	if !d.Exists {
		return nil
	}
	a := &localaws.Alias{FunctionVersion: d.Serving, RevisionID: strconv.Itoa(r.writes[t])}
	if d.Serving == thirdID {
		a.FunctionVersion = otherID
	}
	if d.Strange != "" {
		a.FunctionVersion = "strange: " + d.Strange
	}
	if d.Additional != "" {
		a.Weights = map[string]float64{d.Additional: float64(d.Weight) / float64(shift.All)}
	}
	return a
}

// formOf is the form of a name's records; "" for other Targets.
func (r *run) formOf(t shift.Target) string {
	if t.Kind() != shift.KindRoute53 {
		return ""
	}
	zone, name, _ := flow.SplitRoute53Target(t)
	var forms []string
	for _, record := range r.w.Cloud().ZoneRecords(zone) {
		form := record.Type
		if record.SetIdentifier != "" {
			form += " weighted " + record.SetIdentifier
		}
		if strings.TrimSuffix(record.Name, ".") == name {
			forms = append(forms, form)
		}
	}
	return strings.Join(forms, ", ")
}

// reads are the calls that read what a control plane has, by kind of Target.
var reads = map[string]string{
	"cloudfront-keyvaluestore:GetKey":  shift.KindCloudFront,
	"route53:ListResourceRecordSets":   shift.KindRoute53,
	"cloudfront:GetDistributionConfig": shift.KindSwitch,
}

// lookedAtFrontEnd notes what a Lambda reads of a front end.
func (r *run) lookedAtFrontEnd(m world.Moment) {
	kind, read := reads[m.Action]
	if !read || !m.After {
		return
	}
	for _, t := range r.ofKind(kind) {
		if kind == shift.KindSwitch && !strings.HasSuffix(m.Resource, "/"+switchID) {
			continue // the other distribution
		}
		r.looked(t)
	}
}

// refusedName notes that a Lambda was refused a switched name: it has met whoever has taken it.
func (r *run) refusedName(c localaws.Call) {
	if c.ErrorCode != "CNAMEAlreadyExists" {
		return
	}
	for _, t := range r.ofKind(shift.KindSwitch) {
		if d := r.holder(t); d != nil {
			d.met[t] = true
		}
	}
}

// isWatched says whether the observer is told of the writes of a kind.
func isWatched(t shift.Target) bool {
	_, known := flow.KindOf(t)
	return known
}

// hasFrontEnd says whether a Deployment shifts a front end, whose restoration takes more calls.
func (d *standing) hasFrontEnd() bool {
	return d != nil && slices.ContainsFunc(d.targets, func(t shift.Target) bool { return t.Kind() != shift.KindLambda })
}

const (
	siteTarget   = `{"cloudfront": {"distribution": "` + siteID + `", "release": "r42", "bucket": "site-prod"}}`
	nameTarget   = `{"route53": {"zone": "` + zoneID + `", "name": "` + shopName + `", "candidate": {"values": {"A": ["203.0.113.7"]}}}}`
	switchTarget = `{"cloudfrontSwitch": {"name": "` + wwwName + `", "candidate": "` + switchID + `"}}`
	aliasTarget  = `{"function": "orders"}`
)

// nameShiftedBefore is a base in which an earlier deployment has left its guard.
const nameShiftedBefore = "a name that was shifted before"

// leaveGuard makes the guard that an earlier deployment has left.
func leaveGuard(w *world.World) error {
	return w.Cloud().PutRecords(zoneID, localaws.SimpleRecord("_sluice."+shopName, "TXT", 60, `"`+noToken+`"`))
}

// frontEndBases are deployments of front ends, alone and beside an alias.
var frontEndBases = []base{
	{"a site promoted",
		`{"targets": [` + siteTarget + `], "strategy": {"linear": {"percent": 50, "everyMinutes": 2}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `}`, shift.Promoted, "", nil, false},
	{"a site with an alarm that is polled",
		`{"targets": [` + siteTarget + `], "strategy": {"canary": {"percent": 10, "bakeMinutes": 3}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "delivery": {"alarms": {"lost": true}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil, false},
	{"a site whose key is created, with an alarm",
		`{"targets": [` + siteTarget + `], "createAlias": true, "strategy": {"steps": [{"percent": 100, "bakeMinutes": 3}]}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "sites": {"` + siteID + `": {"absent": true}},
		  "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil, false},
	{"a name promoted",
		`{"targets": [` + nameTarget + `], "strategy": {"linear": {"percent": 50, "everyMinutes": 4}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `}`, shift.Promoted, "", nil, false},
	{nameShiftedBefore,
		`{"targets": [` + nameTarget + `], "strategy": {"canary": {"percent": 10, "bakeMinutes": 4}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `}`, shift.Promoted, "", nil, false},
	{"a name with an alarm at the whole weight",
		`{"targets": [` + nameTarget + `], "strategy": {"steps": [{"percent": 20, "bakeMinutes": 4}, {"percent": 100, "bakeMinutes": 5}]}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 300, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil, false},
	{"a pair of records with an abort",
		`{"targets": [` + nameTarget + `], "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "names": {"` + zoneID + `/` + shopName + `": {"to": "A 192.0.2.1", "idle": "A 203.0.113.7"}},
		  "events": [{"atSeconds": 70, "do": "abort", "target": "` + string(shopRecord) + `", "reason": "no"}]}`, shift.RolledBack, "", nil, false},
	{"a switched name promoted",
		`{"targets": [` + switchTarget + `], "strategy": "AllAtOnce", "alarms": ["a"]}`,
		`{` + chaosFunctions + `}`, shift.Promoted, "", nil, false},
	{"a switched name and an alias with an alarm",
		`{"targets": [` + aliasTarget + `, ` + switchTarget + `], "strategy": "AllAtOnce", "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, "", nil, false},
	{"an alias, a site and a name with an alarm",
		`{"targets": [` + aliasTarget + `, ` + siteTarget + `, ` + nameTarget + `], "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}, "alarms": ["a"]}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 70, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]}`, shift.RolledBack, shift.Rejected, nil, false},
	{"an alias, a site and a name, stopped at the whole weight",
		`{"targets": [` + aliasTarget + `, ` + siteTarget + `, ` + nameTarget + `], "strategy": {"steps": [{"percent": 50, "bakeMinutes": 4}, {"percent": 100, "bakeMinutes": 5}]}}`,
		`{` + chaosFunctions + `, "events": [{"atSeconds": 300, "do": "stopExecution"}]}`, shift.RolledBack, "", nil, false},
}

// hasFrontEnd says whether a base shifts a front end.
func (b base) hasFrontEnd() bool {
	return slices.ContainsFunc(frontEndBases, func(f base) bool { return f.name == b.name })
}

func TestFrontEndsAreShiftedAndPutBack(t *testing.T) {
	t.Parallel()
	for _, b := range frontEndBases {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			r, err := play(b, guard{})
			require.NoError(t, r.story(err))
			assert.Equal(t, b.outcome, r.outcome(), r.deployments[r.main.ARN()].cause)
		})
	}
}
