// Package routers puts the adapters of all kinds of Targets together.
package routers

import (
	"maps"

	"sluice/internal/assembly"
	"sluice/internal/router"
	"sluice/internal/router/lambdaalias"
	"sluice/internal/shift"
)

// FromSettings routes Lambda aliases, and what else the Settings have an adapter for.
func FromSettings(s assembly.Settings) router.ByKind {
	kinds := router.ByKind{shift.KindLambda: lambdaalias.FromConfig(s.AWS)}
	maps.Copy(kinds, s.Routers)
	return kinds
}
