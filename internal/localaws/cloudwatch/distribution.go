package cloudwatch

import (
	"cmp"
	"slices"
)

// Sample is a value of a metric, and how often it was measured.
type Sample struct {
	Value float64
	Count int64
}

// Distribution is the values of a metric in a period: in increasing order, each value
// once, with counts above 0. All statistics of the period follow from it.
type Distribution []Sample

// NewDistribution returns the distribution of samples in any order.
func NewDistribution(samples ...Sample) Distribution {
	d := make(Distribution, 0, len(samples))
	slices.SortFunc(samples, func(a, b Sample) int { return cmp.Compare(a.Value, b.Value) })
	for _, s := range samples {
		d = d.append(s)
	}
	return d
}

// append adds a sample whose value is not below the last one.
func (d Distribution) append(s Sample) Distribution {
	if s.Count <= 0 {
		return d
	}
	if last := len(d) - 1; last >= 0 && d[last].Value == s.Value {
		d[last].Count += s.Count
		return d
	}
	return append(d, s)
}

// Merge returns the distribution of the values of both. It may return one of the two.
func (d Distribution) Merge(other Distribution) Distribution {
	if len(d) == 0 {
		return other
	}
	if len(other) == 0 {
		return d
	}
	merged := make(Distribution, 0, len(d)+len(other))
	for len(d) > 0 && len(other) > 0 {
		if d[0].Value <= other[0].Value {
			merged, d = merged.append(d[0]), d[1:]
		} else {
			merged, other = merged.append(other[0]), other[1:]
		}
	}
	for _, rest := range []Distribution{d, other} {
		for _, s := range rest {
			merged = merged.append(s)
		}
	}
	return merged
}

// MergeAll returns the distribution of the values of all. It is faster than one Merge
// after the other.
func MergeAll(all []Distribution) Distribution {
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	half := len(all) / 2
	return MergeAll(all[:half]).Merge(MergeAll(all[half:]))
}

// Count returns the number of values.
func (d Distribution) Count() int64 {
	var n int64
	for _, s := range d {
		n += s.Count
	}
	return n
}

// Sum returns the sum of the values.
func (d Distribution) Sum() float64 {
	var sum float64
	for _, s := range d {
		sum += s.Value * float64(s.Count)
	}
	return sum
}

// Within returns the values above lower, up to and including upper.
func (d Distribution) Within(lower, upper float64) Distribution {
	above := func(limit float64) int {
		i, _ := slices.BinarySearchFunc(d, limit, func(s Sample, limit float64) int {
			if s.Value <= limit {
				return -1
			}
			return 1
		})
		return i
	}
	from, until := above(lower), above(upper)
	return d[from:max(from, until)]
}

// Percentile returns the smallest value that at least this share of the values, from 0
// to 1, does not exceed.
func (d Distribution) Percentile(share float64) float64 {
	// Without the tolerance, rounding would make 99.9 % of 1000 values more than 999.
	const rounding = 1e-9
	rank := share*float64(d.Count()) - rounding
	var seen int64
	for _, s := range d {
		seen += s.Count
		if float64(seen) >= rank {
			return s.Value
		}
	}
	return 0
}
