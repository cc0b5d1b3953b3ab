package dynamo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestHistoryTellsHowEachArrivalEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	w.closed(t, first)
	w.opened(t, second, orders)
	arrived, err := w.Arrivals(t.Context(), orders, "2")
	require.NoError(t, err)
	assert.Equal(t, []shift.Arrived{
		{DeploymentID: first, Candidate: "2", OpenedAt: noon, Outcome: shift.Promoted, ClosedAt: midnight},
		{DeploymentID: second, Candidate: "2", OpenedAt: noon},
	}, arrived)
}

func TestHistoryIsOfOneVersionAndOneTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := release(orders)
	r.Arrivals[0].Candidate = "42"
	_, err := w.Open(t.Context(), first, r, noon)
	require.NoError(t, err)
	for _, asked := range []struct {
		target  shift.Target
		version shift.Version
		found   int
	}{{orders, "4", 0}, {orders, "42", 1}, {orders, "2", 0}, {billing, "42", 0}, {"lambda:orders", "42", 0}} {
		arrived, err := w.Arrivals(t.Context(), asked.target, asked.version)
		require.NoError(t, err)
		assert.Len(t, arrived, asked.found, "%s %s", asked.target, asked.version)
	}
}

// The version of a name in Route 53 is a text with spaces, and one may begin with another.
func TestHistoryIsOfOneVersionOfANameToo(t *testing.T) {
	t.Parallel()
	const name, two = shift.Target("route53:Z0123456789ABC:*.example.com"), shift.Version("A 9.0.0.1,9.0.0.2; AAAA 2001:db8::7")
	w := newWorld(t)
	r := release(name)
	r.Arrivals[0].Candidate = two
	_, err := w.Open(t.Context(), first, r, noon)
	require.NoError(t, err)
	for version, found := range map[shift.Version]int{two: 1, "A 9.0.0.1": 0, "A 9.0.0.1,9.0.0.2": 0} {
		arrived, err := w.Arrivals(t.Context(), name, version)
		require.NoError(t, err)
		assert.Len(t, arrived, found, version)
	}
	all, err := w.History(t.Context(), name)
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, two, all[0].Candidate)
}

func TestHistoryIsReadToItsLastPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pages := 0
	w.answer = func(string) (int, string, bool) {
		pages++
		next := `,"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"s"}}`
		if pages == 3 {
			next = ""
		}
		return 200, fmt.Sprintf(`{"Items":[{"id":{"S":"d%d"},"candidate":{"S":"2"}}]%s}`, pages, next), true
	}
	asked := w.requestsOf(func() {
		arrived, err := w.Arrivals(t.Context(), orders, "2")
		require.NoError(t, err)
		assert.Equal(t, []shift.Arrived{{DeploymentID: "d1", Candidate: "2"}, {DeploymentID: "d2", Candidate: "2"}, {DeploymentID: "d3", Candidate: "2"}}, arrived)
	})
	require.Len(t, asked, 3)
	assert.Equal(t, true, asked[0].body["ConsistentRead"])
	assert.Equal(t, "(#0 = :0) AND (begins_with (#1, :1))", asked[0].body["KeyConditionExpression"])
	assert.Equal(t, map[string]any{":0": map[string]any{"S": "target#lambda:orders:live"}, ":1": map[string]any{"S": "candidate#2#"}}, asked[0].body["ExpressionAttributeValues"])
	assert.Nil(t, asked[0].body["ExclusiveStartKey"])
	assert.NotNil(t, asked[2].body["ExclusiveStartKey"])
}

// A page of a Query holds at most 1 MB.
func TestLongHistoryIsPagedByTheTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const deployments = 1200
	long := strings.Repeat("x", 900)
	for i := range deployments {
		id := fmt.Sprintf("%s-%04d", long, i)
		_, err := w.Open(t.Context(), id, release(orders), noon)
		require.NoError(t, err)
		w.closed(t, id)
	}
	asked := w.requestsOf(func() {
		arrived, err := w.Arrivals(t.Context(), orders, "2")
		require.NoError(t, err)
		assert.Len(t, arrived, deployments)
	})
	assert.Greater(t, len(asked), 1)
}

func TestHistoryThatCannotBeDecodedIsAnError(t *testing.T) {
	t.Parallel()
	for _, item := range []string{`{"id":{"S":"d"}}`, `{"candidate":{"S":"2"}}`, `{"id":{"S":"d"},"candidate":{"S":"2"},"closedAt":{"S":"noon"}}`} {
		w := newWorld(t)
		w.answer = func(string) (int, string, bool) { return 200, `{"Items":[` + item + `]}`, true }
		_, err := w.Arrivals(t.Context(), orders, "2")
		assert.ErrorContains(t, err, "candidate item")
	}
}
