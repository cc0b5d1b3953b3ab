package proof

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// The guards of front ends: what makes a late write miss, and what finds a stranger's.

func (c *wireCall) putsKey() bool {
	return c.operation == http.MethodPut && strings.Contains(c.path, "/keys/")
}

func (c *wireCall) readsKey() bool {
	return c.operation == http.MethodGet && strings.Contains(c.path, "/keys/")
}

func (c *wireCall) describesStore() bool {
	return c.operation == http.MethodGet && strings.HasPrefix(c.path, "/key-value-stores/") && !strings.Contains(c.path, "/keys")
}

func (c *wireCall) changesRecords() bool {
	return c.operation == http.MethodPost && strings.HasSuffix(strings.TrimSuffix(c.path, "/"), "/rrset")
}

func (c *wireCall) updatesDistribution() bool {
	return c.operation == http.MethodPut && strings.HasSuffix(c.path, "/config") && strings.Contains(c.path, "/distribution/")
}

// keyETag is the ETag that the store has now.
func (r *run) keyETag() string {
	out, err := kvs.NewFromConfig(r.w.Config("owner")).DescribeKeyValueStore(context.Background(), &kvs.DescribeKeyValueStoreInput{KvsARN: aws.String(r.w.KeyValueStore())})
	if err != nil {
		r.breaks("a guard cannot be taken away: %w", err)
		return ""
	}
	return aws.ToString(out.ETag)
}

// switchETag is the ETag that the switch has now.
func (r *run) switchETag() string {
	out, err := cloudfront.NewFromConfig(r.w.Config("owner")).GetDistributionConfig(context.Background(), &cloudfront.GetDistributionConfigInput{Id: aws.String(switchID)})
	if err != nil {
		r.breaks("a guard cannot be taken away: %w", err)
		return ""
	}
	return aws.ToString(out.ETag)
}

// value is what a PutKey writes.
func (c *wireCall) value() (v siteKey) {
	text, _ := c.body["Value"].(string)
	_ = json.Unmarshal([]byte(text), &v)
	return v
}

// token is a random one of Sluice's, as in a nonce or in the guard of a name.
var token = regexp.MustCompile(`[0-9a-f]{32}`)

const noToken = "00000000000000000000000000000000"

// change is one of a batch of records.
type change struct {
	Action string
	Record struct {
		Name, Type, SetIdentifier string
		Weight                    *int
		Inner                     string `xml:",innerxml"`
	} `xml:"ResourceRecordSet"`
	Inner string `xml:",innerxml"`
}

// changes are those of a batch of records.
func (c *wireCall) changes() []change {
	var batch struct {
		Changes []change `xml:"ChangeBatch>Changes>Change"`
	}
	_ = xml.Unmarshal([]byte(c.text), &batch)
	return batch.Changes
}

// rewrite replaces a change of a batch.
func (c *wireCall) rewrite(of change, by ...string) {
	old := "<Change>" + of.Inner + "</Change>"
	fresh := ""
	for _, b := range by {
		fresh += "<Change>" + b + "</Change>"
	}
	c.text, c.changed = strings.Replace(c.text, old, fresh, 1), true
}

// What happens without a guard: a late write lands, or a stranger's is overwritten.
var (
	lateWrite   = regexp.MustCompile(`^I[14]`)
	overwritten = regexp.MustCompile(`^I6`)
)

var siteBases = []string{"a site promoted", "a site with an alarm that is polled"}

var frontEndGuards = []guard{
	{
		name: "the nonce of a site's key",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.putsKey() {
				text, _ := c.body["Value"].(string)
				c.body["Value"], c.changed = token.ReplaceAllString(text, noToken), true
			}
			return nil, nil
		},
		bases:   siteBases,
		strikes: []strike{{number: 31, fault: theFault("stopped, a zombie at 0.2 s a call")}},
		breaks:  lateWrite,
	},
	{
		name: "If-Match of a site's key",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			if c.putsKey() {
				c.header.Set("If-Match", r.keyETag())
			}
			return nil, nil
		},
		bases:   siteBases,
		strikes: []strike{{actor: flow.SetWeight.Function, action: "cloudfront-keyvaluestore:DescribeKeyValueStore", nth: 1, fault: theFault("stopped after")}},
		breaks:  lateWrite,
	},
	{
		name: "the ETag of the store before its key is read",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			self := r.w.Current()
			switch {
			case c.describesStore():
				text, exists := r.w.Cloud().KeyValue(r.w.KeyValueStore(), siteID)
				r.readEarly[self] = earlyRead{value: text, exists: exists}
			case c.readsKey():
				read := r.readEarly[self]
				read.etag = r.keyETag()
				r.readEarly[self] = read
				if read.exists {
					answer, _ := json.Marshal(map[string]any{"Key": siteID, "Value": read.value, "ItemCount": 1, "TotalSizeInBytes": 1})
					return nothing(string(answer)), nil
				}
			case c.putsKey():
				c.header.Set("If-Match", r.readEarly[self].etag)
			}
			return nil, nil
		},
		bases:   siteBases,
		strikes: []strike{{actor: flow.SetWeight.Function, action: "cloudfront-keyvaluestore:DescribeKeyValueStore", nth: 1, fault: fault{name: "the site moved by a stranger after", after: true, strike: putKey(func(c shift.Change) siteKey { return siteKey{Stable: c.Candidate} })}}},
		breaks:  overwritten,
	},
	{
		name: "the rotation of a site's key that is on Stable",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			if a := r.target(shopSite).alias; c.putsKey() && slices.Contains(restorers, c.actor) && a != nil && len(a.Weights) == 0 && string(c.value().Stable) == a.FunctionVersion {
				answer := nothing(`{"ItemCount": 1, "TotalSizeInBytes": 1}`)
				answer.Header.Set("ETag", "another, it says")
				return answer, nil
			}
			return nil, nil
		},
		bases:   siteBases,
		strikes: []strike{{actor: flow.SetWeight.Function, action: "cloudfront-keyvaluestore:DescribeKeyValueStore", nth: 1, fault: theFault("stopped after")}},
		breaks:  lateWrite,
	},
	{
		name: "the guard of a name",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			for _, of := range c.changes() {
				if c.changesRecords() && of.Record.Type == "TXT" {
					c.rewrite(of)
				}
			}
			if c.changed && len(c.changes()) == 0 {
				return nothing(changeAccepted), nil
			}
			return nil, nil
		},
		bases: []string{"a name promoted", "a name with an alarm at the whole weight"},
		strikes: []strike{{actor: flow.SetWeight.Function, action: "route53:ListResourceRecordSets", nth: 1, fault: fault{
			name: "stopped after, a zombie at 25 s a call", class: slowed, after: true, pace: 25 * time.Second, strike: zombie(25 * time.Second),
		}}},
		breaks: lateWrite,
	},
	{
		name: "the token of a name's guard",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if c.changesRecords() {
				c.text, c.changed = token.ReplaceAllString(c.text, noToken), true
			}
			return nil, nil
		},
		bases:   []string{nameShiftedBefore},
		strikes: []strike{{actor: flow.SetWeight.Function, action: "route53:ListResourceRecordSets", nth: 1, fault: theFault("stopped, a zombie at 25 s a call")}},
		breaks:  lateWrite,
	},
	{
		name: "the rotation of a name that is on Stable",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			isRotation := c.changesRecords() && !slices.ContainsFunc(c.changes(), func(of change) bool { return of.Record.Type != "TXT" })
			if isRotation && slices.Contains(restorers, c.actor) {
				return nothing(changeAccepted), nil
			}
			return nil, nil
		},
		bases:   []string{"a name promoted", "a name with an alarm at the whole weight"},
		strikes: []strike{{actor: flow.SetWeight.Function, action: "route53:ListResourceRecordSets", nth: 1, fault: theFault("stopped, a zombie at 25 s a call")}},
		breaks:  lateWrite,
	},
	{
		name: "that a record of a name is deleted, and not left with the weight 0",
		without: func(_ *run, c *wireCall) (*http.Response, error) {
			if !c.changesRecords() {
				return nil, nil
			}
			var other *change // the one that is to go
			changes := c.changes()
			for i, of := range changes {
				if of.Action == "DELETE" && of.Record.SetIdentifier == "sluice-candidate" {
					other = &changes[i]
				}
			}
			for _, of := range changes {
				if other != nil && of.Action == "CREATE" && of.Record.Type == "A" && of.Record.SetIdentifier == "" {
					c.rewrite(of, "<Action>CREATE</Action><ResourceRecordSet>"+weighted(of.Record.Inner, "sluice-stable", "200")+"</ResourceRecordSet>",
						"<Action>CREATE</Action><ResourceRecordSet>"+weighted(weights.ReplaceAllString(other.Record.Inner, ""), "sluice-candidate", "0")+"</ResourceRecordSet>")
				}
			}
			return nil, nil
		},
		bases: []string{"an alias, a site and a name with an alarm"}, strikes: []strike{}, breaks: regexp.MustCompile("^I2: .* is left with"),
	},
	{
		name: "If-Match of a switch",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			if c.updatesDistribution() {
				c.header.Set("If-Match", r.switchETag())
			}
			return nil, nil
		},
		bases:   []string{"a switched name promoted", "a switched name and an alias with an alarm"},
		strikes: []strike{{actor: flow.SetWeight.Function, action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 0.6 s a call")}},
		breaks:  lateWrite,
	},
	{
		name: "the rotation of a switch that is on Stable",
		without: func(r *run, c *wireCall) (*http.Response, error) {
			a := r.target(shopSwitch).alias
			if !c.updatesDistribution() || !slices.Contains(restorers, c.actor) || a == nil || strings.Contains(c.text, ">"+wwwName+"<") != (a.FunctionVersion == switchID) {
				return nil, nil
			}
			answer := nothing("<Distribution/>")
			answer.Header.Set("ETag", "another, it says")
			return answer, nil
		},
		bases:   []string{"a switched name promoted", "a switched name and an alias with an alarm"},
		strikes: []strike{{actor: flow.SetWeight.Function, action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 2 s a call")}},
		breaks:  lateWrite,
	},
}

// changeAccepted is Route 53's answer to a batch.
const changeAccepted = `<ChangeResourceRecordSetsResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeInfo>
	<Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>`

// weights is what makes a record one of a weighted group.
var weights = regexp.MustCompile(`<(SetIdentifier|Weight)>[^<]*</(SetIdentifier|Weight)>`)

// weighted makes the inner XML of a simple record that of a weighted one.
func weighted(inner, set, weight string) string {
	return strings.Replace(inner, "</Type>", "</Type><SetIdentifier>"+set+"</SetIdentifier><Weight>"+weight+"</Weight>", 1)
}

// earlyRead is a key as it was when the store was described, and the store's ETag as it was when
// the key was read.
type earlyRead struct {
	value, etag string
	exists      bool
}
