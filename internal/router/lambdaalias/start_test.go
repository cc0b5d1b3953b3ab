package lambdaalias_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/router/lambdaalias"
	"github.com/sluice-aws/sluice/internal/shift"
)

func serves(v shift.Version) shift.Route { return shift.Route{Serving: v} }

func divided(serving, additional shift.Version, w shift.Weight) shift.Route {
	return shift.Route{Serving: serving, Additional: additional, Weight: w}
}

// The errors that only Lambda has keep their own names in the state machine.
func TestRefusalsHaveTheirNames(t *testing.T) {
	t.Parallel()
	for err, name := range map[error]string{lambdaalias.ErrRoleDiffers: "RoleDiffers", lambdaalias.ErrDeadLetterDiffers: "DeadLetterDiffers"} {
		var coded interface{ ErrorCode() string }
		require.ErrorAs(t, fmt.Errorf("open: %w", err), &coded)
		assert.Equal(t, name, coded.ErrorCode())
	}
}

// version is a published version with its traits.
func version(v shift.Version, role, deadLetter string) shift.Published {
	return shift.Published{Version: v, Traits: `{"role":"` + role + `","deadLetter":"` + deadLetter + `"}`}
}

func TestADeploymentBeginsOnlyWithAnUndividedAlias(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		route   shift.Route
		settles bool
		is      error
		want    string
	}{
		{"undivided", serves("1"), false, nil, ""},
		{"undivided, with provisioned concurrency", serves("1"), true, nil, ""},
		{"unpublished", serves("$LATEST"), false, shift.ErrTargetUnpublished, "point the alias at a published version first"},
		{"unpublished, of managed instances", serves("$LATEST.PUBLISHED"), false, shift.ErrTargetUnpublished, "point the alias at a published version first"},
		{"divided by somebody", divided("1", "3", 1000), false, shift.ErrTargetWeighted, "10% on 3, the rest on 1, and no deployment of Sluice did that: finish that shift first, or clear the weights with aws lambda update-alias --routing-config '{}'"},
		{"divided with a zero weight, as an interrupted restoration leaves it", divided("1", "3", 0), false, nil, ""},
		{"divided more finely than Sluice can", divided("1", "3", shift.Foreign), false, shift.ErrTargetWeighted, "a weight finer than 0.01% on 3"},
		{"divided while provisioned concurrency moves", divided("1", "3", 1000), true, shift.ErrRouteSettling, "if this does not end by itself, clear the weights by hand"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, w := newRouter(alias(""))
			err := r.CheckStart(orders, test.route, test.settles)
			assert.Empty(t, w.requests)
			require.ErrorIs(t, err, test.is)
			if test.is != nil {
				assert.ErrorContains(t, err, test.want)
			}
		})
	}
}

// Lambda divides traffic only between versions of one execution role and one
// dead-letter configuration, or none (Lambda Developer Guide, weighted aliases).
func TestTrafficIsDividedOnlyBetweenVersionsThatLambdaAccepts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name              string
		stable, candidate shift.Published
		is                error
		want              string
	}{
		{"alike", version("1", "r", "q"), version("1", "r", "q"), nil, ""},
		{
			"another role", version("1", "r", ""), version("2", "s", ""),
			lambdaalias.ErrRoleDiffers, "version 1 has r and version 2 has s",
		},
		{
			"another dead-letter queue", version("1", "", "q"), version("2", "", "p"),
			lambdaalias.ErrDeadLetterDiffers, "version 1 has q and version 2 has p",
		},
		{
			"a dead-letter queue for the first time", version("1", "", ""), version("2", "", "p"),
			lambdaalias.ErrDeadLetterDiffers, "version 1 has none and version 2 has p",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, _ := newRouter(alias(""))
			err := r.CheckCompatible(orders, test.stable, test.candidate)
			require.ErrorIs(t, err, test.is)
			if test.is != nil {
				require.ErrorContains(t, err, test.want)
				assert.ErrorContains(t, err, "or move the alias by hand once", "an error says the remedy")
			}
		})
	}
}
