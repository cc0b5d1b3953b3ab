package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/forecast"
	"github.com/sluice-aws/sluice/internal/gate/metric"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// outlook says how soon a regression of a Target would be found.
type outlook struct {
	Target       shift.Target  `json:"target,omitempty"` // empty if it holds for each
	Rate         float64       `json:"requestsPerMinute"`
	ErrorPercent float64       `json:"errorPercent"`
	MetricLag    shift.Seconds `json:"metricLagSeconds"`
	Steps        []stepOutlook `json:"steps"`
}

// stepOutlook is what can be found in a Step.
type stepOutlook struct {
	Number     int           `json:"step"`
	Weight     shift.Weight  `json:"weightPercent"`
	Bake       shift.Seconds `json:"bakeSeconds"`
	Detections []detection   `json:"regressions"`
	// Hidden is up to which share of the requests could fail unseen when the Step ends.
	Hidden float64 `json:"couldHide"`
}

// detection is how a regression is found in a Step.
type detection struct {
	Percent float64 `json:"percent"` // of the requests that fail in addition
	// Found is the share of all cases in which it is found before the Step ends.
	Found float64 `json:"found"`
	// After is the median time until then; absent if it is found in less than half.
	After shift.Seconds `json:"afterSeconds,omitempty"`
	// Bad is how many requests fail until then, or until the Step ends.
	Bad int64 `json:"badRequests"`
}

// newOutlook forecasts what the comparison finds with some traffic.
func newOutlook(p shift.Plan, j shift.Judging, about shift.Target, t forecast.Traffic, targets int) outlook {
	o := outlook{
		Target: about, Rate: math.Round(10*t.RequestsPerMinute) / 10, ErrorPercent: math.Round(1e4*100*t.ErrorRate) / 1e4,
		MetricLag: shift.InSeconds(forecast.MetricLag),
	}
	for i, s := range forecast.Outlook(p, j, t, targets) {
		step := stepOutlook{Number: i + 1, Weight: shift.Weight(s.Weight), Bake: shift.InSeconds(s.Bake), Hidden: s.Hidden}
		for _, d := range s.Detections {
			step.Detections = append(step.Detections, detection{Percent: 100 * d.Regression, Found: d.Found, After: shift.InSeconds(d.After), Bad: d.Bad})
		}
		o.Steps = append(o.Steps, step)
	}
	return o
}

func (o outlook) print(to io.Writer) {
	about := ""
	if o.Target != "" {
		about = " of " + string(o.Target)
	}
	fmt.Fprintf(to, "\nHow soon a regression%s is found, at %s requests a minute of which\n%g%% fail:\n", about, rateText(o.Rate), o.ErrorPercent)
	t := &table{indent: gutter, right: map[int]bool{0: true, 1: true, 2: true}}
	head := []string{"STEP", "WEIGHT", "BAKES"}
	for _, d := range o.Steps[0].Detections {
		head = append(head, fmt.Sprintf("%g%% MORE", d.Percent))
	}
	t.add(append(head, "COULD HIDE")...)
	for _, s := range o.Steps {
		t.add(s.cells()...)
	}
	t.write(to)
}

// rateText shows a number of requests with a fraction only if it is small.
func rateText(rate float64) string {
	if rate < 10 {
		return strconv.FormatFloat(rate, 'f', -1, 64)
	}
	return picture.GroupDigits(int64(math.Round(rate)))
}

func (s stepOutlook) cells() []string {
	cells := []string{strconv.Itoa(s.Number), s.Weight.String(), emptyCell}
	if s.Bake > 0 {
		cells[2] = picture.Clock(s.Bake.Duration())
	}
	for _, d := range s.Detections {
		cells = append(cells, s.cell(d))
	}
	hidden := "anything"
	if s.Hidden < 1 {
		hidden = shift.PercentText(s.Hidden)
	}
	return append(cells, hidden)
}

func (s stepOutlook) cell(d detection) string {
	found := fmt.Sprintf("%.0f%%", 100*d.Found)
	switch {
	case s.Bake == 0 || s.Weight == shift.All:
		return emptyCell
	case d.Found == 0:
		return "no"
	case d.After == 0:
		return "no (" + found + ")"
	case found == "100%":
		return picture.Clock(d.After.Duration())
	}
	return fmt.Sprintf("%s (%s)", picture.Clock(d.After.Duration()), found)
}

const aboutOutlook = `The times are medians from the step's begin. In brackets stands in how many cases it is found in the step at all. "Could hide" is the regression that may go unseen until the step ends. Waits for evidence are left out, and metrics are expected to be %s late. At 100%% there is nothing to compare with.`

// withoutSynthetic says what the table does not show.
const withoutSynthetic = ` Synthetic requests are left out, too: --rpm with them on top shows the best that they can do.`

func (f estimate) printOutlooks(to io.Writer) {
	for _, o := range f.Outlooks {
		o.print(to)
	}
	if len(f.Outlooks) == 0 {
		return
	}
	about := fmt.Sprintf(aboutOutlook, shift.InSeconds(forecast.MetricLag))
	if f.Synthetic.On() {
		about += withoutSynthetic
	}
	t := &table{indent: gutter}
	t.add(about)
	t.write(to)
}

// trafficFlags say which traffic a plan is made for.
type trafficFlags struct {
	rate, errorPercent float64
	ask                bool // ask CloudWatch
}

func (f *trafficFlags) addTo(cmd *cobra.Command) {
	cmd.Flags().Float64Var(&f.rate, "rpm", 0, "say how soon a regression is found at\n`N` requests a minute")
	cmd.Flags().Float64Var(&f.errorPercent, "errors", defaultErrors, "with --rpm: `PERCENT` of the requests fail\nanyway")
	cmd.Flags().BoolVar(&f.ask, "traffic", false, "say the same for the traffic of the last\n3 hours, as CloudWatch has counted it")
}

// defaultErrors is the share of failing requests in percent if nobody gives one.
const defaultErrors = 0.1

func (f trafficFlags) check(cmd *cobra.Command, args []string) error {
	hasRate := cmd.Flags().Changed("rpm")
	switch {
	case cmd.Flags().Changed("errors") && !hasRate:
		return errors.New("--errors needs --rpm: --traffic reads both from CloudWatch")
	case f.ask && hasRate:
		return errors.New("--rpm and --traffic exclude each other: --traffic asks CloudWatch for the requests")
	case f.ask && len(args) > 0:
		return errors.New("--traffic needs a deployment's file, because a STRATEGY has no function: -f FILE")
	case hasRate:
		return f.checkNumbers()
	}
	return nil
}

func (f trafficFlags) checkNumbers() error {
	switch {
	case !(f.rate > 0 && f.rate <= 1e9):
		return fmt.Errorf("--rpm must be above 0 and at most 1,000,000,000, not %g", f.rate)
	case !(f.errorPercent >= 0 && f.errorPercent < 100):
		return fmt.Errorf("--errors must be at least 0 and below 100, not %g", f.errorPercent)
	}
	return nil
}

func (f trafficFlags) isAsked() bool { return f.ask || f.rate > 0 }

var errNothingCompared = errors.New(`judge: the deployment does not compare its versions, so that there is nothing to forecast: set it to "enforce" or "observe"`)

// outlooks forecasts what the comparison of a release finds.
func (f trafficFlags) outlooks(cmd *cobra.Command, a account, p shift.Plan, r shift.Release) ([]outlook, error) {
	arrivals := functionsOf(r)
	targets := max(len(arrivals), 1)
	if !f.ask {
		t := forecast.Traffic{RequestsPerMinute: f.rate, ErrorRate: f.errorPercent / 100}
		return []outlook{newOutlook(p, r.Judging, "", t, targets)}, nil
	}
	baselines, err := a.baselines(cmd, r.Judging, arrivals)
	if err != nil {
		return nil, err
	}
	var list []outlook
	for _, arrival := range arrivals {
		t := forecast.HistoricTraffic(baselines[arrival.Target], metric.HistoryLength)
		list = append(list, newOutlook(p, r.Judging, arrival.Target, t, targets))
	}
	return list, nil
}

// functionsOf returns the functions among the targets of a release: what CloudWatch tells apart.
func functionsOf(r shift.Release) []shift.Arrival {
	return slices.DeleteFunc(slices.Clone(r.Arrivals), func(a shift.Arrival) bool { return a.Target.Kind() != shift.KindLambda })
}

// baselines asks CloudWatch what some targets have served.
func (a account) baselines(cmd *cobra.Command, judging shift.Judging, arrivals []shift.Arrival) (map[shift.Target]judge.Baseline, error) {
	cfg, err := a.configure(cmd.Context(), "")
	if err != nil {
		return nil, err
	}
	changes := make([]shift.Change, len(arrivals))
	for i, arrival := range arrivals {
		changes[i] = shift.Change{Target: arrival.Target}
	}
	baselines, err := metric.FromConfig(cfg).Baselines(cmd.Context(), judging, changes, a.now().UTC().Truncate(time.Minute))
	if err != nil {
		return nil, explainMetrics(err)
	}
	return baselines, nil
}
