package main

import (
	"log/slog"
	"os"
	"testing"
)

// TestMain discards the logs of the handlers, as the command does without --verbose.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}
