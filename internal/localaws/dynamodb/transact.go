package dynamodb

import (
	"errors"
	"reflect"
	"strings"
)

// maxTransactionSize is how large the items of a transaction may be together,
// in bytes (API reference, TransactWriteItems).
const maxTransactionSize = 4 << 20

// transactWriteItems answers TransactWriteItems: every action is checked, then
// every condition is evaluated, then all effects are stored or none.
func (db *Database) transactWriteItems(q *request) ([]byte, error) {
	writes, err := newWrites(q.actions)
	if err != nil {
		return nil, err
	}
	db.done.forget(db.now())
	if done, ok := db.done.transactions[q.token]; ok {
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
		db.tell(w, effects[i])
	}
	if q.token != "" {
		db.done.remember(q.token, transaction{q.actions, db.now()})
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

// replay answers a token that was used before. Only a transaction that was
// done is remembered: after a canceled one the token may be used again.
func replay(done transaction, q *request) ([]byte, error) {
	if !reflect.DeepEqual(done.actions, q.actions) {
		return nil, &fault{
			name:    idempotentParameterMismatch,
			message: "The ClientRequestToken was used before for a transaction with other parameters",
		}
	}
	return []byte("{}"), nil
}

// decideAll computes the effects of all the actions. If any of them fails, the
// transaction is canceled with a reason for each.
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

// checkDistinctItems refuses two actions on one item. One whose key is no key
// has no address, and is canceled instead.
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

// reasonOf is the reason for an action that failed with err, or did not.
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
