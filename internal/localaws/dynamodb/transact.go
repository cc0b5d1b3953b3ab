package dynamodb

import (
	"errors"
	"reflect"
	"strings"
)

// maxTransactionSize is the maximum total size of the items in a transaction, in bytes
// (API reference, TransactWriteItems).
const maxTransactionSize = 4 << 20

// transactWriteItems answers TransactWriteItems. It checks every action, then evaluates
// every condition, and then stores all effects or none.
func (db *Database) transactWriteItems(q *request) ([]byte, error) {
	writes, err := newWrites(q.actions)
	if err != nil {
		return nil, err
	}
	db.completed.forget(db.now())
	if done, ok := db.completed.transactions[q.token]; ok {
		return replay(done, q)
	}
	for _, w := range writes {
		if err := w.findTable(db); err != nil {
			return nil, err
		}
	}
	effects, err := decideAll(writes)
	if err != nil {
		return nil, err
	}
	for i, w := range writes {
		w.commit(effects[i])
	}
	for i, w := range writes {
		db.notify(w, effects[i])
	}
	if q.token != "" {
		db.completed.remember(q.token, transaction{q.actions, db.now()})
	}
	return []byte("{}"), nil
}

func newWrites(actions []*request) ([]*write, error) {
	writes := make([]*write, len(actions))
	for i, action := range actions {
		w, err := newWrite(action)
		if err != nil {
			return nil, err
		}
		writes[i] = w
	}
	return writes, nil
}

// replay answers a request whose token was used before. Only completed transactions are
// remembered, so the token of a canceled one can be used again.
func replay(done transaction, q *request) ([]byte, error) {
	if !reflect.DeepEqual(done.actions, q.actions) {
		return nil, &fault{
			name:    idempotentParameterMismatch,
			message: "The ClientRequestToken was used before for a transaction with other parameters",
		}
	}
	return []byte("{}"), nil
}

// decideAll computes the effects of all actions. If any action fails, it returns an
// error with a reason for each action.
func decideAll(writes []*write) ([]effect, error) {
	effects := make([]effect, len(writes))
	reasons := make([]reason, len(writes))
	canceled, size := false, 0
	for i, w := range writes {
		done, err := w.decide()
		effects[i] = done
		reasons[i] = reasonOf(err)
		canceled = canceled || err != nil
		size += max(done.before.size(), done.after.size())
	}
	if err := checkDistinctItems(writes); err != nil {
		return nil, err
	}
	if canceled {
		return nil, errCanceled(reasons)
	}
	if size > maxTransactionSize {
		return nil, invalid("The aggregate size of the items in the transaction exceeds %d bytes", maxTransactionSize)
	}
	return effects, nil
}

// checkDistinctItems returns an error for two actions on one item. An action with an
// invalid key has no address; it cancels the transaction instead.
func checkDistinctItems(writes []*write) error {
	type place struct {
		table *table
		at    address
	}
	seen := make(map[place]bool, len(writes))
	for _, w := range writes {
		here := place{w.table, w.at}
		if w.at != (address{}) && seen[here] {
			return invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[here] = true
	}
	return nil
}

// reasonOf returns the cancellation reason of an action that returned err, which may be
// nil.
func reasonOf(err error) reason {
	var f *fault
	switch {
	case !errors.As(err, &f):
		return reason{code: "None"}
	case f.name == conditionalCheckFailed:
		return reason{code: "ConditionalCheckFailed", message: f.message, item: f.item}
	default:
		return reason{code: "ValidationError", message: f.message}
	}
}

func errCanceled(reasons []reason) error {
	codes := make([]string, len(reasons))
	for i, r := range reasons {
		codes[i] = r.code
	}
	return &fault{
		name: transactionCanceled,
		message: "Transaction cancelled, please refer cancellation reasons for specific reasons [" +
			strings.Join(codes, ", ") + "]",
		reasons: reasons,
	}
}
