package proof

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/world"
)

// invalid are inputs with the problem that each must be told.
var invalid = []struct{ name, input, problem string }{
	{"no target", `{"targets": []}`, "targets: must not be empty"},
	{"targets and a function", `{"targets": [{"function": "orders"}], "function": "orders"}`, "function: stands beside targets"},
	{"a target twice", `{"targets": [{"function": "orders"}, {"function": "orders", "alias": "live"}]}`, "targets[1]: lambda:orders:live appears twice"},
	{"targets that are no list", `{"targets": {"function": "orders"}}`, "targets: must be an array"},
	{"a target that is no object", `{"targets": ["orders"]}`, "targets[0]: must be an object"},
	{"a function that is no text", `{"function": 7}`, "function: must be a string"},
	{"a function that is no name", `{"function": "or ders"}`, "function: is not the name of a function"},
	{"a function without a name", `{"function": ""}`, "function: is not the name of a function"},
	{"another region", `{"targets": [{"function": "arn:aws:lambda:us-east-1:123456789012:function:orders"}, {"function": "arn:aws:lambda:eu-west-1:123456789012:function:orders"}]}`, "targets[1].function: is in account 123456789012 and region eu-west-1"},
	{"another account", `{"targets": [{"function": "arn:aws:lambda:us-east-1:123456789012:function:orders"}, {"function": "999999999999:function:orders"}]}`, "targets[1].function: is in account 999999999999"},
	{"another service's ARN", `{"function": "arn:aws:sqs:us-east-1:123456789012:orders"}`, "function: is not the ARN of a Lambda function"},
	{"an alias of digits", `{"function": "orders", "alias": "7"}`, "alias: is not the name of an alias"},
	{"an alias beside another in the ARN", `{"function": "orders:blue", "alias": "live"}`, "alias: contradicts the alias blue"},
	{"a version that is a number", `{"function": "orders", "version": 7}`, "version: must be a string"},
	{"version zero", `{"function": "orders", "version": "0"}`, "version: must be the number of a published version"},
	{"$LATEST", `{"function": "orders", "version": "$LATEST"}`, "version: must be a published version"},
	{"a version beside another in the ARN", `{"function": "orders:6", "version": "7"}`, "version: contradicts the version 6"},
	{"an unknown strategy", `{"function": "orders", "strategy": "BigBang"}`, "strategy: unknown strategy"},
	{"a strategy of zero percent", `{"function": "orders", "strategy": "Canary0Percent5Minutes"}`, "strategy: invalid plan"},
	{"a canary of everything", `{"function": "orders", "strategy": "Canary100Percent5Minutes"}`, "strategy: invalid plan"},
	{"a linear shift without time", `{"function": "orders", "strategy": "Linear10PercentEvery0Minutes"}`, "strategy: invalid plan"},
	{"two strategies", `{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}, "linear": {"percent": 10, "everyMinutes": 5}}}`, "strategy: must have exactly one of"},
	{"a strategy without numbers", `{"function": "orders", "strategy": {"canary": {}}}`, "strategy.canary.percent: is missing"},
	{"a factor that does not grow", `{"function": "orders", "strategy": {"exponential": {"startPercent": 1, "factor": 1, "everyMinutes": 1}}}`, "factor"},
	{"steps that shrink", `{"function": "orders", "strategy": {"steps": [{"percent": 50}, {"percent": 20}, {"percent": 100}]}}`, "20%, and must be above the 50% before it"},
	{"steps that do not end at the whole", `{"function": "orders", "strategy": {"steps": [{"percent": 50}]}}`, "the last step is at 50%, and must be at 100%"},
	{"steps above the whole", `{"function": "orders", "strategy": {"steps": [{"percent": 101}]}}`, "strategy.steps[0].percent: 101% is not between 0 and 100%"},
	{"a share too fine", `{"function": "orders", "strategy": {"steps": [{"percent": 0.001}, {"percent": 100}]}}`, "finer than 0.01%"},
	{"a bake that ends before it begins", `{"function": "orders", "strategy": {"steps": [{"percent": 100, "bakeMinutes": -1}]}}`, "are negative"},
	{"a plan of a year", `{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 525600}}}`, "strategy.canary.bakeMinutes"},
	{"a plan that outgrows the history", `{"function": "orders", "strategy": "Linear0.1PercentEvery1Minute"}`, "strategy: plan too long"},
	{"an alarm that is no name", `{"function": "orders", "alarms": [""]}`, "alarms[0]: is not the name of an alarm"},
	{"an alarm twice", `{"function": "orders", "alarms": ["a", "a"]}`, "alarms[1]: a appears twice"},
	{"alarms that are no list", `{"function": "orders", "alarms": "a"}`, "alarms: must be an array"},
	{"an unknown point", `{"function": "orders", "hooks": {"before": []}}`, "hooks.before: is not known here"},
	{"a hook without a function", `{"function": "orders", "hooks": {"afterTraffic": [{}]}}`, "hooks.afterTraffic[0].function: is missing"},
	{"an unknown mode", `{"function": "orders", "hooks": {"afterTraffic": [{"function": "smoke", "mode": "async"}]}}`, "hooks.afterTraffic[0].mode: must be one of sync, callback"},
	{"a sync hook that takes too long", `{"function": "orders", "hooks": {"beforeTraffic": [{"function": "smoke", "timeoutSeconds": 841}]}}`, "hooks.beforeTraffic[0].timeoutSeconds"},
	{"a callback that takes too long", `{"function": "orders", "hooks": {"beforeTraffic": [{"function": "smoke", "mode": "callback", "timeoutSeconds": 604801}]}}`, "hooks.beforeTraffic[0].timeoutSeconds"},
	{"too many hooks", `{"function": "orders", "hooks": {"beforeTraffic": [` + strings.Repeat(`{"function": "smoke"}, `, 20) + `{"function": "smoke"}]}}`, "hooks.beforeTraffic: has 21 hooks, and at most 20 are allowed"},
	{"an unknown choice", `{"function": "orders", "whenHeld": "queue"}`, "whenHeld: must be one of fail, wait, replace"},
	{"an unknown trigger", `{"function": "orders", "trigger": "cron"}`, "trigger: must be one of explicit, event"},
	{"a choice that is a text", `{"function": "orders", "createAlias": "yes"}`, "createAlias: must be true or false"},
	{"another case", `{"Function": "orders"}`, "Function: is not known here"},
	{"a name twice", `{"function": "orders", "function": "payments"}`, "function: appears twice"},
	{"something nobody knows", `{"function": "orders", "speed": "fast"}`, "speed: is not known here"},
	{"too many alarms", fmt.Sprintf(`{"function": "orders", "alarms": [%s]}`, numbered("alarm", 5000)), "are more than the 98 items"},
	{"a document too large", fmt.Sprintf(`{"function": "orders", "alarms": [%s], "strategy": "Linear0.11PercentEvery1Minute"}`, numbered(strings.Repeat("a", 250), 96)), "and at most 98304 fit"},
	{"a text of a hundred kilobytes", fmt.Sprintf(`{"function": %q}`, strings.Repeat("x", 100<<10)), "function: is not the name of a function"},
	{"deep nesting", strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40), "nests deeper"},
}

func numbered(name string, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"%s-%d"`, name, i)
	}
	return strings.Join(list, ", ")
}

// Every invalid input ends as Rejected, in the words of its problem, before
// anything is touched or even looked at.
func TestInvalidInputIsRejectedUntouched(t *testing.T) {
	t.Parallel()
	for _, tc := range invalid {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			input := json.RawMessage(tc.input)
			w, seen := observe(t, world.DefaultScenario(), input)
			r := w.Result(seen.play(input))
			assert.Empty(t, seen.verify(), story(r))
			assert.Equal(t, "Rejected", r.Outcome, story(r))
			assert.Equal(t, "Rejected", r.Error)
			assert.Equal(t, []string{"Publish", "NoteFailure", "Rollback", "Outcome?", "Rejected"}, r.Path)
			assert.Equal(t, []string{"Rejected"}, r.Announcements)
			assert.True(t, strings.HasPrefix(r.Cause, "InvalidInput: "), r.Cause)
			assert.Contains(t, r.Cause, tc.problem)
			assert.LessOrEqual(t, len(r.Cause), 4000)
			for call := range r.Calls {
				assert.False(t, strings.HasPrefix(call, "lambda:"), "%s was called", call)
			}
		})
	}
}
