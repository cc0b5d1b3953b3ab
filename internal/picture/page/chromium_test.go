package page_test

import (
	"bytes"
	"context"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/picture/page"
)

// browse opens a page in a headless browser. It returns the resulting document and the
// messages on the browser's console. It skips the test if there is no browser.
func browse(t *testing.T, text string) (document, console string) {
	t.Helper()
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			browser = found
			break
		}
	}
	if browser == "" {
		t.Skip("SKIPPED: the report page is not tested in a browser: neither chromium nor google-chrome is installed")
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "page.html")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	// The browser's sandbox needs permissions that a container does not have. The page
	// is ours, so it is safe to run without it.
	command := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--user-data-dir="+folder, "--enable-logging=stderr", "--window-size=1000,1400", "--dump-dom", "file://"+file)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	require.NoError(t, command.Run(), stderr.String())
	return stdout.String(), strings.Join(regexp.MustCompile(`(?m)^.*CONSOLE.*$`).FindAllString(stderr.String(), -1), "\n")
}

// withMeasurements adds a script to a page that appends measurements to it: for each plot
// the number of visible marks, and whether the tables fit. It also removes the policy
// that forbids scripts.
func withMeasurements(text string) string {
	const count = `<script>
for (const plot of document.querySelectorAll("[data-plot]")) {
  const drawn = [...plot.querySelectorAll(".mark")].filter(m => { const b = m.getBoundingClientRect(); return b.width + b.height > 1 })
  document.body.insertAdjacentText("beforeend", "[" + plot.dataset.plot + " " + drawn.length + "]")
}
const lines = [...document.querySelectorAll("#story td.notes")].map(n => n.textContent.length / (n.getBoundingClientRect().height / parseFloat(getComputedStyle(n).lineHeight)))
document.body.insertAdjacentText("beforeend", Math.min(...lines.filter(l => l > 0)) < 8 ? "[crammed]" : "[roomy]")
const beyond = [...document.querySelectorAll("#steps td, #steps th, #story td")].filter(n => n.getBoundingClientRect().right > innerWidth)
document.body.insertAdjacentText("beforeend", "[beyond " + beyond.length + " of " + innerWidth + "]")
const plots = document.querySelector(".plots").getBoundingClientRect(), end = document.querySelector(".end.mark").getBoundingClientRect()
document.body.insertAdjacentText("beforeend", end.left >= plots.left && end.right <= plots.right ? "[end shown]" : "[end hidden]")
document.body.insertAdjacentText("beforeend", document.querySelector(".hint").getBoundingClientRect().height > 0 ? "[hint]" : "[no hint]")
document.body.insertAdjacentText("beforeend", document.documentElement.scrollWidth > innerWidth ? "[too wide]" : "[fits]")
</script></body>`
	text = regexp.MustCompile(`<meta http-equiv=[^>]*>`).ReplaceAllString(text, "")
	return strings.Replace(text, "</body>", count, 1)
}

// inPhoneFrame puts a page into a frame as wide as a phone, and copies its measurements
// below the frame. The window of a browser cannot be that narrow.
func inPhoneFrame(text string) string {
	return `<!doctype html><iframe style="width: 390px; height: 844px; border: 0" srcdoc="` + html.EscapeString(text) + `"></iframe><script>
const frame = document.querySelector("iframe")
frame.onload = () => {
  const text = frame.contentDocument.body.textContent
  document.body.insertAdjacentText("beforeend", text.slice(text.lastIndexOf("[time ")))
}
</script>`
}

func TestBrowserShowsEveryPlotWithoutErrors(t *testing.T) {
	t.Parallel()
	text := pageText(t, page.Report{Run: rolledBack(), Texts: []page.Text{{Name: "Input", Content: strings.Repeat("{}", 2000)}}})
	_, console := browse(t, text)
	assert.Empty(t, console)

	document, console := browse(t, withMeasurements(text))
	assert.Empty(t, console)
	for _, want := range []string{"[time 2]", "[weight 1]", "[requests 2]", "[errors 2]", "[alarms 2]", "[states 4]", "[end shown]", "[no hint]", "[fits]"} {
		assert.True(t, strings.Contains(document, want), want)
	}

	_, console = browse(t, strings.Replace(withMeasurements(text), "</body>", "<script>nothing.here</script></body>", 1))
	assert.Contains(t, console, "nothing is not defined", "an error would be reported")
}

func TestPageIsReadableOnAPhone(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	run.Plan.Steps[0].Bake = 48 * 3600
	run.Positions[1].Baked = 47*3600 + 59*60
	run.Moments = append(run.Moments, picture.Moment{
		At: 48 * time.Hour, Execution: "one", State: "AfterTrafficHook", Failed: true,
		Notes: []string{"asked " + strings.Repeat("a-long-name-of-a-hook-", 4), "HookFailed: it says no", "in arn:aws:lambda:eu-west-1:123456789012:function:" + strings.Repeat("f", 64)},
	})
	text := pageText(t, page.Report{Run: run, Facts: []page.Fact{{Name: "AWS calls, cloudwatch", Value: strings.Repeat("DescribeAlarms 3, ", 9)}}})
	document, console := browse(t, inPhoneFrame(withMeasurements(text)))
	assert.Empty(t, console)
	document = document[strings.LastIndex(document, "</script>"):]
	for _, want := range []string{"[fits]", "[roomy]", "[beyond 0 of 390]", "[end shown]", "[hint]"} {
		assert.Contains(t, document, want)
	}
}

func TestBrowserRunsNoScriptFromOutside(t *testing.T) {
	t.Parallel()
	run := rolledBack()
	run.Strategy = `<script>document.title = "taken"</script>`
	document, console := browse(t, pageText(t, page.Report{Run: run, Texts: []page.Text{{Name: "Input", Content: `<img src="x" onerror="document.title='taken'">`}}}))
	assert.Empty(t, console)
	assert.NotContains(t, document, "<title>taken")
}
