package page

import (
	"math"
	"time"

	"sluice/internal/picture"
)

// Where things are in the figure. Its width is that of the page's text.
const (
	width  = 960.0
	left   = 140.0 // of the time axis
	right  = width - 20
	across = right - left
)

// axis is the time axis that all plots share.
type axis struct{ until time.Duration }

// newAxis ends a little after the end, so that the end can be seen.
func newAxis(ends time.Duration) axis {
	ends = max(ends, time.Second)
	return axis{until: ends + ends/16}
}

func (a axis) x(at time.Duration) float64 {
	return left + across*min(max(float64(at)/float64(a.until), 0), 1)
}

// column is how many points from the left of the axis a time is.
func (a axis) column(at time.Duration) int { return int(a.x(at) - left) }

// steps are the distances that ticks may have.
var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 2 * 24 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour, 30 * 24 * time.Hour, 60 * 24 * time.Hour,
}

// ticks are the round times that are marked: not more than ten or so.
func (a axis) ticks() []time.Duration {
	step := steps[len(steps)-1]
	for _, s := range steps {
		if a.until/s <= 10 {
			step = s
			break
		}
	}
	var ticks []time.Duration
	for at := time.Duration(0); at <= a.until; at += step {
		ticks = append(ticks, at)
	}
	return ticks
}

// scale is the vertical axis of a plot.
type scale struct{ top, bottom, most float64 }

func (s scale) y(value float64) float64 {
	return s.bottom - (s.bottom-s.top)*min(max(value/s.most, 0), 1)
}

// round is the least round number that is not below a value.
func round(value float64) float64 {
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

func clock(at time.Duration) string {
	if at >= 48*time.Hour && at%(24*time.Hour) == 0 {
		return picture.Counted(int(at/(24*time.Hour)), "day", "days")
	}
	return picture.Clock(at)
}
