package lambdaalias

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// refusal is a reason specific to Lambda why a shift cannot start. Its name is the error's
// name in the state machine.
type refusal struct{ name, text string }

func (r *refusal) Error() string     { return r.text }
func (r *refusal) ErrorCode() string { return r.name }

var (
	// ErrRoleDiffers is returned by CheckCompatible: Lambda does not divide traffic between
	// versions with different execution roles.
	ErrRoleDiffers error = &refusal{flow.RoleDiffers, "execution role differs"}
	// ErrDeadLetterDiffers is returned by CheckCompatible: Lambda does not divide traffic
	// between versions with different dead-letter configurations.
	ErrDeadLetterDiffers error = &refusal{flow.DeadLetterDiffers, "dead-letter configuration differs"}
)

// CheckStart returns shift.ErrTargetUnpublished or shift.ErrTargetWeighted for a Route that
// no Deployment can begin with. It returns shift.ErrRouteSettling for a Route whose weights
// Lambda will soon remove by itself.
func (r *Router) CheckStart(t shift.Target, found shift.Route, settles bool) error {
	switch {
	case strings.HasPrefix(string(found.Serving), string(flow.Unpublished)):
		return fmt.Errorf("%w: %s points at %s, and Lambda cannot divide traffic with it: point the alias at a published version first",
			shift.ErrTargetUnpublished, t, found.Serving)
	case found.IsWhole():
		return nil
	case settles:
		return fmt.Errorf("%w: %s has %s and provisioned concurrency; if this does not end by itself, clear the weights by hand",
			shift.ErrRouteSettling, t, found)
	}
	return fmt.Errorf("%w: %s has %s, and no deployment of Sluice did that: finish that shift first, or clear the weights with aws lambda update-alias --routing-config '{}'",
		shift.ErrTargetWeighted, t, found)
}

// traits are the settings that two versions must have in common to share an alias.
type traits struct {
	Role       string `json:"role"`
	DeadLetter string `json:"deadLetter"` // ARN of the dead-letter target, "" for none
}

func (t traits) encode() string {
	text, _ := json.Marshal(t) // strings can always be encoded
	return string(text)
}

func traitsOf(p shift.Published) (t traits, err error) {
	err = json.Unmarshal([]byte(p.Traits), &t)
	return t, err
}

// CheckCompatible returns ErrRoleDiffers or ErrDeadLetterDiffers when Lambda would refuse to
// divide traffic between the two (Lambda Developer Guide, weighted aliases: same execution
// role, same dead-letter queue or none).
func (r *Router) CheckCompatible(target shift.Target, stable, candidate shift.Published) error {
	before, err := traitsOf(stable)
	if err != nil {
		return fmt.Errorf("read the traits of version %s of %s: %w", stable.Version, target, err)
	}
	after, err := traitsOf(candidate)
	if err != nil {
		return fmt.Errorf("read the traits of version %s of %s: %w", candidate.Version, target, err)
	}
	if before.Role != after.Role {
		return fmt.Errorf("%w: %s: version %s has %s and version %s has %s; Lambda divides traffic only between versions with the same role: publish the candidate with the role of the stable version, or move the alias by hand once",
			ErrRoleDiffers, target, stable.Version, before.Role, candidate.Version, after.Role)
	}
	if before.DeadLetter != after.DeadLetter {
		return fmt.Errorf("%w: %s: version %s has %s and version %s has %s; Lambda divides traffic only between versions with the same dead-letter configuration: publish the candidate with that of the stable version, or move the alias by hand once",
			ErrDeadLetterDiffers, target, stable.Version, orNone(before.DeadLetter), candidate.Version, orNone(after.DeadLetter))
	}
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
