package page

import (
	"math"
	"strconv"
	"time"

	"github.com/sluice-aws/sluice/internal/picture"
)

// The layout of the figure, which is as wide as the page's text.
const (
	width  = 960.0
	left   = 140.0 // of the time axis
	right  = width - 20
	across = right - left
)

// axis is the time axis that all plots share.
type axis struct{ until time.Duration }

// newAxis extends the axis a little beyond the end, so that the end is visible.
func newAxis(ends time.Duration) axis {
	ends = max(ends, time.Second)
	return axis{until: ends + ends/16}
}

func (a axis) x(at time.Duration) float64 {
	return left + across*min(max(float64(at)/float64(a.until), 0), 1)
}

// column returns the distance of a time from the left of the axis, in whole points.
func (a axis) column(at time.Duration) int { return int(a.x(at) - left) }

// tickSteps are the allowed distances between ticks.
var tickSteps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	day, 2 * day, 7 * day, 14 * day, 30 * day, 60 * day,
}

// ticks returns up to about ten round times and their labels.
func (a axis) ticks() (at []time.Duration, names []string) {
	step := tickSteps[len(tickSteps)-1]
	for _, s := range tickSteps {
		if a.until/s <= 10 {
			step = s
			break
		}
	}
	for t := time.Duration(0); t <= a.until; t += step {
		at, names = append(at, t), append(names, tickLabel(t, step))
	}
	return at, names
}

// tickLabel formats a time to the precision of the ticks.
func tickLabel(at, step time.Duration) string {
	switch {
	case at == 0:
		return "0"
	case step%day == 0:
		return strconv.Itoa(int(at/day)) + "d"
	case step%time.Hour == 0:
		return strconv.Itoa(int(at/time.Hour)) + "h"
	}
	return picture.Clock(at)
}

const day = 24 * time.Hour

// scale is the vertical axis of a plot.
type scale struct{ top, bottom, most float64 }

func (s scale) y(value float64) float64 {
	return s.bottom - (s.bottom-s.top)*min(max(value/s.most, 0), 1)
}

// roundUp returns the smallest round number that is not below the value.
func roundUp(value float64) float64 {
	if value <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(value)))
	for _, f := range []float64{1, 1.5, 2, 3, 4, 5, 6, 8, 10} {
		if f*unit >= value*(1-1e-9) {
			return f * unit
		}
	}
	return 10 * unit
}
