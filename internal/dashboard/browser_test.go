package dashboard

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

// findBrowser returns the browser of this machine, or "".
func findBrowser() string {
	for _, name := range []string{os.Getenv("CHROME"), "chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); name != "" && err == nil {
			return found
		}
	}
	return ""
}

// browser is started once. Its sandbox needs permissions that a container does not have; it only
// opens our own pages.
var browser = sync.OnceValues(func() (context.Context, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(findBrowser()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-dev-shm-usage", true))
	allocator, _ := chromedp.NewExecAllocator(context.Background(), options...) // ends with the tests' process
	ctx, _ := chromedp.NewContext(allocator)
	return ctx, chromedp.Do(ctx)
})

// tab is a page in the browser, with a person before it.
type tab struct {
	*stage
	ctx context.Context
	// close closes the tab. It may be called twice.
	close func()

	mu     sync.Mutex
	errors []string // on the browser's console
}

const (
	desktop = 1000
	phone   = 390
)

// open opens a page in a new tab of that width.
func (s *stage) openTab(path string, width int64, setup ...action) *tab {
	s.t.Helper()
	if findBrowser() == "" {
		s.t.Skip("SKIPPED: the dashboard is not tested in a browser: there is no chromium or google-chrome, and CHROME names none")
	}
	started, err := browser()
	require.NoError(s.t, err)
	ctx, closeTab := chromedp.NewContext(started)
	require.NoError(s.t, chromedp.Do(ctx))
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	b := &tab{stage: s, ctx: ctx, close: func() { cancel(); closeTab() }}
	s.t.Cleanup(func() {
		b.mu.Lock()
		assert.Empty(s.t, b.errors, "the console of the browser")
		b.mu.Unlock()
		b.close()
	})
	require.NoError(s.t, chromedp.Listen(ctx, b.listen))
	b.do(command(log.Enable, cdp.Empty{}), command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width == phone,
	}))
	b.do(setup...)
	b.do(chromedp.Navigate(s.server.URL + path))
	return b
}

// action is what is done in a tab.
type action = chromedp.Action[chromedp.Void]

// command is the action that sends a command to the browser.
func command[P, R any](c cdp.Command[P, R], params P) action {
	return func(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
		_, err = cdp.Call(ctx, t, c, params)
		return none, err
	}
}

func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.errors = append(b.errors, fmt.Sprint(e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *log.EventEntryAdded:
		// A lost connection and a refusal are said on the page, and are no errors of it.
		said := strings.Contains(e.Entry.Text, "ERR_") || strings.Contains(e.Entry.Text, "409 (Conflict)")
		if e.Entry.Level == log.EntryLevelError && !said {
			b.errors = append(b.errors, e.Entry.Text)
		}
	}
}

func (b *tab) do(actions ...action) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, actions...))
}

// js returns what a script returns.
func js[T any](b *tab, text string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](text))
	require.NoError(b.t, err)
	return value
}

// awaits waits until a condition holds, on whatever page the tab is by then.
func (b *tab) awaits(condition string) {
	b.t.Helper()
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if holds, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!!("+condition+")")); err == nil && holds {
			return
		}
	}
	b.t.Fatalf("the page does not come to %s:\n%s", condition, js[string](b, "document.body.innerText"))
}

// sees waits until a text can be seen.
func (b *tab) sees(text string) {
	b.t.Helper()
	b.awaits(fmt.Sprintf("document.querySelector('main').innerText.includes(%q)", text))
}

// isLive waits until the page is updated.
func (b *tab) isLive() {
	b.t.Helper()
	b.awaits("document.getElementById('connection').textContent === 'Live'")
}

// picture keeps a screenshot, in the folder that SCREENSHOTS names.
func (b *tab) picture(name string) {
	b.t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600))
}

// fits checks that nothing on a page is wider than the window. A phone would show a wider page
// smaller, and say that it fits.
func (b *tab) fits(width int) {
	b.t.Helper()
	assert.Equal(b.t, width, js[int](b, "Math.max(innerWidth, document.documentElement.scrollWidth)"))
}

func TestPersonStartsWatchesAndAborts(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{"candidate": {"errorRate": 0.01}}`, nil, canary)
	b := s.openTab("/", desktop)
	b.isLive()
	b.sees("No deployment is open.")
	s.start("one", canary)
	s.advance(20 * time.Second)
	b.sees("1 deployment is open.")
	s.advance(7 * time.Minute)
	b.sees("Pass")
	b.picture("list")

	// With the keyboard alone.
	b.do(chromedp.Focus(chromedp.CSS(".card a.abort")), chromedp.KeyEvent(kb.Enter))
	b.sees("Abort puts all traffic of the deployment that holds lambda:orders:live back on the stable version at once")
	b.isLive()
	b.awaits("document.activeElement.id === 'reason'")
	b.do(chromedp.KeyEvent("customers "))
	b.picture("ask")
	s.advance(6 * time.Minute)
	b.awaits("document.getElementById('stand').innerText.includes('baked 13:2')")
	assert.Equal(t, "reason", js[string](b, "document.activeElement.id"), "an update takes no focus")
	b.do(chromedp.KeyEvent("call"), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	b.sees("RolledBack")
	b.sees("Asked at")
	b.sees("customers call")
	b.picture("aborted")
	assert.Zero(t, js[int](b, "document.querySelectorAll('.actions a').length"), "nothing is left to do")
}

func TestDeploymentEndsWhileItIsWatched(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	id := s.start("one", canary)
	s.advance(7 * time.Minute)
	b := s.openTab(deploymentPath(id), desktop)
	b.isLive()
	b.sees("step 1 of 2")
	b.picture("deployment")
	before := js[int](b, "document.querySelectorAll('#story tbody tr').length")
	b.do(chromedp.Focus(chromedp.CSS("#whole a.pause")))
	s.advance(6 * time.Minute)
	b.sees("baked 13:00 of 1:00:00")
	assert.Equal(t, "pause", js[string](b, "document.activeElement.dataset.key"), "an update takes no focus")
	s.advance(time.Hour)
	b.sees("Promoted")
	b.awaits("document.getElementById('news').textContent.includes('Promoted')")
	assert.Zero(t, js[int](b, "document.querySelectorAll('.actions a').length"))
	assert.Equal(t, "main", js[string](b, "document.activeElement.id"), "the focus is not lost with its button")
	assert.Greater(t, js[int](b, "document.querySelectorAll('#story tbody tr').length"), before, "the report grows")
}

// What has baked grows as its countdown shrinks, without news from the server.
func TestBakeIsCounted(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, func(c *Config) {
		now := c.Now
		c.Clock = func() (time.Time, float64) { return now(), 600 }
	}, canary)
	s.start("one", canary)
	s.advance(7 * time.Minute)
	b := s.openTab("/", desktop)
	b.isLive()
	b.awaits("document.querySelector('.course').textContent.includes('baked 1:00:00 of 1:00:00')")
}

func TestListMovesWhatHasEndedAndKeepsTheFocus(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	s.start("one", canary)
	s.advance(7 * time.Minute)
	b := s.openTab("/", desktop)
	b.isLive()
	b.do(chromedp.Focus(chromedp.CSS("#open .card h3 a")))
	s.advance(70 * time.Minute)
	b.awaits("document.querySelector('#ended .card')?.innerText.includes('Promoted')")
	assert.Zero(t, js[int](b, "document.querySelectorAll('#open .card').length"))
	assert.Contains(t, js[string](b, "document.activeElement.textContent"), "lambda:orders:live")
}

func TestConnectionThatIsLostIsShownAndHeals(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	s.start("one", canary)
	s.advance(7 * time.Minute)
	b := s.openTab("/", desktop)
	b.isLive()
	s.server.CloseClientConnections()
	b.awaits("document.getElementById('connection').textContent.startsWith('Connection lost at')")
	b.picture("lost")
	s.advance(6 * time.Minute)
	b.isLive()
	b.sees("baked 13:00 of 1:00:00")
}

// Whoever has typed a reason is told to copy it, and goes on being told.
func TestPageOfAnEarlierDashboardSaysSoUntilItIsLoadedAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	id := s.start("one", canary)
	s.advance(7 * time.Minute)
	b := s.openTab(strings.Replace(deploymentPath(id), "/deployment?", "/ask?do=pause&", 1), desktop)
	b.isLive()
	b.do(chromedp.SendKeys(chromedp.CSS("#reason"), "lunch"))
	js[string](b, "document.documentElement.dataset.instance = 'an earlier one'")
	s.advance(6 * time.Minute)
	const told = "document.getElementById('connection').textContent.startsWith('The dashboard was started again.')"
	b.awaits(told)
	js[bool](b, `(() => {
		const now = performance.now.bind(performance)
		performance.now = () => now() + 60000 // longer than a connection may be silent
		window.said = []
		new MutationObserver(() => said.push(connection.textContent)).observe(connection, { childList: true, characterData: true, subtree: true })
		return true
	})()`)
	time.Sleep(2500 * time.Millisecond) // the page looks at its connection each second
	assert.Empty(t, js[[]string](b, "said"))
	assert.True(t, js[bool](b, told))
	assert.Equal(t, "lunch", js[string](b, "document.getElementById('reason').value"))
}

// manyAccount has so many open deployments, and nothing else.
type manyAccount struct {
	open int
	at   time.Time
}

func (a manyAccount) Unannounced(context.Context) ([]shift.Listed, error) {
	listed := make([]shift.Listed, a.open)
	for i := range listed {
		listed[i] = shift.Listed{ID: fmt.Sprintf("arn:aws:states:us-east-1:123456789012:execution:sluice:deployment-%03d", i), Since: a.at.Add(time.Duration(i) * time.Second)}
	}
	return listed, nil
}

func (a manyAccount) Record(_ context.Context, id string) (shift.Record, error) {
	target := shift.Target("lambda:service-" + id[len(id)-3:] + ":live")
	return shift.Record{
		ID: id, Status: shift.StatusOpen, OpenedAt: a.at, Intent: 1, Arrivals: []shift.Arrival{{Target: target, Candidate: "2"}},
		Deployment: &shift.Deployment{ID: id, Changes: []shift.Change{{Target: target, Stable: "1", Candidate: "2"}}, Plan: shift.Plan{Steps: []shift.Step{{Weight: 1000, Bake: 600}, {Weight: shift.All}}}},
	}, nil
}

func (manyAccount) History(context.Context, shift.Target) ([]shift.Arrived, error) { return nil, nil }
func (manyAccount) Freeze(context.Context) (shift.Freeze, error)                   { return shift.Freeze{}, nil }
func (manyAccount) Recent(context.Context, int) ([]operator.Listed, error)         { return nil, nil }
func (manyAccount) Events(context.Context, operator.Execution, int64) ([]operator.Event, error) {
	return nil, nil
}

func TestTwoHundredDeploymentsAreShownAndFound(t *testing.T) {
	t.Parallel()
	a := manyAccount{open: 200, at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s := newStage(t, `{}`, func(c *Config) { c.Ledger, c.Executions = a, a }, canary)
	b := s.openTab("/", desktop)
	b.sees("200 deployments are open.")
	b.isLive()
	assert.Equal(t, 200, js[int](b, "document.querySelectorAll('#open .card .bar').length"))
	b.do(chromedp.SendKeys(chromedp.CSS("#target"), "service-123"+kb.Enter))
	b.sees("1 deployment is open.")
	b.isLive()
	b.sees("lambda:service-123:live 1 → 2")
	b.sees("step 1 of 2")
}

func TestPagesFitOnAPhone(t *testing.T) {
	t.Parallel()
	long := strings.Replace(canary, `"orders"`, `"`+strings.Repeat("f", 64)+`"`, 1)
	s := newStage(t, `{}`, withReverter, canary, long)
	promoted := s.start(strings.Repeat("n", 80), long)
	s.get("/")
	s.advance(70 * time.Minute)
	id := s.start("one", canary)
	s.advance(7 * time.Minute)
	s.start("queued-"+strings.Repeat("q", 70), `{"function": "orders", "version": "1", "judge": "off", "whenHeld": "wait", "whenFrozen": "wait"}`)
	s.freeze("the sale of the year " + strings.Repeat("f", 100))
	s.advance(2 * time.Minute)
	for name, path := range map[string]string{
		"list": "/", "deployment": deploymentPath(id), "ask": strings.Replace(deploymentPath(id), "/deployment?", "/ask?do=pause&", 1),
		"revert": revertPath(promoted), "message": strings.Replace(deploymentPath(promoted), "/deployment?", "/ask?do=pause&", 1),
	} {
		b := s.openTab(path, phone)
		if name == "list" || name == "deployment" || name == "ask" {
			b.isLive()
		}
		b.fits(phone)
		small := js[int](b, "[...document.querySelectorAll('.button, button')].filter(n => n.getBoundingClientRect().height < 40).length")
		assert.Zero(t, small, "%s: a thumb hits every button", name)
		b.picture("phone-" + name)
	}
}

func TestDarkScreensGetADarkPage(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	id := s.start("one", canary)
	s.advance(7 * time.Minute)
	dark := command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
	b := s.openTab("/", desktop, dark)
	b.isLive()
	assert.Equal(t, "rgb(20, 24, 30)", js[string](b, "getComputedStyle(document.body).backgroundColor"))
	assert.Equal(t, "0s", js[string](b, "getComputedStyle(document.querySelector('.bar-filled')).transitionDuration"), "nothing moves for who wants that")
	b.picture("dark-list")
	b = s.openTab(deploymentPath(id), phone, dark)
	b.isLive()
	b.picture("dark-phone-deployment")
	s.start("queued", `{"function": "orders", "version": "1", "judge": "off", "whenHeld": "wait", "whenFrozen": "wait"}`)
	s.freeze("the sale")
	s.advance(2 * time.Minute)
	for name, width := range map[string]int64{"dark-frozen": desktop, "dark-phone-frozen": phone} {
		b = s.openTab("/", width, dark)
		b.isLive()
		b.sees("Deployments are frozen until")
		b.sees("waits for its turn")
		b.picture(name)
	}
}

func TestPageIsCompleteWithoutScript(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	s.start("one", canary)
	s.advance(7 * time.Minute)
	b := s.openTab("/", desktop, command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	visible := func(text string) { // scripts of the test run, too
		b.t.Helper()
		body, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("body")))
		require.NoError(t, err)
		assert.Contains(t, body, text)
	}
	visible("Refresh")
	visible("step 1 of 2")
	visible("53:00")
	b.do(chromedp.Click(chromedp.CSS(".card a.pause")), chromedp.WaitVisible(chromedp.CSS("#reason")))
	visible("Pause keeps the deployment that holds lambda:orders:live at its weight")
	b.do(chromedp.SendKeys(chromedp.CSS("#reason"), "lunch"), chromedp.Click(chromedp.CSS("form.ask button")), chromedp.WaitVisible(chromedp.CSS("#whole")))
	visible("it stays at its weight from its next poll on")
}
