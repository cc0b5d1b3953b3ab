package shift_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// soundAlarm is one that nothing is wrong with.
func soundAlarm() shift.AlarmDefinition {
	return shift.AlarmDefinition{
		Metrics:   []shift.AlarmMetric{{Name: "Errors", Statistic: "Sum", Period: 60, Of: orders, PerRequest: true, Sparse: true}},
		Threshold: 5, Crossing: shift.AtLeast, Periods: 1, ToFire: 1, Missing: shift.MissingIsFine,
	}
}

func TestAlarmsThatCannotFireAsMeantAreNamed(t *testing.T) {
	t.Parallel()
	moves := []shift.Move{{Target: orders, Stable: "1", Candidate: "2"}, {Target: "cloudfront:E1ABC", Stable: "r1", Candidate: "r2"}}
	steps := []shift.Step{{Weight: 1000, Bake: 300}, {Weight: shift.All}}
	type definition = shift.AlarmDefinition
	latency := func(d *definition, statistic string) {
		d.Metrics[0].Name, d.Metrics[0].Statistic, d.Metrics[0].PerRequest, d.Threshold = "Duration", statistic, false, 800
	}
	for name, test := range map[string]struct {
		change func(*definition)
		want   string // the warning's name; empty where there is none
		says   string
	}{
		"nothing is wrong":        {func(*definition) {}, "", ""},
		"nothing is watched":      {func(d *definition) { *d = definition{} }, "", ""},
		"nothing that is shifted": {func(d *definition) { d.Metrics[0].Of = "" }, "", ""},
		"another function":        {func(d *definition) { d.Metrics[0].Of = "lambda:billing:live" }, "", ""},
		"all of another function": {func(d *definition) { d.Metrics[0].Of = "lambda:billing" }, "", ""},

		"the minimum":                     {func(d *definition) { d.Metrics[0].Statistic, d.Threshold = "Minimum", 1 }, shift.AlarmOfMinimum, "use Sum, or Average"},
		"the minimum of something else":   {func(d *definition) { latency(d, "Minimum") }, "", ""},
		"a minimum that is to be reached": {func(d *definition) { d.Metrics[0].Statistic, d.Crossing, d.Threshold = "Minimum", shift.Below, 1 }, "", ""},

		"the function":        {func(d *definition) { d.Metrics[0].Of = "lambda:orders" }, shift.AlarmDiluted, "add the dimension Resource = orders:live"},
		"all functions":       {func(d *definition) { d.Metrics[0].Of = "lambda" }, shift.AlarmDiluted, "of all that lambda has"},
		"another alias":       {func(d *definition) { d.Metrics[0].Of = "lambda:orders:blue" }, shift.AlarmElsewhere, "set the dimension Resource to orders:live"},
		"the candidate":       {func(d *definition) { d.Metrics[0].Version = "2" }, "", ""},
		"another version":     {func(d *definition) { d.Metrics[0].Version = "1" }, shift.AlarmElsewhere, "version 1 alone, and the candidate is 2"},
		"a function's prefix": {func(d *definition) { d.Metrics[0].Of = "lambda:ord" }, "", ""},

		"as long as the bake":     {func(d *definition) { d.Periods, d.ToFire = 5, 5 }, "", ""},
		"longer than the bake":    {func(d *definition) { d.Periods, d.ToFire = 6, 6 }, shift.AlarmTooSlow, "needs 6m of bad data to fire (period 1m × evaluationPeriods 6), and the first step bakes for 5m"},
		"longer by default":       {func(d *definition) { d.Periods, d.ToFire = 6, 0 }, shift.AlarmTooSlow, "evaluationPeriods 6"},
		"some of many":            {func(d *definition) { d.Periods, d.ToFire = 20, 5 }, "", ""},
		"too many of many":        {func(d *definition) { d.Periods, d.ToFire = 20, 6 }, shift.AlarmTooSlow, "datapointsToAlarm 6"},
		"a long period":           {func(d *definition) { d.Metrics[0].Period = 900 }, shift.AlarmTooSlow, "period 15m"},
		"the longest of several":  {func(d *definition) { d.Metrics, d.Calculated = append(d.Metrics, shift.AlarmMetric{Period: 900}), true }, shift.AlarmTooSlow, "period 15m"},
		"missing data fires":      {func(d *definition) { d.Missing = shift.MissingIsBreaching }, shift.AlarmOnMissingData, "a quiet minute puts a healthy candidate back"},
		"missing data is missing": {func(d *definition) { d.Missing = shift.MissingIsMissing }, shift.AlarmOnMissingData, "set treatMissingData to notBreaching"},
		"missing data by default": {func(d *definition) { d.Missing = "" }, shift.AlarmOnMissingData, "set treatMissingData to notBreaching"},
		"missing data is ignored": {func(d *definition) { d.Missing = shift.MissingIsIgnored }, shift.AlarmOnMissingData, "keeps the next deployment from starting"},
		"missing data is filled":  {func(d *definition) { d.Missing, d.Calculated, d.FillsGaps = shift.MissingIsBreaching, true, true }, "", ""},
		"missing data of a heartbeat": {func(d *definition) {
			d.Missing, d.Metrics[0].Sparse, d.Metrics[0].Of = shift.MissingIsBreaching, false, ""
		}, "", ""},

		"never below nothing":        {func(d *definition) { d.Crossing, d.Threshold = shift.Below, 0 }, shift.AlarmOutOfReach, "Errors is never < 0"},
		"never at most a negative":   {func(d *definition) { d.Crossing, d.Threshold = shift.AtMost, -1 }, shift.AlarmOutOfReach, "Errors is never <= -1"},
		"at most nothing":            {func(d *definition) { d.Crossing, d.Threshold = shift.AtMost, 0 }, "", ""},
		"always at least nothing":    {func(d *definition) { d.Threshold = 0 }, shift.AlarmAlwaysBreaches, "raise the threshold"},
		"always above a negative":    {func(d *definition) { d.Crossing, d.Threshold = shift.Above, -0.5 }, shift.AlarmAlwaysBreaches, "always > -0.5"},
		"above nothing":              {func(d *definition) { d.Crossing, d.Threshold = shift.Above, 0 }, "", ""},
		"an average above 1":         {func(d *definition) { d.Metrics[0].Statistic = "Average" }, shift.AlarmOutOfReach, "the Average of Errors is at most 1, and has to be >= 5"},
		"a percentile above 1":       {func(d *definition) { d.Metrics[0].Statistic, d.Crossing, d.Threshold = "p99", shift.Above, 1 }, shift.AlarmOutOfReach, "the p99 of Errors is at most 1"},
		"a maximum of 1":             {func(d *definition) { d.Metrics[0].Statistic, d.Threshold = "Maximum", 1 }, "", ""},
		"a share above the weight":   {func(d *definition) { d.Metrics[0].Statistic, d.Threshold = "Average", 0.1 }, shift.AlarmOutOfReach, "that is 0.1, and the threshold is 0.1"},
		"a share below the weight":   {func(d *definition) { d.Metrics[0].Statistic, d.Threshold = "Average", 0.05 }, "", ""},
		"a share of the candidate":   {func(d *definition) { d.Metrics[0].Statistic, d.Threshold, d.Metrics[0].Version = "Average", 0.5, "2" }, "", ""},
		"a median":                   {func(d *definition) { latency(d, "p50") }, shift.AlarmOutOfReach, "use p95"},
		"a percentile that is moved": {func(d *definition) { latency(d, "p95") }, "", ""},
		"what no rule is about":      {func(d *definition) { latency(d, "tm99") }, "", ""},
		"a band":                     {func(d *definition) { d.Calculated, d.Threshold, d.Crossing = true, 0, "" }, "", ""},
		"few samples are ignored":    {func(d *definition) { latency(d, "p99"); d.IgnoresFewSamples = true }, shift.AlarmIgnoresSamples, "EvaluateLowSampleCountPercentile"},
		"a rule that never fires":    {func(d *definition) { *d = definition{Rule: " (false) "} }, shift.AlarmOfNothing, "has the rule FALSE"},
		"a rule that always fires":   {func(d *definition) { *d = definition{Rule: "TRUE"} }, shift.AlarmAlwaysBreaches, "has the rule TRUE"},
		"a rule":                     {func(d *definition) { *d = definition{Rule: `ALARM("a")`, Children: []string{"a"}} }, "", ""},
		"the second of an expression": {func(d *definition) {
			d.Calculated = true
			d.Metrics = append(d.Metrics, shift.AlarmMetric{Name: "Errors", Of: "lambda:orders", Period: 60})
		}, shift.AlarmDiluted, "Resource"},
	} {
		d := soundAlarm()
		test.change(&d)
		warnings := shift.AlarmWarnings([]shift.Alarm{{Name: "orders-5xx", Definition: d}}, moves, steps)
		if test.want == "" {
			assert.Empty(t, warnings, name)
			continue
		}
		if assert.Len(t, warnings, 1, name) {
			assert.Equal(t, test.want, warnings[0].Name, name)
			assert.Equal(t, "orders-5xx", warnings[0].Subject)
			assert.True(t, strings.HasPrefix(warnings[0].Text, "alarm orders-5xx "), warnings[0].Text)
			assert.Contains(t, warnings[0].Text, test.says, name)
		}
	}
}

func TestAPlanThatDoesNotBakeHasNoAlarmTooSlowForIt(t *testing.T) {
	t.Parallel()
	d := soundAlarm()
	d.Periods, d.ToFire = 60, 60
	assert.Empty(t, shift.AlarmWarnings([]shift.Alarm{{Definition: d}}, nil, []shift.Step{{Weight: shift.All}}))
}

func TestTheWarningsOfADeploymentAreBounded(t *testing.T) {
	t.Parallel()
	alarms := make([]shift.Alarm, 98)
	for i := range alarms {
		alarms[i] = shift.Alarm{Name: strings.Repeat("é", 255), Definition: shift.AlarmDefinition{Rule: "TRUE"}}
	}
	d, err := shift.Open(shift.Opening{Release: shift.Release{Steps: canary()}, Changes: []shift.Change{change}, Alarms: alarms})
	require.NoError(t, err)
	require.Len(t, d.Warnings, 5)
	assert.Equal(t, shift.Reason{Name: shift.MoreReasons, Text: "and 94 more warnings: sluice check shows all"}, d.Warnings[4])
	longest := shift.LongestWarnings()
	require.Len(t, longest, len(d.Warnings))
	for i, w := range d.Warnings {
		assert.LessOrEqual(t, len([]rune(w.Text)), len(longest[i].Text))
		assert.LessOrEqual(t, len([]rune(w.Subject)), len(longest[i].Subject))
	}
	d, err = shift.Open(shift.Opening{Release: shift.Release{Steps: canary()}, Changes: []shift.Change{change}})
	require.NoError(t, err)
	assert.Empty(t, d.Warnings)
}
