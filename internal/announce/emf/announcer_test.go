package emf_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/announce/emf"
	"github.com/sluice-aws/sluice/internal/shift"
)

// next accepts announcements, or fails with err.
type next struct{ err error }

func (n next) Announce(context.Context, shift.Announcement) error { return n.err }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// announce makes an announcement and returns the lines that it writes.
func announce(t *testing.T, n next, what shift.Announcement) ([]string, error) {
	t.Helper()
	var out bytes.Buffer
	err := emf.New(n, "team-a", &out, func() time.Time { return noon }).Announce(t.Context(), what)
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"), err
}

func announcement(state shift.Announced, weight shift.Weight, targets ...shift.Target) shift.Announcement {
	a := shift.Announcement{State: state, Weight: weight, DeploymentID: "execution"}
	for _, target := range targets {
		a.Changes = append(a.Changes, shift.Move{Target: target, Stable: "1", Candidate: "2"})
	}
	return a
}

const (
	weightHead  = `{"_aws": {"Timestamp": 1772366400000, "CloudWatchMetrics": [{"Namespace": "team-a", "Dimensions": [["Target"]], "Metrics": [{"Name": "Weight", "Unit": "Percent"}]}]}, `
	outcomeHead = `{"_aws": {"Timestamp": 1772366400000, "CloudWatchMetrics": [{"Namespace": "team-a", "Dimensions": [["Outcome"]], "Metrics": [{"Name": "Deployments", "Unit": "Count"}]}]}, `
)

func TestAnnouncementIsCounted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		what shift.Announcement
		want []string
	}{
		{"a step of two targets", announcement(shift.ShiftedTo, 1050, "lambda:orders:live", "lambda:stock:live"), []string{
			weightHead + `"Target": "lambda:orders:live", "Weight": 10.5}`, weightHead + `"Target": "lambda:stock:live", "Weight": 10.5}`,
		}},
		{"promoted", announcement("Promoted", shift.All, "lambda:orders:live"), []string{
			weightHead + `"Target": "lambda:orders:live", "Weight": 100}`, outcomeHead + `"Outcome": "Promoted", "Deployments": 1}`,
		}},
		{"rolled back", announcement("RolledBack", 0, "lambda:orders:live"), []string{
			weightHead + `"Target": "lambda:orders:live", "Weight": 0}`, outcomeHead + `"Outcome": "RolledBack", "Deployments": 1}`,
		}},
		{"rejected, and never touched", announcement("Rejected", 0, "lambda:orders:live"), []string{outcomeHead + `"Outcome": "Rejected", "Deployments": 1}`}},
		{"stranded, nobody knows where", announcement("Stranded", 0, "lambda:orders:live"), []string{outcomeHead + `"Outcome": "Stranded", "Deployments": 1}`}},
		{"unchanged", announcement("Unchanged", 0, "lambda:orders:live"), []string{outcomeHead + `"Outcome": "Unchanged", "Deployments": 1}`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			lines, err := announce(t, next{}, test.what)
			require.NoError(t, err)
			require.Len(t, lines, len(test.want))
			for i := range lines {
				assert.JSONEq(t, test.want[i], lines[i])
			}
		})
	}
}

func TestAStartIsNotCounted(t *testing.T) {
	t.Parallel()
	lines, err := announce(t, next{}, announcement(shift.Started, 0, "lambda:orders:live"))
	require.NoError(t, err)
	assert.Equal(t, []string{""}, lines)
}

func TestAFailedAnnouncementIsNotCounted(t *testing.T) {
	t.Parallel()
	lines, err := announce(t, next{shift.ErrThrottled}, announcement("Promoted", shift.All, "lambda:orders:live"))
	require.ErrorIs(t, err, shift.ErrThrottled)
	assert.Equal(t, []string{""}, lines)
}

// broken fails every write.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestAMetricThatCannotBeWrittenIsNotAnError(t *testing.T) {
	t.Parallel()
	a := emf.New(next{}, "team-a", broken{}, time.Now)
	assert.NoError(t, a.Announce(t.Context(), announcement("Promoted", shift.All, "lambda:orders:live")))
}
