package route53

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/sluice-aws/sluice/internal/shift"
)

// state is what Route 53 has at a Target.
type state struct {
	place
	records []record
	listed  []types.ResourceRecordSet // the records as Route 53 lists them
	guards  []types.ResourceRecordSet
	guard   guard // empty if there is none, or one that Sluice did not write
	// isForeignGuard says that the guard's name has something else.
	isForeignGuard bool
	// services are the types of records beside that name an endpoint of their own.
	services []string
}

// pageSize is how many records are read at once. The guard and all records of a Target are
// nearly always among them.
const pageSize = 100

// read lists the records of a Target and its guard. Lists show changes that are PENDING
// (ListResourceRecordSets). If the guard is not on the first page, it is read after the
// records. Something may be written in between; then the guard's token belongs to another
// write than the records, no Route has that Revision, and every write with it is refused.
func (r *Router) read(ctx context.Context, p place) (state, error) {
	s := state{place: p}
	next, err := r.list(ctx, &s, p.name)
	if err == nil && (next == p.guard() || len(s.guards) == 0 && strings.HasSuffix(next, "."+p.name)) {
		s.guards = nil
		_, err = r.list(ctx, &s, p.guard())
	}
	if err != nil {
		return s, err
	}
	if len(s.guards) > 0 {
		var own bool
		if values := valuesOf(s.guards[0]); len(s.guards) == 1 && len(values) == 1 {
			s.guard, own = parseGuard(values[0])
		}
		if s.isForeignGuard = !own; s.isForeignGuard {
			s.guard = guard{}
		}
	}
	return s, nil
}

// list adds all records of a name to the state, and those that follow on the same page. It
// returns the name that comes next, or "".
func (r *Router) list(ctx context.Context, s *state, name string) (next string, err error) {
	input := &route53.ListResourceRecordSetsInput{HostedZoneId: &s.zone, StartRecordName: aws.String(name + "."), MaxItems: aws.Int32(pageSize)}
	for {
		page, err := r.api.ListResourceRecordSets(ctx, input)
		if err != nil {
			return "", err
		}
		for _, set := range page.ResourceRecordSets {
			s.add(set)
		}
		next = plainName(aws.ToString(page.NextRecordName))
		if !page.IsTruncated || next != name {
			return next, nil
		}
		input.StartRecordName, input.StartRecordType, input.StartRecordIdentifier = page.NextRecordName, page.NextRecordType, page.NextRecordIdentifier
	}
}

// add takes what belongs to the Target.
func (s *state) add(set types.ResourceRecordSet) {
	name := plainName(aws.ToString(set.Name))
	switch {
	case name == s.place.guard() && set.Type == types.RRTypeTxt:
		s.guards = append(s.guards, set)
	case name != s.name:
	case slices.Contains(kinds, string(set.Type)):
		s.records, s.listed = append(s.records, recordOf(set)), append(s.listed, set)
	case set.Type == types.RRTypeHttps || set.Type == types.RRTypeSvcb:
		s.services = append(s.services, string(set.Type))
	}
}

// revision changes with everything that somebody may write at the Target.
func (s state) revision() shift.Revision {
	return shift.Revision(s.guard.token + "." + digest(s.records, guardText(s.guards)))
}

// route returns the state as a Route.
func (s state) route() shift.Route {
	d := s.division()
	r := d.route()
	r.Revision, r.Lag = s.revision(), s.lag()
	r.Detail = layout{Records: s.records, Problems: s.problems(d)}.encode()
	return r
}

// lag is how long viewers may see the Route before this one: until all name servers have a
// change, and then for the TTL of the records.
func (s state) lag() shift.Seconds {
	ttl := int64(defaultTTL)
	for _, r := range s.records {
		ttl = max(ttl, r.TTL)
	}
	return propagation + shift.Seconds(ttl)
}

// share is how the records of one type divide the traffic.
type share struct {
	serving, additional endpoint // additional is empty if serving gets everything
	weight              shift.Weight
	// strange says what is there if it is no division that Sluice knows.
	strange string
}

// divide returns how the records of a type divide the traffic. candidate is the digest of the
// set identifier of the Candidate's record, if the guard has it.
func divide(of []record, candidate string) share {
	for _, r := range of {
		if r.Policy != "" {
			return share{strange: fmt.Sprintf("%d records with another routing policy (%s)", len(of), r.Policy)}
		}
	}
	switch len(of) {
	case 1:
		return share{serving: of[0].To}
	case 2:
		return dividePair(of[0], of[1], candidate)
	}
	return share{strange: fmt.Sprintf("%d weighted records", len(of))}
}

func dividePair(stable, other record, candidate string) share {
	own := isOwnSet(stable.Set) || isOwnSet(other.Set)
	if isCandidateOf(stable, other, candidate) {
		stable, other = other, stable
	}
	sum := stable.Weight + other.Weight
	switch {
	case sum == 0: // both are answered alike (ResourceRecordSet, Weight)
		return share{serving: stable.To, additional: other.To, weight: shift.Foreign}
	case !own && other.Weight == 0:
		return share{serving: stable.To}
	case !own && stable.Weight == 0:
		return share{serving: other.To}
	case other.Weight*int64(shift.All)%sum != 0:
		return share{serving: stable.To, additional: other.To, weight: shift.Foreign}
	}
	return share{serving: stable.To, additional: other.To, weight: shift.Weight(other.Weight * int64(shift.All) / sum)}
}

// isCandidateOf says whether the first of two records is the Candidate's: by Sluice's own
// set identifier, by the guard, or by the smaller weight.
func isCandidateOf(first, second record, candidate string) bool {
	switch {
	case first.Set == candidateSet || second.Set == stableSet:
		return true
	case second.Set == candidateSet || first.Set == stableSet:
		return false
	case candidate != "":
		return digestOfSet(first.Set) == candidate
	}
	return first.Weight < second.Weight
}

// division is how the records of all types divide the traffic.
type division struct {
	kinds  []string
	shares map[string]share
}

func (s state) division() division {
	d := division{kinds: kindsOf(s.records), shares: map[string]share{}}
	isDivided := false
	for _, kind := range d.kinds {
		found := divide(ofType(s.records, kind), s.guard.additional[kind])
		d.shares[kind] = found
		isDivided = isDivided || found.additional != ""
	}
	if isDivided && len(s.guard.additional) > 0 {
		d.compareKinds(s.guard.additional)
	}
	return d
}

// compareKinds marks the types that are not those that Sluice has divided.
func (d *division) compareKinds(divided map[string]string) {
	for _, kind := range kinds {
		_, was := divided[kind]
		found, is := d.shares[kind]
		switch {
		case was && !is:
			d.kinds, d.shares[kind] = append(d.kinds, kind), share{strange: "nothing"}
		case is && !was:
			found.strange = "records that somebody has added"
			d.shares[kind] = found
		}
	}
}

// isStrange says whether no Route describes the division.
func (d division) isStrange() bool {
	first := d.shares[d.kinds[0]]
	for _, s := range d.shares {
		if s.strange != "" || s.weight != first.weight || (s.additional == "") != (first.additional == "") {
			return true
		}
	}
	return false
}

// route returns the division as a Route. What no Route describes becomes a version that
// nobody can ask for, and that says to people what is there.
func (d division) route() shift.Route {
	if d.isStrange() {
		return shift.Route{Serving: shift.Version(d.describe())}
	}
	serving, additional := endpoints{}, endpoints{}
	for kind, s := range d.shares {
		serving[kind] = s.serving
		if s.additional != "" {
			additional[kind] = s.additional
		}
	}
	return shift.Route{Serving: serving.version(), Additional: additional.version(), Weight: d.shares[d.kinds[0]].weight}
}

// maxDescription bounds the description of a strange division, in characters.
const maxDescription = 300

func (d division) describe() string {
	parts := make([]string, len(d.kinds))
	for i, kind := range d.kinds {
		s := d.shares[kind]
		parts[i] = fmt.Sprintf("%s: %s", kind, s.strange)
		if s.strange == "" {
			parts[i] = fmt.Sprintf("%s: %s", kind, shift.Route{Serving: shift.Version(s.serving), Additional: shift.Version(s.additional), Weight: s.weight})
		}
	}
	return shift.BoundText(strings.Join(parts, "; "), maxDescription)
}
