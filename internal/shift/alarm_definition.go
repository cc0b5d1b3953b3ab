package shift

// AlarmDefinition is what an alarm watches, as far as it was read. It is zero for an alarm that
// watches no metric.
type AlarmDefinition struct {
	// Metrics are what it watches: one, or those of its expression.
	Metrics []AlarmMetric
	// Calculated says that its value is calculated from the Metrics, or compared with something
	// else than a fixed threshold.
	Calculated bool
	// FillsGaps says that the calculation has a value for a period without data.
	FillsGaps bool
	Threshold float64
	// Crossing is one of the constants below; empty if it is another one.
	Crossing Crossing
	// Periods is how many periods it looks at, and ToFire how many of them must breach.
	Periods, ToFire int
	Missing         MissingData
	// IgnoresFewSamples says that a percentile of few samples leaves the state as it is.
	IgnoresFewSamples bool
	// Rule is that of an alarm on other alarms, and Children are these.
	Rule     string
	Children []string
}

// AlarmMetric is a metric that an alarm watches.
type AlarmMetric struct {
	Name      string // such as Errors
	Statistic string // such as Sum or p99
	Period    Seconds
	// Of is the Target that the metric is of, or the beginning of it: lambda:orders for all of a
	// function. It is empty for a metric of something else.
	Of Target
	// Version limits the metric to one version.
	Version Version
	// PerRequest says that each request counts 0 or 1.
	PerRequest bool
	// Sparse says that there is no data while there are no requests.
	Sparse bool
}

// Crossing says on which side of its threshold an alarm's value breaches it.
type Crossing string

const (
	Above   Crossing = ">"
	AtLeast Crossing = ">="
	Below   Crossing = "<"
	AtMost  Crossing = "<="
)

func (c Crossing) isAbove() bool { return c == Above || c == AtLeast }
func (c Crossing) isBelow() bool { return c == Below || c == AtMost }

// breaches says whether a value breaches a threshold.
func (c Crossing) breaches(value, threshold float64) bool {
	switch c {
	case Above:
		return value > threshold
	case AtLeast:
		return value >= threshold
	case Below:
		return value < threshold
	case AtMost:
		return value <= threshold
	}
	return false
}

// MissingData says how an alarm takes a period without data.
type MissingData string

const (
	MissingIsMissing   MissingData = "missing"
	MissingIsBreaching MissingData = "breaching"
	MissingIsIgnored   MissingData = "ignore"
	MissingIsFine      MissingData = "notBreaching"
)
