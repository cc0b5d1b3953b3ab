// Package routers builds the adapters of all kinds of Targets.
package routers

import (
	"maps"

	"github.com/sluice-aws/sluice/internal/assembly"
	"github.com/sluice-aws/sluice/internal/router"
	"github.com/sluice-aws/sluice/internal/router/cloudfront"
	"github.com/sluice-aws/sluice/internal/router/cloudfrontswitch"
	"github.com/sluice-aws/sluice/internal/router/lambdaalias"
	"github.com/sluice-aws/sluice/internal/router/route53"
	"github.com/sluice-aws/sluice/internal/shift"
)

// FromSettings returns the adapters for Lambda aliases, for the front ends that the stack's
// settings turn on, and for the other kinds in the Settings.
func FromSettings(s assembly.Settings) router.ByKind {
	return withAliases(s, lambdaalias.FromConfig(s.AWS))
}

// ForSafetyNet returns the adapters of FromSettings. They tell a function that was deleted, and has no
// traffic any more, from one that has lost the tag by which Sluice may access it.
func ForSafetyNet(s assembly.Settings) router.ByKind {
	return withAliases(s, lambdaalias.FromConfig(s.AWS).TellingDeleted(s.StateMachine, s.Runtime.Now))
}

func withAliases(s assembly.Settings, aliases *lambdaalias.Router) router.ByKind {
	kinds := router.ByKind{shift.KindLambda: aliases}
	if store := s.FrontEnds.Store(); store != "" {
		kinds[shift.KindCloudFront] = cloudfront.FromConfig(s.AWS, cloudfront.Settings{
			Store: store, Uploads: cloudfront.NewBuckets(s.AWS, s.Runtime.Now), Random: s.Runtime.Random, Pause: s.Runtime.Pause,
		})
	}
	if s.FrontEnds.ShiftsRecords() {
		kinds[shift.KindRoute53] = route53.FromConfig(s.AWS, s.Runtime.Random)
	}
	if pairs := s.FrontEnds.SwitchPairs(); len(pairs) > 0 {
		kinds[shift.KindSwitch] = cloudfrontswitch.FromConfig(s.AWS, pairs...)
	}
	maps.Copy(kinds, s.Routers)
	return kinds
}
