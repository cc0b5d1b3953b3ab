package cloudwatch

import (
	"cmp"
	"sync"

	"github.com/sluice-aws/sluice/internal/localaws/account"
	"github.com/sluice-aws/sluice/internal/localaws/listener"
	"github.com/sluice-aws/sluice/internal/localaws/throttle"
)

// Config configures CloudWatch's behaviour.
type Config struct {
	// ReadRate is the account's limit of DescribeAlarms calls per second. 0 means 9
	// (CloudWatch quotas); negative means no limit.
	ReadRate float64
	// DataRate is the limit of GetMetricData calls per second. 0 means 50; negative means no
	// limit.
	DataRate float64
	// DatapointRate is the limit of data points per second that GetMetricData may be asked
	// for. 0 means 180,000, the quota for the last three hours. Older pages of AWS name a
	// lower one for data before that. Negative means no limit.
	DatapointRate float64
}

// Alarms holds the alarms of an account in one region, and knows who has the data of its
// metrics. Several goroutines may call its methods at once. No method calls a listener while it
// holds the lock.
type Alarms struct {
	account account.Account
	// The limits of DescribeAlarms, of GetMetricData, and of its data points.
	reads, dataReads, datapoints *throttle.Bucket

	mu       sync.Mutex
	alarms   map[string]*alarm
	onState  *listener.List[AlarmChange] // shared by all regions
	provider MetricProvider
	answers  MetricAnswers
}

// newAlarms returns an empty Alarms for an account in one region.
func newAlarms(in account.Account, config Config, onState *listener.List[AlarmChange]) *Alarms {
	return &Alarms{
		onState:    onState,
		account:    in,
		reads:      throttle.NewBucket(cmp.Or(config.ReadRate, 9)),
		dataReads:  throttle.NewBucket(cmp.Or(config.DataRate, 50)),
		datapoints: throttle.NewBucket(cmp.Or(config.DatapointRate, 180_000)),
		alarms:     map[string]*alarm{},
	}
}
