package route53

import (
	"slices"
	"time"
)

// aliasTTL is how long an answer for an alias may be kept. It is that of a load balancer
// (Route 53 Developer Guide, choosing between alias and non-alias records); AWS does not
// say what others have.
const aliasTTL = 60 * time.Second

// Resolvers are the resolvers of viewers. Each keeps an answer for its TTL. As soon as it ends,
// some viewer asks again, and the name servers draw a record by its weight. So the shares of the
// viewers follow the weights with a lag. A and AAAA are drawn independently.
//
// The answers of the resolvers end at times that are spread evenly over the TTL. Several
// goroutines may not use Resolvers at once.
type Resolvers struct {
	zones  *Zones
	random func() float64
	kept   []map[question]kept
}

type question struct{ zone, name, kind string }

type kept struct {
	answer []string
	ttl    time.Duration
	until  time.Time
}

// NewResolvers returns resolvers without answers. random returns numbers from 0 to below 1.
func NewResolvers(of *Zones, count int, random func() float64) *Resolvers {
	r := &Resolvers{zones: of, random: random, kept: make([]map[question]kept, count)}
	for i := range r.kept {
		r.kept[i] = map[question]kept{}
	}
	return r
}

// Resolve returns what a resolver answers now: the values of a record, or the name of an
// alias's target. It returns nothing if there is no such record.
func (r *Resolvers) Resolve(resolver int, zoneID, name, kind string) []string {
	now := r.zones.account.Now()
	q := question{zoneID, normalName(name), kind}
	have, asked := r.kept[resolver][q]
	if asked && now.Before(have.until) {
		return have.answer
	}
	at := now
	if asked && have.ttl > 0 { // the answers since then have ended, too
		at = have.until.Add(now.Sub(have.until).Truncate(have.ttl))
	}
	drawn, found := draw(r.zones.serving(zoneID, name, kind, at), r.random)
	if !found {
		delete(r.kept[resolver], q)
		return nil
	}
	ttl := aliasTTL
	if drawn.TTL != nil {
		ttl = time.Duration(*drawn.TTL) * time.Second
	}
	until := at.Add(ttl)
	if !asked { // the first answer is already some time old
		until = until.Add(-ttl * time.Duration(resolver) / time.Duration(len(r.kept)))
	}
	r.kept[resolver][q] = kept{drawn.Answer(), ttl, until}
	return drawn.Answer()
}

// draw draws a record by its weight. If all weights are zero, each is as likely (Weight in
// ResourceRecordSet). It returns false if there is none.
func draw(records []Record, random func() float64) (Record, bool) {
	if len(records) == 0 {
		return Record{}, false
	}
	weights := make([]int64, len(records))
	sum := int64(0)
	for i, r := range records {
		if r.Weight != nil {
			weights[i] = *r.Weight
		}
		sum += weights[i]
	}
	if sum == 0 {
		weights, sum = slices.Repeat([]int64{1}, len(records)), int64(len(records))
	}
	at := int64(random() * float64(sum))
	for i, w := range weights {
		if at -= w; at < 0 {
			return records[i], true
		}
	}
	return records[len(records)-1], true
}
