package forecast

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// Cost is an amount of US dollars in picodollars: a millionth of a millionth. Whole numbers
// give the same sum on every machine.
type Cost int64

const (
	picodollar  Cost = 1
	microdollar      = 1_000_000 * picodollar
	dollar           = 1_000_000 * microdollar
)

// AWS prices in us-east-1 as of November 2026, at the first tier, without the free tier.
const (
	PriceRegion = "us-east-1"
	// PriceOfTransition is $0.025 for 1,000 state transitions of a Standard
	// workflow, retries included (Step Functions pricing).
	PriceOfTransition = 25 * microdollar
	// PriceOfRequest is $0.20 for a million requests (Lambda pricing).
	PriceOfRequest = microdollar / 5
	// PriceOfGBSecond is $0.0000133334 for a GB-second on arm64 (Lambda pricing).
	PriceOfGBSecond = 13_333_400 * picodollar
	// PriceOfAlarmRead is $0.01 for 1,000 requests of the CloudWatch API, the highest price
	// that DescribeAlarms can have (CloudWatch pricing, Cost per deployment).
	PriceOfAlarmRead = 10 * microdollar
	// PriceOfMetricRead is $0.01 for 1,000 metrics that GetMetricData reads. Up to five
	// statistics of a metric count as one (CloudWatch pricing).
	PriceOfMetricRead = 10 * microdollar
	// PriceOfTableRead is $0.125 for a million read request units of an on-demand table. A strongly
	// consistent read takes a unit for each 4 KB (DynamoDB pricing).
	PriceOfTableRead = microdollar / 8
	// PriceOfTrace is $5 for a million recorded traces (X-Ray pricing).
	PriceOfTrace = 5 * microdollar
)

// AWS prices of a month, in the same region and of the same date (CloudWatch pricing).
const (
	PriceOfAlarmMonth     = dollar / 10 // of each metric at standard resolution
	PriceOfDashboardMonth = 3 * dollar
	PriceOfMetricMonth    = 3 * dollar / 10 // of a custom metric, by the hour in which it gets data
)

// An invocation of one of Sluice's own Lambdas, estimated for arm64. run-hooks takes longer,
// because it waits for a sync hook.
const (
	InvocationMegabytes    = 128
	InvocationMilliseconds = 150
)

// PriceOfInvocation returns the price of a request and of its GB-seconds, for a Lambda with so much
// memory. It is rounded down to picodollars.
func PriceOfInvocation(megabytes int) Cost {
	return PriceOfRequest + PriceOfGBSecond*Cost(megabytes)*InvocationMilliseconds/(1024*1000)
}

// Bill is what AWS charges for a Course. It leaves out the Ledger, the announcements, the
// logs and the user's hooks.
type Bill struct {
	Transitions Cost // Step Functions
	Invocations Cost // Lambda
	AlarmReads  Cost // CloudWatch
	MetricReads Cost // CloudWatch
}

// Bill returns the cost of the Course with these numbers of reads.
func (c Course) Bill(alarmReads, metricReads int) Bill {
	return Bill{
		Transitions: Cost(c.Transitions) * PriceOfTransition,
		Invocations: Cost(c.Invocations) * PriceOfInvocation(InvocationMegabytes),
		AlarmReads:  Cost(alarmReads) * PriceOfAlarmRead,
		MetricReads: Cost(metricReads) * PriceOfMetricRead,
	}
}

// AlarmReads returns how often CloudWatch is called for a Deployment with alarms in so many
// regions: in each twice before the start (do they exist, and what is their state), and at every
// poll. All alarms that a Deployment may name fit into one request (DescribeAlarms, AlarmNames:
// 100).
func (c Course) AlarmReads(regions int) int { return regions * (2 + c.Polls) }

// MetricReads returns how many metrics are read, at most, for a Deployment that compares the
// versions of so many Targets and does not wait for evidence: of each version at every poll,
// and of the alias before the start, its durations twice.
func (c Course) MetricReads(j shift.Judging, targets int) int {
	if !j.On() || c.Polls == 0 {
		return 0
	}
	metrics := 2 // requests and errors
	if j.Throttles != judge.Off {
		metrics++
	}
	duration := 1
	if j.Slow != judge.Off {
		metrics++
	}
	return targets * (2*metrics*c.Polls + metrics + duration)
}

// Total returns the sum of the Bill.
func (b Bill) Total() Cost { return b.Transitions + b.Invocations + b.AlarmReads + b.MetricReads }

// String shows the Cost to people, to three significant digits: "$0.000714".
func (c Cost) String() string {
	digits := len(strconv.FormatInt(int64(c), 10))
	unit := Cost(math.Pow10(max(digits-3, 0)))
	return "$" + ((c + unit/2) / unit * unit).Dollars()
}

// MarshalJSON writes the Cost as a number of dollars, exactly.
func (c Cost) MarshalJSON() ([]byte, error) { return []byte(c.Dollars()), nil }

// Dollars returns the Cost as an exact decimal number of dollars, without trailing zeros.
func (c Cost) Dollars() string {
	exact := big.NewRat(int64(c), int64(dollar)).FloatString(12)
	return strings.TrimSuffix(strings.TrimRight(exact, "0"), ".")
}
