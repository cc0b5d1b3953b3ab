package route53

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// maxTTL is the longest TTL with which a Deployment may begin, in seconds. A rollback would
// take that long to reach everybody.
const maxTTL = 300

// problems are the reasons why no Deployment can begin with what was found.
func (s state) problems(d division) []string {
	var list []string
	for _, kind := range d.kinds {
		if strange := d.shares[kind].strange; strange != "" {
			list = append(list, fmt.Sprintf("it has for %s %s: leave one simple record, or at most two weighted ones", kind, strange))
		}
		if ttl := ttlOf(s.records, kind); ttl > maxTTL {
			list = append(list, fmt.Sprintf("the TTL of its records %s is %d s, and a rollback would reach viewers only after that: lower it to %d s now, and begin %d s later", kind, ttl, defaultTTL, ttl))
		}
	}
	if len(list) == 0 && d.isStrange() {
		list = append(list, fmt.Sprintf("its types divide the traffic differently (%s): give them the same weights", d.describe()))
	}
	for _, service := range s.services {
		list = append(list, fmt.Sprintf("it has a record %s, which would go on naming the endpoint of the stable version: remove it, and begin after its TTL", service))
	}
	if s.isForeignGuard {
		list = append(list, fmt.Sprintf("the record TXT %s has something that Sluice did not write: remove it", s.place.guard()))
	}
	return list
}

// CheckStart returns shift.ErrRouteRefused for records that Sluice cannot shift, with all
// reasons, or shift.ErrTargetWeighted for a name that somebody else is shifting.
func (r *Router) CheckStart(t shift.Target, found shift.Route, _ bool) error {
	l, err := decodeLayout(found.Detail)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", t, err)
	case len(l.Problems) > 0:
		return fmt.Errorf("%w: %s: %s", shift.ErrRouteRefused, t, strings.Join(l.Problems, "; "))
	case !found.IsWhole():
		return fmt.Errorf("%w: %s has %s, and no deployment of Sluice did that: finish that shift first, or give one of the records the weight 0",
			shift.ErrTargetWeighted, t, found)
	}
	return nil
}

// traits are what two versions must fit in to share a name.
type traits struct {
	Endpoints endpoints `json:"endpoints"`
	Kinds     []string  `json:"kinds"` // the types of records that the name has
	Private   bool      `json:"private,omitempty"`
}

func (t traits) encode() string {
	text, _ := json.Marshal(t) // texts can always be encoded
	return string(text)
}

func (t traits) isCloudFront() bool {
	for _, to := range t.Endpoints {
		if to.isCloudFront() {
			return true
		}
	}
	return false
}

// CheckCompatible returns shift.ErrRouteRefused, with all reasons, if weights cannot divide
// the traffic of the name between the two versions.
func (r *Router) CheckCompatible(t shift.Target, stable, candidate shift.Published) error {
	var before, after traits
	for p, into := range map[*shift.Published]*traits{&stable: &before, &candidate: &after} {
		if err := json.Unmarshal([]byte(p.Traits), into); err != nil {
			return fmt.Errorf("read the traits of %s of %s: %w", p.Version, t, err)
		}
	}
	problems := after.unfit()
	if before.isCloudFront() && after.isCloudFront() {
		// CloudFront Developer Guide, CNAMEs: the more specific name wins "regardless of the
		// distribution that the DNS record points to".
		problems = append(problems, "both versions are CloudFront distributions, and CloudFront sends all viewers of a name to the one distribution that has it, whatever DNS says: shift releases within one distribution, with a target cloudfront")
	}
	if len(problems) > 0 {
		return fmt.Errorf("%w: %s cannot be divided between %s and %s: %s", shift.ErrRouteRefused, t, stable.Version, candidate.Version, strings.Join(problems, "; "))
	}
	return nil
}

// unfit returns why a version cannot serve the name.
func (t traits) unfit() []string {
	var problems []string
	for _, kind := range t.Kinds {
		to, has := t.Endpoints.of(kind)
		switch {
		case !has:
			problems = append(problems, fmt.Sprintf("the name has records %s, and the candidate has none: give it some, or remove those of the name", kind))
		case kind == typeAAAA && to.isWebsite():
			problems = append(problems, "the name has records AAAA, and a website of S3 has no IPv6 addresses: remove them first, and begin after their TTL")
		}
	}
	for _, kind := range kinds {
		if _, has := t.Endpoints[kind]; has && !slices.Contains(t.Kinds, kind) {
			problems = append(problems, fmt.Sprintf("the candidate has records %s, and the name has none: Sluice moves only what is there", kind))
		}
	}
	if t.Private && t.isCloudFront() {
		problems = append(problems, "a private zone has no alias of a CloudFront distribution: use the public zone")
	}
	return problems
}

// CheckArrival returns shift.ErrTargetNotFound for a name that does not exist.
func (r *Router) CheckArrival(ctx context.Context, a shift.Arrival) error {
	_, err := r.readTarget(ctx, a.Target)
	return err
}

// Publish returns shift.ErrVersionNotFound: Route 53 has nothing to publish.
func (r *Router) Publish(_ context.Context, t shift.Target) (shift.Published, error) {
	return shift.Published{}, fmt.Errorf("publish %s: %w: name the candidate, because Route 53 has nothing to publish", t, shift.ErrVersionNotFound)
}

// Wake does nothing: an endpoint is not idle.
func (r *Router) Wake(context.Context, shift.Target, shift.Version) error { return nil }

// DescribeVersion reads what is known of an endpoint at a Target. It returns
// shift.ErrVersionNotFound for a text that is no endpoint. Whether the endpoint answers is
// not known to Route 53.
func (r *Router) DescribeVersion(ctx context.Context, t shift.Target, v shift.Version) (shift.Published, error) {
	e, err := parseVersion(v)
	if err != nil {
		return shift.Published{}, fmt.Errorf("read version %q of %s: %w: %w", shift.BoundText(string(v), 80), t, shift.ErrVersionNotFound, err)
	}
	s, err := r.readTarget(ctx, t)
	if err != nil {
		return shift.Published{}, err
	}
	has := traits{Endpoints: e, Kinds: kindsOf(s.records)}
	if has.isCloudFront() {
		zone, err := r.api.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: aws.String(s.zone)})
		if err != nil {
			return shift.Published{}, fmt.Errorf("read the zone of %s: %w", t, meaning(err))
		}
		has.Private = zone.HostedZone != nil && zone.HostedZone.Config != nil && zone.HostedZone.Config.PrivateZone
	}
	return shift.Published{Version: v, Readiness: shift.Ready, Traits: has.encode(), Note: s.note(e)}, nil
}

// note says what people should know of an endpoint before it shares the name.
func (s state) note(e endpoints) string {
	var notes []string
	for _, to := range e {
		if to.isWebsite() {
			notes = []string{"a website of S3 serves only HTTP, and its bucket must have the name of the site"}
		}
	}
	checked := func(r record) bool { return r.HealthCheck != "" || strings.HasSuffix(string(r.To), withHealth) }
	if slices.ContainsFunc(s.records, checked) {
		notes = append(notes, "the records have health checks: while the stable version is unhealthy, Route 53 may send more than the weight to the candidate")
	}
	return strings.Join(notes, "; ")
}

// DescribeChange returns what hooks receive about a Change: a flow.AskedRoute53.
func (r *Router) DescribeChange(c shift.Change) (any, error) { return flow.AskAboutRoute53(c) }

// CheckCandidate does nothing: an endpoint is nowhere that Route 53 knows.
func (r *Router) CheckCandidate(context.Context, shift.Arrival) error { return nil }
