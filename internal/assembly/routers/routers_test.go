package routers_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"sluice/internal/assembly"
	"sluice/internal/assembly/routers"
	"sluice/internal/router"
	"sluice/internal/router/cloudfront"
	"sluice/internal/router/cloudfrontswitch"
	"sluice/internal/router/route53"
	"sluice/internal/shift"
)

// The adapters of sites and names can be joined.
var (
	_ router.Adapter = (*cloudfront.Router)(nil)
	_ router.Adapter = (*cloudfrontswitch.Router)(nil)
	_ router.Adapter = (*route53.Router)(nil)
)

func TestSettingsAddKindsToLambdaAliases(t *testing.T) {
	t.Parallel()
	more := router.ByKind{shift.KindCloudFront: cloudfront.New(nil, cloudfront.Settings{})}
	kinds := routers.FromSettings(assembly.Settings{Routers: more})
	assert.Contains(t, kinds, shift.KindLambda)
	assert.Equal(t, more[shift.KindCloudFront], kinds[shift.KindCloudFront])
	assert.Len(t, routers.FromSettings(assembly.Settings{}), 1)
}
