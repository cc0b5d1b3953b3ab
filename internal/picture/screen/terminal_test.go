package screen

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/hinshun/vt10x"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

// canary is a run in the middle of its first step.
func canary() *picture.Run {
	plan := shift.Plan{Steps: []shift.Step{{Weight: 1000, Bake: 300, Poll: 60}, {Weight: 5000, Bake: 300, Poll: 60}, {Weight: shift.All}}}
	return &picture.Run{
		Execution: "one", Strategy: "mine", Plan: plan, Alarms: []string{"orders-5xx"},
		Changes: []shift.Move{{Target: "lambda:orders:live", Stable: "1", Candidate: "2"}},
		Moments: []picture.Moment{
			{Execution: "one", State: "SetWeight", Weight: picture.Share{Weight: 1000, Known: true}, Notes: []string{"step 1 of 3"}},
			{Execution: "one", State: "CheckAlarms", At: time.Minute, Weight: picture.Share{Weight: 1000, Known: true}, Verdict: "Pass"},
		},
		Stages: []picture.Stage{{State: "SetWeight"}, {State: "Bake"}, {State: "CheckAlarms", At: time.Minute}, {State: "Bake", At: time.Minute}},
		Positions: []picture.Position{
			{Progress: shift.Progress{Step: 1, Steps: 3, Weight: 1000, Wait: 60}},
			{At: time.Minute, Progress: shift.Progress{Step: 1, Steps: 3, Weight: 1000, Wait: 60, Baked: 60, Checks: 1}},
		},
	}
}

// glass is a Terminal whose screen can be inspected.
type glass struct {
	*Terminal
	bytes.Buffer
	emulator vt10x.Terminal
	width    int
}

func newGlass(width, height int) *glass {
	g := &glass{emulator: vt10x.New(vt10x.WithSize(width, height)), width: width}
	g.Terminal = newTerminal(&g.Buffer, func(string) string { return "xterm" }, func() (int, int) { return g.width, height })
	return g
}

// lines returns the lines on the screen, without the empty ones at the end.
func (g *glass) lines() []string {
	g.emulator.Write(g.Bytes())
	g.Reset()
	text := strings.Split(g.emulator.String(), "\n")
	for i := range text {
		text[i] = strings.TrimRight(text[i], " ")
	}
	return strings.Split(strings.TrimRight(strings.Join(text, "\n"), "\n"), "\n")
}

func TestBlockShowsWhereTheDeploymentStands(t *testing.T) {
	t.Parallel()
	g := newGlass(80, 30)
	require.NoError(t, g.Show(canary(), 90*time.Second))
	assert.Equal(t, strings.Split(strings.TrimPrefix(`
   0:00  ▸ SetWeight        10%  step 1 of 3
   1:00  ✓ CheckAlarms      10%  Pass

  lambda:orders:live  1 → 2                                               mine
  ────────────────────────────────────────────────────────────────────────────
  state      Bake                                                         1:30
  weight     █████▋░░░░░░░░░░░░░░░░░░░░░░┊░░░░░░░░░░░░░░░░░░░░░░░░░░░░     10%
  step       1 of 3   baked 1:30 of 5:00   8:30 to go
  alarms     ✓ orders-5xx  OK
  verdict    ✓ Pass   1 check`, "\n"), "\n"), g.lines())
}

func TestPauseDoesNotBake(t *testing.T) {
	t.Parallel()
	run := canary()
	run.Positions[1].Waiting, run.Positions[1].Waits, run.Positions[1].Verdict = true, []shift.Waited{{Name: shift.Paused}}, shift.Wait
	g := newGlass(80, 30)
	require.NoError(t, g.Show(run, 90*time.Second))
	assert.Contains(t, strings.Join(g.lines(), "\n"), "step       1 of 3   baked 1:00 of 5:00   paused\n")
	assert.Contains(t, strings.Join(g.lines(), "\n"), "verdict    ‖ Wait")

	run.Positions[1].Waits = []shift.Waited{{Name: "ApprovalAwaited"}}
	g = newGlass(80, 30)
	require.NoError(t, g.Show(run, 90*time.Second))
	assert.Contains(t, strings.Join(g.lines(), "\n"), "baked 1:00 of 5:00   waiting\n")
}

// The numbers that change must not move the lines around them.
func TestLayoutIsStableDuringABake(t *testing.T) {
	t.Parallel()
	g, run := newGlass(80, 30), canary()
	require.NoError(t, g.Show(run, 60*time.Second))
	before := g.lines()
	for at := 61 * time.Second; at < 120*time.Second; at += time.Second {
		require.NoError(t, g.Show(run, at))
		now := g.lines()
		require.Len(t, now, len(before), "no line is left behind or added")
		for i, line := range now {
			assert.Equal(t, len(before[i]), len(line), line)
			if !strings.Contains(line, "state") && !strings.Contains(line, "step ") {
				assert.Equal(t, before[i], line)
			}
		}
	}
}

func TestTextFromOutsideCannotControlTheTerminal(t *testing.T) {
	t.Parallel()
	const evil = "a\x1b[2J\u009b31m\r\nb\u2028c"
	run := canary()
	run.Alarms, run.Strategy, run.Execution, run.Warnings = []string{evil}, evil, evil, []string{evil}
	run.Changes = []shift.Move{{Target: evil, Stable: "1", Candidate: "2"}}
	run.Positions[1].Reasons = []shift.Reason{{Text: evil}}
	run.End = &picture.End{Outcome: shift.RolledBack, Cause: evil}
	g := newGlass(80, 40)
	require.NoError(t, g.Show(run, 90*time.Second))
	require.NoError(t, g.Finish(run))
	sent := g.String()
	for _, control := range []string{"\x1b[2J", "\u009b", "\r\nb", "\u2028"} {
		assert.NotContains(t, sent, control)
	}
	assert.Contains(t, sent, "a [2J 31m")
}

func TestLongListsAreCutAndShowFiringAlarmsFirst(t *testing.T) {
	t.Parallel()
	run := canary()
	run.Alarms, run.Changes = nil, nil
	for i := range 20 {
		run.Alarms = append(run.Alarms, fmt.Sprintf("alarm-%d", i))
		run.Changes = append(run.Changes, shift.Move{Target: flow.LambdaTarget(fmt.Sprint("f", i), "live"), Candidate: "2"})
	}
	run.Positions[1].Reasons = []shift.Reason{shift.AlarmFiredReason("alarm-17", "because")}
	g := newGlass(80, 40)
	require.NoError(t, g.Show(run, 90*time.Second))
	text := strings.Join(g.lines(), "\n")
	assert.Contains(t, text, "alarms     ✗ alarm-17  ALARM\n             ✓ alarm-0   OK")
	assert.Contains(t, text, "and 17 more\n")
	assert.Contains(t, text, "lambda:f1:live  → 2\n  and 18 more targets\n")
}

func TestBlockFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{24, 4}, {40, 8}, {60, 12}, {80, 24}, {300, 80}} {
		g := newGlass(size[0], size[1])
		require.NoError(t, g.Show(canary(), 90*time.Second))
		assert.LessOrEqual(t, len(g.blockWidths), size[1]-1)
		for _, width := range g.blockWidths {
			assert.Less(t, width, size[0], "%d columns", size[0])
		}
	}
}

// The middle of a long name is cut, never the versions. The strategy goes below it.
func TestHeaderWithALongNameKeepsTheVersionsAndTheStrategy(t *testing.T) {
	t.Parallel()
	run := canary()
	run.Strategy = "1% for 48h, then 100%"
	run.Changes = []shift.Move{{Target: flow.LambdaTarget("checkout-"+strings.Repeat("x", 50)+"-worker", "live"), Stable: "41", Candidate: "42"}}
	run.End = &picture.End{Outcome: shift.Promoted}
	for width, want := range map[int]string{
		40:  "  lambda:checkou…x-worker:live  41 → 42\n  1% for 48h, then 100%\n",
		80:  "  lambda:checkout-xxxxxxxxxxxxxxxxx…xxxxxxxxxxxxxxxxxxxxx-worker:live  41 → 42\n  1% for 48h, then 100%\n",
		120: "  lambda:checkout-xxxxxxxxxxxxxxxxx…xxxxxxxxxxxxxxxxxxxxx-worker:live  41 → 42\n  1% for 48h, then 100%\n",
	} {
		g := newGlass(width, 60)
		require.NoError(t, g.Show(run, 90*time.Second))
		assert.Contains(t, strings.Join(g.lines(), "\n"), want, "%d columns", width)
	}
	run.Changes[0].Target = "lambda:orders:live"
	g := newGlass(80, 60)
	require.NoError(t, g.Finish(run))
	assert.Contains(t, strings.Join(g.lines(), "\n"), "  lambda:orders:live  41 → 42"+strings.Repeat(" ", 29)+"1% for 48h, then 100%\n", "in the summary too")
}

// runWithLongNames is a run that is rolled back. All its names have the given length.
func runWithLongNames(characters int) *picture.Run {
	name := func(kind string) string { return kind + strings.Repeat("x", characters-len(kind)) }
	run := canary()
	run.Execution, run.Strategy, run.Alarms = name("execution-"), name("strategy-"), []string{name("alarm-")}
	target := shift.Target("lambda:" + name("function-") + ":live")
	run.Changes = []shift.Move{{Target: target, Stable: "41", Candidate: "42"}}
	for i := range run.Moments {
		run.Moments[i].Execution = run.Execution
	}
	fired := shift.AlarmFiredReason(run.Alarms[0], name("reason-"))
	run.Moments = append([]picture.Moment{
		{Execution: run.Execution, State: "Publish", Notes: []string{"version 42 for " + string(target)}},
		{Execution: name("another-"), State: "Rejected", Notes: []string{string(target)}, Failed: true},
	}, run.Moments...)
	run.Moments = append(run.Moments, picture.Moment{Execution: run.Execution, State: "CheckAlarms", At: 2 * time.Minute, Weight: picture.Share{Weight: 1000, Known: true}, Verdict: "Fail", Notes: []string{fired.String()}})
	run.Positions = append(run.Positions, picture.Position{At: 2 * time.Minute, Progress: shift.Progress{Step: 1, Steps: 3, Weight: 1000, Baked: 120, Checks: 2, Verdict: shift.Fail, Reasons: []shift.Reason{fired}}})
	run.End = &picture.End{At: 2 * time.Minute, Outcome: shift.RolledBack, Cause: explain.Cause(shift.RolledBack, []shift.Reason{fired}, nil)}
	return run
}

// Drawing many times must leave the same screen as drawing once. No line may be so long
// that the terminal wraps it.
func TestRedrawingLongNamesLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for _, characters := range []int{64, 128, 255} {
		for _, width := range []int{12, 24, 40, 60, 80, 120} {
			often, once := newGlass(width, 300), newGlass(width, 300)
			run := runWithLongNames(characters)
			for at := time.Duration(0); at <= 2*time.Minute; at += 10 * time.Second {
				require.NoError(t, often.Show(run, at))
			}
			for line := range strings.SplitSeq(often.String(), "\r\n") {
				assert.Less(t, ansi.StringWidth(line), width, line)
			}
			require.NoError(t, once.Show(run, 2*time.Minute))
			require.Equal(t, once.lines(), often.lines(), "%d characters in %d columns", characters, width)

			require.NoError(t, often.Finish(run, "", "A page about it:  sluice report "+run.Execution))
			require.NoError(t, once.Finish(run, "", "A page about it:  sluice report "+run.Execution))
			for line := range strings.SplitSeq(often.String(), "\r\n") {
				assert.Less(t, ansi.StringWidth(line), width, line)
			}
			finished := often.lines()
			assert.Equal(t, once.lines(), finished)
			assert.NotContains(t, strings.Join(finished, "\n"), "verdict ", "the block is gone")
		}
	}
}

// If a screen is erased from its top, tmux and some other terminals keep it in the
// scrollback (scroll-on-clear). Then every frame would stay there.
func TestNothingIsErasedBeforeItIsRedrawn(t *testing.T) {
	t.Parallel()
	g := newGlass(80, 30)
	require.NoError(t, g.Show(canary(), 90*time.Second))
	g.Reset()
	require.NoError(t, g.Show(canary(), 91*time.Second))
	sent := g.String()
	assert.Equal(t, 1, strings.Count(sent, ansi.EraseScreenBelow))
	assert.True(t, strings.HasSuffix(sent, "\r\n"+ansi.EraseScreenBelow+ansi.ResetSynchronizedOutputMode), "only the rest below the block is erased")
}

func TestWordLongerThanALineIsBrokenWithoutLoss(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 10)
	for width := 1; width < 30; width++ {
		lines := breakLines("a "+long+" ü漢字b", width)
		assert.Equal(t, "a"+long+"ü漢字b", strings.ReplaceAll(strings.Join(lines, ""), " ", ""))
		for _, line := range lines {
			assert.LessOrEqual(t, ansi.StringWidth(line), max(width, 2), "a wide character needs two columns")
		}
	}
}

func TestBlockIsRedrawnInPlaceInANarrowerTerminal(t *testing.T) {
	t.Parallel()
	g := newGlass(80, 40)
	require.NoError(t, g.Show(canary(), 90*time.Second))
	rows := len(g.blockWidths)
	g.Reset()
	g.width = 50
	require.NoError(t, g.Show(canary(), 91*time.Second))
	wrapped := 5 // header, rule, state, weight and step are wider than 50
	assert.Contains(t, g.String(), ansi.CursorUp(rows+wrapped))
}

func TestOnlyATerminalIsFound(t *testing.T) {
	t.Parallel()
	xterm := func(string) string { return "xterm" }
	_, found := Find(&bytes.Buffer{}, xterm)
	assert.False(t, found)
	file, err := os.Create(t.TempDir() + "/file")
	require.NoError(t, err)
	defer file.Close()
	_, found = Find(file, xterm)
	assert.False(t, found)
}

func TestTheEndTellsTheWarningsOfAlarms(t *testing.T) {
	t.Parallel()
	run := canary()
	run.End, run.Warnings = &picture.End{At: 2 * time.Minute, Outcome: shift.Promoted}, []string{"alarm a can never fire: raise the threshold", "alarm b is too slow"}
	g := newGlass(80, 40)
	require.NoError(t, g.Show(run, 2*time.Minute))
	require.NoError(t, g.Finish(run))
	text := strings.Join(g.lines(), "\n")
	assert.Contains(t, text, "  warning    alarm a can never fire: raise the threshold\n  warning    alarm b is too slow")
}
