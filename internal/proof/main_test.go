package proof

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/sluice-aws/sluice/internal/world"
)

// TestMain keeps the handlers' log lines out of the tests' output: what they did
// is told by the path and the witness. A test that is about the lines listens.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(logs))
	os.Exit(m.Run())
}

// logs are what everybody logs. Who does so in a world is told by the context; what is
// logged without one may be of any.
var logs = &listening{Handler: slog.NewJSONHandler(io.Discard, nil), lines: map[*world.World][]string{}}

// listening is a slog.Handler that keeps the lines of worlds that somebody listens to,
// written as in Lambda.
type listening struct {
	slog.Handler
	mu    sync.Mutex
	lines map[*world.World][]string
}

// listen begins to keep what a world logs.
func (l *listening) listen(w *world.World) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines[w] = []string{}
}

// heard are the lines of a world, and those of nobody.
func (l *listening) heard(w *world.World) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := append(l.lines[w], l.lines[nil]...)
	delete(l.lines, w)
	return lines
}

// Handle implements slog.Handler.
func (l *listening) Handle(ctx context.Context, r slog.Record) error {
	of := world.Of(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, heard := l.lines[of]; of != nil && !heard {
		return nil
	}
	var line bytes.Buffer
	err := slog.NewJSONHandler(&line, nil).Handle(ctx, r)
	l.lines[of] = append(l.lines[of], strings.TrimSuffix(line.String(), "\n"))
	return err
}
