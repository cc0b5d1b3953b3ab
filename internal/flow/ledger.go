package flow

// The attributes of the ledger's table that DynamoDB itself knows: the key, and the one
// after whose time an item expires.
const (
	LedgerPartitionKey = "pk"
	LedgerSortKey      = "sk"
	LedgerExpiry       = "expiresAt"
)
