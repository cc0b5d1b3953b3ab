package route53

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sluice-aws/sluice/internal/shift"
)

// layout is the form in which a Target was found: its records, and why no Deployment can
// begin with them. A Route's Detail holds it.
type layout struct {
	Records  []record `json:"records"`
	Problems []string `json:"problems,omitempty"`
}

// maxDetail bounds a Detail, in bytes. It is kept with the Deployment.
const maxDetail = 4 << 10

// encode returns the layout as a Detail. One that is too large loses its records, and says so.
func (l layout) encode() string {
	text, _ := json.Marshal(l) // texts and numbers can always be encoded
	if len(text) <= maxDetail {
		return string(text)
	}
	l.Records = nil
	l.Problems = []string{"its records have too many values for Sluice to keep: put the addresses behind one alias"}
	text, _ = json.Marshal(l)
	return string(text)
}

func decodeLayout(detail string) (l layout, err error) {
	if detail == "" {
		return l, errors.New("the records that were found at the start are missing")
	}
	if err = json.Unmarshal([]byte(detail), &l); err != nil {
		return l, fmt.Errorf("read the records that were found at the start: %w", err)
	}
	return l, nil
}

// form is how the records of one type were found. idle is the second record of a pair that
// the user had.
type form struct {
	serving record
	idle    *record
}

// form returns the form of a type. Records with the set identifiers of Sluice were simple
// before.
func (l layout) form(kind string) (form, error) {
	found := ofType(l.Records, kind)
	switch {
	case len(found) == 0 || len(found) > 2:
		return form{}, fmt.Errorf("%d records %s were found at the start", len(found), kind)
	case len(found) == 1:
		return form{serving: simple(found[0])}, nil
	}
	stable, other := found[0], found[1]
	if isCandidateOf(stable, other, "") {
		stable, other = other, stable
	}
	if isOwnSet(stable.Set) || isOwnSet(other.Set) {
		return form{serving: simple(stable)}, nil
	}
	return form{serving: stable, idle: &other}, nil
}

// simple takes away a set identifier of Sluice.
func simple(r record) record {
	if isOwnSet(r.Set) {
		r.Set, r.Weight = "", 0
	}
	return r
}

// A pair of weights has this sum, so that a share can be set in steps of half a percent. A
// record that gets everything has the largest weight (ResourceRecordSet, Weight: 0 to 255).
const (
	weightSum = 200
	maxWeight = 255
	grain     = shift.All / weightSum
)

// whole returns the records that send everything to one endpoint.
func (f form) whole(to endpoint, ttl int64) []record {
	if f.idle == nil {
		return []record{f.serving.leadingTo(to, ttl)}
	}
	serving, idle := *f.idle, f.serving
	if to == f.serving.To {
		serving, idle = f.serving, *f.idle
	} else {
		serving.Weight, idle.Weight = maxWeight, 0
	}
	return []record{serving.leadingTo(to, ttl), idle.leadingTo(idle.To, ttl)}
}

// divided returns the records that give the additional endpoint a weight.
func (f form) divided(serving, additional endpoint, weight, ttl int64) []record {
	stable, other := f.serving, record{Type: f.serving.Type, Set: candidateSet}
	if f.idle != nil {
		other = *f.idle
	}
	if stable.Set == "" {
		stable.Set = stableSet
	}
	stable.Weight, other.Weight = weightSum-weight, weight
	return []record{stable.leadingTo(serving, ttl), other.leadingTo(additional, ttl)}
}

// plan is what a write leaves: the records, and which of them are the Candidate's.
type plan struct {
	records    []record
	additional map[string]string // as in guard
}

// plan returns the records for a Route. found are those that the Target has: their types are
// written, and their TTL is kept, because somebody may have changed it.
func (l layout) plan(wanted shift.Route, found []record) (plan, error) {
	serving, err := parseVersion(wanted.Serving)
	if err != nil {
		return plan{}, fmt.Errorf("%q: %w", string(wanted.Serving), err)
	}
	additional := endpoints{}
	if !wanted.IsWhole() {
		if additional, err = parseVersion(wanted.Additional); err != nil {
			return plan{}, fmt.Errorf("%q: %w", string(wanted.Additional), err)
		}
		if wanted.Weight%grain != 0 || wanted.Weight <= shift.None || wanted.Weight >= shift.All {
			return plan{}, fmt.Errorf("Route 53 takes multiples of %s below 100%%, not %s", grain, wanted.Weight)
		}
	}
	p := plan{additional: map[string]string{}}
	for _, kind := range kindsOf(found) {
		if err := p.add(l.orElse(found, kind), kind, serving, additional, wanted, cmp.Or(ttlOf(found, kind), ttlOf(l.Records, kind))); err != nil {
			return plan{}, err
		}
	}
	return p, nil
}

// orElse returns the layout, or one of the records found if it has none of a type: somebody
// has added them.
func (l layout) orElse(found []record, kind string) layout {
	if len(ofType(l.Records, kind)) == 0 {
		return layout{Records: found}
	}
	return l
}

func (p *plan) add(l layout, kind string, serving, additional endpoints, wanted shift.Route, ttl int64) error {
	f, err := l.form(kind)
	if err != nil {
		return err
	}
	to, has := serving.of(kind)
	if !has {
		return fmt.Errorf("%s has no records %s", wanted.Serving, kind)
	}
	if wanted.IsWhole() {
		p.records = append(p.records, f.whole(to, ttl)...)
		return nil
	}
	beside, has := additional.of(kind)
	if !has {
		return fmt.Errorf("%s has no records %s", wanted.Additional, kind)
	}
	p.additional[kind] = ""
	if f.idle != nil {
		p.additional[kind] = digestOfSet(f.idle.Set)
	}
	p.records = append(p.records, f.divided(to, beside, int64(wanted.Weight/grain), ttl)...)
	return nil
}
