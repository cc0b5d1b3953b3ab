package route53

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Limits of a batch and of a group (Route 53 Developer Guide, DNSLimitations).
const (
	maxValues     = 1000
	maxCharacters = 32000
	maxWeighted   = 100
)

// cloudFrontZone is the zone of all distributions (AliasTarget, HostedZoneId).
const cloudFrontZone = "Z2FDTNDATAQYW2"

// Change is one change of a batch.
type Change struct {
	Action string
	Record Record `xml:"ResourceRecordSet"`

	Unknown protocol.UnknownElement `xml:",any,omitempty" json:"-"`
}

// Batch is a batch of changes.
type Batch struct {
	Comment string
	Changes []Change `xml:"Changes>Change"`

	Unknown protocol.UnknownElement `xml:",any,omitempty" json:"-"`
}

// context returns the condition keys of the batch (Route 53 Developer Guide, Using IAM policy
// conditions for fine-grained access control).
func (b Batch) context() *protocol.RequestContext {
	const prefix = Name + ":ChangeResourceRecordSets"
	keys := map[string][]string{}
	for _, c := range b.Changes {
		for key, value := range map[string]string{
			"NormalizedRecordNames": strings.TrimSuffix(normalName(c.Record.Name), "."),
			"RecordTypes":           strings.ToUpper(c.Record.Type),
			"Actions":               strings.ToUpper(c.Action),
		} {
			if !slices.Contains(keys[prefix+key], value) {
				keys[prefix+key] = append(keys[prefix+key], value)
			}
		}
	}
	return &protocol.RequestContext{Keys: keys}
}

// draft is the copy of a zone's records on which a batch is applied.
type draft struct {
	zone     Zone
	records  []Record
	problems []string
	done     map[string]bool
}

// apply applies changes in their order on a copy of the records, and returns the copy. The
// messages about all changes come together.
func (z *zone) apply(changes []Change) ([]Record, error) {
	d := draft{zone: z.Zone, records: slices.Clone(z.records()), done: map[string]bool{}}
	if over := overLimits(changes); over != "" {
		return nil, invalidBatch([]string{over})
	}
	for _, c := range changes {
		if err := c.Record.checkForm(c.Action); err != nil {
			return nil, err
		}
	}
	for _, c := range changes {
		d.change(c.Action, c.Record.normal())
	}
	if len(d.problems) > 0 {
		return nil, invalidBatch(d.problems)
	}
	slices.SortFunc(d.records, func(a, b Record) int { return compareKeys(a.key(), b.key()) })
	return d.records, nil
}

// overLimits returns the message for a batch that is too large, or "". An UPSERT counts
// twice. The messages are in DNSControl issues 493 and 908.
func overLimits(changes []Change) string {
	values, characters := 0, 0
	for _, c := range changes {
		times := 1
		if c.Action == "UPSERT" {
			times = 2
		}
		values += times * len(c.Record.values())
		for _, v := range c.Record.values() {
			characters += times * len(v)
		}
	}
	switch {
	case values > maxValues:
		return "Number of records limit of 1000 exceeded."
	case characters > maxCharacters:
		return "RDATA character limit of 32000 exceeded."
	}
	return ""
}

// invalidBatch returns the error for the messages of a batch. AWS has two forms of it. This
// is the one that today's issues show: all messages in one text, in brackets
// (external-dns issue 2426).
func invalidBatch(messages []string) error {
	return protocol.NewError(http.StatusBadRequest, "InvalidChangeBatch", "[%s]", strings.Join(messages, ", "))
}

func (d *draft) refuse(format string, args ...any) {
	d.problems = append(d.problems, fmt.Sprintf(format, args...))
}

// change applies one change. A change that is refused is skipped, and the next ones are
// judged without it.
func (d *draft) change(action string, r Record) {
	if !within(r.Name, d.zone.Name) {
		d.refuse("RRSet with DNS name %s is not permitted in zone %s", r.Name, d.zone.Name)
		return
	}
	once := fmt.Sprint(action == "DELETE", r.key())
	if d.done[once] {
		d.refuse("The request contains an invalid set of changes for a resource record set '%s %s'", r.Type, r.Name)
		return
	}
	d.done[once] = true
	at := slices.IndexFunc(d.records, func(stored Record) bool { return stored.key() == r.key() })
	switch {
	case action == "DELETE":
		d.delete(r, at)
	case action == "CREATE" && at >= 0:
		d.refuse("Tried to create resource record set %s but it already exists", described(r))
	default:
		d.put(r, at)
	}
}

func within(name, zone string) bool { return name == zone || strings.HasSuffix(name, "."+zone) }

// described names a record as the messages do (external-dns issue 732; cli53 issue 70 has
// the set identifier).
func described(r Record) string {
	set := ""
	if r.SetIdentifier != "" {
		set = fmt.Sprintf(", set-identifier='%s'", r.SetIdentifier)
	}
	return fmt.Sprintf("[name='%s', type='%s'%s]", r.Name, r.Type, set)
}

func (d *draft) delete(r Record, at int) {
	switch {
	case at < 0:
		d.refuse("Tried to delete resource record set %s but it was not found", described(r))
	case !r.matches(d.records[at]):
		d.refuse("Tried to delete resource record set %s but the values provided do not match the current values", described(r))
	default:
		d.records = slices.Delete(d.records, at, at+1)
	}
}

// put creates a record, or replaces the one at an index that is not negative.
func (d *draft) put(r Record, at int) {
	others := slices.Clone(d.records)
	if at >= 0 {
		others = slices.Delete(others, at, at+1)
		if stored := d.records[at]; stored.policy() != r.policy() {
			others = append(others, stored) // an UPSERT cannot change the policy
		}
	}
	if problem := d.conflict(r, others); problem != "" {
		d.refuse("%s", problem)
		return
	}
	if at >= 0 {
		d.records[at] = r
		return
	}
	d.records = append(d.records, r)
}

// conflict returns why a record cannot stand beside the others, or "".
func (d *draft) conflict(r Record, others []Record) string {
	var group []Record
	for _, other := range others {
		if other.Name != r.Name {
			continue
		}
		switch {
		case other.Type == r.Type:
			group = append(group, other)
		case r.Type == "CNAME":
			return fmt.Sprintf("RRSet of type CNAME with DNS name %s is not permitted as it conflicts with other records with the same DNS name in zone %s", r.Name, d.zone.Name)
		case other.Type == "CNAME":
			// cds-snc/dns pull request 226
			return fmt.Sprintf("RRSet of type %s with DNS name %s is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone %s", r.Type, r.Name, d.zone.Name)
		}
	}
	if r.Type == "CNAME" && r.Name == d.zone.Name {
		return fmt.Sprintf("RRSet of type CNAME with DNS name %s is not permitted at apex in zone %s", r.Name, d.zone.Name)
	}
	if problem := groupConflict(r, group); problem != "" {
		return problem
	}
	return d.aliasProblem(r)
}

// groupConflict returns why a record cannot stand in the group of its name and type, or "".
// The messages: chef route53 issue 100, external-dns issues 3141 and 4345, aws-cli issue
// 8241, terraform-provider-aws issue 1961. That of a full group is a guess.
func groupConflict(r Record, group []Record) string {
	set := fmt.Sprintf("RRSet with DNS name %s, type %s, SetIdentifier %s", r.Name, r.Type, r.SetIdentifier)
	for _, other := range group {
		switch {
		case r.policy() == "simple":
			return fmt.Sprintf("RRSet with DNS name %s, type %s cannot be created as other RRSets exist with the same name and type.", r.Name, r.Type)
		case other.policy() != r.policy() && r.policy() == "weighted":
			return set + " cannot be created as a non-weighted set exists with the same name and type."
		case other.policy() != r.policy():
			return fmt.Sprintf("%s cannot be created because a non-%s RRSet with the same name and type already exists.", set, r.policy())
		case r.policy() == "weighted" && !r.hasTTLOf(other):
			return fmt.Sprintf("RRSet with DNS name %s and type %s, SetIdentifier %s cannot be created as weighted sets must contain the same TTL.", r.Name, r.Type, r.SetIdentifier)
		}
	}
	if r.policy() == "weighted" && len(group) >= maxWeighted {
		return set + " cannot be created as the limit of 100 weighted sets is reached."
	}
	return ""
}

// hasTTLOf says whether two records may be in one group. An alias has no TTL.
func (r Record) hasTTLOf(other Record) bool {
	return r.TTL == nil || other.TTL == nil || *r.TTL == *other.TTL
}

// aliasProblem returns why an alias cannot have its target, or "". Only what is known of every
// distribution and website is checked. The messages: external-dns issue 2426; that of a
// private zone is a guess (AliasTarget, HostedZoneId: not in a private zone).
func (d *draft) aliasProblem(r Record) string {
	if r.Alias == nil {
		return ""
	}
	target := fmt.Sprintf("Tried to create an alias that targets %s, type %s in zone %s,", r.Alias.DNSName, r.Type, r.Alias.Zone)
	toCloudFront := strings.HasSuffix(r.Alias.DNSName, ".cloudfront.net.")
	switch {
	case toCloudFront != r.isCloudFront():
		return target + " but the alias target name does not lie within the target zone"
	case r.isCloudFront() && d.zone.Private:
		return target + " but it cannot be targeted from a private zone"
	case r.isCloudFront() && r.Alias.EvaluateTargetHealth:
		return target + " but the health of a CloudFront distribution cannot be evaluated"
	case strings.HasPrefix(r.Alias.DNSName, "s3-website") && r.Type != "A":
		return target + " but that target was not found"
	}
	return ""
}

// checkForm returns the API's InvalidInput for a record whose members do not fit together.
func (r Record) checkForm(action string) error {
	set := r.SetIdentifier
	if set == "" {
		set = "null"
	}
	in := fmt.Sprintf("in Change with [Action=%s, Name=%s, Type=%s, SetIdentifier=%s]", action, r.Name, r.Type, set)
	switch {
	case !slices.Contains([]string{"CREATE", "DELETE", "UPSERT"}, action):
		return invalidInput("Invalid request: Unknown action '%s'", action)
	case r.Name == "" || r.Type == "":
		return invalidInput("Invalid request: Missing Name or Type %s", in)
	}
	if wrong := r.wrongContent(); wrong != "" {
		return invalidInput("Invalid request: %s %s", wrong, in)
	}
	if wrong := r.wrongRouting(); wrong != "" {
		return invalidInput("Invalid request: %s %s", wrong, in)
	}
	return nil
}

// wrongContent says what is wrong with the values and the alias target, or "" (ansible
// community.aws issue 800 has the text).
func (r Record) wrongContent() string {
	const exactlyOne = "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found "
	hasValues := r.TTL != nil && len(r.values()) > 0
	switch {
	case r.Alias != nil && (r.TTL != nil || r.Values != nil):
		return exactlyOne + "more than one"
	case r.Alias == nil && !hasValues:
		return exactlyOne + "none"
	}
	return ""
}

// wrongRouting says what is wrong with the routing policy, or "". The texts are guesses, but
// that a routing policy and a set identifier need each other is known (boto3 issue 2240).
func (r Record) wrongRouting() string {
	switch {
	case (r.policy() == "simple") != (r.SetIdentifier == ""):
		return "Expected SetIdentifier and exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer], or none of them,"
	case r.Weight != nil && (*r.Weight < 0 || *r.Weight > 255):
		return fmt.Sprintf("Weight %d is not between 0 and 255", *r.Weight)
	case len(r.SetIdentifier) > 128:
		return "SetIdentifier has more than 128 characters"
	}
	return ""
}
