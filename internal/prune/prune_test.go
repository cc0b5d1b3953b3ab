package prune_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/prune"
	"github.com/sluice-aws/sluice/internal/shift"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// shelf is a Ledger, and the functions of an account.
type shelf struct {
	records map[string]shift.Record
	open    []shift.Listed
	history []shift.Arrived
	refuse  shift.Version
	err     map[string]error
	deleted []shift.Version
}

func (s *shelf) Record(_ context.Context, id string) (shift.Record, error) {
	r, known := s.records[id]
	if !known {
		return r, shift.ErrDeploymentUnknown
	}
	return r, s.err["Record"]
}

func (s *shelf) Unannounced(context.Context) ([]shift.Listed, error) {
	return s.open, s.err["Unannounced"]
}

func (s *shelf) Queue(context.Context) ([]shift.Waiting, error) {
	return []shift.Waiting{{ID: "arn:waits", Arrivals: []shift.Arrival{{Target: "lambda:orders:live", Candidate: "3"}, {Target: "lambda:stock:live", Candidate: "4"}}}}, s.err["Queue"]
}

func (s *shelf) History(context.Context, shift.Target) ([]shift.Arrived, error) {
	return s.history, s.err["History"]
}

func (s *shelf) Inventory(context.Context, string) (prune.Inventory, error) {
	return prune.Inventory{
		Versions: []shift.Version{"$LATEST", "1", "2", "3", "4", "5", "6", "7", "8"}, Aliases: map[string][]shift.Version{"live": {"8"}}, Provisioned: []shift.Version{"2"},
	}, s.err["Inventory"]
}

func (s *shelf) GetsEvents(_ context.Context, _ string, v shift.Version) (bool, error) {
	return v == "1", s.err["GetsEvents"]
}

func (s *shelf) DeleteVersion(_ context.Context, _ string, v shift.Version) error {
	if v == s.refuse {
		return prune.ErrRefused
	}
	s.deleted = append(s.deleted, v)
	return s.err["DeleteVersion"]
}

func newShelf() *shelf {
	change := func(stable, candidate shift.Version) *shift.Deployment {
		return &shift.Deployment{Changes: []shift.Change{{Target: "lambda:orders:live", Stable: stable, Candidate: candidate}}}
	}
	return &shelf{
		records: map[string]shift.Record{
			"arn:promoted": {ID: "arn:promoted", Status: shift.StatusClosed, Outcome: shift.Promoted, ClosedAt: noon, Deployment: change("7", "8")},
			"arn:open":     {ID: "arn:open", Status: shift.StatusOpen, Deployment: change("8", "5")},
		},
		open: []shift.Listed{{ID: "arn:open"}, {ID: "arn:expired"}},
		history: []shift.Arrived{
			{DeploymentID: "arn:promoted", Outcome: shift.Promoted, ClosedAt: noon}, {DeploymentID: "arn:long-ago", Outcome: shift.Promoted, ClosedAt: noon.AddDate(-1, 0, 0)},
		},
	}
}

func TestWhatIsNeededStaysAndTheRestGoes(t *testing.T) {
	t.Parallel()
	s := newShelf()
	s.refuse = "4"
	p := prune.Pruner{Ledger: s, Functions: s, Window: shift.DefaultRevertWindow}
	plan, err := p.Plan(t.Context(), "orders", 1, noon.Add(time.Hour))
	require.NoError(t, err)
	assert.Equal(t, []shift.Pruned{
		{Version: "8", Stays: "the alias live refers to it"}, {Version: "7", Stays: "the deployment promoted can be reverted until 2026-05-07 12:00:00"}, {Version: "6"},
		{Version: "5", Stays: "the deployment open goes on with it"}, {Version: "4"}, {Version: "3", Stays: "the deployment waits waits with it"},
		{Version: "2", Stays: "it has provisioned concurrency"}, {Version: "1", Stays: "an event source invokes it"},
	}, plan)
	assert.Empty(t, s.deleted)

	done, err := p.Delete(t.Context(), "orders", plan)
	require.NoError(t, err)
	assert.Equal(t, shift.Pruned{Version: "6", Deleted: true}, done[2])
	assert.Equal(t, shift.Pruned{Version: "4", Stays: prune.ErrRefused.Error()}, done[4])
	assert.Equal(t, []shift.Version{"6"}, s.deleted)
}

// What cannot be read may need any version: nothing is deleted then.
func TestNothingIsDeletedByHalfOfThePicture(t *testing.T) {
	t.Parallel()
	lost := errors.New("the connection is gone")
	for _, call := range []string{"Record", "Unannounced", "Queue", "History", "Inventory", "GetsEvents"} {
		s := newShelf()
		s.err = map[string]error{call: lost}
		_, err := prune.Pruner{Ledger: s, Functions: s, Window: shift.DefaultRevertWindow}.Prune(t.Context(), "orders", 1, "", noon)
		require.ErrorIs(t, err, lost, call)
		assert.Empty(t, s.deleted, call)
	}
}
