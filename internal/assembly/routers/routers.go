// Package routers builds the adapters of all kinds of Targets.
package routers

import (
	"maps"

	"sluice/internal/assembly"
	"sluice/internal/router"
	"sluice/internal/router/lambdaalias"
	"sluice/internal/shift"
)

// FromSettings returns the adapters for Lambda aliases and for the other kinds in the
// Settings.
func FromSettings(s assembly.Settings) router.ByKind {
	kinds := router.ByKind{shift.KindLambda: lambdaalias.FromConfig(s.AWS)}
	maps.Copy(kinds, s.Routers)
	return kinds
}
