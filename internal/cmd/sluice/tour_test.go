package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/picture/screen"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Where nobody can press Enter, as in CI, the tour goes on by itself.
func TestGoldenTour(t *testing.T) {
	t.Parallel()
	got := run(t, "", "tour")
	require.Equal(t, statusOK, got.status, got.stderr)
	assertGolden(t, "tour.txt", got.stdout)
	assert.NotContains(t, got.stdout, "Press Enter")
	assert.NotContains(t, got.stdout, "\x1b", "no control characters")
	assert.Equal(t, got, run(t, "", "tour", "--terminal", "--plain"))
}

// Each step ends as it says.
func TestStepsOfTheTourEndAsTheySay(t *testing.T) {
	t.Parallel()
	got := run(t, "", "tour")
	for _, s := range tourSteps {
		assert.Contains(t, strings.Join(strings.Fields(got.stdout), " "), s.after)
		assert.True(t, strings.HasPrefix(s.after, string(s.expected)+": "), s.after)
	}
	assert.Contains(t, tourSteps[0].result(shift.RolledBack), "RolledBack: it ended otherwise")
}

// controls are the control sequences of a terminal.
var controls = regexp.MustCompile(`\x1b\[[?0-9;]*[a-zA-Z]`)

// On a terminal each step is drawn when the person presses Enter, and the third one stands still
// until the person aborts it.
func TestTourInATerminalGoesOnByEnter(t *testing.T) {
	t.Parallel()
	on := newTestTerminal(t, 100, 50)
	enter := make(chan struct{})
	pressed := 0
	env := withoutSleep()
	env.getenv = func(name string) string { return on.env[name] }
	told := terminalTour{environment: env, draws: func() *screen.Terminal { return drawing{}.findTerminal(on.tty, env) }, out: on.tty, enter: enter}
	go func() {
		defer close(enter)
		for ; pressed < 5; pressed++ {
			enter <- struct{}{}
		}
	}()
	require.NoError(t, told.tell(t.Context()))
	require.NoError(t, on.tty.Close())
	raw := string(<-on.raw)
	assert.Equal(t, 5, pressed, "one for each step, and one for the abort")
	shown := normalizeSpaces(strings.ReplaceAll(controls.ReplaceAllString(raw, ""), "\r", "\n"))
	assertInOrder(t, shown, []string{
		"Step 1 of 4: A canary", "Press Enter: start the canary", "✓ Promoted", "Step 2 of 4: A bad version", "✗ RolledBack",
		"Step 3 of 4: You stop one yourself", "Press Enter: abort it", "✗ RolledBack", "Step 4 of 4", "✓ Promoted", "That was the tour.",
	})
}

func TestInterruptEndsTheTourInATerminal(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	var out bytes.Buffer
	told := terminalTour{environment: withoutSleep(), draws: func() *screen.Terminal { return nil }, out: writerFunc(func(text []byte) (int, error) {
		if bytes.Contains(text, []byte("Press Enter")) {
			interrupt()
		}
		return out.Write(text)
	}), enter: make(chan struct{})}
	assert.ErrorAs(t, told.tell(ctx), &interruptedError{})
	assert.NotContains(t, out.String(), "Promoted")
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(text []byte) (int, error) { return f(text) }

// pageTour is a tour on a page.
type pageTour struct {
	url    string
	stop   func()
	status chan int
	stderr *syncBuffer
}

var tourURL = regexp.MustCompile(`The tour is on (http://127\.0\.0\.1:[0-9]+/)`)

func startTour(t *testing.T, env environment, args ...string) pageTour {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	p := pageTour{stop: stop, status: make(chan int, 1), stderr: &syncBuffer{}}
	go func() {
		status := env.exec(ctx, append([]string{"tour", "--browser"}, args...), strings.NewReader(""), in, p.stderr)
		_ = in.Close()
		p.status <- status
	}()
	t.Cleanup(stop)
	read := bufio.NewScanner(out)
	for read.Scan() {
		if found := tourURL.FindStringSubmatch(read.Text()); found != nil {
			p.url = found[1]
			break
		}
	}
	require.NotEmpty(t, p.url, p.stderr)
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return p
}

// awaits waits until the page shows a text, and returns the page.
func (p pageTour) awaits(t *testing.T, text string) string {
	t.Helper()
	var body string
	require.Eventually(t, func() bool { body = readPage(t, p.url); return strings.Contains(body, text) }, 30*time.Second, 50*time.Millisecond, text)
	return body
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(token|key)" value="([^"]*)">`)

// presses presses the button of the guide.
func (p pageTour) presses(t *testing.T, body string) {
	t.Helper()
	form := url.Values{}
	_, guide, _ := strings.Cut(body, `<section id="guide"`)
	for _, f := range hiddenField.FindAllStringSubmatch(guide, 2) {
		form.Set(f[1], f[2])
	}
	require.Len(t, form, 2, body)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"guide", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", strings.TrimSuffix(p.url, "/"))
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	assert.Equal(t, http.StatusOK, answer.StatusCode)
}

func TestTourOnAPageEndsWithoutLeftovers(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	opened := ""
	env := realEnvironment
	env.browse = func(url string) bool {
		mu.Lock()
		defer mu.Unlock()
		opened = url
		return true
	}
	p := startTour(t, env, "--speed", "500")
	mu.Lock()
	assert.Equal(t, p.url, opened)
	mu.Unlock()
	welcome := p.awaits(t, "Start the canary")
	p.presses(t, welcome)
	p.awaits(t, "Promoted: version 2 now serves all requests.")
	p.presses(t, welcome) // once more, on a page that is out of date
	p.presses(t, p.awaits(t, "Start the bad version"))
	p.awaits(t, "RolledBack: Sluice found within minutes")
	p.stop()
	assert.Equal(t, statusOK, <-p.status)
	assert.Empty(t, p.stderr.String())
	_, err := http.Get(p.url) //nolint:noctx // it fails at once
	assert.Error(t, err, "nobody listens any more")
}

func TestTourRefusesInvalidArguments(t *testing.T) {
	t.Parallel()
	for text, args := range map[string][]string{
		`but got "orders"`:                      {"tour", "orders"},
		"--terminal and --browser exclude each": {"tour", "--terminal", "--browser"},
		"--port is 70000":                       {"tour", "--port", "70000"},
		"--speed is 0.5":                        {"tour", "--speed", "0.5"},
	} {
		got := run(t, "", args...)
		assert.Equal(t, statusInvalid, got.status)
		assert.Contains(t, got.stderr, text)
	}
}

func TestBrowserIsOpenedOnlyWhereSomebodySeesIt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		system string
		env    map[string]string
		want   string
	}{
		{"windows", nil, "rundll32"},
		{"darwin", nil, "open"},
		{"darwin", map[string]string{"SSH_CONNECTION": "1"}, ""},
		{"linux", map[string]string{"DISPLAY": ":0"}, "xdg-open"},
		{"linux", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, "xdg-open"},
		{"linux", map[string]string{"DISPLAY": ":0", "SSH_CONNECTION": "1"}, ""},
		{"linux", nil, ""},
	} {
		name, _ := opener(tc.system, func(name string) string { return tc.env[name] })
		assert.Equal(t, tc.want, name, "%s %v", tc.system, tc.env)
	}
}
