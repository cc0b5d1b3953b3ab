package lambda

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"sluice/internal/localaws/protocol"
)

// aliasWrite is the request of CreateAlias and of UpdateAlias.
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

// aliasNamePattern is the shape of an alias's name: not a number, or it could
// not be told from a version.
var (
	aliasNamePattern = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,128}$`)
	numberPattern    = regexp.MustCompile(`^[0-9]+$`)
)

// validate holds a write against Lambda's API model. The texts are recorded
// in LocalStack's snapshot test_notfound_and_invalid_routingconfigs.
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

// javaDouble writes a number as AWS's messages do: 2.0, not 2.
func javaDouble(n float64) string {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	if n == float64(int64(n)) {
		text += ".0"
	}
	return text
}

// applyWrite gives an alias the version, weights and description that a write asks
// for, if Lambda allows it. What the write leaves out stays; for RoutingConfig
// AWS does not say so.
func (s *Functions) applyWrite(f *function, a *alias, asked aliasWrite, now time.Time) error {
	a.version = cmp.Or(asked.FunctionVersion, a.version)
	if asked.Description != nil {
		a.description = *asked.Description
	}
	if asked.RoutingConfig != nil {
		a.weights = nil
		if weights := asked.RoutingConfig.AdditionalVersionWeights; len(weights) > 0 {
			a.weights = maps.Clone(weights)
		}
	}
	own := f.version(a.version)
	if own == nil {
		return s.noVersion(f, a.version)
	}
	if err := checkServable(own, now); err != nil {
		return err
	}
	if a.provisioned != nil && own.provisioned != nil {
		// Recorded for PutProvisionedConcurrencyConfig; that UpdateAlias
		// refuses the same is not documented.
		return conflict("Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version")
	}
	for number := range a.weights {
		if err := s.checkAdditional(f, own, number, now); err != nil {
			return err
		}
	}
	return nil
}

// checkAdditional tells whether a version may stand beside the alias's own.
func (s *Functions) checkAdditional(f *function, own *version, number string, now time.Time) error {
	if own.number == latest {
		return invalidParameter("$LATEST is not supported for an alias pointing to more than 1 version")
	}
	if own.number == number {
		return invalidParameter("Invalid function version %s. Function version %s is already included in routing configuration.", number, number)
	}
	other := f.version(number)
	if other == nil {
		return s.noVersion(f, number)
	}
	if other.role != own.role {
		return invalidParameter("Specified versions must be associated with the same execution role")
	}
	if other.deadLetter != own.deadLetter {
		// The rule is in the developer guide ("Lambda alias routing
		// configuration"); its error's text is not known.
		return invalidParameter("Specified versions must have the same dead-letter queue configuration, or none")
	}
	return checkServable(other, now)
}

// checkServable refuses a version that cannot take traffic. For a Failed one that
// was seen (terraform-provider-aws#49904); for one that is still Pending it
// is the developer guide's general rule for functions ("Lambda function
// states"), not known for UpdateAlias.
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
