package dynamo

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/shift"
)

// FuzzDecode decodes items whose attributes come from a JSON object: a list of
// strings becomes a string set, as sets are the one thing that JSON lacks.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"id":"d","status":"open","arrivals":"[]","intent":0}`))
	f.Add([]byte(`{"id":"d","status":"closed","outcome":"Promoted","closedAt":"2026-03-01T12:00:00Z","expiresAt":1}`))
	f.Add([]byte(`{"id":"d","status":"restoring","deployment":"{\"id\":\"d\",\"changes\":[{\"target\":\"lambda:f:a\"}],\"plan\":{\"steps\":[{\"percent\":1}]}}","intent":3,"restored":["lambda:f:a"],"untilOk":["a"]}`))
	f.Add([]byte(`{"id":"d","candidate":"2","openedAt":"","landed":"{\"step\":1,\"revisions\":null}"}`))
	f.Add([]byte(`{"id":"d","openedAt":"2026-03-01T12:00:00Z","targets":["lambda:f:a"],"holder":"d"}`))
	f.Add([]byte(`{"id":"","holder":"","openedAt":7,"targets":"lambda:f:a"}`))
	f.Add([]byte(`{"id":"d","status":"open","intent":0,"command":"{\"order\":\"pause\",\"at\":\"2026-03-01T12:00:00Z\"}","precedence":7}`))
	f.Add([]byte(`{"holder":"d","openedAt":"2026-03-01T12:00:00Z"}`))
	f.Add([]byte(`{"id":"d","openedAt":"","targets":["lambda:f:a",""]}`))
	f.Add([]byte(`{"id":null,"status":{},"intent":1e400,"reasons":[1]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		i := itemFromJSON(t, text)
		if r, err := decodeRecord(i); err == nil {
			if isIncomplete(r) {
				t.Errorf("decoded an incomplete record: %+v", r)
			}
			useRecord(t, r)
		}
		if p, err := decodePointer(i); err == nil && p.ID == "" {
			t.Errorf("decoded an item that leads nowhere: %+v", p)
		}
		if l, err := decodeLock(i); err == nil && (l.Holder == "") != (len(i) == 0) {
			t.Errorf("decoded a lock that nobody holds: %+v", l)
		}
		if a, err := decodeArrived(i); err == nil && (a.DeploymentID == "" || a.Candidate == "") {
			t.Errorf("decoded a history entry that says nothing: %+v", a)
		}
	})
}

// itemFromJSON makes an item from a JSON object. It skips the test for any other text.
func itemFromJSON(t *testing.T, text []byte) item {
	var attributes map[string]any
	if json.Unmarshal(text, &attributes) != nil {
		t.Skip()
	}
	i, err := attributevalue.MarshalMap(attributes)
	if err != nil {
		t.Skip()
	}
	for name, value := range i {
		i[name] = asSet(value)
	}
	return i
}

// isIncomplete says whether a record lacks fields that every reader relies on.
func isIncomplete(r shift.Record) bool {
	return r.ID == "" || r.Status == "" || r.Intent < 0 || r.Status == shift.StatusClosed && r.Outcome == ""
}

// useRecord uses a record as the code does that restores and announces it.
func useRecord(t *testing.T, r shift.Record) {
	r.Moves()
	if r.Outcome != "" && explain.AnnounceOutcome(r, r.ClosedAt).ID == "" {
		t.Errorf("an announcement without an id: %+v", r)
	}
	for _, c := range r.Pending() {
		found := []shift.Route{
			{}, c.Before(), c.At(shift.All), {Serving: c.Stable, Additional: c.Candidate, Weight: 1000}, {Serving: c.Candidate, Additional: c.Stable, Weight: shift.All},
		}
		for _, route := range found {
			c.Restoration(route, true, r.Deployment.Plan, r.Intent)
			c.Stray(route)
		}
		if way := c.Restoration(shift.Route{}, false, r.Deployment.Plan, r.Intent); way.Write != nil || way.Rotate || way.Delete {
			t.Errorf("there is nothing, and it is written: %+v", way)
		}
	}
}

func asSet(value types.AttributeValue) types.AttributeValue {
	list, ok := value.(*types.AttributeValueMemberL)
	if !ok {
		return value
	}
	set := &types.AttributeValueMemberSS{}
	for _, v := range list.Value {
		text, ok := v.(*types.AttributeValueMemberS)
		if !ok {
			return value
		}
		set.Value = append(set.Value, text.Value)
	}
	return set
}
