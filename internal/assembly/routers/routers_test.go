package routers_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/assembly/routers"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/router"
	"github.com/sluice-aws/sluice/internal/router/cloudfront"
	"github.com/sluice-aws/sluice/internal/router/cloudfrontswitch"
	"github.com/sluice-aws/sluice/internal/router/route53"
	"github.com/sluice-aws/sluice/internal/shift"
)

// The adapters of sites and names can be joined.
var (
	_ router.Adapter = (*cloudfront.Router)(nil)
	_ router.Adapter = (*cloudfrontswitch.Router)(nil)
	_ router.Adapter = (*route53.Router)(nil)
)

func TestTheSettingsOfTheStackTurnKindsOn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		store, records, distributions string
		want                          []string
	}{
		{"", "", "", []string{shift.KindLambda}},
		{"arn:aws:cloudfront::123456789012:key-value-store/a1b2", "", "", []string{shift.KindCloudFront, shift.KindLambda}},
		{"", "Z1/api.example.com", "", []string{shift.KindLambda, shift.KindRoute53}},
		{"", "", "www.example.com/E1/E2", []string{shift.KindLambda, shift.KindSwitch}},
	} {
		frontEnds, err := request.ParseFrontEnds(test.store, test.records, test.distributions)
		require.NoError(t, err)
		kinds := routers.FromSettings(assembly.Settings{FrontEnds: frontEnds})
		assert.Equal(t, test.want, slices.Sorted(maps.Keys(kinds)))
		for name, adapter := range kinds {
			kind, _ := flow.KindOf(shift.Target(name + ":x"))
			assert.Equal(t, kind.Rules, adapter.Rules(), name)
		}
	}
}

func TestSettingsAddKindsToLambdaAliases(t *testing.T) {
	t.Parallel()
	more := router.ByKind{shift.KindCloudFront: cloudfront.New(nil, cloudfront.Settings{})}
	kinds := routers.FromSettings(assembly.Settings{Routers: more})
	assert.Contains(t, kinds, shift.KindLambda)
	assert.Equal(t, more[shift.KindCloudFront], kinds[shift.KindCloudFront])
	assert.Len(t, routers.FromSettings(assembly.Settings{}), 1)
}
