package dashboard

import (
	"log/slog"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the Lambdas' logs
	os.Exit(m.Run())
}
