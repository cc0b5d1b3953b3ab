package route53

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Record is a resource record set, as in the API.
type Record struct {
	Name          string
	Type          string
	SetIdentifier string   `xml:",omitempty"`
	Weight        *int64   `xml:",omitempty"`
	Region        string   `xml:",omitempty"`
	GeoLocation   *GeoArea `xml:",omitempty"`
	Failover      string   `xml:",omitempty"`
	MultiValue    *bool    `xml:"MultiValueAnswer,omitempty"`
	TTL           *int64   `xml:",omitempty"`
	Values        *Values  `xml:"ResourceRecords,omitempty"`
	Alias         *Alias   `xml:"AliasTarget,omitempty"`
	HealthCheck   string   `xml:"HealthCheckId,omitempty"`

	Unknown protocol.UnknownElement `xml:",any,omitempty" json:"-"`
}

// Values are the values of a record that is no alias.
type Values struct {
	List []Value `xml:"ResourceRecord"`
}

// Value is one value, as in a zone file.
type Value struct {
	Value string
}

// Alias is the target of an alias record.
type Alias struct {
	Zone                 string `xml:"HostedZoneId"`
	DNSName              string
	EvaluateTargetHealth bool
}

// GeoArea is where a geolocation record answers.
type GeoArea struct {
	ContinentCode   string `xml:",omitempty"`
	CountryCode     string `xml:",omitempty"`
	SubdivisionCode string `xml:",omitempty"`
}

// Simple returns a record with values.
func Simple(name, kind string, ttl int64, values ...string) Record {
	r := Record{Name: name, Type: kind, TTL: &ttl, Values: &Values{}}
	for _, value := range values {
		r.Values.List = append(r.Values.List, Value{value})
	}
	return r
}

// AliasOf returns a record that is an alias.
func AliasOf(name, kind, zone, dnsName string) Record {
	return Record{Name: name, Type: kind, Alias: &Alias{Zone: zone, DNSName: dnsName}}
}

// Weighted returns the record with a weight.
func (r Record) Weighted(setIdentifier string, weight int64) Record {
	r.SetIdentifier, r.Weight = setIdentifier, &weight
	return r
}

// values are the record's values. It has none if it is an alias.
func (r Record) values() []string {
	if r.Values == nil {
		return nil
	}
	list := make([]string, len(r.Values.List))
	for i, v := range r.Values.List {
		list[i] = v.Value
	}
	return list
}

// Answer is what a name server answers: the values, or the name of the alias's target.
func (r Record) Answer() []string {
	if r.Alias != nil {
		return []string{r.Alias.DNSName}
	}
	return r.values()
}

// key identifies a record in its zone.
type key struct{ name, kind, set string }

func (r Record) key() key { return key{r.Name, r.Type, r.SetIdentifier} }

// compareKeys orders records as ListResourceRecordSets does: by the name with its labels
// reversed, then by the type, then by the set identifier.
func compareKeys(a, b key) int {
	return cmp.Or(
		cmp.Compare(reversed(a.name), reversed(b.name)),
		cmp.Compare(a.kind, b.kind),
		cmp.Compare(a.set, b.set),
	)
}

// reversed returns a name with its labels in reverse order. The dot at the end counts in
// comparisons (ListResourceRecordSets, Sort order).
func reversed(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}

// normalName returns a name as Route 53 stores it: in lower case, with a dot at the end, and
// with the asterisk as an escape.
func normalName(name string) string {
	name = strings.ReplaceAll(strings.ToLower(name), "*", `\052`)
	if !strings.HasSuffix(name, ".") {
		name += "."
	}
	return name
}

// normal returns the record as Route 53 stores it.
func (r Record) normal() Record {
	r.Name = normalName(r.Name)
	if r.Alias != nil {
		alias := *r.Alias
		alias.DNSName = normalName(alias.DNSName)
		r.Alias = &alias
	}
	if r.Type == "AAAA" && r.Values != nil {
		values := &Values{}
		for _, v := range r.Values.List {
			if address, err := netip.ParseAddr(v.Value); err == nil {
				v.Value = address.String()
			}
			values.List = append(values.List, v)
		}
		r.Values = values
	}
	return r
}

// policy is the routing policy of a record.
func (r Record) policy() string {
	switch {
	case r.Weight != nil:
		return "weighted"
	case r.Region != "":
		return "latency"
	case r.GeoLocation != nil:
		return "geolocation"
	case r.Failover != "":
		return "failover"
	case r.MultiValue != nil && *r.MultiValue:
		return "multivalue answer"
	}
	return "simple"
}

// isCloudFront says whether the record is an alias of a distribution.
func (r Record) isCloudFront() bool { return r.Alias != nil && r.Alias.Zone == cloudFrontZone }

// matches says whether a DELETE of r deletes the stored record: TTL, values and alias target
// are compared. The weight and the other attributes are not (moto issue 7151: Terraform
// leaves them out).
func (r Record) matches(stored Record) bool {
	if (r.Alias == nil) != (stored.Alias == nil) {
		return false
	}
	if r.Alias != nil {
		return *r.Alias == *stored.Alias
	}
	return *r.TTL == *stored.TTL && slices.Equal(sorted(r.values()), sorted(stored.values()))
}

func sorted(values []string) []string {
	list := slices.Clone(values)
	slices.Sort(list)
	return list
}
