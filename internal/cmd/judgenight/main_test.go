package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/trial"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // as main does
	os.Exit(m.Run())
}

// stopping is a writer that stops the night as soon as it has written how far it is.
type stopping struct {
	strings.Builder
	stop context.CancelFunc
}

func (s *stopping) Write(text []byte) (int, error) {
	s.stop()
	return s.Builder.Write(text)
}

func TestANightThatIsStoppedWritesWhatItHasCounted(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "night.jsonl")
	ctx, stop := context.WithCancel(t.Context())
	out := &stopping{stop: stop}
	require.NoError(t, run(ctx, []string{"-runs", "1000", "-whole", "0", file}, out))
	assert.Contains(t, out.String(), "deployments\n")
	assert.Contains(t, out.String(), "written to "+file)
	results, err := trial.Read(file)
	require.NoError(t, err)
	assert.Len(t, results, len(trial.Cells()))
}

func TestANightNeedsAFileAndRuns(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"-runs", "0", "file"}, {"-whole", "-1", "file"}, {"-runs", "many", "file"}} {
		var out strings.Builder
		assert.Error(t, run(t.Context(), args, &out), args)
	}
	var out strings.Builder
	assert.ErrorContains(t, run(t.Context(), []string{"/nonexistent/file"}, &out), "there is no folder")
}
