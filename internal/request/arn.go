package request

import (
	"fmt"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// latest is Lambda's name for the unpublished code of a function.
const latest = "$LATEST"

func isFunction(s string) bool { return shift.MadeOf(s, shift.OfNames) && len(s) <= 64 }

func isVersion(s string) bool { return shift.Version(s).IsNumber() && len(s) <= 18 }

// IsAlias says whether a text can be the name of an alias. A name of digits alone cannot,
// because that is a version (Lambda API, CreateAlias, Name).
func IsAlias(s string) bool {
	return shift.MadeOf(s, shift.OfNames) && len(s) <= 128 && !shift.MadeOf(s, shift.Digits)
}

// NoAlias says what is wrong with a text that IsAlias refuses.
const NoAlias = "is not the name of an alias: letters, digits, hyphens and underscores, at most 128, not digits alone"

// arn is the location in the ARN of a resource.
type arn struct{ partition, region, account string }

// home is the location of an execution. Empty fields match everything.
func home(executionID string) arn {
	parts := strings.Split(executionID, ":")
	if len(parts) < 5 || parts[0] != "arn" {
		return arn{}
	}
	return arn{partition: parts[1], region: parts[3], account: parts[4]}
}

type function struct{ name, qualifier string }

// parseFunction reads any form of a function's name (Lambda API, FunctionName):
// orders, orders:7, function:orders, 123456789012:function:orders and the whole
// ARN, each with or without a qualifier.
func parseFunction(text string, home arn) (function, error) {
	parts := strings.Split(text, ":")
	if parts[0] == "arn" {
		return parseFunctionARN(parts, home)
	}
	if len(parts) >= 3 && parts[1] == "function" {
		if home != (arn{}) && parts[0] != home.account {
			return function{}, fmt.Errorf("is in account %.12s, and a deployment shifts only functions of its own account %s", parts[0], home.account)
		}
		return parseName(parts[2:])
	}
	if len(parts) >= 2 && parts[0] == "function" {
		return parseName(parts[1:])
	}
	return parseName(parts)
}

// parseFunctionARN reads the parts of an ARN.
func parseFunctionARN(parts []string, home arn) (function, error) {
	if len(parts) < 7 || len(parts) > 8 || parts[2] != "lambda" || parts[5] != "function" {
		return function{}, fmt.Errorf("is not the ARN of a Lambda function: arn:aws:lambda:REGION:ACCOUNT:function:NAME")
	}
	at := arn{partition: parts[1], region: parts[3], account: parts[4]}
	if home != (arn{}) && at != home {
		return function{}, fmt.Errorf("is in account %.12s and region %.20s, and a deployment shifts only functions of its own: account %s, region %s",
			at.account, at.region, home.account, home.region)
	}
	return parseName(parts[6:])
}

func parseName(parts []string) (function, error) {
	if len(parts) > 2 || !isFunction(parts[0]) {
		return function{}, fmt.Errorf("is not the name of a function, nor an ARN of one: letters, digits, hyphens and underscores, at most 64")
	}
	f := function{name: parts[0]}
	if len(parts) == 2 {
		f.qualifier = parts[1]
		if f.qualifier != latest && !isVersion(f.qualifier) && !IsAlias(f.qualifier) {
			return function{}, fmt.Errorf("has a qualifier that is neither a version nor an alias")
		}
	}
	return f, nil
}

// ParseTarget reads a Target as people write it: lambda:orders:live, cloudfront:E1ABCDEF,
// route53:Z0123:api.example.com, switch:www.example.com, or a function in any form of its name.
// The qualifier is then the alias, which is live if it is left out.
func ParseTarget(text string) (shift.Target, error) {
	var wrong error
	if t := shift.Target(text); isFrontEnd(t) {
		if wrong = flow.CheckTarget(t); wrong == nil {
			return t, nil
		}
	}
	f, err := parseTargetFunction(text)
	switch {
	case err != nil && wrong != nil: // a function may be called switch, too
		return "", fmt.Errorf("%q is no target: %w", shift.BoundText(text, maxARN), wrong)
	case err != nil:
		return "", fmt.Errorf("%q is no target: write lambda:FUNCTION:ALIAS, or FUNCTION alone for its alias %s", shift.BoundText(text, maxARN), defaultAlias)
	case !IsAlias(f.qualifier):
		return "", fmt.Errorf("%q names a version, and traffic is shifted at an alias: write lambda:%s:ALIAS", shift.BoundText(text, maxARN), f.name)
	}
	return flow.LambdaTarget(f.name, f.qualifier), nil
}

// isFrontEnd says whether a Target is of one of Sluice's own kinds, but not a Lambda alias.
func isFrontEnd(t shift.Target) bool {
	kind, known := flow.KindOf(t)
	return known && kind.Name != shift.KindLambda
}

// parseTargetFunction reads the function of a Target, with its alias as the qualifier.
func parseTargetFunction(text string) (function, error) {
	if strings.HasPrefix(text, shift.KindLambda+":") {
		name, alias, err := flow.SplitLambdaTarget(shift.Target(text))
		if err != nil {
			return function{}, err
		}
		return parseName([]string{name, alias})
	}
	f, err := parseFunction(text, arn{})
	if f.qualifier == "" {
		f.qualifier = defaultAlias
	}
	return f, err
}
