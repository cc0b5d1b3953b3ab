package judge

import (
	"encoding/json"
	"math"
)

// Number is a figure that CloudWatch may not have reported. Its zero value is "not
// reported", which is not the same as a reported 0. In JSON it is a number or null.
type Number struct {
	value    float64
	reported bool
}

// Reported is a figure that CloudWatch has reported.
func Reported(value float64) Number { return Number{value: value, reported: true} }

// MarshalJSON writes the figure, or null when it was not reported.
func (n Number) MarshalJSON() ([]byte, error) {
	if !n.reported {
		return []byte("null"), nil
	}
	return json.Marshal(n.value)
}

// UnmarshalJSON reads a figure, or null for one that was not reported.
func (n *Number) UnmarshalJSON(data []byte) error {
	var value *float64
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	*n = Number{}
	if value != nil {
		*n = Reported(*value)
	}
	return nil
}

// maxCount bounds a number of requests in a minute. More cannot be true, and would
// overflow sums.
const maxCount = 1e12

// count is the figure as a number of requests. A figure that cannot be one counts as not
// reported.
func (n Number) count() (int64, bool) {
	if !n.reported || !(n.value >= 0 && n.value <= maxCount) {
		return 0, false
	}
	return int64(math.Round(n.value)), true
}

// share is the figure as a share of requests. A figure that cannot be one counts as not
// reported.
func (n Number) share() (float64, bool) {
	if !n.reported || !(n.value >= 0 && n.value <= 1) {
		return 0, false
	}
	return n.value, true
}

// compare orders two figures: a reported one is above one that is not, and NaN is below
// every other reported one.
func (n Number) compare(other Number) int {
	switch {
	case n.reported != other.reported:
		return sign(n.reported)
	case n.value > other.value || math.IsNaN(other.value) && !math.IsNaN(n.value):
		return 1
	case n.value < other.value || math.IsNaN(n.value) && !math.IsNaN(other.value):
		return -1
	default:
		return 0
	}
}

func sign(positive bool) int {
	if positive {
		return 1
	}
	return -1
}
