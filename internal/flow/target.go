package flow

import (
	"fmt"
	"strings"

	"github.com/sluice-aws/sluice/internal/shift"
)

// LambdaTarget returns the Target of kind shift.KindLambda for a function's alias.
func LambdaTarget(function, alias string) shift.Target {
	return shift.Target(shift.KindLambda + ":" + function + ":" + alias)
}

// SplitLambdaTarget splits a Target of kind shift.KindLambda into its function and its alias.
// It returns shift.ErrUnknownTarget for a Target of another kind.
func SplitLambdaTarget(t shift.Target) (function, alias string, err error) {
	parts, err := splitTarget(t, shift.KindLambda, "FUNCTION", "ALIAS")
	if err != nil {
		return "", "", err
	}
	return parts[0], parts[1], nil
}

// CloudFrontTarget returns the Target of kind shift.KindCloudFront for a distribution.
func CloudFrontTarget(distribution string) shift.Target {
	return shift.Target(shift.KindCloudFront + ":" + distribution)
}

// SplitCloudFrontTarget returns the distribution of a Target of kind shift.KindCloudFront. It
// returns shift.ErrUnknownTarget for any other text.
func SplitCloudFrontTarget(t shift.Target) (distribution string, err error) {
	parts, err := splitTarget(t, shift.KindCloudFront, "DISTRIBUTION")
	if err != nil {
		return "", err
	}
	return parts[0], checkPart(t, parts[0], IsDistribution, NoDistribution)
}

// Route53Target returns the Target of kind shift.KindRoute53 for a name in a zone.
func Route53Target(zone, name string) shift.Target {
	return shift.Target(shift.KindRoute53 + ":" + zone + ":" + name)
}

// SplitRoute53Target splits a Target of kind shift.KindRoute53 into the id of its zone and its
// name. It returns shift.ErrUnknownTarget for any other text.
func SplitRoute53Target(t shift.Target) (zone, name string, err error) {
	parts, err := splitTarget(t, shift.KindRoute53, "ZONE", "NAME")
	if err != nil {
		return "", "", err
	}
	if err := checkPart(t, parts[0], IsZone, NoZone); err != nil {
		return "", "", err
	}
	return parts[0], parts[1], checkPart(t, parts[1], IsDNSName, NoDNSName)
}

// SwitchTarget returns the Target of kind shift.KindSwitch for a name.
func SwitchTarget(name string) shift.Target {
	return shift.Target(shift.KindSwitch + ":" + name)
}

// SplitSwitchTarget returns the name of a Target of kind shift.KindSwitch. It returns
// shift.ErrUnknownTarget for any other text.
func SplitSwitchTarget(t shift.Target) (name string, err error) {
	parts, err := splitTarget(t, shift.KindSwitch, "NAME")
	if err != nil {
		return "", err
	}
	return parts[0], checkPart(t, parts[0], IsSwitchedName, NoSwitchedName)
}

// CheckTarget returns shift.ErrUnknownTarget for a text that is no Target, and for a Target of
// one of Sluice's own kinds whose other parts cannot be right.
func CheckTarget(t shift.Target) (err error) {
	switch t.Kind() {
	case shift.KindLambda:
		_, _, err = SplitLambdaTarget(t)
	case shift.KindCloudFront:
		_, err = SplitCloudFrontTarget(t)
	case shift.KindRoute53:
		_, _, err = SplitRoute53Target(t)
	case shift.KindSwitch:
		_, err = SplitSwitchTarget(t)
	case "":
		err = fmt.Errorf("%w: %q does not begin with a kind and a colon", shift.ErrUnknownTarget, string(t))
	}
	return err
}

// splitTarget returns the parts of a Target behind its kind. No part contains a colon.
func splitTarget(t shift.Target, kind string, names ...string) ([]string, error) {
	parts := strings.Split(string(t), ":")
	wrong := len(parts) != len(names)+1 || parts[0] != kind
	for _, part := range parts {
		wrong = wrong || part == ""
	}
	if wrong {
		return nil, fmt.Errorf("%w: %q is not of the form %s:%s", shift.ErrUnknownTarget, string(t), kind, strings.Join(names, ":"))
	}
	return parts[1:], nil
}

func checkPart(t shift.Target, part string, isRight func(string) bool, wrong string) error {
	if isRight(part) {
		return nil
	}
	return fmt.Errorf("%w: in %q, %q %s", shift.ErrUnknownTarget, string(t), part, wrong)
}
