package conformance

import (
	"log/slog"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // hide the handlers' logs
	folder, err := os.MkdirTemp("", "sluice-hook-")
	if err != nil {
		panic(err)
	}
	hookFolder = folder
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}
