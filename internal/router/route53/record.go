package route53

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// record is a record of a Target, in a form that does not depend on how Route 53 writes it.
type record struct {
	Type        string   `json:"type"`
	Set         string   `json:"set,omitempty"` // the set identifier; empty in a simple record
	Weight      int64    `json:"weight,omitempty"`
	TTL         int64    `json:"ttl,omitempty"` // in seconds; 0 for an alias
	To          endpoint `json:"to"`
	HealthCheck string   `json:"healthCheck,omitempty"`
	// Policy names a routing policy that Sluice does not shift, and what distinguishes the
	// record in it.
	Policy string `json:"policy,omitempty"`
}

// The set identifiers of the records that Sluice adds.
const (
	stableSet    = "sluice-stable"
	candidateSet = "sluice-candidate"
)

func isOwnSet(set string) bool { return set == stableSet || set == candidateSet }

func recordOf(set types.ResourceRecordSet) record {
	r := record{
		Type: string(set.Type), Set: aws.ToString(set.SetIdentifier), Weight: aws.ToInt64(set.Weight), TTL: aws.ToInt64(set.TTL),
		HealthCheck: aws.ToString(set.HealthCheckId), Policy: otherPolicy(set),
	}
	if set.AliasTarget != nil {
		r.To = aliasEndpoint(*set.AliasTarget)
	} else {
		r.To = valuesEndpoint(r.Type, valuesOf(set))
	}
	return r
}

func valuesOf(set types.ResourceRecordSet) []string {
	list := make([]string, len(set.ResourceRecords))
	for i, value := range set.ResourceRecords {
		list[i] = aws.ToString(value.Value)
	}
	return list
}

// otherPolicy names the routing policy of a record that is neither simple nor weighted.
func otherPolicy(set types.ResourceRecordSet) string {
	switch {
	case set.Region != "":
		return "latency " + string(set.Region)
	case set.Failover != "":
		return "failover " + string(set.Failover)
	case set.GeoLocation != nil:
		return fmt.Sprintf("geolocation %s %s %s", aws.ToString(set.GeoLocation.ContinentCode), aws.ToString(set.GeoLocation.CountryCode), aws.ToString(set.GeoLocation.SubdivisionCode))
	case set.GeoProximityLocation != nil:
		return "geoproximity"
	case set.CidrRoutingConfig != nil:
		return "IP-based"
	case set.TrafficPolicyInstanceId != nil:
		return "traffic policy " + *set.TrafficPolicyInstanceId
	case aws.ToBool(set.MultiValueAnswer):
		return "multivalue answer"
	case set.SetIdentifier != nil && set.Weight == nil:
		return "unknown"
	}
	return ""
}

// defaultTTL is the TTL of records with values that stand beside an alias, or take its place.
// It is how long resolvers keep the answer of an alias (Route 53 Developer Guide, values
// specific for weighted alias records).
const defaultTTL = 60

// set returns the record as Route 53 takes it.
func (r record) set(name string) types.ResourceRecordSet {
	set := types.ResourceRecordSet{Name: aws.String(name + "."), Type: types.RRType(r.Type), AliasTarget: r.To.target(r.Type)}
	if set.AliasTarget == nil {
		set.TTL = aws.Int64(cmp.Or(r.TTL, defaultTTL))
		for value := range strings.SplitSeq(string(r.To), ",") {
			set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: aws.String(value)})
		}
	}
	if r.Set != "" {
		set.SetIdentifier, set.Weight = aws.String(r.Set), aws.Int64(r.Weight)
	}
	if r.HealthCheck != "" {
		set.HealthCheckId = aws.String(r.HealthCheck)
	}
	return set
}

// leadingTo returns the record with another endpoint. The health check belongs to the
// endpoint, and does not come along.
func (r record) leadingTo(to endpoint, ttl int64) record {
	if r.To != to {
		r.To, r.HealthCheck = to, ""
	}
	r.TTL = 0
	if to.target(r.Type) == nil {
		r.TTL = cmp.Or(ttl, defaultTTL)
	}
	return r
}

// digest returns 8 bytes of a SHA-256 over the records and the guard, as text.
func digest(records []record, guard string) string {
	lines := make([]string, len(records))
	for i, r := range records {
		lines[i] = fmt.Sprintf("%s %q %d %d %q %q %q", r.Type, r.Set, r.Weight, r.TTL, r.To, r.HealthCheck, r.Policy)
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n") + "\n" + guard))
	return hex.EncodeToString(sum[:8])
}

// ofType returns the records of a type, in the order of their set identifiers.
func ofType(records []record, kind string) []record {
	var found []record
	for _, r := range records {
		if r.Type == kind {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b record) int { return cmp.Compare(a.Set, b.Set) })
	return found
}

// kindsOf returns the types that the records have, in their order.
func kindsOf(records []record) []string {
	var found []string
	for _, kind := range kinds {
		if len(ofType(records, kind)) > 0 {
			found = append(found, kind)
		}
	}
	return found
}

// ttlOf returns the TTL of a type's records, 0 if all are aliases.
func ttlOf(records []record, kind string) (ttl int64) {
	for _, r := range ofType(records, kind) {
		ttl = max(ttl, r.TTL)
	}
	return ttl
}
