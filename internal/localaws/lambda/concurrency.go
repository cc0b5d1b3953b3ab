package lambda

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"sluice/internal/localaws/protocol"
)

// ProvisionedConcurrency is what keeps environments of a version warm.
type ProvisionedConcurrency struct {
	// Executions is how many environments are kept.
	Executions int
	// Settle is how long Lambda takes to move them to another version after
	// an alias's FunctionVersion changed.
	Settle time.Duration
	// KeepsRevision says that what Lambda does to an alias's weights by
	// itself leaves the alias's RevisionId. AWS does not say; by default each
	// such change is one like any other.
	KeepsRevision bool
	// Sticks says that no environment can be started: the weights stay until somebody
	// writes the alias without any (gradientedge/cdk-utils pull request 1110).
	Sticks bool
}

// provisioned is the provisioned concurrency of an alias or a version.
type provisioned struct {
	ProvisionedConcurrency
	modified time.Time
	settled  time.Time // in progress before
}

// transient are the weights that Lambda itself gives to an alias with
// provisioned concurrency after its FunctionVersion moved: all traffic stays
// on the version before until the environments of the new one are ready
// (terraform-provider-aws#48116).
type transient struct {
	weights map[string]float64
	until   time.Time
}

// ProvisionConcurrency gives an alias or a version provisioned concurrency,
// ready at once, under PutProvisionedConcurrencyConfig's rules.
func (s *Functions) ProvisionConcurrency(function, qualifier string, p ProvisionedConcurrency) error {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.provision(function, qualifier, &provisioned{ProvisionedConcurrency: p, modified: now}); err != nil {
		return fmt.Errorf("provision concurrency of %s:%s: %w", function, qualifier, err)
	}
	return nil
}

// provision is ProvisionConcurrency under the lock. The texts are those of
// reports (terraform#24957 for the weights) and of LocalStack, which validated
// its errors against AWS.
func (s *Functions) provision(function, qualifier string, p *provisioned) error {
	f, err := s.find(function)
	if err != nil {
		return err
	}
	if a := f.aliases[qualifier]; a != nil {
		if len(a.weights) > 0 {
			return invalidParameter("Alias with weights can not be used with Provisioned Concurrency")
		}
		if f.version(a.version).provisioned != nil {
			return conflict("Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version")
		}
		a.provisioned = p
		return nil
	}
	v := f.version(qualifier)
	if v == nil || v == f.latest {
		return invalidParameter("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
	}
	for _, a := range f.aliases {
		if a.provisioned != nil && a.version == v.number {
			return conflict("Version is pointed by a Provisioned Concurrency alias")
		}
	}
	v.provisioned = p
	return nil
}

// beginTransient starts what Lambda does by itself after an alias's own
// version moved.
func (s *Functions) beginTransient(a *alias, from string, now time.Time) {
	a.transient = nil
	if a.provisioned == nil || a.provisioned.Settle <= 0 {
		return
	}
	a.transient = &transient{weights: map[string]float64{from: 1}, until: now.Add(a.provisioned.Settle)}
	a.provisioned.settled = a.transient.until
	s.rotateByLambda(a)
}

// settle ends the transient weights once their time has passed.
func (s *Functions) settle(a *alias, now time.Time) {
	if a.transient == nil || a.provisioned.Sticks || now.Before(a.transient.until) {
		return
	}
	a.transient = nil
	s.rotateByLambda(a)
}

// rotateByLambda gives the alias a RevisionId that nobody was told.
func (s *Functions) rotateByLambda(a *alias) {
	if !a.provisioned.KeepsRevision {
		a.revisionID = s.revisions.Next()
	}
}

type concurrencyConfiguration struct {
	RequestedProvisionedConcurrentExecutions int
	AvailableProvisionedConcurrentExecutions int
	AllocatedProvisionedConcurrentExecutions int
	Status                                   string
	LastModified                             string
}

func (s *Functions) getProvisionedConcurrency(_ context.Context, in input) (protocol.Reply, error) {
	qualifier := in.function.qualifier
	if qualifier == "" {
		return protocol.Reply{}, protocol.Constraint("Value null at 'qualifier' failed to satisfy constraint: Member must not be null")
	}
	if qualifier == latest {
		return protocol.Reply{}, invalidParameter("The function resource provided must be an alias or a published version.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(in.function.name)
	if err != nil {
		return protocol.Reply{}, missing("Function not found: %s", s.functionARN(in.function.name, qualifier))
	}
	p, err := s.findProvisioned(f, qualifier)
	if err != nil {
		return protocol.Reply{}, err
	}
	written := concurrencyConfiguration{
		RequestedProvisionedConcurrentExecutions: p.Executions,
		AvailableProvisionedConcurrentExecutions: p.Executions,
		AllocatedProvisionedConcurrentExecutions: p.Executions,
		Status:                                   "READY",
		LastModified:                             p.modified.UTC().Format("2006-01-02T15:04:05-0700"),
	}
	if in.now.Before(p.settled) {
		written.Status = "IN_PROGRESS"
		written.AvailableProvisionedConcurrentExecutions, written.AllocatedProvisionedConcurrentExecutions = 0, 0
	}
	return protocol.Reply{Body: written}, nil
}

// findProvisioned is the provisioned concurrency that was given to an alias or
// a version itself.
func (s *Functions) findProvisioned(f *function, qualifier string) (*provisioned, error) {
	var p *provisioned
	if a := f.aliases[qualifier]; a != nil {
		p = a.provisioned
	} else if v := f.version(qualifier); v != nil {
		p = v.provisioned
	} else {
		return nil, s.noVersion(f, qualifier)
	}
	if p == nil {
		return nil, protocol.NewError(http.StatusNotFound, "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function")
	}
	return p, nil
}
