package dynamo_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/stackshift"
)

func stackRequest(id string) stackshift.Request {
	return stackshift.Request{
		Type: stackshift.Update, ResponseURL: "https://answer/" + id, StackID: "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1",
		RequestID: id, LogicalID: "SluiceShift1", Properties: json.RawMessage(`{}`),
	}
}

func forward(r stackshift.Request) stackshift.Waiter {
	return stackshift.Waiter{Execution: r.Execution(), Request: r, Forward: true}
}

func memory(r stackshift.Request, before, to string) stackshift.Memory {
	return stackshift.Memory{RequestID: r.RequestID, Execution: r.Execution(), Moves: []stackshift.Move{{Key: "A", Function: "orders", Alias: "live", Before: before, To: to}}}
}

// The first try of a request counts. A repetition may see aliases that have moved since, and must
// not replace what is remembered of them.
func TestAStacksShiftIsRememberedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := stackRequest("r1")
	nothing, err := w.Memory(t.Context(), r.Resource())
	require.NoError(t, err)
	assert.Empty(t, nothing)
	began, err := w.Began(t.Context(), r)
	require.NoError(t, err)
	assert.Nil(t, began)

	input, err := w.Remember(t.Context(), memory(r, "41", "42"), forward(r), json.RawMessage(`{"first":1}`), noon)
	require.NoError(t, err)
	assert.JSONEq(t, `{"first":1}`, string(input))
	again, err := w.Remember(t.Context(), memory(r, "42", "42"), forward(r), json.RawMessage(`{"second":2}`), midnight)
	require.NoError(t, err)
	assert.JSONEq(t, `{"first":1}`, string(again))
	began, err = w.Began(t.Context(), r)
	require.NoError(t, err)
	assert.JSONEq(t, `{"first":1}`, string(began))
	remembered, err := w.Memory(t.Context(), r.Resource())
	require.NoError(t, err)
	assert.Equal(t, memory(r, "41", "42"), remembered)

	next := stackRequest("r2")
	_, err = w.Remember(t.Context(), memory(next, "42", "43"), forward(next), json.RawMessage(`{}`), midnight)
	require.NoError(t, err)
	remembered, err = w.Memory(t.Context(), r.Resource())
	require.NoError(t, err)
	assert.Equal(t, memory(next, "42", "43"), remembered, "the next shift replaces it")
}

// signedAt returns a request whose URL was signed at a time of the day of noon.
func signedAt(id, clock string) stackshift.Request {
	r := stackRequest(id)
	r.ResponseURL += "?X-Amz-Date=" + noon.Format("20060102") + "T" + clock + "Z"
	return r
}

// CloudFormation's events may come late, and a request may still be handled when its update is
// cancelled. The newest request of a resource counts.
func TestAnOlderRequestChangesNothing(t *testing.T) {
	t.Parallel()
	older, newer, unsigned := signedAt("r1", "100000"), signedAt("r2", "110000"), stackRequest("r3")
	for name, first := range map[string]func(w *world) error{
		"Supersede": func(w *world) error { _, err := w.Supersede(t.Context(), newer, noon); return err },
		"Replace":   func(w *world) error { return w.Replace(t.Context(), newer, newer.Remembered(), noon) },
		"Remember": func(w *world) error {
			_, err := w.Remember(t.Context(), newer.Remembered(), forward(newer), json.RawMessage(`{}`), noon)
			return err
		},
	} {
		for _, then := range []struct {
			request stackshift.Request
			err     error
		}{{older, stackshift.ErrLate}, {newer, nil}, {unsigned, nil}} {
			w := newWorld(t)
			require.NoError(t, first(w), name)
			before, err := w.Memory(t.Context(), newer.Resource())
			require.NoError(t, err)
			assert.Equal(t, newer.Signed(noon), before.Signed, name)

			remembered, err := w.Supersede(t.Context(), then.request, noon)
			require.ErrorIs(t, err, then.err, name)
			if then.err == nil {
				remembered.BackTo = before.BackTo
				assert.Equal(t, before, remembered, name)
			}
			m := memory(then.request, "1", "2")
			m.Signed = before.Signed
			_, err = w.Remember(t.Context(), m, forward(then.request), json.RawMessage(`{}`), noon)
			require.ErrorIs(t, err, then.err, name)
			require.ErrorIs(t, w.Replace(t.Context(), then.request, then.request.Remembered(), noon), then.err, name)
			if then.err != nil {
				after, err := w.Memory(t.Context(), newer.Resource())
				require.NoError(t, err)
				assert.Equal(t, before, after, name)
			}
		}
	}
}

// Two tries of a request may run at once. One that has read what is remembered before the other one
// has decided begins no shift.
func TestATryBeginsNothingAfterAnotherHasDecided(t *testing.T) {
	t.Parallel()
	before, r := signedAt("r1", "100000"), signedAt("r2", "110000")
	for name, decide := range map[string]func(w *world) error{
		"it goes back":   func(w *world) error { _, err := w.Supersede(t.Context(), r, noon); return err },
		"shifts nothing": func(w *world) error { return w.Replace(t.Context(), r, r.Remembered(), noon) },
	} {
		w := newWorld(t)
		_, err := w.Remember(t.Context(), memory(before, "40", "41"), forward(before), json.RawMessage(`{}`), noon)
		require.NoError(t, err)
		m := memory(r, "41", "42")
		for _, read := range []string{"", before.Signed(noon)} {
			require.NoError(t, decide(w), name)
			m.Signed = read
			_, err = w.Remember(t.Context(), m, forward(r), json.RawMessage(`{}`), noon)
			require.ErrorIs(t, err, stackshift.ErrDecided, name)
		}
		began, err := w.Began(t.Context(), r)
		require.NoError(t, err)
		assert.Nil(t, began, name)

		m.Signed = r.Signed(noon)
		_, err = w.Remember(t.Context(), m, forward(r), json.RawMessage(`{}`), noon)
		require.NoError(t, err, "it has read what the other one has stored")
	}
}

// What an earlier request has shifted is not undone in the rollback of a later one.
func TestARequestThatShiftsNothingReplacesWhatIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shifted, next := signedAt("r1", "100000"), signedAt("r2", "110000")
	_, err := w.Remember(t.Context(), memory(shifted, "41", "42"), forward(shifted), json.RawMessage(`{}`), noon)
	require.NoError(t, err)
	require.NoError(t, w.Replace(t.Context(), next, next.Remembered(), noon))
	remembered, err := w.Supersede(t.Context(), next, noon)
	require.NoError(t, err)
	want := next.Remembered()
	want.Signed, want.BackTo = next.Signed(noon), want.Properties
	assert.Equal(t, want, remembered)
}

// Whoever removes Sluice has to know which stacks need it.
func TestTheStacksThatShiftAreListedUntilTheirResourceIsDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opened(t, first, orders)
	stacks := func() []string {
		ids, err := w.Stacks(t.Context())
		require.NoError(t, err)
		return ids
	}
	assert.Empty(t, stacks())
	shop, shop2, depot := signedAt("r1", "100000"), signedAt("r2", "100000"), signedAt("r3", "100000")
	shop2.LogicalID, depot.StackID = "SluiceShift2", "arn:aws:cloudformation:us-east-1:123456789012:stack/depot/1"
	_, err := w.Remember(t.Context(), memory(shop, "41", "42"), forward(shop), json.RawMessage(`{}`), noon)
	require.NoError(t, err)
	require.NoError(t, w.Replace(t.Context(), shop2, shop2.Remembered(), noon))
	require.NoError(t, w.Replace(t.Context(), depot, depot.Remembered(), noon))
	assert.Equal(t, []string{depot.StackID, shop.StackID}, stacks())

	for _, r := range []stackshift.Request{shop, depot} {
		r.Type = stackshift.Delete
		_, err := w.Supersede(t.Context(), r, noon)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{shop.StackID}, stacks(), "it has a second resource")
}

// A later update has to know which properties the stack has.
func TestWhereAStackHasGoneBackToIsRememberedUntilItGoesForward(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shifted, back, next := signedAt("r1", "100000"), signedAt("r2", "110000"), signedAt("r3", "120000")
	back.Properties = json.RawMessage(`{"Before": 1}`)
	_, err := w.Remember(t.Context(), memory(shifted, "41", "42"), forward(shifted), json.RawMessage(`{}`), noon)
	require.NoError(t, err)
	m, err := w.Supersede(t.Context(), back, noon)
	require.NoError(t, err)
	assert.Equal(t, back.Remembered().Properties, m.BackTo)

	m.Recorded = map[string]string{"A": "40"}
	require.NoError(t, w.Replace(t.Context(), back, m, noon))
	remembered, err := w.Memory(t.Context(), back.Resource())
	require.NoError(t, err)
	assert.Equal(t, m, remembered, "with its moves, for a rollback that is continued")

	for name, goForward := range map[string]func(*world) error{
		"Replace": func(w *world) error { return w.Replace(t.Context(), next, next.Remembered(), noon) },
		"Remember": func(w *world) error {
			_, err := w.Remember(t.Context(), memory(next, "41", "43"), forward(next), json.RawMessage(`{}`), noon)
			return err
		},
	} {
		w := newWorld(t)
		_, err := w.Supersede(t.Context(), back, noon)
		require.NoError(t, err)
		require.NoError(t, goForward(w), name)
		remembered, err = w.Memory(t.Context(), next.Resource())
		require.NoError(t, err)
		assert.Empty(t, remembered.BackTo, name)
	}
}

// Whoever reads the URL at which CloudFormation waits could answer in Sluice's place.
func TestARequestIsForgottenWhenItIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, back := stackRequest("r1"), stackRequest("r2")
	_, err := w.Remember(t.Context(), memory(r, "41", "42"), forward(r), json.RawMessage(`{}`), noon)
	require.NoError(t, err)
	waits := stackshift.Waiter{Execution: r.Execution(), Request: back}
	require.NoError(t, w.AwaitEnd(t.Context(), waits, noon))
	waiters, err := w.Waiters(t.Context(), r.Execution())
	require.NoError(t, err)
	assert.ElementsMatch(t, []stackshift.Waiter{forward(r), waits}, waiters)

	require.NoError(t, w.Answered(t.Context(), forward(r)))
	waiters, err = w.Waiters(t.Context(), r.Execution())
	require.NoError(t, err)
	assert.Equal(t, []stackshift.Waiter{waits}, waiters)
	began, err := w.Began(t.Context(), r)
	require.NoError(t, err)
	assert.NotNil(t, began, "a repetition of the request is still known")
	require.NoError(t, w.Answered(t.Context(), waits))
	require.NoError(t, w.Answered(t.Context(), forward(stackRequest("r4"))), "it does not wait, and leaves nothing")
	all, err := w.client().Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String(tableName)})
	require.NoError(t, err)
	require.Len(t, all.Items, 3)
	for _, item := range all.Items {
		assert.NotContains(t, fmt.Sprint(item), "https://answer")
		assert.Contains(t, item, "expiresAt")
	}
}

func TestADamagedMemoryOfAStackIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := stackRequest("r1")
	for _, body := range []string{`{"Item": {"memory": {"S": "{"}}}`, `{"Item": {"memory": {"L": []}}}`} {
		w.answer = func(string) (int, string, bool) { return 200, body, true }
		_, err := w.Memory(t.Context(), r.Resource())
		require.ErrorIs(t, err, shift.ErrLedgerDamaged)
	}
	w.answer = func(string) (int, string, bool) { return 200, `{"Attributes": {"memory": {"S": "{"}}}`, true }
	_, err := w.Supersede(t.Context(), signedAt("r1", "100000"), noon)
	require.ErrorIs(t, err, shift.ErrLedgerDamaged)
	w.answer = func(string) (int, string, bool) {
		return 200, `{"Items": [{"waiter": {"S": "{"}}, {"waiter": {"S": "{\"execution\":\"cfn-1\"}"}}]}`, true
	}
	waiters, err := w.Waiters(t.Context(), "cfn-1")
	require.ErrorIs(t, err, shift.ErrLedgerDamaged)
	assert.Len(t, waiters, 1, "the others are answered all the same")
}

func TestNoFailureWithAStackIsLost(t *testing.T) {
	t.Parallel()
	r := stackRequest("r1")
	for name, call := range map[string]func(w *world) error{
		"Memory": func(w *world) error { _, err := w.Memory(t.Context(), r.Resource()); return err },
		"Began":  func(w *world) error { _, err := w.Began(t.Context(), r); return err },
		"Remember": func(w *world) error {
			_, err := w.Remember(t.Context(), memory(r, "1", "2"), forward(r), json.RawMessage(`{}`), time.Now())
			return err
		},
		"Supersede": func(w *world) error { _, err := w.Supersede(t.Context(), signedAt("r1", "100000"), noon); return err },
		"Replace":   func(w *world) error { return w.Replace(t.Context(), r, r.Remembered(), noon) },
		"AwaitEnd":  func(w *world) error { return w.AwaitEnd(t.Context(), forward(r), noon) },
		"Answered":  func(w *world) error { return w.Answered(t.Context(), forward(r)) },
		"Stacks":    func(w *world) error { _, err := w.Stacks(t.Context()); return err },
		"Waiters":   func(w *world) error { _, err := w.Waiters(t.Context(), r.Execution()); return err },
	} {
		w := newWorld(t)
		w.failing(1)
		err := call(w)
		require.Error(t, err, name)
		assert.False(t, strings.Contains(err.Error(), "https://answer"), "no error has the URL")
	}
}
