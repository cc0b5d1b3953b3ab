package request_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

func TestWhatAnInputSaysOfTheJudge(t *testing.T) {
	t.Parallel()
	with := func(change func(*shift.Judging)) shift.Judging {
		j := shift.DefaultJudging()
		change(&j)
		return j
	}
	tests := []struct {
		name, judge string
		want        shift.Judging
	}{
		{"nothing", ``, shift.DefaultJudging()},
		{"one word", `, "judge": "enforce"`, shift.DefaultJudging()},
		{"off", `, "judge": "off"`, shift.Judging{Mode: judge.Off}},
		{"observe", `, "judge": "observe"`, with(func(j *shift.Judging) { j.Mode = judge.Observe })},
		{"off keeps nothing else", `, "judge": {"mode": "off", "slow": "observe", "controlPercent": 10}`, shift.Judging{Mode: judge.Off}},
		{"an empty object is the default", `, "judge": {}`, shift.DefaultJudging()},
		{"everything", `, "judge": {"mode": "enforce", "slow": "enforce", "throttles": "off", "tolerates": {"times": 2, "percent": 0.5},
			"evidence": {"excludesPercent": 1.5, "patience": 0, "whenUnsure": "rollback"}, "controlPercent": 0}`,
			shift.Judging{
				Mode: judge.Enforce, Slow: judge.Enforce, Throttles: judge.Off,
				Tolerates: shift.Tolerance{Times: 2, Points: 50},
				Evidence:  shift.Evidence{Excludes: 150, Patience: 0, WhenUnsure: shift.RollBackUnsure},
			}},
		{"a function for synthetic requests", `, "judge": {"synthetic": {"function": "orders-load"}}`,
			with(func(j *shift.Judging) { j.Synthetic = shift.Synthetic{Function: "orders-load", PerMinute: 60} })},
		{"its name in any form, and other rates", `, "judge": {"mode": "observe", "synthetic": {"function": "arn:aws:lambda:eu-west-1:123456789012:function:orders-load:live", "perMinute": 1000}}`,
			with(func(j *shift.Judging) {
				j.Mode = judge.Observe
				j.Synthetic = shift.Synthetic{Function: "arn:aws:lambda:eu-west-1:123456789012:function:orders-load:live", PerMinute: 1000}
			})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, decode(t, `{"function": "orders"`+tt.judge+`}`).Judging)
		})
	}
}

func TestAWrongJudgeIsRefusedWithItsRemedy(t *testing.T) {
	t.Parallel()
	assert.ElementsMatch(t, []string{
		`judge.mode: must be one of enforce, observe, off, not "on"`,
		`judge.tolerates.times: must be a number from 1 to 100, not 0.5`,
		`judge.tolerates.percent: 101% is not between 0 and 100%`,
		`judge.evidence.excludesPercent: must be from 0.1 to 100, not 0`,
		`judge.evidence.patience: must be a whole number from 0 to 100, not 2.5`,
		`judge.evidence.whenUnsure: must be one of proceed, rollback, not "wait"`,
		`judge.controlPercent: must be from 0 to 50, not 60`,
		`judge.strict: is not known here; known are mode, slow, throttles, tolerates, evidence, controlPercent, synthetic`,
	}, problems(t, `{"function": "orders", "judge": {"mode": "on", "strict": true, "tolerates": {"times": 0.5, "percent": 101},
		"evidence": {"excludesPercent": 0, "patience": 2.5, "whenUnsure": "wait"}, "controlPercent": 60}}`))
	assert.Equal(t, []string{`judge: must be "enforce", "observe" or "off", or an object such as {"mode": "observe"}, not a boolean`},
		problems(t, `{"function": "orders", "judge": true}`))
	assert.Equal(t, []string{`judge.slow: cannot be enforced where the mode is "observe": leave it out, or set the mode to "enforce"`},
		problems(t, `{"function": "orders", "judge": {"mode": "observe", "slow": "enforce"}}`))
}

func TestAWrongFunctionForSyntheticRequestsIsRefusedWithItsRemedy(t *testing.T) {
	t.Parallel()
	const itself = `judge.synthetic.function: is shifted by this deployment, and cannot send the requests to itself: name another function, which invokes the alias`
	for _, tt := range []struct {
		judge string
		want  []string
	}{
		{`{"synthetic": "orders-load"}`, []string{`judge.synthetic: must be an object such as {"function": "orders-load"}, not a string`}},
		{`{"synthetic": null}`, []string{`judge.synthetic: must be an object such as {"function": "orders-load"}, not null`}},
		{`{"synthetic": {}}`, []string{`judge.synthetic.function: is missing`}},
		{`{"synthetic": {"function": "a/b", "perMinute": 0, "rate": 1}}`, []string{
			`judge.synthetic.rate: is not known here; known are function, perMinute`,
			`judge.synthetic.function: is not the name of a function, nor an ARN of one: letters, digits, hyphens and underscores, at most 64`,
			`judge.synthetic.perMinute: must be a whole number from 1 to 1000, not 0`,
		}},
		{`{"synthetic": {"function": 7, "perMinute": 1001}}`, []string{
			`judge.synthetic.function: must be a string, not a number`, `judge.synthetic.perMinute: must be a whole number from 1 to 1000, not 1001`,
		}},
		{`{"mode": "off", "synthetic": {"function": "orders-load"}}`, []string{
			`judge.synthetic: asks for requests that nothing compares where the mode is "off": leave it out, or set the mode to "enforce" or "observe"`,
		}},
		{`{"synthetic": {"function": "orders"}}`, []string{itself}},
		{`{"synthetic": {"function": "function:orders:7"}}`, []string{itself}},
	} {
		t.Run(tt.judge, func(t *testing.T) {
			t.Parallel()
			assert.ElementsMatch(t, tt.want, problems(t, `{"function": "orders", "judge": `+tt.judge+`}`))
		})
	}
	assert.Equal(t, []string{itself}, problems(t, `{"targets": [{"function": "stock"}, {"function": "orders"}], "judge": {"synthetic": {"function": "orders"}}}`))
}

func TestAParameterNamesAFunctionForSyntheticRequests(t *testing.T) {
	t.Parallel()
	event := shift.Arrival{Target: "lambda:orders:live", Candidate: "2"}
	configured := func(function string) (shift.Release, error) {
		return request.Reader{}.Configuration(event, flow.Tags{}, "/sluice/orders", `{"judge": {"synthetic": {"function": "`+function+`"}}}`)
	}
	release, err := configured("orders-load")
	require.NoError(t, err)
	assert.Equal(t, shift.Synthetic{Function: "orders-load", PerMinute: 60}, release.Judging.Synthetic)
	_, err = configured("orders")
	assert.ErrorContains(t, err, "judge.synthetic.function: is shifted by this deployment")
}

func TestATagSetsTheJudge(t *testing.T) {
	t.Parallel()
	event := shift.Arrival{Target: "lambda:orders:live", Candidate: "2"}
	release, err := request.Reader{}.Tags(event, flow.Tags{flow.TagAlias: "live", flow.TagJudge: "observe"})
	require.NoError(t, err)
	assert.Equal(t, judge.Observe, release.Judging.Mode)
	_, err = request.Reader{}.Tags(event, flow.Tags{flow.TagAlias: "live", flow.TagJudge: "yes"})
	assert.ErrorContains(t, err, `sluice:judge: must be one of enforce, observe, off, not "yes"`)
}

// What Open adds for the comparison counts for the size of the document, too.
func TestAJudgedDocumentIsLarger(t *testing.T) {
	t.Parallel()
	var targets, steps []string
	for i := range 24 {
		targets = append(targets, fmt.Sprintf(`{"function": "%s%02d"}`, strings.Repeat("f", 62), i))
	}
	for i := 1; i < 480; i++ {
		steps = append(steps, fmt.Sprintf(`{"percent": %d.%02d, "bakeMinutes": 1}`, i/100, i%100))
	}
	input := `{"targets": [` + strings.Join(targets, ",") + `], "strategy": {"steps": [` + strings.Join(steps, ",") + `, {"percent": 100}]}, "judge": "%s"}`
	size := func(judge string) int {
		release := decode(t, fmt.Sprintf(input, judge))
		text, err := json.Marshal(request.LargestDocument(release))
		require.NoError(t, err)
		return len(text)
	}
	assert.Greater(t, size("enforce"), size("off")+24*400)
}
