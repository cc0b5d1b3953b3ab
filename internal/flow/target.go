package flow

import (
	"fmt"
	"strings"

	"sluice/internal/shift"
)

// LambdaTarget returns the Target of kind shift.KindLambda for a function's alias.
func LambdaTarget(function, alias string) shift.Target {
	return shift.Target(shift.KindLambda + ":" + function + ":" + alias)
}

// SplitLambdaTarget splits a Target of kind shift.KindLambda into its function and its alias.
// It returns shift.ErrUnknownTarget for a Target of another kind.
func SplitLambdaTarget(t shift.Target) (function, alias string, err error) {
	parts := strings.Split(string(t), ":")
	if len(parts) != 3 || parts[0] != shift.KindLambda || parts[1] == "" || parts[2] == "" {
		return "", "", fmt.Errorf("%w: %q is not of the form lambda:FUNCTION:ALIAS", shift.ErrUnknownTarget, string(t))
	}
	return parts[1], parts[2], nil
}
