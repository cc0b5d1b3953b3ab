package page

import (
	"time"

	"sluice/internal/picture"
)

// rates are requests a minute, over stretches of time of the same length.
type rates struct {
	each              time.Duration
	stable, candidate []rate
}

type rate struct{ requests, errors float64 }

// maxStretches is how many can be told apart in the figure.
const maxStretches = 240

// newRates adds up what was served until a time. The requests of a minute that was
// not observed to its end count for the time that was.
func newRates(o picture.Observed, until time.Duration) rates {
	minutes := max(int((until+time.Minute-1)/time.Minute), 1)
	each := time.Duration((minutes+maxStretches-1)/maxStretches) * time.Minute
	n := int((time.Duration(minutes)*time.Minute + each - 1) / each)
	r := rates{each: each, stable: make([]rate, n), candidate: make([]rate, n)}
	for _, m := range o.Traffic {
		i := int(m.Begins / each)
		if i >= n {
			continue
		}
		of := &r.stable[i]
		if m.Candidate {
			of = &r.candidate[i]
		}
		begins := time.Duration(i) * each
		over := min(each, max(o.Until-begins, time.Second)).Minutes()
		of.requests += float64(m.Requests) / over
		of.errors += float64(m.Errors) / over
	}
	return r
}

// most is the highest of what is plotted.
func (r rates) most(of func(rate) float64) float64 {
	most := 0.0
	for i := range r.stable {
		most = max(most, of(r.stable[i]), of(r.candidate[i]))
	}
	return most
}
