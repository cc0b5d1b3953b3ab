package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// The files of testdata/earlier are documents that version 0 wrote.
func TestDocumentsOfAnEarlierVersionAreRead(t *testing.T) {
	t.Parallel()
	paused := earlier(t, "paused")
	assert.Equal(t, []shift.Reason{
		{Name: shift.Paused, Text: "paused by hand: lunch"},
		{Name: shift.AlarmIgnoredUntilOK, Subject: "other", Text: "alarm other was firing at the start and is ignored until it has been OK"},
	}, paused.Progress.Reasons)

	assert.True(t, paused.Progress.Waiting)
	assert.Equal(t, []shift.Waited{{
		Name: shift.Paused, Of: "2026-01-01T00:01:10Z", Since: time.Date(2026, 1, 1, 0, 1, 10, 0, time.UTC), Seconds: 158,
	}}, paused.Progress.Waits)

	rolledBack := earlier(t, "rolled-back")
	assert.Equal(t, shift.RolledBack, rolledBack.Rollback.Outcome)
	assert.Empty(t, rolledBack.Rollback.Reasons)
	assert.NotEmpty(t, rolledBack.Rollback.Undone)
	assert.True(t, earlier(t, "created").Deployment.Changes[0].Creates())
	assert.Equal(t, flow.InvalidInput, earlier(t, "rejected").Failure.Error)
}

type document struct {
	flow.Document
	Rollback *flow.Undoing `json:"rollback"`
}

func earlier(t *testing.T, file string) document {
	t.Helper()
	text, err := os.ReadFile("testdata/earlier/" + file + ".json")
	require.NoError(t, err)
	var d document
	require.NoError(t, json.Unmarshal(text, &d))
	return d
}

// Code that was put back to an earlier version leaves what it may misread to the newer one.
func TestADocumentOfANewerVersionIsRefused(t *testing.T) {
	t.Parallel()
	closing := flow.Serve(flow.Close, func(context.Context, flow.Call[flow.Document]) (shift.Summary, error) {
		return shift.Summary{}, errors.New("the handler was called")
	})
	for _, document := range []string{
		`{"release": {"schema": 2}}`, `{"deployment": {"schema": 2}}`,
		`{"release": {"schema": 2, "steps": {"of": "another form"}}, "progress": []}`, `{"deployment": {"plan": [], "schema": 2}}`,
	} {
		_, err := closing(t.Context(), []byte(`{"document": `+document+`}`))
		var wire *flow.WireError
		require.ErrorAs(t, err, &wire)
		assert.Equal(t, "SchemaTooNew", wire.Name)
		assert.Contains(t, wire.Message, "deploy the newer version of Sluice again")
	}
}
