package iamsimulation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/iam"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/iamsimulation"
)

func TestOnlyWhatIsDeniedIsReturned(t *testing.T) {
	t.Parallel()
	cloud := localaws.New(localaws.Config{Now: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }})
	cloud.SetPolicies(func(arn string, r iam.Request) (iam.Decision, bool) {
		return iam.Decision{Allowed: r.Action == "lambda:GetAlias" && r.Tags["sluice:alias"] == "live"}, arn == "arn:aws:iam::123456789012:role/known"
	})
	s := iamsimulation.FromConfig(localaws.ClientConfig("somebody", cloud))
	tags := map[string]string{"sluice:alias": "live", "team": "a"}
	asks := []operator.Ask{
		{Action: "lambda:GetAlias", Resource: "arn:aws:lambda:us-east-1:123456789012:function:orders", Tags: tags},
		{Action: "lambda:GetAlias", Resource: "arn:aws:lambda:us-east-1:123456789012:function:billing"},
		{Action: "lambda:UpdateAlias", Resource: "arn:aws:lambda:us-east-1:123456789012:function:orders", Tags: tags},
	}
	denied, err := s.Denied(t.Context(), "arn:aws:iam::123456789012:role/known", asks)
	require.NoError(t, err)
	assert.Equal(t, []operator.Ask{asks[2], asks[1]}, denied)
	_, err = s.Denied(t.Context(), "arn:aws:iam::123456789012:role/none", asks)
	assert.ErrorIs(t, err, operator.ErrNoRole)
}
