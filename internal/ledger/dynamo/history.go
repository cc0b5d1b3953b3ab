package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Arrivals returns the history of one version at a Target: every Deployment of that version,
// including open ones, for as long as closed records are kept.
func (l *Ledger) Arrivals(ctx context.Context, t shift.Target, v shift.Version) ([]shift.Arrived, error) {
	arrived, err := l.arrivals(ctx, t, candidatePrefix(v))
	if err != nil {
		return nil, fmt.Errorf("read the history of version %s at %s: %w", v, t, err)
	}
	return arrived, nil
}

// History returns the history of all versions at a Target, the latest opening first.
func (l *Ledger) History(ctx context.Context, t shift.Target) ([]shift.Arrived, error) {
	arrived, err := l.arrivals(ctx, t, allCandidates)
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", t, err)
	}
	slices.SortStableFunc(arrived, func(a, b shift.Arrived) int { return b.OpenedAt.Compare(a.OpenedAt) })
	return arrived, nil
}

func (l *Ledger) arrivals(ctx context.Context, t shift.Target, prefix string) ([]shift.Arrived, error) {
	found, err := l.query(ctx, expression.
		Key(partitionKey).Equal(expression.Value(targetPartition(t))).
		And(expression.Key(sortKey).BeginsWith(prefix)))
	if err != nil {
		return nil, err
	}
	list := make([]shift.Arrived, len(found))
	for n, i := range found {
		if list[n], err = decodeArrived(i); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func decodeArrived(i item) (shift.Arrived, error) {
	var stored storedArrived
	err := attributevalue.UnmarshalMap(i, &stored)
	if err == nil && (stored.ID == "" || stored.Candidate == "") {
		err = errors.New("it has no id or no candidate")
	}
	if err != nil {
		return shift.Arrived{}, fmt.Errorf("%w: a candidate item of %q: %w", shift.ErrLedgerDamaged, stored.ID, err)
	}
	return shift.Arrived{
		DeploymentID: stored.ID, Candidate: stored.Candidate, OpenedAt: stored.OpenedAt, Outcome: stored.Outcome, ClosedAt: stored.ClosedAt,
	}, nil
}
