package page

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sluice-aws/sluice/internal/picture"
)

// drawTraffic plots the requests and the failed requests.
func (f *figure) drawTraffic() {
	r := newRates(*f.run.Observed, f.ends)
	f.drawRates("requests", "requests/min", r, func(r rate) float64 { return r.requests })
	f.drawRates("errors", "failed/min", r, func(r rate) float64 { return r.errors })
}

// dashes distinguish the versions without colour.
var dashes = map[string]string{"stable": "whole", "candidate": "dashed", "other": "dotted"}

// drawRates plots one rate of both versions.
func (f *figure) drawRates(id, name string, r rates, of func(rate) float64) {
	s := scale{most: roundUp(r.highest(of))}
	f.startPlot(id, name, 70, &s, []string{"0", formatCount(s.most)})
	for i, version := range r.versions() {
		y := s.top + 22 + 16*float64(i)
		f.line(0, y-4, 22, y-4, "line "+version.name+" "+dashes[version.name])
		f.text(28, y, "legend "+version.name, "start", version.label)
	}
	for _, version := range r.versions() {
		d := ""
		for i, rate := range version.rates {
			begins := time.Duration(i) * r.each
			y, x := number(s.y(of(rate))), number(f.axis.x(min(begins+r.each, f.ends)))
			if i == 0 {
				d = fmt.Sprintf("M%s %s", number(left), y)
			}
			d += fmt.Sprintf("V%sH%s", y, x)
		}
		f.path(d, "line mark "+version.name+" "+dashes[version.name], version.name)
	}
	f.close("g")
}

// formatCount formats a number of requests: "600", "1,200", "12k".
func formatCount(n float64) string {
	switch {
	case n >= 10_000_000:
		return picture.GroupDigits(int(n/1_000_000)) + "M"
	case n >= 10_000:
		return picture.GroupDigits(int(n/1000)) + "k"
	case n >= 10 || n == float64(int(n)):
		return picture.GroupDigits(int(n))
	}
	return strconv.FormatFloat(n, 'g', 2, 64)
}

// rates are requests per minute, over stretches of equal length.
type rates struct {
	each                     time.Duration
	stable, candidate, other []rate
}

// version is one line of a plot.
type version struct {
	name, label string
	rates       []rate
}

// versions returns the lines of a plot. Other versions have one only if they served.
func (r rates) versions() []version {
	all := []version{{"stable", "stable", r.stable}, {"candidate", "candidate", r.candidate}}
	if slices.ContainsFunc(r.other, func(o rate) bool { return o.requests > 0 }) {
		all = append(all, version{"other", "other version", r.other})
	}
	return all
}

type rate struct{ requests, errors float64 }

// maxStretches is how many stretches can be told apart in the figure.
const maxStretches = 240

// newRates adds up the requests until a time. An incomplete minute counts for the part
// that was observed.
func newRates(o picture.Observed, until time.Duration) rates {
	minutes := max(int((until+time.Minute-1)/time.Minute), 1)
	each := time.Duration((minutes+maxStretches-1)/maxStretches) * time.Minute
	n := int((time.Duration(minutes)*time.Minute + each - 1) / each)
	r := rates{each: each, stable: make([]rate, n), candidate: make([]rate, n), other: make([]rate, n)}
	for _, m := range o.Traffic {
		i := int(m.Begins / each)
		if i >= n {
			continue
		}
		of := &r.stable[i]
		switch {
		case m.Candidate:
			of = &r.candidate[i]
		case m.Other:
			of = &r.other[i]
		}
		begins := time.Duration(i) * each
		over := min(each, max(o.Until-begins, time.Second)).Minutes()
		of.requests += float64(m.Requests) / over
		of.errors += float64(m.Errors) / over
	}
	return r
}

// highest returns the highest rate.
func (r rates) highest(of func(rate) float64) float64 {
	most := 0.0
	for i := range r.stable {
		most = max(most, of(r.stable[i]), of(r.candidate[i]), of(r.other[i]))
	}
	return most
}
