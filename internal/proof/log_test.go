package proof

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/boot"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// How long a line of the log is at most, and an announcement, in bytes. What takes most
// is the targets, as many as one deployment can have.
const longestLine, longestAnnouncement = 20 << 10, 24 << 10

// hostile is what breaks a line, a terminal, a quotation and a page.
const hostile = "\r\n{\"level\":\"ERROR\"}\n\x1b[31m\x00\u2028\u202e\"'\\<script>&"

// nasty is a text of n characters, all through hostile.
func nasty(n int) string { return strings.Repeat(hostile, n/len([]rune(hostile))+1)[:n] }

// overheard is all that a world has told: to its logs, to others, and to the Ledger.
type overheard struct {
	lines, announced, stored []string
	tokens                   []string // those that Lambdas were given
	// ids are what hooks of CodeDeploy's were given, and histories what Step Functions shows of the
	// executions.
	ids, histories []string
}

// eavesdrop plays a world, and hears what is told until it has settled. answer is what
// every hook says by its token.
func eavesdrop(t *testing.T, scenario, input string, then func(*world.World), answer func(w *world.World, token string)) overheard {
	t.Helper()
	s, err := world.DecodeScenario([]byte(scenario))
	require.NoError(t, err)
	w, err := world.New(s, json.RawMessage(input))
	require.NoError(t, err)
	defer w.Close()
	var o overheard
	logs.listen(w)
	w.WrapLambdas(func(run flow.Lambda) flow.Lambda {
		return logging(run, func(token string) { o.tokens = append(o.tokens, token) })
	})
	w.OnHook(func(_ string, payload []byte) {
		var e shift.LifecycleEvent
		if json.Unmarshal(payload, &e) == nil && e.HookID != "" {
			o.ids = append(o.ids, e.HookID)
			return
		}
		var q shift.Question
		require.NoError(t, json.Unmarshal(payload, &q))
		if answer != nil && q.TaskToken != "" {
			w.HappenAfter(5*time.Second, func() { answer(w, q.TaskToken) })
		}
	})
	w.Cloud().OnEvents(func(events []localaws.Event) {
		for _, e := range events {
			text, _ := json.Marshal(e)
			o.announced = append(o.announced, string(text))
		}
	})
	w.Tables().OnWrite(func(_ string, _, after dynamodb.Item) { o.stored = append(o.stored, fmt.Sprint(after)) })
	then(w)
	_, err = w.Start(strings.Repeat("x", 80), json.RawMessage(input))
	require.NoError(t, err)
	require.NoError(t, w.Run())
	require.NoError(t, w.Advance(rest))
	o.lines = logs.heard(w)
	for _, x := range w.Executions() {
		text, err := json.Marshal(x.History())
		require.NoError(t, err)
		o.histories = append(o.histories, string(text))
	}
	return o
}

// logging is a Lambda with what boot logs of its errors. It tells what task tokens it
// is given.
func logging(run flow.Lambda, token func(string)) flow.Lambda {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		var call flow.Call[flow.Document]
		if json.Unmarshal(payload, &call) == nil && call.Token != "" {
			token(call.Token)
		}
		var failed error
		answer, _ := boot.Invoker(func(ctx context.Context, payload []byte) ([]byte, error) {
			var answer []byte
			answer, failed = run(ctx, payload)
			return answer, failed
		}).Invoke(ctx, payload)
		return answer, failed
	}
}

// longAlarms are as long as names can be.
func longAlarms() (names []string) {
	for i := range 40 {
		names = append(names, fmt.Sprintf("%03d%s", i, strings.Repeat(`"\é`, 84)))
	}
	return names
}

// longTargets are as many as fit, with names as long as can be: an input's, and a
// scenario's, where they cannot be put back at first.
func longTargets() (input, scenario string) {
	alias := strings.Repeat("a", 128)
	var targets, functions []string
	for i := range 49 {
		name := fmt.Sprintf("%064d", i)
		targets = append(targets, fmt.Sprintf(`{"function": %q, "alias": %q}`, name, alias))
		functions = append(functions, fmt.Sprintf(`%q: {"versions": 2, "aliases": {%q: {"version": "2"}}}`, name, alias))
	}
	return `{"judge": "enforce", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}, "targets": [` + strings.Join(targets, ", ") + `]}`,
		`{"functions": {` + strings.Join(functions, ", ") + `},
		  "events": [{"atSeconds": 120, "do": "stopExecution"}],
		  "faults": [{"call": "lambda:UpdateAlias", "actor": "safety-net", "error": "fail", "untilSeconds": 130}]}`
}

// telling is a deployment that something is told of.
type telling struct {
	input, scenario string
	then            func(w *world.World)
	answer          func(w *world.World, token string)
	tokens          int
}

func tellingsOfHooks() map[string]telling {
	const hooks = `"hooks": {"beforeTraffic": [{"function": "smoke", "mode": "callback", "timeoutSeconds": 600}, {"function": "smoke2", "timeoutSeconds": 60}],
	  "afterTraffic": [{"function": "check", "mode": "callback", "timeoutSeconds": 600}]}`
	const codeDeployed = `"hooks": {"beforeTraffic": [{"function": "smoke", "mode": "codedeploy", "timeoutSeconds": 600}],
	  "afterTraffic": [{"function": "check", "mode": "codedeploy", "timeoutSeconds": 600}]}`
	const answers = `"hooks": {"smoke": {"result": "hang"}, "check": {"result": "hang"}}`
	succeed := func(w *world.World, token string) { _ = w.Machine().SendTaskSuccess(token, json.RawMessage(`{}`)) }
	return map[string]telling{
		"hooks that agree": {
			`{"function": "orders", "strategy": "AllAtOnce", ` + hooks + `}`, `{` + chaosFunctions + `, ` + answers + `}`, nil, succeed, 3,
		},
		"a hook that fails with the longest text": {
			`{"function": "orders", "strategy": "AllAtOnce", ` + hooks + `}`, `{` + chaosFunctions + `, ` + answers + `}`, nil,
			func(w *world.World, token string) { _ = w.Machine().SendTaskFailure(token, nasty(256), nasty(32768)) }, 1,
		},
		"a hook whose Lambda fails": {
			`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "smoke", "timeoutSeconds": 60}]}}`,
			`{` + chaosFunctions + `, "hooks": {"smoke": {"result": "fail"}}}`, nil, nil, 1,
		},
		"a hook that cannot be answered for": {
			`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "smoke", "timeoutSeconds": 60}]}}`,
			`{` + chaosFunctions + `, "faults": [{"call": "states:SendTaskSuccess", "error": "deny"}]}`, nil, nil, 1,
		},
		"hooks of CodeDeploy's that agree": {
			`{"function": "orders", "strategy": "AllAtOnce", ` + codeDeployed + `}`, `{` + chaosFunctions + `}`, nil, nil, 2,
		},
		"a hook of CodeDeploy's that fails": {
			`{"function": "orders", "strategy": "AllAtOnce", ` + codeDeployed + `}`, `{` + chaosFunctions + `, "hooks": {"smoke": {"result": "fail"}}}`, nil, nil, 1,
		},
		"a hook of CodeDeploy's that gives both answers": {
			`{"function": "orders", "strategy": "AllAtOnce", ` + codeDeployed + `}`, `{` + chaosFunctions + `, "hooks": {"check": {"result": "contradict"}}}`, nil, nil, 2,
		},
		"a hook of CodeDeploy's whose answer cannot be recorded": {
			`{"function": "orders", "strategy": "AllAtOnce", ` + codeDeployed + `}`,
			`{` + chaosFunctions + `, "faults": [{"call": "dynamodb:UpdateItem", "actor": "hook-endpoint", "error": "deny"}]}`, nil, nil, 1,
		},
		"a hook of CodeDeploy's whose answer cannot be passed on": {
			`{"function": "orders", "strategy": "AllAtOnce", ` + codeDeployed + `}`,
			`{` + chaosFunctions + `, "faults": [{"call": "states:SendTaskSuccess", "error": "deny"}]}`, nil, nil, 1,
		},
		"a hook of CodeDeploy's that cannot be awaited": {
			`{"function": "orders", "strategy": "AllAtOnce", ` + codeDeployed + `}`,
			`{` + chaosFunctions + `, "faults": [{"call": "dynamodb:TransactWriteItems", "actor": "run-hooks", "error": "deny"}]}`, nil, nil, 1 + shift.HookRetries,
		},
		"hooks that never answer": {
			`{"function": "orders", "strategy": "AllAtOnce", ` + hooks + `}`, `{` + chaosFunctions + `, ` + answers + `}`, nil, nil, 1,
		},
	}
}

func tellingsOfTexts(t *testing.T) map[string]telling {
	t.Helper()
	alarms, err := json.Marshal(longAlarms())
	require.NoError(t, err)
	targets, functions := longTargets()
	return map[string]telling{
		"alarms with the longest names, that have fired and are ignored, and fire again": {
			`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}, "alarmsAtStart": "ignoreUntilOk", "alarms": ` + string(alarms) + `}`,
			`{` + chaosFunctions + `, "delivery": {"alarms": {"lost": true}}}`,
			fire(longAlarms(), 0, 70*time.Second, 130*time.Second), nil, 0,
		},
		"an alarm that fires for the longest reason": {
			`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}, "alarms": ["a"]}`,
			`{` + chaosFunctions + `}`, fire([]string{"a"}, 70*time.Second), nil, 0,
		},
		"as many targets as fit, with the longest names, that cannot be put back": {targets, functions, nil, nil, 0},
		"an abort for the longest reason": {
			`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}}`, `{` + chaosFunctions + `}`,
			func(w *world.World) {
				w.HappenAfter(70*time.Second, func() { w.Command(ordersLive, shift.Abort, nasty(200_000)) })
			}, nil, 0,
		},
		"events that mean nothing": {
			`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 5}}}`, `{` + chaosFunctions + `}`,
			func(w *world.World) { w.HappenAfter(70*time.Second, func() { nonsense(w) }) }, nil, 0,
		},
		"an input that is nothing but wrong": {
			`{` + strings.Repeat(`"function": `+quoted(nasty(300))+`, `, 50) + quoted(nasty(5000)) + `: ` + strings.Repeat("1", 5000) + `}`,
			`{` + chaosFunctions + `}`, nil, nil, 0,
		},
	}
}

func TestWhatIsToldIsBoundedAndTellsNoTaskToken(t *testing.T) {
	t.Parallel()
	tests := tellingsOfHooks()
	maps.Copy(tests, tellingsOfTexts(t))
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			then := test.then
			if then == nil {
				then = func(*world.World) {}
			}
			o := eavesdrop(t, test.scenario, test.input, then, test.answer)
			require.Len(t, o.tokens, test.tokens)
			require.NotEmpty(t, o.lines)
			require.NotEmpty(t, o.announced)
			o.keepsSecrets(t)
			o.bounded(t)
		})
	}
}

// fire has alarms fire at some times, and be OK again between them.
func fire(alarms []string, at ...time.Duration) func(*world.World) {
	return func(w *world.World) {
		for i, at := range at {
			state := []string{localaws.AlarmAlarm, localaws.AlarmOK}[i%2]
			w.HappenAfter(at, func() {
				for _, name := range alarms {
					_ = w.SetAlarm(name, state, nasty(1023))
				}
			})
		}
	}
}

func quoted(text string) string {
	written, _ := json.Marshal(text)
	return string(written)
}

// nonsense wakes the safety net with what somebody may send who is allowed to.
func nonsense(w *world.World) {
	number := strings.Repeat("1", 200_000)
	for _, event := range []string{
		`{"detail-type": ` + number + `}`,
		`{"detail-type": ` + quoted(nasty(200_000)) + `}`,
		`{"source": "` + flow.AlarmSource + `", "detail-type": "` + flow.AlarmDetailType + `", "detail": {"alarmName": ` + number + `}}`,
		`{"source": "` + flow.ExecutionSource + `", "detail-type": "` + flow.ExecutionDetailType + `", "detail": {"executionArn": ` + number + `}}`,
		`{"detail-type": "` + flow.CommandDetailType + `", "detail": {"target": ` + number + `}}`,
		`{"detail-type": "` + flow.CommandDetailType + `", "detail": {"target": ` + quoted(nasty(200_000)) + `}}`,
	} {
		w.Wake([]byte(event), len(world.AsyncRetries))
	}
}

// keepsSecrets : a token is not told to anybody, nor the beginning of one that was cut off.
func (o overheard) keepsSecrets(t *testing.T) {
	t.Helper()
	told := map[string][]string{"log": o.lines, "announcement": o.announced, "ledger": o.stored}
	o.keeps(t, "a task token", o.tokens, told)
	o.keeps(t, "the id of a hook", o.ids, told)
	o.keeps(t, "the id of a hook", o.ids, map[string][]string{"history": o.histories})
	o.keeps(t, "a hook's credentials", []string{world.HookAccessKey, world.HookSessionToken}, told)
}

func (o overheard) keeps(t *testing.T, what string, secrets []string, told map[string][]string) {
	t.Helper()
	for _, secret := range secrets {
		begin := secret[:len(secret)/2]
		for where, texts := range told {
			for _, text := range texts {
				if strings.Contains(text, begin) {
					t.Errorf("%s in the %s: %.300s", what, where, text)
				}
			}
		}
	}
}

// bounded : a line is one, and neither it nor an announcement is too long.
func (o overheard) bounded(t *testing.T) {
	t.Helper()
	for _, line := range o.lines {
		if !json.Valid([]byte(line)) || strings.ContainsAny(line, "\n\r\x1b\x00\u2028\u202e") {
			t.Errorf("a line of the log is none: %.300q", line)
		}
		if len(line) > longestLine {
			t.Errorf("a line of the log has %d bytes: %.300s", len(line), line)
		}
	}
	for _, text := range o.announced {
		if len(text) > longestAnnouncement {
			t.Errorf("an announcement has %d bytes: %.300s", len(text), text)
		}
	}
}
