package conformance

import (
	"log/slog"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // hide the handlers' logs
	os.Exit(m.Run())
}
