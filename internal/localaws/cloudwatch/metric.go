package cloudwatch

import "time"

// Metric names a metric. Every combination of dimensions is a metric of its own.
type Metric struct {
	Namespace, Name string
	Dimensions      map[string]string
}

// MetricData is the values of a metric in a period, and their unit.
type MetricData struct {
	Unit   string // "Count", "Milliseconds", …
	Values Distribution
}

// MetricProvider has the data of metrics. CloudWatch calls it without holding a lock.
type MetricProvider interface {
	// MetricData returns the values that can be read now and are stamped with a time from
	// from up to, but not including, until. It returns no values for a metric that it does
	// not know.
	MetricData(m Metric, from, until time.Time) MetricData
}

// The values of StatusCode in a result of GetMetricData.
const (
	StatusComplete      = "Complete"
	StatusPartialData   = "PartialData"
	StatusInternalError = "InternalError"
	StatusForbidden     = "Forbidden"
)

// MetricAnswers says how GetMetricData answers where that does not follow from the data.
type MetricAnswers struct {
	// PageDatapoints makes pages smaller than the caller's MaxDatapoints. 0 means no bound.
	PageDatapoints int
	// Status, if not nil, gives the status of a query's result and its message, or
	// StatusComplete. With StatusPartialData, the older half of the data points is missing
	// for good; with the other ones, all are.
	Status func(Metric) (status, message string)
}

// SetMetricProvider sets where the data of metrics come from. Without a provider there are
// none.
func (s *Alarms) SetMetricProvider(provider MetricProvider) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.provider = provider
}

// SetMetricAnswers sets how GetMetricData answers.
func (s *Alarms) SetMetricAnswers(answers MetricAnswers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = answers
}

// metricData returns a metric's values from the provider.
func (s *Alarms) metricData(m Metric, from, until time.Time) MetricData {
	s.mu.Lock()
	provider := s.provider
	s.mu.Unlock()
	if provider == nil {
		return MetricData{}
	}
	return provider.MetricData(m, from, until)
}
