package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/picture"
)

// testTerminal is a pseudo-terminal, and the environment variables of its user.
type testTerminal struct {
	tty  *os.File
	size pty.Winsize
	raw  chan []byte
	env  map[string]string
}

func newTestTerminal(t *testing.T, columns, rows uint16) *testTerminal {
	t.Helper()
	master, tty, err := pty.Open()
	require.NoError(t, err)
	s := &testTerminal{tty: tty, size: pty.Winsize{Cols: columns, Rows: rows}, raw: make(chan []byte, 1), env: map[string]string{"TERM": "xterm-256color"}}
	require.NoError(t, pty.Setsize(tty, &s.size))
	go func() {
		raw, _ := io.ReadAll(master) // ends with an error once the other side is closed
		s.raw <- raw
	}()
	t.Cleanup(func() { tty.Close(); master.Close() })
	return s
}

// run runs the command in the terminal, and returns everything that it wrote to it.
func (s *testTerminal) run(t *testing.T, env environment, args ...string) (status int, raw, stderr string) {
	t.Helper()
	elsewhere := env.getenv
	env.getenv = func(name string) string {
		if value, set := s.env[name]; set {
			return value
		}
		return elsewhere(name)
	}
	var errors bytes.Buffer
	status = env.exec(t.Context(), args, strings.NewReader(""), s.tty, &errors)
	require.NoError(t, s.tty.Close())
	return status, string(<-s.raw), errors.String()
}

// screenText returns what the terminal shows after raw was written to it, without the
// empty lines at the end.
func (s *testTerminal) screenText(t *testing.T, raw string) string {
	t.Helper()
	screen := vt10x.New(vt10x.WithSize(int(s.size.Cols), int(s.size.Rows)))
	_, err := screen.Write([]byte(raw))
	require.NoError(t, err)
	assert.True(t, screen.CursorVisible(), "the cursor is visible again")
	var lines []string
	for line := range strings.SplitSeq(screen.String(), "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// withoutSleep returns an environment in which sleep returns at once.
func withoutSleep() environment {
	env := realEnvironment
	env.getenv = func(string) string { return "" } // or a CI system that runs the tests would be noticed
	env.sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return env
}

var colorCodes = regexp.MustCompile(`\x1b\[[0-9;]*m`)

func TestGoldenDrawnRun(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		columns uint16
		demo    string
	}{
		"drawn-healthy-80": {80, "healthy"}, "drawn-sick-80": {80, "sick"}, "drawn-sick-40": {40, "sick"}, "drawn-sick-120": {120, "sick"}, "drawn-hook-80": {80, "hook"},
		"drawn-judged-80": {80, "judged"}, "drawn-judged-40": {40, "judged"}, "drawn-site-80": {80, "site"}, "drawn-site-40": {40, "site"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTestTerminal(t, tt.columns, 60)
			status, raw, stderr := s.run(t, withoutSleep(), demoArgs(tt.demo)...)
			require.Equal(t, statusOK, status, stderr)
			assertGolden(t, name+".txt", s.screenText(t, raw)+"\n")
		})
	}
}

func TestDrawnRunShowsTheSameTextWithoutColours(t *testing.T) {
	t.Parallel()
	coloured, bare := newTestTerminal(t, 80, 60), newTestTerminal(t, 80, 60)
	coloured.env["NO_COLOR"], bare.env["NO_COLOR"] = "", "1"
	_, with, _ := coloured.run(t, withoutSleep(), demoArgs("sick")...)
	_, without, _ := bare.run(t, withoutSleep(), demoArgs("sick")...)
	assert.Regexp(t, colorCodes, with)
	assert.NotRegexp(t, colorCodes, without)
	assert.Equal(t, coloured.screenText(t, with), bare.screenText(t, without))
}

func TestPlainLinesAreTheSameEverywhere(t *testing.T) {
	t.Parallel()
	plain := run(t, "", demoArgs("sick")...).stdout
	for name, env := range map[string]map[string]string{
		"a dumb terminal":          {"TERM": "dumb"},
		"TERM is empty":            {"TERM": ""},
		"a terminal, with --plain": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, args := newTestTerminal(t, 80, 60), demoArgs("sick")
			if env == nil {
				args = append(args, "--plain")
			}
			for name, value := range env {
				s.env[name] = value
			}
			_, raw, _ := s.run(t, withoutSleep(), args...)
			assert.Equal(t, plain, strings.ReplaceAll(raw, "\r\n", "\n"))
		})
	}
	assert.Equal(t, plain, run(t, "", append(demoArgs("sick"), "--plain")...).stdout)
}

func TestDrawnRunSurvivesTerminalsOfAnySize(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]uint16{{1, 1}, {10, 5}, {24, 8}, {40, 12}, {60, 24}, {200, 100}} {
		s := newTestTerminal(t, size[0], size[1])
		status, raw, stderr := s.run(t, withoutSleep(), demoArgs("sick")...)
		require.Equal(t, statusOK, status, stderr)
		if size[0] >= 40 && size[1] >= 24 {
			assert.Contains(t, s.screenText(t, raw), "✗ RolledBack")
		}
	}
}

func TestDrawnRunWithLongNamesErasesTheLiveBlock(t *testing.T) {
	t.Parallel()
	for _, characters := range []int{64, 128} {
		function, alias, alarm := strings.Repeat("f", min(characters, 64)), strings.Repeat("a", characters), strings.Repeat("m", characters)
		deployment := writeFile(t, "deployment.json", `{"judge": "off", "function": "`+function+`", "alias": "`+alias+`", "alarms": ["`+alarm+`"]}`)
		scenario := writeFile(t, "scenario.json", `{"events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "`+alarm+`", "state": "ALARM"}]}`)
		for _, columns := range []uint16{40, 60, 80} {
			s := newTestTerminal(t, columns, 150)
			status, raw, stderr := s.run(t, withoutSleep(), "simulate", "-f", deployment, "-s", scenario)
			require.Equal(t, statusOK, status, stderr)
			shown := s.screenText(t, raw)
			assert.NotContains(t, shown, "verdict", "the block is gone")
			assert.NotContains(t, shown, "░")
			assert.Equal(t, 3, strings.Count(strings.Join(strings.Fields(shown), ""), alias), "published, opened and put back: whole, and once each\n"+shown)
		}
	}
}

// The terminal becomes wider and narrower during the run. It does not rewrap lines.
func TestDrawnRunFollowsTheTerminalsSize(t *testing.T) {
	t.Parallel()
	s := newTestTerminal(t, 120, 60)
	env, frames := withoutSleep(), 0
	env.sleep = func(ctx context.Context, _ time.Duration) error {
		frames++
		assert.NoError(t, pty.Setsize(s.tty, &pty.Winsize{Cols: uint16(120 - 60*(frames/20%2)), Rows: 60}))
		return ctx.Err()
	}
	_, raw, _ := s.run(t, env, demoArgs("healthy")...)
	bars := map[int]bool{}
	for line := range strings.SplitSeq(colorCodes.ReplaceAllString(raw, ""), "\r\n") {
		if strings.Contains(line, "weight") {
			bars[len([]rune(strings.Join(strings.FieldsFunc(line, func(r rune) bool { return !strings.ContainsRune("█▏▎▍▌▋▊▉░┊", r) }), "")))] = true
		}
	}
	assert.Len(t, bars, 2, "a bar for each of the two widths: %v", bars)
	assert.Contains(t, s.screenText(t, raw), "✓ Promoted")
}

func TestPlayingTakesAFewSecondsAndCanBeInterrupted(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"healthy", "sick", "hook", "site"} {
		var slept time.Duration
		env := withoutSleep()
		env.sleep = func(ctx context.Context, d time.Duration) error { slept += d; return ctx.Err() }
		s := newTestTerminal(t, 80, 60)
		s.run(t, env, demoArgs(name)...)
		assert.Less(t, slept, 12*time.Second/4, "four of them play within twelve seconds")
		assert.Greater(t, slept, time.Second/2, "and can be watched")
	}

	ctx, cancel := context.WithCancel(t.Context())
	env := withoutSleep()
	env.sleep = func(context.Context, time.Duration) error { cancel(); return ctx.Err() }
	env.getenv = func(string) string { return "xterm" }
	s := newTestTerminal(t, 80, 60)
	var stderr bytes.Buffer
	status := env.exec(ctx, demoArgs("sick"), strings.NewReader(""), s.tty, &stderr)
	require.NoError(t, s.tty.Close())
	assert.Equal(t, statusInterrupted, status)
	assert.Contains(t, stderr.String(), "The simulation was interrupted.")
	assert.NotContains(t, s.screenText(t, string(<-s.raw)), "RolledBack")
}

func TestTextFromOutsideCannotControlTheTerminal(t *testing.T) {
	t.Parallel()
	const evil = `a\u001b[2Jb\u009b31mc`
	deployment := writeFile(t, "deployment.json", `{"function": "orders", "alarms": ["`+evil+`"], "strategy": "AllAtOnce", "hooks": {"beforeTraffic": [{"function": "smoke"}]}}`)
	scenario := writeFile(t, "scenario.json", `{"alarms": [{"name": "`+evil+`"}]}`)
	s := newTestTerminal(t, 80, 60)
	status, raw, stderr := s.run(t, withoutSleep(), "simulate", "-f", deployment, "-s", scenario)
	if status == statusInvalid {
		assert.Contains(t, stderr, "alarms[0]", "such a name is refused")
		return
	}
	assert.NotContains(t, raw, "\x1b[2J")
	assert.NotContains(t, raw, "\u009b")
}

func TestWatchIsDrawnLikeASimulation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, scenario string
		status         int
		want           []string
	}{
		{"promoted", `{}`, statusOK, []string{"0:00 ▸ SetWeight 10% step 1 of 2", "5:00 ✓ Promoted 100%", "✓ Promoted", "1 10% 0:00 5:00 of 5:00 5 ✓ Pass"}},
		{
			"rolled back", `{"events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "orders-5xx", "state": "ALARM"}], "delivery": {"alarms": {"lost": true}}}`, statusFailed,
			[]string{"2:00 ✗ CheckAlarms 10% Fail AlarmFired", "2:00 ✗ RolledBack", "✗ RolledBack", "cause AlarmFired: orders-5xx", "next Look at the candidate's logs"},
		},
		{
			"stopped", `{"events": [{"atSeconds": 90, "do": "stopExecution"}]}`, statusFailed,
			[]string{"1:30 ✗ ExecutionAborted in Bake", "1:30 ↺ SafetyNet 0% ExecutionEnded", "✗ RolledBack", "1 10% 0:00 1:30 of 5:00 1 ✓ Pass", "cause ExecutionEnded"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _ := startDeployment(t, canary, tt.scenario, 0)
			s := newTestTerminal(t, 80, 60)
			status, raw, stderr := s.run(t, a.environment(), "watch", "one")
			assert.Equal(t, tt.status, status, stderr)
			assertInOrder(t, s.screenText(t, raw), append([]string{"execution arn:aws:states"}, tt.want...))
			assert.Contains(t, raw, "baked 0:30 of 5:00", "the time is updated between two polls")
		})
	}
}

func TestDrawnWatchShowsThatTheTrafficIsBackBeforeTheNextPoll(t *testing.T) {
	t.Parallel()
	for name, here := range map[string]func(a *remoteWorld) time.Time{
		"the clocks agree":         func(a *remoteWorld) time.Time { return a.Now() },
		"the clock here is behind": func(a *remoteWorld) time.Time { return a.Now().Add(-time.Hour) },
		"time passes slower here":  func(a *remoteWorld) time.Time { return a.began.Add(a.Now().Sub(a.began) / 60) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const hour = `{"function": "orders", "judge": "off", "strategy": "Canary10Percent60Minutes", "alarms": ["orders-5xx"]}`
			a, _ := startDeployment(t, hour, `{"events": [{"atSeconds": 420, "do": "setAlarmState", "alarm": "orders-5xx", "state": "ALARM"}]}`, 0)
			env := a.environment()
			env.now = func() time.Time { return here(a) }
			s := newTestTerminal(t, 80, 60)
			_, raw, stderr := s.run(t, env, "watch", "one")
			require.Empty(t, stderr)
			assert.Contains(t, raw, "traffic back since 7:00")
			assert.Contains(t, colorCodes.ReplaceAllString(raw, ""), "✗ orders-5xx  ALARM")
			assertInOrder(t, s.screenText(t, raw), []string{"7:00 ↺ SafetyNet 0% AlarmFired: orders-5xx", "10:00 ✗ RolledBack", "✗ RolledBack"})
		})
	}
}

func TestDrawnRunWithNothingToShiftSaysWhy(t *testing.T) {
	t.Parallel()
	deployment := writeFile(t, "deployment.json", `{"function": "orders", "version": "3"}`)
	scenario := writeFile(t, "scenario.json", `{"functions": {"orders": {"versions": 3, "aliases": {"live": {"version": "3"}}}}}`)
	want := []string{"· Unchanged in 0:07", "lambda:orders:live → 3", "cause lambda:orders:live already points at 3; if", "next No traffic was moved. Nothing needs to be done."}
	s := newTestTerminal(t, 80, 60)
	status, raw, stderr := s.run(t, withoutSleep(), "simulate", "-f", deployment, "-s", scenario)
	require.Equal(t, statusOK, status, stderr)
	assertInOrder(t, s.screenText(t, raw), want)

	a := newRemoteWorld(t, canary, `{"functions": {"orders": {"versions": 3, "aliases": {"live": {"version": "3"}}}}}`)
	s = newTestTerminal(t, 80, 60)
	status, raw, stderr = s.run(t, a.environment(), "start", "-f", deployment, "--wait")
	assert.Equal(t, statusOK, status, stderr)
	assertInOrder(t, s.screenText(t, raw), want)
}

func TestManyTargetsAreSummarized(t *testing.T) {
	t.Parallel()
	var targets, functions []string
	for i := range 32 {
		targets = append(targets, fmt.Sprintf(`{"function": "orders-%d"}`, i))
		functions = append(functions, fmt.Sprintf(`"orders-%d": {}`, i))
	}
	deployment := writeFile(t, "deployment.json", `{"targets": [`+strings.Join(targets, ", ")+`], "alarms": ["a"]}`)
	scenario := writeFile(t, "scenario.json", `{"functions": {`+strings.Join(functions, ", ")+`}, "events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "a", "state": "ALARM"}], "delivery": {"alarms": {"lost": true}}}`)
	for _, args := range [][]string{{"--plain"}, nil} {
		s := newTestTerminal(t, 100, 100)
		status, raw, stderr := s.run(t, withoutSleep(), append([]string{"simulate", "-f", deployment, "-s", scenario}, args...)...)
		require.Equal(t, statusOK, status, stderr)
		text := strings.Join(strings.Fields(s.screenText(t, raw)), " ")
		for _, want := range []string{
			"version 2 for lambda:orders-0:live, lambda:orders-1:live and 30 more",
			"lambda:orders-0:live, lambda:orders-1:live and 30 more from 1 to 2;",
			"lambda:orders-0:live, lambda:orders-1:live and 30 more are back on 1 (they had 10% on 2, the rest on 1)",
		} {
			assert.Contains(t, text, want)
		}
		assert.NotContains(t, text, "lambda:orders-9:live is back")
	}
}

func TestStartWithWaitIsDrawn(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`)
	s := newTestTerminal(t, 80, 60)
	status, raw, stderr := s.run(t, a.environment(), "start", "-f", writeFile(t, "deployment.json", canary), "--wait", "--name", "one")
	assert.Equal(t, statusOK, status, stderr)
	assertInOrder(t, s.screenText(t, raw), []string{"execution arn:aws:states", "5:00 ✓ Promoted 100%", "✓ Promoted", "A page about it: sluice report one --out FILE"})
}

func TestDrawnWatchSaysThatAWSIsUnavailable(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, canary, `{}`, time.Minute)
	times := 0
	a.intercept = func(operation string, w http.ResponseWriter) bool {
		times++
		return operation == "GetExecutionHistory" && times > 5 && times < 9 && respondWithError(w, 400, "ThrottlingException", "Rate exceeded")
	}
	s := newTestTerminal(t, 80, 60)
	status, raw, stderr := s.run(t, a.environment(), "watch", "one")
	assert.Equal(t, statusOK, status, stderr)
	assert.Empty(t, stderr)
	assert.Equal(t, 1, strings.Count(colorCodes.ReplaceAllString(raw, ""), "! AWS cannot be reached at the moment"))
	assertInOrder(t, s.screenText(t, raw), []string{"! AWS cannot be reached", "! AWS answers again, after"})
}

func TestEveryMomentIsPlayedForAWhile(t *testing.T) {
	t.Parallel()
	moments := []picture.Moment{{State: "a"}, {State: "b"}, {State: "c", At: time.Hour}, {State: "d", At: time.Hour}}
	keyframes := newKeyframes(&picture.Run{Moments: moments})
	for i := range keyframes[1:] {
		assert.Greater(t, keyframes[i+1].played, keyframes[i].played)
	}
	shown, at := frameAt(keyframes, (keyframes[1].played+keyframes[2].played)/2)
	assert.Equal(t, 2, shown)
	assert.InDelta(t, time.Hour/2, at, float64(time.Minute))
	assert.Empty(t, newKeyframes(&picture.Run{}))
}
