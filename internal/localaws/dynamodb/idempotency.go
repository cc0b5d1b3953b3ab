package dynamodb

import (
	"slices"
	"time"
)

// tokenValidity is how long the token of a transaction is remembered (API
// reference, TransactWriteItems: ClientRequestToken).
const tokenValidity = 10 * time.Minute

// idempotency remembers the transactions of late by their tokens.
type idempotency struct {
	transactions map[string]transaction
	order        []string // tokens, from the oldest
}

// transaction is what was done under a token, and when.
type transaction struct {
	actions []*request
	at      time.Time
}

// remember notes the token of a transaction that was done.
func (i *idempotency) remember(token string, done transaction) {
	if i.transactions == nil {
		i.transactions = map[string]transaction{}
	}
	i.transactions[token] = done
	i.order = append(i.order, token)
}

// forget drops the tokens that are not valid any more.
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
