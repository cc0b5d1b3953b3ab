package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/world"
)

const (
	zoneID   = "Z0SHOP"
	zoneName = "example.com"
	shopName = "shop.example.com"
)

// nameCases are deployments of a name in Route 53, with every form of records and every way of
// writing them.
var nameCases = []struct {
	name, candidate, setup, disturbance string
	outcome                             string
}{
	{"a record", `{"values": {"A": ["203.0.113.7", "203.0.113.8"]}}`, ``, ``, "Promoted"},
	{"an alias", `{"alias": {"dnsName": "d-abc.execute-api.eu-west-1.amazonaws.com", "zone": "ZLY8HYME6SFDD"}}`, ``, ``, "Promoted"},
	{"a CNAME", `{"cname": "green.example.net"}`, ``, ``, "Promoted"},
	{"two types", `{"values": {"A": ["203.0.113.7"], "AAAA": ["2001:db8::7"]}}`, ``, ``, "Promoted"},
	{"a pair", `{"values": {"A": ["203.0.113.7"]}}`, `"to": "A 192.0.2.1", "idle": "A 203.0.113.7"`, ``, "Promoted"},
	{"a pair of a TTL", `{"values": {"A": ["203.0.113.7"]}}`, `"to": "A 192.0.2.1", "idle": "A 203.0.113.7", "ttlSeconds": 30`, alarmAt(300), "RolledBack"},
	{"a record that goes back", `{"values": {"A": ["203.0.113.7"]}}`, ``, alarmAt(70), "RolledBack"},
	{"an alias that goes back at the whole weight", `{"alias": {"dnsName": "d-abc.execute-api.eu-west-1.amazonaws.com", "zone": "ZLY8HYME6SFDD"}}`, ``, alarmAt(700), "RolledBack"},
	{"two types that go back", `{"values": {"A": ["203.0.113.7"], "AAAA": ["2001:db8::7"]}}`, ``, alarmAt(300), "RolledBack"},
	{"another revision alone", `{"values": {"A": ["203.0.113.7"]}}`, ``,
		alarmAt(70) + `, "faults": [{"call": "route53:ChangeResourceRecordSets", "actor": "set-weight", "error": "fail"}]`, "RolledBack"},
}

func alarmAt(seconds int) string {
	return fmt.Sprintf(`"events": [{"atSeconds": %d, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}]`, seconds)
}

// batch is a batch of changes as an SDK client has sent it, and the zone after it.
type batch struct {
	request *http.Request
	body    []byte
	zone    []string
}

// moto accepts every batch that Sluice sends to Route 53, and its zone has the same records
// afterwards as this project's.
func TestTheBatchesOfShiftedNamesOnAnotherRoute53(t *testing.T) {
	t.Parallel()
	tools(t)
	needsMoto(t)
	address := moto(t)
	for _, test := range nameCases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before, batches := recordBatches(t, test.candidate, test.setup, test.disturbance, test.outcome)
			other := newMotoZone(t, address, before)
			for i, b := range batches {
				status, answer := other.send(t, b)
				require.Equal(t, http.StatusOK, status, "batch %d: %s\n%s", i+1, b.body, answer)
				require.Equal(t, b.zone, other.records(t), "batch %d: %s", i+1, b.body)
			}
			t.Logf("%d batches", len(batches))
			require.NotEmpty(t, batches)
		})
	}
}

// recordBatches plays a deployment of a name. It returns the records before it, and the batches
// that were accepted.
func recordBatches(t *testing.T, candidate, setup, disturbance string, wanted string) (before []localaws.Record, batches []batch) {
	t.Helper()
	input := json.RawMessage(`{"targets": [{"route53": {"zone": "` + zoneID + `", "name": "` + shopName + `", "candidate": ` + candidate + `}}], "alarms": ["a"],
		"strategy": {"steps": [{"percent": 5, "bakeMinutes": 4}, {"percent": 50, "bakeMinutes": 4}, {"percent": 100, "bakeMinutes": 5}]}}`)
	fields := []string{`"names": {"` + zoneID + `/` + shopName + `": {` + setup + `}}`}
	if disturbance != "" {
		fields = append(fields, disturbance)
	}
	scenario, err := world.DecodeScenario([]byte(`{` + strings.Join(fields, ", ") + `}`))
	require.NoError(t, err)
	w, err := world.New(scenario, input)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	before = w.Cloud().ZoneRecords(zoneID)
	var sent batch
	w.Intercept(func(_ *world.World, _ string, r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodPost || !strings.Contains(r.URL.Path, "/hostedzone/") {
			return nil, nil
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		sent = batch{request: r.Clone(t.Context()), body: body}
		return nil, nil
	})
	w.Cloud().OnRecordChange(func(localaws.RecordChange) {
		sent.zone = textsOf(w.Cloud().ZoneRecords(zoneID))
		batches = append(batches, sent)
	})
	x, err := w.Start(world.Simulated, input)
	require.NoError(t, err)
	require.NoError(t, w.Run())
	require.Equal(t, wanted, w.Outcome(x.ARN()), w.Result(x).Cause)
	return before, batches
}

// textsOf returns records in the form in which they are compared.
func textsOf(records []localaws.Record) []string {
	var texts []string
	for _, r := range records {
		texts = append(texts, textOf(setOf(r)))
	}
	slices.Sort(texts)
	return texts
}

// setOf returns a record of this project's Route 53 as the SDK has it.
func setOf(r localaws.Record) types.ResourceRecordSet {
	set := types.ResourceRecordSet{Name: &r.Name, Type: types.RRType(r.Type), TTL: r.TTL, Weight: r.Weight}
	if r.SetIdentifier != "" {
		set.SetIdentifier = &r.SetIdentifier
	}
	if r.Alias != nil {
		set.AliasTarget = &types.AliasTarget{HostedZoneId: &r.Alias.Zone, DNSName: &r.Alias.DNSName, EvaluateTargetHealth: r.Alias.EvaluateTargetHealth}
		return set
	}
	for _, value := range r.Answer() {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: &value})
	}
	return set
}

func textOf(set types.ResourceRecordSet) string {
	text := fmt.Sprintf("%s %s %q", aws.ToString(set.Name), set.Type, aws.ToString(set.SetIdentifier))
	if set.Weight != nil {
		text += fmt.Sprintf(" weight %d", *set.Weight)
	}
	if a := set.AliasTarget; a != nil {
		return text + fmt.Sprintf(" alias %s in %s, health %t", aws.ToString(a.DNSName), aws.ToString(a.HostedZoneId), a.EvaluateTargetHealth)
	}
	text += fmt.Sprintf(" TTL %d", aws.ToInt64(set.TTL))
	for _, r := range set.ResourceRecords {
		text += " " + aws.ToString(r.Value)
	}
	return text
}

// motoZone is a hosted zone of moto.
type motoZone struct {
	address, id string
	client      *route53.Client
}

// newMotoZone makes a zone with records. They are UPSERTs, so that a batch may create the same
// ones again: moto refuses a CREATE that it has had before, whatever was deleted since.
func newMotoZone(t *testing.T, address string, records []localaws.Record) motoZone {
	t.Helper()
	config := localaws.ClientConfig("somebody", http.DefaultClient)
	config.BaseEndpoint = aws.String("http://" + address)
	client := route53.NewFromConfig(config)
	created, err := client.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: aws.String(zoneName), CallerReference: aws.String(t.Name())})
	require.NoError(t, err)
	z := motoZone{address, strings.TrimPrefix(aws.ToString(created.HostedZone.Id), "/hostedzone/"), client}
	var changes []types.Change
	for _, r := range records {
		set := setOf(r)
		changes = append(changes, types.Change{Action: types.ChangeActionUpsert, ResourceRecordSet: &set})
	}
	_, err = client.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: &z.id, ChangeBatch: &types.ChangeBatch{Changes: changes}})
	require.NoError(t, err)
	require.Equal(t, textsOf(records), z.records(t))
	return z
}

// send sends a recorded request to the zone.
func (z motoZone) send(t *testing.T, b batch) (status int, answer string) {
	t.Helper()
	r := b.request.Clone(t.Context())
	r.URL.Scheme, r.URL.Host, r.Host, r.RequestURI = "http", z.address, z.address, ""
	r.URL.Path, r.URL.RawPath = strings.Replace(r.URL.Path, zoneID, z.id, 1), ""
	r.Body = io.NopCloser(bytes.NewReader(b.body))
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

// records returns the records of the zone but for those that each zone has of itself.
func (z motoZone) records(t *testing.T) []string {
	t.Helper()
	listed, err := z.client.ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: &z.id})
	require.NoError(t, err)
	assert.False(t, listed.IsTruncated)
	var texts []string
	for _, set := range listed.ResourceRecordSets {
		if set.Type != types.RRTypeNs && set.Type != types.RRTypeSoa {
			texts = append(texts, textOf(set))
		}
	}
	slices.Sort(texts)
	return texts
}
