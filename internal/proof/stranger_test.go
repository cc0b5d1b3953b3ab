package proof

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// What strangers do to front ends. They know neither the nonce of a key nor the guard of a name.

// changeOf is what is being shifted at a Target, or was last; nothing may be known yet.
func (r *run) changeOf(t shift.Target) shift.Change {
	c := r.holder(t).change(t)
	if c == nil && r.main != nil {
		c = r.deployments[r.main.ARN()].change(t)
	}
	if c != nil {
		return *c
	}
	serving := shift.Version("")
	if a := r.target(t).alias; a != nil {
		serving = shift.Version(a.FunctionVersion)
	}
	return shift.Change{Target: t, Stable: serving, Candidate: serving}
}

const switchEdited = "the switch edited by a stranger"

// strangersAtFrontEnds are faults for the bases that shift one.
var strangersAtFrontEnds = slices.Concat(
	both("the site moved to another release by a stranger", shopSite, putKey(func(shift.Change) siteKey { return siteKey{Stable: "r7"} })),
	both("the site weighted by a stranger", shopSite, putKey(func(c shift.Change) siteKey {
		return siteKey{Stable: c.Stable, Candidate: c.Candidate, Weight: 3300}
	})),
	[]fault{
		{name: "the site moved to Stable by a stranger", of: shopSite, strike: putKey(func(c shift.Change) siteKey { return siteKey{Stable: c.Stable} })},
		{name: "the site moved to the Candidate by a stranger", of: shopSite, strike: putKey(func(c shift.Change) siteKey { return siteKey{Stable: c.Candidate} })},
		{name: "the site's key garbled by a stranger", of: shopSite, strike: done(func(r *run) { _ = r.w.Cloud().PutKeyValue(r.w.KeyValueStore(), siteID, "r7") })},
		{name: "the site's key edited by a stranger and put back", of: shopSite, spares: true, strike: done(func(r *run) {
			if before, exists := r.w.Cloud().KeyValue(r.w.KeyValueStore(), siteID); exists {
				_ = r.w.Cloud().PutKeyValue(r.w.KeyValueStore(), siteID, "r7")
				_ = r.w.Cloud().PutKeyValue(r.w.KeyValueStore(), siteID, before)
			}
		})},
		{name: "another key of the store written by a stranger", of: shopSite, spares: true, strike: done(func(r *run) { _ = r.w.Cloud().PutKeyValue(r.w.KeyValueStore(), "E9OTHER", "x") })},
		{name: "the site's key deleted by a stranger", of: shopSite, strike: done(func(r *run) { _ = r.w.Cloud().DeleteKeyValue(r.w.KeyValueStore(), siteID) })},
	},
	both("the name led elsewhere by a stranger", shopRecord, done(func(r *run) { r.leads(localaws.SimpleRecord(shopName, "A", 60, "192.0.2.99")) })),
	both("the name weighted by a stranger, without the guard", shopRecord, done(func(r *run) { r.weighs(67, 33) })),
	[]fault{
		{name: "the name moved to Stable by a stranger", of: shopRecord, strike: done(func(r *run) { r.leads(localaws.SimpleRecord(shopName, "A", 60, "192.0.2.1")) })},
		{name: "the name moved to the Candidate by a stranger", of: shopRecord, strike: done(func(r *run) { r.leads(localaws.SimpleRecord(shopName, "A", 60, "203.0.113.7")) })},
		{name: "the guard deleted by a stranger", of: shopRecord, spares: true, strike: done(func(r *run) { r.unguards() })},
		{name: "another name of the zone written by a stranger", of: shopRecord, spares: true, strike: done(func(r *run) {
			_ = r.w.Cloud().PutRecords(zoneID, localaws.SimpleRecord("mail."+shopName, "A", 60, "192.0.2.50"))
		})},
		{name: switchEdited, of: shopSwitch, spares: true, strike: done(func(r *run) {
			_ = r.w.Cloud().EditDistribution(switchID, func(d *localaws.CloudFrontDistribution) { d.Comment = "edited" })
		})},
		{name: "the switched name taken by a stranger", of: shopSwitch, strike: done(func(r *run) { r.takesName() })},
	},
	both("the switched name moved by a stranger", shopSwitch, done(func(r *run) {
		_ = r.w.Cloud().EditDistribution(switchID, func(d *localaws.CloudFrontDistribution) {
			if i := slices.Index(d.Names, wwwName); i >= 0 {
				d.Names = slices.Delete(slices.Clone(d.Names), i, i+1)
				return
			}
			d.Names = append(slices.Clone(d.Names), wwwName)
		})
	})),
)

// both returns a fault that strikes before a call, and one that strikes after it.
func both(name string, of shift.Target, strike func(*run) error) []fault {
	return []fault{{name: name, of: of, strike: strike}, {name: name + " after", of: of, after: true, strike: strike}}
}

// siteKey is a value of the site's key, in the form in which Sluice writes it.
type siteKey struct {
	Version   int           `json:"v"`
	Stable    shift.Version `json:"stable"`
	Candidate shift.Version `json:"candidate,omitempty"`
	Weight    int           `json:"weight,omitempty"`
	Nonce     string        `json:"n"`
}

// putKey has a stranger write the key of the site as Sluice would, with a nonce of their own.
func putKey(value func(shift.Change) siteKey) func(*run) error {
	return done(func(r *run) {
		if _, exists := r.w.Cloud().KeyValue(r.w.KeyValueStore(), siteID); !exists {
			return
		}
		r.strangers++
		v := value(r.changeOf(shopSite))
		v.Version, v.Nonce = 1, fmt.Sprintf("%032x", r.strangers)
		text, _ := json.Marshal(v)
		_ = r.w.Cloud().PutKeyValue(r.w.KeyValueStore(), siteID, string(text))
	})
}

// ofName returns the records of the shifted name, or its guard.
func (r *run) ofName(name, kind string) []localaws.Record {
	return slices.DeleteFunc(r.w.Cloud().ZoneRecords(zoneID), func(record localaws.Record) bool {
		return record.Name != name+"." || record.Type != kind
	})
}

// leads has a stranger replace all records of the name.
func (r *run) leads(to localaws.Record) {
	_ = r.w.Cloud().ReplaceRecords(zoneID, r.ofName(shopName, "A"), []localaws.Record{to})
}

// weighs has a stranger change the weights of a pair of records, and nothing else.
func (r *run) weighs(stable, candidate int64) {
	pair := r.ofName(shopName, "A")
	if len(pair) != 2 {
		return
	}
	pair[0].Weight, pair[1].Weight = &stable, &candidate
	_ = r.w.Cloud().PutRecords(zoneID, pair...)
}

func (r *run) unguards() {
	_ = r.w.Cloud().DeleteRecords(zoneID, r.ofName("_sluice."+shopName, "TXT")...)
}

// takesName has a stranger give the switched name to a distribution of their own.
func (r *run) takesName() {
	c := r.w.Cloud()
	_ = c.AddDistribution(localaws.CloudFrontDistribution{ID: thirdID, Certificate: localCertificate})
	_ = c.EditDistribution(switchID, func(d *localaws.CloudFrontDistribution) {
		d.Names = slices.DeleteFunc(slices.Clone(d.Names), func(name string) bool { return name == wwwName })
	})
	_ = c.EditDistribution(thirdID, func(d *localaws.CloudFrontDistribution) { d.Names = []string{wwwName} })
}

// localCertificate is the certificate of the world's distributions.
const localCertificate = "arn:aws:acm:us-east-1:123456789012:certificate/local"

// frontEndsOf returns the targets of an input for another deployment of them, of other versions
// if there are some: the distributions of a switched name are always the same two.
func frontEndsOf(input string, others bool) json.RawMessage {
	var asked struct {
		Targets json.RawMessage `json:"targets"`
	}
	_ = json.Unmarshal([]byte(input), &asked)
	text := string(asked.Targets)
	if others {
		text = strings.NewReplacer(`"release": "r42", "bucket": "site-prod"`, `"release": "r43"`, "203.0.113.7", "203.0.113.8").Replace(text)
	}
	return json.RawMessage(text)
}
