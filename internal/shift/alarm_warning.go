package shift

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Names of the warnings about alarms.
const (
	AlarmOfMinimum      = "AlarmOfMinimum"
	AlarmDiluted        = "AlarmDiluted"
	AlarmElsewhere      = "AlarmElsewhere"
	AlarmTooSlow        = "AlarmTooSlow"
	AlarmOnMissingData  = "AlarmOnMissingData"
	AlarmOutOfReach     = "AlarmOutOfReach"
	AlarmAlwaysBreaches = "AlarmAlwaysBreaches"
	AlarmIgnoresSamples = "AlarmIgnoresSamples"
	AlarmOfNothing      = "AlarmOfNothing"
)

// maxWarnings bounds the warnings of a Deployment, and maxWarningRunes their texts: they are in
// its record.
const (
	maxWarnings     = 5
	maxWarningRunes = 512
)

// BoundWarnings returns as many warnings as a Deployment has at most. The last one counts the
// rest.
func BoundWarnings(warnings []Reason) []Reason {
	var bounded []Reason
	for i, w := range warnings {
		if i == maxWarnings-1 && len(warnings) > maxWarnings {
			return append(bounded, Reason{Name: MoreReasons, Text: fmt.Sprintf("and %d more warnings: sluice check shows all", len(warnings)-i)})
		}
		bounded = append(bounded, Reason{Name: w.Name, Subject: BoundText(w.Subject, maxSubjectRunes), Text: BoundText(w.Text, maxWarningRunes)})
	}
	return bounded
}

// LongestWarnings returns as many and as long warnings as a Deployment can have.
func LongestWarnings() []Reason {
	warning := Reason{Name: AlarmAlwaysBreaches, Subject: strings.Repeat("a", maxSubjectRunes), Text: strings.Repeat("t", maxWarningRunes)}
	return slices.Repeat([]Reason{warning}, maxWarnings)
}

// AlarmWarnings says which alarms cannot fire as they are meant to, by their definitions alone:
// each with what to write instead. steps are those of the Plan.
func AlarmWarnings(alarms []Alarm, moves []Move, steps []Step) []Reason {
	var warnings []Reason
	for _, a := range alarms {
		r := alarmReview{alarm: a, AlarmDefinition: a.Definition, moves: moves, bake: firstBake(steps)}
		warnings = append(warnings, r.warnings()...)
	}
	return warnings
}

// firstBake returns the first Step that bakes. There may be none.
func firstBake(steps []Step) Step {
	for _, s := range steps {
		if s.Bake > 0 {
			return s
		}
	}
	return Step{}
}

// alarmReview reviews one alarm.
type alarmReview struct {
	alarm Alarm
	AlarmDefinition
	moves []Move
	bake  Step
	found []Reason
}

func (r *alarmReview) warn(name, format string, args ...any) {
	r.found = append(r.found, Reason{Name: name, Subject: r.alarm.Name, Text: "alarm " + AlarmTitle(r.alarm.Name) + " " + fmt.Sprintf(format, args...)})
}

func (r *alarmReview) warnings() []Reason {
	switch strings.ToUpper(strings.Trim(r.Rule, " ()")) {
	case "FALSE":
		r.warn(AlarmOfNothing, "has the rule FALSE and never fires: name the alarms that it is to join")
	case "TRUE":
		r.warn(AlarmAlwaysBreaches, "has the rule TRUE and always fires, so nothing can start: name the alarms that it is to join")
	}
	for _, m := range r.Metrics {
		r.checkScope(m)
		r.checkMinimum(m)
	}
	if len(r.Metrics) == 0 {
		return r.found
	}
	r.checkSpeed()
	r.checkMissing()
	r.checkThreshold()
	if r.IgnoresFewSamples && r.isSparse() {
		r.warn(AlarmIgnoresSamples, "does not look at a percentile of few samples, and the candidate has few at first: set EvaluateLowSampleCountPercentile to evaluate")
	}
	return r.found
}

// checkScope warns about a metric that is not of what is shifted.
func (r *alarmReview) checkScope(m AlarmMetric) {
	if m.Of == "" || slices.ContainsFunc(r.moves, func(c Move) bool { return c.Target == m.Of }) {
		r.checkVersion(m)
		return
	}
	for _, c := range r.moves {
		if strings.HasPrefix(string(c.Target), string(m.Of)+":") {
			r.warn(AlarmDiluted, "watches %s of all that %s has, unpublished code and other aliases too, so that the candidate's part is diluted: add the dimension Resource = %s", m.Name, m.Of, resource(c.Target))
			return
		}
	}
	for _, c := range r.moves {
		if parent(c.Target) == parent(m.Of) {
			r.warn(AlarmElsewhere, "watches %s of %s, and not of %s, which is shifted: set the dimension Resource to %s", m.Name, m.Of, c.Target, resource(c.Target))
			return
		}
	}
}

// checkVersion warns about a metric of another version than the Candidate.
func (r *alarmReview) checkVersion(m AlarmMetric) {
	for _, c := range r.moves {
		if c.Target == m.Of && m.Version != "" && c.Candidate != "" && m.Version != c.Candidate {
			r.warn(AlarmElsewhere, "watches %s of version %s alone, and the candidate is %s: remove the dimension ExecutedVersion", m.Name, m.Version, c.Candidate)
		}
	}
}

// resource returns how the metrics of an alias name it.
func resource(t Target) string { return strings.TrimPrefix(string(t), KindLambda+":") }

// parent returns what a Target is a part of: of an alias, the function.
func parent(t Target) string {
	if i := strings.LastIndexByte(string(t), ':'); i > 0 {
		return string(t[:i])
	}
	return string(t)
}

func (r *alarmReview) checkMinimum(m AlarmMetric) {
	if m.PerRequest && m.Statistic == "Minimum" && !r.Crossing.isBelow() {
		r.warn(AlarmOfMinimum, "takes the Minimum of %s, which is above 0 only if every request of a period fails: use Sum, or Average for the share that fails", m.Name)
	}
}

// checkSpeed warns about an alarm that fires later than the first Step ends.
func (r *alarmReview) checkSpeed() {
	var period Seconds
	for _, m := range r.Metrics {
		period = max(period, m.Period)
	}
	toFire := cmp.Or(r.ToFire, r.Periods)
	needs := period * Seconds(toFire)
	if r.bake.Bake == 0 || needs <= r.bake.Bake {
		return
	}
	of := "evaluationPeriods"
	if toFire != r.Periods {
		of = "datapointsToAlarm"
	}
	r.warn(AlarmTooSlow, "needs %s of bad data to fire (period %s × %s %d), and the first step bakes for %s: write a period of 60 seconds and 1 of them, or bake for longer",
		needs, period, of, toFire, r.bake.Bake)
}

func (r *alarmReview) isSparse() bool {
	return slices.ContainsFunc(r.Metrics, func(m AlarmMetric) bool { return m.Sparse })
}

// checkMissing warns about how an alarm takes times without requests.
func (r *alarmReview) checkMissing() {
	if !r.isSparse() || r.FillsGaps {
		return
	}
	switch r.Missing {
	case MissingIsBreaching:
		r.warn(AlarmOnMissingData, "fires where there is no data, and there is none while nobody sends a request, so that a quiet minute puts a healthy candidate back: set treatMissingData to notBreaching")
	case MissingIsIgnored:
		r.warn(AlarmOnMissingData, "keeps its state while there is no data: once it fires, it goes on while nobody sends a request, and keeps the next deployment from starting: set treatMissingData to notBreaching")
	case MissingIsMissing, "":
		r.warn(AlarmOnMissingData, "goes by older data, or has none, while nobody sends a request: it may fire for what is long over, or tell nothing: set treatMissingData to notBreaching")
	}
}

// checkThreshold warns about a threshold that is never crossed, or always. It knows the values of
// one metric of which no value is negative.
func (r *alarmReview) checkThreshold() {
	m := r.Metrics[0]
	if r.Calculated || !m.Sparse {
		return
	}
	highest := r.highest(m)
	switch {
	case r.Crossing.isBelow() && !r.Crossing.breaches(0, r.Threshold):
		r.warn(AlarmOutOfReach, "can never fire: %s is never %s %s: compare with GreaterThanThreshold", m.Name, r.Crossing, number(r.Threshold))
	case r.Crossing.isAbove() && r.Crossing.breaches(0, r.Threshold):
		r.warn(AlarmAlwaysBreaches, "fires whatever %s is, since it is always %s %s: raise the threshold", m.Name, r.Crossing, number(r.Threshold))
	case r.Crossing.isAbove() && highest > 0 && !r.Crossing.breaches(highest, r.Threshold):
		r.warn(AlarmOutOfReach, "can never fire: the %s of %s is at most %s, and has to be %s %s: use Sum, or a threshold such as 0.05 for 5%%", m.Statistic, m.Name, number(highest), r.Crossing, number(r.Threshold))
	case r.Crossing.isAbove():
		r.checkShare(m)
	}
}

// highest returns the highest value that a statistic of a metric takes; 0 if it has no bound. Of
// requests that count 0 or 1, only a sum or a count is above 1.
func (r *alarmReview) highest(m AlarmMetric) float64 {
	if !m.PerRequest {
		return 0
	}
	if m.Statistic == "Average" || m.Statistic == "Maximum" || m.Statistic == "Minimum" {
		return 1
	}
	if _, is := percentile(m.Statistic); is {
		return 1
	}
	return 0
}

// percentile returns the percentile of a statistic such as p99.
func percentile(statistic string) (float64, bool) {
	text, is := strings.CutPrefix(statistic, "p")
	value, err := strconv.ParseFloat(text, 64)
	return value, is && err == nil
}

// checkShare warns about an alarm of both versions that does not see the Candidate's share of
// the first Step.
func (r *alarmReview) checkShare(m AlarmMetric) {
	weight := r.bake.Weight
	ofBoth := m.Of != "" && m.Version == ""
	if !ofBoth || weight == 0 || weight >= All {
		return
	}
	share := float64(weight) / float64(All)
	p, isPercentile := percentile(m.Statistic)
	switch {
	case isPercentile && share < (100-p)/100:
		r.warn(AlarmOutOfReach, "watches the %s of both versions, and the candidate has %s of the requests at first: their slowest or worst ones are above it, and it does not move: use p%s", m.Statistic, weight, number(100-50*share))
	case m.PerRequest && m.Statistic == "Average" && r.Threshold >= share:
		r.warn(AlarmOutOfReach, "watches the share of both versions' requests, and the candidate has %s of them at first: if all of its requests fail, that is %s, and the threshold is %s: lower it, or use Sum", weight, number(share), number(r.Threshold))
	}
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
