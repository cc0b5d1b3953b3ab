package trial

import (
	"log/slog"
	"os"
	"testing"
)

// The handlers log what they decide.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}
