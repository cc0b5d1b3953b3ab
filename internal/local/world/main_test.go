package world

import (
	"io"
	"log/slog"
	"os"
	"testing"
)

// TestMain keeps the handlers' log lines out of the tests' output: what they did
// is told by the path and the witness.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(io.Discard, nil)))
	os.Exit(m.Run())
}
