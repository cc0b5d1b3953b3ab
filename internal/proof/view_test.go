package proof

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
	"github.com/sluice-aws/sluice/internal/shift"
)

// view is how everything stands as seen from outside: it is told of every write
// of the Ledger's table and of every alias, and knows nothing of how Sluice works.
// So looking costs nothing, and what the Lambdas believe plays no part.
type view struct {
	deployments map[string]*standing
	// unfinished are the Deployments that are open or restoring, by their Targets.
	unfinished map[shift.Target][]string
	holders    map[shift.Target]string
	served     map[shift.Target]*served
	// unannounced are the Deployments on the Ledger's list of those in care.
	unannounced map[string]bool
	// suspects are those whose Targets are to be looked at once more.
	suspects map[string]bool
	// provisioned are the Targets that have been given provisioned concurrency during the run.
	provisioned map[shift.Target]bool
}

// standing is a Deployment as it stands in the table.
type standing struct {
	id      string
	status  shift.Status
	intent  int
	outcome shift.Outcome
	cause   string
	// restored are the Targets that a try has put back before it failed, as the ledger says.
	restored []string
	// back are the Targets that have served what they did before since the mark.
	back       map[shift.Target]bool
	targets    []shift.Target
	candidates map[shift.Target]shift.Version
	deployment *shift.Deployment
	described  string // the text that the deployment was read of
	// marked is since when it is on its way back: from then on no new intent is accepted.
	marked time.Time
	// markedBy is the Lambda that has marked it.
	markedBy string
	// outdated are the Targets that Open has read outdated, with what they serve instead.
	outdated map[shift.Target]*localaws.Alias
	// began is when its first intent was recorded, closed when it had its Outcome.
	began, closed time.Time
	// met are the Targets at which who restores it has seen what a stranger wrote.
	met map[shift.Target]bool
}

// backBefore says whether a try before the one that has closed it had put a Target back,
// as the ledger says and the alias has shown.
func (d *standing) backBefore(t shift.Target) bool {
	return d.back[t] && slices.Contains(d.restored, string(t))
}

// returns notes a Target that serves what it did before, after the mark.
func (v *view) returns(t shift.Target) {
	for _, id := range v.unfinished[t] {
		d := v.deployments[id]
		if c := d.change(t); c != nil && d.status == shift.StatusRestoring && serves(v.target(t).alias, c.Before()) {
			d.back[t] = true
		}
	}
}

func (d *standing) finished() bool { return d.status == shift.StatusClosed }

// change is what the Deployment does to a Target; nil for nothing.
func (d *standing) change(t shift.Target) *shift.Change {
	if d == nil || d.deployment == nil {
		return nil
	}
	for i := range d.deployment.Changes {
		if c := &d.deployment.Changes[i]; c.Target == t {
			return c
		}
	}
	return nil
}

// misread says whether Open has read a Target outdated, and the Target still serves what it
// did then.
func (d *standing) misread(t shift.Target, now *localaws.Alias) bool {
	then, outdated := d.outdated[t]
	return outdated && sameTraffic(then, now)
}

// touched says whether the Deployment may have moved traffic.
func (d *standing) touched() bool { return d.deployment != nil && d.intent > 0 }

// served is what a Target serves.
type served struct {
	alias *localaws.Alias // nil while there is none
	// rest is what it has to serve while nobody shifts it.
	rest *localaws.Alias
	// mayGo says that it may also be gone: a stranger has written it between the last look
	// of who deletes it and its going.
	mayGo bool
	// settled is what it served before a stranger came, and foreign says that what
	// it serves now is the stranger's.
	settled *localaws.Alias
	foreign bool
	// initial is the Revision that it had when the world began.
	initial string
	// edited says that a stranger has come since the last Deployment's end.
	edited bool
	// created is when the alias came into being while the world was watched.
	created time.Time
	// highest is the share that a Deployment has given to its Candidate, by its id.
	highest map[string]shift.Weight
}

func newView() *view {
	return &view{
		deployments: map[string]*standing{}, unfinished: map[shift.Target][]string{}, holders: map[shift.Target]string{},
		served: map[shift.Target]*served{}, unannounced: map[string]bool{}, suspects: map[string]bool{}, provisioned: map[shift.Target]bool{},
	}
}

func (v *view) target(t shift.Target) *served {
	s := v.served[t]
	if s == nil {
		s = &served{highest: map[string]shift.Weight{}}
		v.served[t] = s
	}
	return s
}

// holder is the Deployment that holds a Target; nil when none does.
func (v *view) holder(t shift.Target) *standing {
	if d := v.deployments[v.holders[t]]; d != nil && !d.finished() {
		return d
	}
	return nil // a Deployment that has ended may keep the lock for a while
}

// whatOf is what an item of the table is about: its kind, the Deployment or Target
// that has it, and the rest of its key.
func whatOf(before, after dynamodb.Item) (kind, of, sk string) {
	if after == nil {
		after = before
	}
	pk := text(after, flow.LedgerPartitionKey)
	kind, of, _ = strings.Cut(pk, "#")
	return kind, of, text(after, flow.LedgerSortKey)
}

// keep notes a record as it was written, and returns it.
func (v *view) keep(id string, record dynamodb.Item) *standing {
	d := v.deployments[id]
	if d == nil {
		d = &standing{id: id, candidates: map[shift.Target]shift.Version{}, back: map[shift.Target]bool{}, met: map[shift.Target]bool{}, outdated: map[shift.Target]*localaws.Alias{}}
		v.deployments[id] = d
		var arrivals []shift.Arrival
		_ = json.Unmarshal([]byte(text(record, "arrivals")), &arrivals)
		for _, a := range arrivals {
			if !isWatched(a.Target) {
				continue // whoever has put it there watches it
			}
			d.targets, d.candidates[a.Target] = append(d.targets, a.Target), a.Candidate
		}
	}
	d.status, d.intent = shift.Status(text(record, "status")), ledgerItem(record).number("intent")
	d.outcome, d.cause = shift.Outcome(text(record, "outcome")), text(record, "cause")
	d.restored, _ = record.Texts("restored")
	if described := text(record, "deployment"); described != d.described {
		d.described, d.deployment = described, &shift.Deployment{}
		_ = json.Unmarshal([]byte(described), d.deployment)
		d.deployment.Changes = slices.DeleteFunc(d.deployment.Changes, func(c shift.Change) bool { return !isWatched(c.Target) })
	}
	for _, t := range d.targets {
		others := slices.DeleteFunc(v.unfinished[t], func(other string) bool { return other == id })
		if !d.finished() {
			others = append(others, id)
		}
		v.unfinished[t] = others
		v.returns(t)
	}
	return d
}

// liveOf is the Target of a function by its ARN: all have the one alias.
func liveOf(arn string) shift.Target {
	_, function, _ := strings.Cut(arn, ":function:")
	return flow.LambdaTarget(function, "live")
}

func sameTraffic(a, b *localaws.Alias) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.FunctionVersion == b.FunctionVersion && maps.Equal(positive(a.Weights), positive(b.Weights))
}

// positive are the weights that send any traffic.
func positive(weights map[string]float64) map[string]shift.Weight {
	var sending map[string]shift.Weight
	for version, share := range weights {
		if share > 0 {
			if sending == nil {
				sending = map[string]shift.Weight{}
			}
			sending[version] = weightOf(share)
		}
	}
	return sending
}

// shareOf is what a version gets of an alias's traffic.
func shareOf(a *localaws.Alias, v shift.Version) shift.Weight {
	if a == nil {
		return shift.None
	}
	if a.FunctionVersion != string(v) {
		return weightOf(a.Weights[string(v)])
	}
	left := shift.All
	for _, w := range a.Weights {
		left -= weightOf(w)
	}
	return left
}

// serves says whether an alias sends traffic as a Route does.
func serves(a *localaws.Alias, r shift.Route) bool { return sameTraffic(a, aliasOf(r)) }

func aliasOf(r shift.Route) *localaws.Alias {
	if r.Serving == "" {
		return nil
	}
	a := &localaws.Alias{FunctionVersion: string(r.Serving)}
	if r.Additional != "" {
		a.Weights = map[string]float64{string(r.Additional): float64(r.Weight) / float64(shift.All)}
	}
	return a
}

func weightOf(share float64) shift.Weight { return shift.Weight(share*float64(shift.All) + 0.5) }

func text(item dynamodb.Item, name string) string {
	value, _ := item.Text(name)
	return value
}
