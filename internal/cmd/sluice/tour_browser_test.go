package main

import (
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newTab opens a tab of a browser, which the test ends. It skips the test if there is none.
func newTab(t *testing.T) *browserTab {
	t.Helper()
	program := ""
	for _, name := range []string{os.Getenv("CHROME"), "chromium", "chromium-browser", "google-chrome"} {
		if found, err := osexec.LookPath(name); name != "" && err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Skip("SKIPPED: the tour is not tested in a browser: there is no chromium or google-chrome, and CHROME names none")
	}
	// The sandbox needs permissions that a container does not have; only our own page is opened.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-dev-shm-usage", true))
	allocator, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	return &browserTab{t: t, ctx: ctx}
}

type browserTab struct {
	t   *testing.T
	ctx context.Context
}

type browserAction = chromedp.Action[chromedp.Void]

func (b *browserTab) do(actions ...browserAction) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, actions...))
}

// browserCommand is the action that sends a command to the browser.
func browserCommand[P, R any](c cdp.Command[P, R], params P) browserAction {
	return func(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
		_, err = cdp.Call(ctx, t, c, params)
		return none, err
	}
}

// is makes the window of that width, light or dark.
func (b *browserTab) is(width int64, scheme string) {
	b.t.Helper()
	b.do(browserCommand(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 500}),
		browserCommand(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}))
}

// awaits waits until a condition holds on the page.
func (b *browserTab) awaits(condition string) {
	b.t.Helper()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if holds, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!!("+condition+")")); err == nil && holds {
			return
		}
	}
	text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText"))
	b.t.Fatalf("the page does not come to %s:\n%s", condition, text)
}

func (b *browserTab) sees(text string) {
	b.t.Helper()
	b.awaits(fmt.Sprintf("document.querySelector('main').innerText.includes(%q)", text))
}

// clicks clicks on the first element that a selector finds.
func (b *browserTab) clicks(selector string) {
	b.t.Helper()
	b.awaits(fmt.Sprintf("document.querySelector(%q)", selector))
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// shot checks that nothing is wider than the window, wide and narrow, and keeps screenshots in the
// folder that SCREENSHOTS names.
func (b *browserTab) shot(name string) {
	b.t.Helper()
	for _, scheme := range []string{"dark", "light"} {
		for _, width := range []int64{390, 1000} {
			b.is(width, scheme)
			wide, err := chromedp.Run(b.ctx, chromedp.Evaluate[int64]("Math.max(innerWidth, document.documentElement.scrollWidth)"))
			require.NoError(b.t, err)
			assert.Equal(b.t, width, wide, name)
			if folder := os.Getenv("SCREENSHOTS"); folder != "" {
				png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
				require.NoError(b.t, err)
				require.NoError(b.t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("tour-%s-%s-%d.png", name, scheme, width)), png, 0o600))
			}
		}
	}
}

// A person takes the whole tour in a browser. Their page is the page of 'sluice tour', and nothing
// stands in for its account.
func TestPersonTakesTheTourInABrowser(t *testing.T) {
	t.Parallel()
	b := newTab(t)
	env := realEnvironment
	env.browse = nil
	p := startTour(t, env, "--speed", "120")
	b.is(1000, "light")
	b.do(chromedp.Navigate(p.url))
	b.sees("Four deployments in three minutes")
	b.sees("Start the canary")
	b.shot("welcome")

	b.clicks("#guide .go")
	b.sees("Step 1 of 4")
	b.sees("lambda:orders:live")
	b.shot("canary")
	b.sees("Promoted: version 2 now serves all requests.")
	b.shot("promoted")

	b.clicks("#guide .go")
	b.sees("lambda:payments:live")
	b.sees("RolledBack: Sluice found within minutes")
	b.awaits("document.querySelector('#ended').innerText.includes('CandidateWorse')")
	b.shot("put-back")

	b.clicks("#guide .go")
	b.clicks("#open a.abort")
	b.sees("Abort lambda:search:live?")
	b.sees("Step 3 of 4")
	b.do(chromedp.SendKeys(chromedp.CSS("#reason"), "customers complain"))
	b.shot("abort")
	b.clicks("form.ask button")
	b.sees("RolledBack: a second after your abort")
	b.sees("Asked at")

	b.clicks("#guide .go")
	b.sees("cloudfront:E1SHOP")
	b.shot("website")
	b.sees("Promoted: the website and the function have moved together")
	b.sees("sluice simulate -f deployment.json")
	b.awaits("!document.querySelector('#guide .go')")
	b.shot("end")
}
