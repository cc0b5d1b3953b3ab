package proof

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/localaws/iam"
	"github.com/sluice-aws/sluice/internal/world"
)

// askPanel invokes the panel at a time, and hands over its HTML.
func askPanel(w *world.World, after time.Duration, event any, answered func(html string)) {
	payload, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	w.HappenAfter(after, func() {
		w.InvokeLambda(flow.Panel, payload, func(output json.RawMessage, failure *asl.Failure) {
			var text string
			switch {
			case failure != nil:
				text = failure.Error + ": " + failure.Cause
			case json.Unmarshal(output, &text) != nil:
				text = string(output)
			}
			answered(text)
		})
	})
}

// buttonsCall finds what a button of the widget sends.
var buttonsCall = regexp.MustCompile(`<cwdb-action [^>]*>(\{"do":"abort"[^<]*\})</cwdb-action>`)

// widgetIsUsed is a course in which somebody looks at the widget while a deployment bakes, and
// presses abort. It fails if the widget says that it could not read or do something.
func widgetIsUsed(t *testing.T, watch func(*world.World)) error {
	t.Helper()
	input := json.RawMessage(`{"function": "orders", "judge": "off", "alarms": ["a"], "strategy": {"canary": {"percent": 10, "bakeMinutes": 30}}}`)
	w, err := world.New(scenarioOf(t, `{}`), input)
	require.NoError(t, err)
	defer w.Close()
	watch(w)
	x, err := w.Start(world.Simulated, input)
	if err != nil {
		return err
	}
	var said []string
	askPanel(w, 5*time.Minute, map[string]any{"widgetContext": map[string]any{"theme": "dark"}}, func(page string) {
		said = append(said, page)
		found := buttonsCall.FindStringSubmatch(page)
		if found == nil {
			return
		}
		var event map[string]any
		if json.Unmarshal([]byte(found[1]), &event) != nil {
			panic(found[1])
		}
		field := regexp.MustCompile(`name="(reason-[^"]+)"`).FindStringSubmatch(page)[1]
		event["widgetContext"] = map[string]any{"forms": map[string]any{"all": map[string]any{field: "customers call"}}}
		askPanel(w, time.Second, event, func(page string) { said = append(said, page) })
	})
	if err := w.Run(); err != nil {
		return err
	}
	all := html.UnescapeString(strings.Join(said, "\n"))
	if outcome := w.Outcome(x.ARN()); len(said) != 2 || outcome != "RolledBack" || strings.Contains(all, "cannot be read") {
		return fmt.Errorf("%d answers, and the outcome %s: %w", len(said), outcome, errors.New(all))
	}
	return nil
}

func TestButtonOfTheWidgetPutsTheTrafficBack(t *testing.T) {
	t.Parallel()
	require.NoError(t, widgetIsUsed(t, func(*world.World) {}))
}

// The widget is called by whoever looks. With it nobody may do more than read, and ask the safety net.
func TestThePanelMayReadAndAskTheSafetyNet(t *testing.T) {
	t.Parallel()
	net := lambdaARN(stackPrefix + flow.SafetyNet)
	for name, may := range map[string]bool{"on": true, "read-only": false} {
		role := stackRoles(world.Stack{Region: world.Region, Account: world.Account, HookEndpoint: may}).Functions[stackPrefix+flow.Panel]
		assert.Equal(t, may, role.Decide(iam.Request{Action: "lambda:InvokeFunction", Resource: net}).Allowed, name)
		for _, s := range role.Statements {
			for _, action := range s.Actions {
				reads := regexp.MustCompile(`:(Get|List|Describe|Query)|^(logs|xray):`).MatchString(action)
				assert.True(t, reads || action == "lambda:InvokeFunction" && s.Resources[0] == net, "%s: %s", name, action)
			}
		}
	}
}
