package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/stackshift"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// stack is a local cloud with a ledger.
type stack struct {
	*localaws.Cloud
	ledger *dynamo.Ledger
}

func newStack(prefix string) stack {
	cloud := localaws.New(localaws.Config{Now: func() time.Time { return noon }})
	cloud.Database().CreateTable(prefix, flow.LedgerPartitionKey, flow.LedgerSortKey, flow.LedgerExpiry)
	return stack{cloud, dynamo.FromConfig(localaws.ClientConfig("sluice", cloud), prefix)}
}

const deployment = "arn:aws:states:us-east-1:123456789012:execution:sluice:one"

// shifting opens a deployment, and takes it to its first step.
func (s stack) shifting(t *testing.T, targets ...shift.Target) {
	t.Helper()
	release := shift.Release{}
	d := shift.Deployment{ID: deployment, Plan: shift.Plan{Steps: []shift.Step{{Weight: 1000, Bake: 300, Poll: 60}, {Weight: shift.All}}}, OpenedAt: noon}
	for _, target := range targets {
		release.Arrivals = append(release.Arrivals, shift.Arrival{Target: target, Candidate: "2"})
		d.Changes = append(d.Changes, shift.Change{Target: target, Stable: "1", Candidate: "2", Revision: "r"})
	}
	_, err := s.ledger.Open(t.Context(), deployment, release, noon)
	require.NoError(t, err)
	_, err = s.ledger.Describe(t.Context(), d, nil, nil)
	require.NoError(t, err)
	_, err = s.ledger.Intend(t.Context(), deployment, 1)
	require.NoError(t, err)
}

func (s stack) restoring(t *testing.T) shift.Record {
	t.Helper()
	record, err := s.ledger.MarkRestoring(t.Context(), deployment, []shift.Reason{{Name: shift.AlarmFired}}, noon)
	require.NoError(t, err)
	return record
}

func (s stack) rolledBack(t *testing.T) {
	t.Helper()
	_, err := s.ledger.Close(t.Context(), s.restoring(t), shift.Ending{Outcome: shift.RolledBack, At: noon})
	require.NoError(t, err)
}

func (s stack) destroy(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var notes bytes.Buffer
	err := run(t.Context(), of("us-east-1", s.Cloud, nil), append([]string{"destroy"}, args...), &notes)
	return notes.String(), err
}

func TestAStackIsNotDestroyedInTheMiddleOfAShift(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before func(*testing.T, stack)
		says   string
	}{
		"open": {func(*testing.T, stack) {},
			"lambda:orders:live, lambda:billing:prod: it is open since 2026-12-01 12:00:00 (UTC); wait until it has ended, or put it back: bin/sluice abort lambda:orders:live\n"},
		"restoring": {func(t *testing.T, s stack) { s.restoring(t) },
			"it is being put back; wait until it is, or see why in the log of sluice-safety-net\n"},
		"closed, and not announced": {func(t *testing.T, s stack) { s.rolledBack(t) },
			"it has ended as RolledBack, which is not announced yet; wait two minutes\n"},
		"looked at once more": {func(t *testing.T, s stack) {
			s.rolledBack(t)
			require.NoError(t, s.ledger.Retire(t.Context(), deployment))
		}, "it was put back, and the safety net looks for late writes once more; wait 6 minutes\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack("sluice")
			s.shifting(t, "lambda:orders:live", "lambda:billing:prod")
			test.before(t, s)
			notes, err := s.destroy(t)
			require.Error(t, err)
			assert.Empty(t, notes)
			assert.Contains(t, err.Error(), test.says)
			assert.Equal(t, 1, strings.Count(err.Error(), deployment), "it is listed once")
			assert.True(t, strings.HasSuffix(err.Error(), "To destroy the stack all the same: make destroy ABANDON_OPEN=1"), err.Error())

			notes, err = s.destroy(t, abandonOpen)
			require.NoError(t, err)
			assert.Contains(t, notes, test.says, "a person sees what is abandoned")
			assert.Contains(t, notes, "ABANDON_OPEN is set: going on.")
		})
	}
}

func TestAStackWithoutAnOpenDeploymentIsDestroyed(t *testing.T) {
	t.Parallel()
	s := newStack("sluice")
	s.shifting(t, "lambda:orders:live")
	s.rolledBack(t)
	require.NoError(t, s.ledger.Retire(t.Context(), deployment))
	suspects, err := s.ledger.Suspects(t.Context())
	require.NoError(t, err)
	require.Len(t, suspects, 1)
	require.NoError(t, s.ledger.Acquit(t.Context(), suspects[0], nil))
	notes, err := s.destroy(t)
	require.NoError(t, err)
	assert.Empty(t, notes)
}

func TestThePreflightReadsTheLedgerOfTheStackThatIsDestroyed(t *testing.T) {
	t.Parallel()
	s := newStack("team-a")
	s.shifting(t, "lambda:orders:live")
	_, err := s.destroy(t, "-c", "namePrefix=team-a")
	require.ErrorContains(t, err, "deployments of team-a in us-east-1 are not over")
	assert.ErrorContains(t, err, "bin/sluice abort lambda:orders:live --name-prefix team-a\n")
	_, err = s.destroy(t)
	assert.NoError(t, err, "another stack")
}

// Whoever has a stack with the custom resource could neither update nor delete it any more.
func TestSluiceIsNotDestroyedWhileStacksNeedIt(t *testing.T) {
	t.Parallel()
	s := newStack("sluice")
	r := stackshift.Request{
		Type: stackshift.Create, StackID: "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1", LogicalID: "Shift", RequestID: "r1",
		ResponseURL: "https://answer/?X-Amz-Date=20261201T115900Z",
	}
	require.NoError(t, s.ledger.Replace(t.Context(), r, r.Remembered(), noon))
	_, err := s.destroy(t)
	require.ErrorContains(t, err, "stacks of CloudFormation in us-east-1 need sluice:\n  "+r.StackID+"\n")
	require.ErrorContains(t, err, "infra/migrate/README.md")
	notes, err := s.destroy(t, abandonOpen)
	require.NoError(t, err)
	assert.Contains(t, notes, r.StackID)

	s.shifting(t, "lambda:orders:live")
	_, err = s.destroy(t)
	require.ErrorContains(t, err, "are not over", "both are told")
	require.ErrorContains(t, err, r.StackID)
}

// What cannot be read may be an open deployment.
func TestAStackWhoseLedgerCannotBeReadIsNotDestroyed(t *testing.T) {
	t.Parallel()
	account := of("us-east-1", answers(400, "AccessDeniedException", ""), nil)
	err := run(t.Context(), account, []string{"destroy"}, io.Discard)
	require.ErrorContains(t, err, "cannot tell whether a deployment is open in the table sluice in us-east-1")
	assert.ErrorContains(t, err, "It takes dynamodb:Query and dynamodb:GetItem on the table.")
	assert.ErrorContains(t, err, "It takes dynamodb:Scan on the table")
	var notes bytes.Buffer
	require.NoError(t, run(t.Context(), account, []string{"destroy", abandonOpen}, &notes))
	assert.Contains(t, notes.String(), "cannot tell")
}
