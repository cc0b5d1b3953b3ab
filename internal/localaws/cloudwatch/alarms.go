package cloudwatch

import (
	"cmp"
	"sync"

	"sluice/internal/localaws/account"
	"sluice/internal/localaws/throttle"
)

// Config says how CloudWatch behaves.
type Config struct {
	// ReadRate is how many DescribeAlarms a second the account may make;
	// 0 is 9 (CloudWatch quotas), negative is no limit.
	ReadRate float64
}

// Alarms are the alarms of an account. Several goroutines may call its methods
// at once. No method calls a listener while it holds the lock.
type Alarms struct {
	account account.Account
	reads   *throttle.Bucket

	mu        sync.Mutex
	alarms    map[string]*alarm
	listeners []func(AlarmChange)
}

// New returns an account without alarms.
func New(in account.Account, config Config) *Alarms {
	return &Alarms{account: in, reads: throttle.NewBucket(cmp.Or(config.ReadRate, 9)), alarms: map[string]*alarm{}}
}
