package cloudfront_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/router/cloudfront"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestAReleaseIsKnownByItsID(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited())
	for _, id := range []string{"r42", "2026-11-29.1", "A_b-c.D", strings.Repeat("r", 64)} {
		got, err := s.DescribeVersion(t.Context(), site, shift.Version(id))
		require.NoError(t, err, id)
		assert.Equal(t, shift.Published{Version: shift.Version(id), Readiness: shift.Ready}, got)
	}
	for _, id := range []string{"", ".", "..", "...", "a/b", "a b", "ä", "a\n", strings.Repeat("r", 65)} {
		_, err := s.DescribeVersion(t.Context(), site, shift.Version(id))
		require.ErrorIs(t, err, shift.ErrVersionNotFound, id)
		require.ErrorContains(t, err, "1 to 64 letters", id)
	}
	_, err := s.Publish(t.Context(), site)
	require.ErrorIs(t, err, shift.ErrVersionNotFound)
	require.ErrorContains(t, err, "name it as release")
	require.NoError(t, s.Wake(t.Context(), site, "r42"))
	assert.Empty(t, s.CallCounts())
}

// uploads has the releases in it.
type uploads map[string]bool

func (u uploads) CheckUploaded(_ context.Context, bucket, release string) error {
	if !u[bucket+"/"+release] {
		return fmt.Errorf("%w: upload it first", shift.ErrVersionNotFound)
	}
	return nil
}

func TestAReleaseThatWasNotUploadedIsNotFound(t *testing.T) {
	t.Parallel()
	s := newStage(unlimited()).holds(t, text(`"stable":"r41"`))
	settings := s.settings(1)
	settings.Uploads = uploads{"site-prod/r42": true}
	s.Router = cloudfront.New(s.client("publish-version"), settings)
	require.NoError(t, s.CheckCandidate(t.Context(), shift.Arrival{Target: site, Candidate: "r42", Detail: flow.Site{Bucket: "site-prod"}.Detail()}))
	require.NoError(t, s.CheckCandidate(t.Context(), shift.Arrival{Target: site, Candidate: "r43"}), "no bucket is known")
	require.NoError(t, s.CheckCandidate(t.Context(), shift.Arrival{Target: site, Detail: flow.Site{Bucket: "site-prod"}.Detail()}), "no release is known")
	err := s.CheckCandidate(t.Context(), shift.Arrival{Target: site, Candidate: "r43", Detail: flow.Site{Bucket: "site-prod"}.Detail()})
	require.ErrorIs(t, err, shift.ErrVersionNotFound)
	require.ErrorContains(t, err, "find release r43 of cloudfront:E1ABC")
}
