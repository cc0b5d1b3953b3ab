package cloudwatch

import (
	"cmp"
	"sync"

	"sluice/internal/localaws/account"
	"sluice/internal/localaws/throttle"
)

// Config configures CloudWatch's behaviour.
type Config struct {
	// ReadRate is the account's limit of DescribeAlarms calls per second. 0 means 9
	// (CloudWatch quotas); negative means no limit.
	ReadRate float64
}

// Alarms holds the alarms of an account. Several goroutines may call its methods at
// once. No method calls a listener while it holds the lock.
type Alarms struct {
	account account.Account
	reads   *throttle.Bucket

	mu        sync.Mutex
	alarms    map[string]*alarm
	listeners []func(AlarmChange)
}

// New returns an empty Alarms for an account.
func New(in account.Account, config Config) *Alarms {
	return &Alarms{account: in, reads: throttle.NewBucket(cmp.Or(config.ReadRate, 9)), alarms: map[string]*alarm{}}
}
