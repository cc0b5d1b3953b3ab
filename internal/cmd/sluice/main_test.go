package main

import (
	"log/slog"
	"os"
	"testing"
)

// TestMain keeps what the handlers log out of the tests' output, as the command
// keeps it from a person who has not asked for it.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}
