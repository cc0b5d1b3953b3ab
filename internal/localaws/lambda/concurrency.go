package lambda

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// ProvisionedConcurrency is a number of execution environments that Lambda keeps warm
// for a version or an alias.
type ProvisionedConcurrency struct {
	// Executions is the number of environments.
	Executions int
	// Settle is how long Lambda takes to move the environments to another version after
	// an alias's FunctionVersion changed.
	Settle time.Duration
	// KeepsRevision makes the alias keep its RevisionId when Lambda itself changes its
	// weights. AWS does not document this. By default each such change gives the alias
	// a new RevisionId, like any other change.
	KeepsRevision bool
	// Sticks means that no environment can be started: the transient weights stay until
	// a caller writes the alias without weights (gradientedge/cdk-utils pull request
	// 1110).
	Sticks bool
}

// provisioned is the provisioned concurrency of an alias or a version.
type provisioned struct {
	ProvisionedConcurrency
	modified time.Time
	readyAt  time.Time // status is IN_PROGRESS before
}

// transient holds the weights that Lambda itself sets on an alias with provisioned
// concurrency after its FunctionVersion changed. All traffic stays on the previous
// version until the environments of the new one are ready
// (terraform-provider-aws#48116).
type transient struct {
	weights map[string]float64
	until   time.Time
}

// ProvisionConcurrency gives an alias or a version provisioned concurrency under
// PutProvisionedConcurrencyConfig's rules. The environments are ready at once.
func (s *Functions) ProvisionConcurrency(function, qualifier string, p ProvisionedConcurrency) error {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.provision(function, qualifier, &provisioned{ProvisionedConcurrency: p, modified: now}); err != nil {
		return fmt.Errorf("provision concurrency of %s:%s: %w", function, qualifier, err)
	}
	return nil
}

// provision does the work of ProvisionConcurrency. The caller holds the lock. The error
// texts come from bug reports (terraform#24957 for the weights) and from LocalStack,
// which validated its errors against AWS.
func (s *Functions) provision(function, qualifier string, p *provisioned) error {
	f, err := s.findFunction(function)
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

// RemoveProvisionedConcurrency takes the provisioned concurrency of an alias away, if it has
// any. Nothing is left to be moved then, so the weights that Lambda itself has set end, too.
func (s *Functions) RemoveProvisionedConcurrency(function, alias string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(function)
	if err != nil || f.aliases[alias] == nil || f.aliases[alias].provisioned == nil {
		return
	}
	a := f.aliases[alias]
	if a.transient != nil {
		a.transient = nil
		s.rotateRevision(a)
	}
	a.provisioned = nil
}

// startTransientWeights sets the weights that Lambda itself sets after an alias's own
// version changed.
func (s *Functions) startTransientWeights(a *alias, from string, now time.Time) {
	a.transient = nil
	if a.provisioned == nil || a.provisioned.Settle <= 0 {
		return
	}
	a.transient = &transient{weights: map[string]float64{from: 1}, until: now.Add(a.provisioned.Settle)}
	a.provisioned.readyAt = a.transient.until
	s.rotateRevision(a)
}

// expireTransientWeights ends the transient weights once their time has passed.
func (s *Functions) expireTransientWeights(a *alias, now time.Time) {
	if a.transient == nil || a.provisioned.Sticks || now.Before(a.transient.until) {
		return
	}
	a.transient = nil
	s.rotateRevision(a)
}

// rotateRevision gives the alias a new RevisionId that no response has returned yet.
func (s *Functions) rotateRevision(a *alias) {
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
	f, err := s.findQualified(in.function)
	if err != nil {
		return protocol.Reply{}, err
	}
	p, err := s.findProvisioned(f, qualifier)
	if err != nil {
		return protocol.Reply{}, err
	}
	return protocol.Reply{Body: p.onWire(in.now)}, nil
}

// onWire returns the configuration for a response.
func (p *provisioned) onWire(now time.Time) concurrencyConfiguration {
	configuration := concurrencyConfiguration{
		RequestedProvisionedConcurrentExecutions: p.Executions,
		AvailableProvisionedConcurrentExecutions: p.Executions,
		AllocatedProvisionedConcurrentExecutions: p.Executions,
		Status:                                   "READY",
		LastModified:                             p.modified.UTC().Format("2006-01-02T15:04:05-0700"),
	}
	if now.Before(p.readyAt) {
		configuration.Status = "IN_PROGRESS"
		configuration.AvailableProvisionedConcurrentExecutions, configuration.AllocatedProvisionedConcurrentExecutions = 0, 0
	}
	return configuration
}

// findProvisioned returns the provisioned concurrency that was given to exactly this
// alias or version.
func (s *Functions) findProvisioned(f *function, qualifier string) (*provisioned, error) {
	var p *provisioned
	if a := f.aliases[qualifier]; a != nil {
		p = a.provisioned
	} else if v := f.version(qualifier); v != nil {
		p = v.provisioned
	} else if numberPattern.MatchString(qualifier) {
		return nil, s.versionNotFound(f, qualifier)
	} else {
		return nil, s.aliasNotFound(f.name, qualifier)
	}
	if p == nil {
		return nil, protocol.NewError(http.StatusNotFound, "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function")
	}
	return p, nil
}
