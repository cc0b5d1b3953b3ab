package lambda

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// aliasWrite is the request of CreateAlias and UpdateAlias.
type aliasWrite struct {
	Name            string
	Description     *string
	FunctionVersion string
	RoutingConfig   *routingConfig
	RevisionId      string
}

type routingConfig struct {
	AdditionalVersionWeights map[string]float64 `json:"AdditionalVersionWeights"`
}

// An alias's name matches aliasNamePattern and is not a number, because a number would
// be a version.
var (
	aliasNamePattern = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,128}$`)
	numberPattern    = regexp.MustCompile(`^[0-9]+$`)
)

// validate checks a write against Lambda's API model. The error texts are recorded in
// LocalStack's snapshot test_notfound_and_invalid_routingconfigs.
func (w aliasWrite) validate() error {
	if err := protocol.CheckLength("description", w.Description, 256); err != nil {
		return err
	}
	if w.RoutingConfig == nil {
		return nil
	}
	weights := w.RoutingConfig.AdditionalVersionWeights
	for _, number := range slices.Sorted(maps.Keys(weights)) {
		shown := fmt.Sprintf("{%s=%s}", number, javaDouble(weights[number]))
		if !numberPattern.MatchString(number) || len(number) > 1024 {
			return protocol.Constraint("Value '%s' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must satisfy constraint: "+
				"[Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, "+
				"Member must satisfy regular expression pattern: [0-9]+, Member must not be null]", shown)
		}
		if !(weights[number] >= 0 && weights[number] <= 1) {
			return protocol.Constraint("Value '%s' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: "+
				"[Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]", shown)
		}
	}
	if len(weights) > 1 {
		return invalidParameter("Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	return nil
}

// javaDouble formats a number as in AWS's messages: 2.0, not 2.
func javaDouble(n float64) string {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	if n == float64(int64(n)) {
		text += ".0"
	}
	return text
}

// applyWrite sets the version, weights and description from a request, if Lambda allows
// them. Members that the request leaves out do not change; for RoutingConfig AWS does
// not document this.
func (s *Functions) applyWrite(f *function, a *alias, request aliasWrite, now time.Time) error {
	a.version = cmp.Or(request.FunctionVersion, a.version)
	if request.Description != nil {
		a.description = *request.Description
	}
	if request.RoutingConfig != nil {
		a.weights = nil
		if weights := request.RoutingConfig.AdditionalVersionWeights; len(weights) > 0 {
			a.weights = maps.Clone(weights)
		}
	}
	own := f.version(a.version)
	if own == nil {
		return s.versionNotFound(f, a.version)
	}
	if err := checkServable(own, now); err != nil {
		return err
	}
	if a.provisioned != nil && own.provisioned != nil {
		// This error was recorded for PutProvisionedConcurrencyConfig. AWS does not
		// document that UpdateAlias returns it too.
		return conflict("Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version")
	}
	for number := range a.weights {
		if err := s.checkAdditional(f, own, number, now); err != nil {
			return err
		}
	}
	return nil
}

// checkAdditional checks whether a version may be the additional version beside the
// alias's own.
func (s *Functions) checkAdditional(f *function, own *version, number string, now time.Time) error {
	if own.number == latest {
		return invalidParameter("$LATEST is not supported for an alias pointing to more than 1 version")
	}
	if own.number == number {
		return invalidParameter("Invalid function version %s. Function version %s is already included in routing configuration.", number, number)
	}
	other := f.version(number)
	if other == nil {
		return s.versionNotFound(f, number)
	}
	if other.role != own.role {
		return invalidParameter("Specified versions must be associated with the same execution role")
	}
	if other.deadLetter != own.deadLetter {
		// The rule is in the developer guide ("Lambda alias routing configuration");
		// the text of AWS's error is not known.
		return invalidParameter("Specified versions must have the same dead-letter queue configuration, or none")
	}
	return checkServable(other, now)
}

// checkServable returns an error for a version that cannot take traffic. For a Failed
// version this was observed (terraform-provider-aws#49904). For a Pending version it
// follows the developer guide's general rule for functions ("Lambda function states");
// whether UpdateAlias applies that rule is not known.
func checkServable(v *version, now time.Time) error {
	const text = "The operation cannot be performed at this time. The function is currently in the following state: "
	switch settled := v.stateAt(now); settled.State {
	case StateFailed:
		return conflict(text+"'%s', StateReasonCode: '%s'", settled.State, settled.ReasonCode)
	case StatePending:
		return conflict(text+"%s", settled.State)
	}
	return nil
}
