package dynamodb

import (
	"slices"
	"time"
)

// tokenValidity is how long a transaction's token is valid (API reference,
// TransactWriteItems: ClientRequestToken).
const tokenValidity = 10 * time.Minute

// idempotency remembers recent transactions by their tokens.
type idempotency struct {
	transactions map[string]transaction
	order        []string // tokens, oldest first
}

// transaction holds the actions that were done under a token, and the time.
type transaction struct {
	actions []*request
	at      time.Time
}

// remember stores the token of a completed transaction.
func (i *idempotency) remember(token string, done transaction) {
	if i.transactions == nil {
		i.transactions = map[string]transaction{}
	}
	i.transactions[token] = done
	i.order = append(i.order, token)
}

// forget removes the tokens that are no longer valid.
func (i *idempotency) forget(now time.Time) {
	valid := func(token string) bool { return now.Sub(i.transactions[token].at) < tokenValidity }
	expired := slices.IndexFunc(i.order, valid)
	if expired < 0 {
		expired = len(i.order)
	}
	for _, token := range i.order[:expired] {
		delete(i.transactions, token)
	}
	i.order = i.order[expired:]
}
