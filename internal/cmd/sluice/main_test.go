package main

import (
	"log/slog"
	"os"
	"testing"
)

// asCommand is a variable that makes the tests' binary behave as the command itself. So scripts that
// run the command are tested without building it once more.
const asCommand = "SLUICE_TESTS_AS_COMMAND"

// TestMain discards the logs of the handlers, as the command does without --verbose.
func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}
