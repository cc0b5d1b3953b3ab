package lambda

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Alias is the current state of an alias.
type Alias struct {
	Function        string
	Name            string
	Description     string
	FunctionVersion string
	// Weights are the shares of the additional versions, from 0 to 1; nil means no
	// additional version.
	Weights    map[string]float64
	RevisionID string
}

// AliasChange is a write of an alias by a caller. Listeners are not notified when
// Lambda itself changes the weights of an alias with provisioned concurrency.
type AliasChange struct {
	Time   time.Time
	Actor  string // empty for a change through the Go API
	Before *Alias // nil when the alias was created
	After  *Alias // nil when it was deleted
}

// alias is an alias with the state that Lambda keeps in addition to what callers write.
type alias struct {
	name        string
	description string
	version     string
	weights     map[string]float64
	revisionID  string
	provisioned *provisioned
	transient   *transient
}

// OnAliasChange adds a listener that is called for every alias created, updated or
// deleted, in order. It is also called for an update that changes nothing: Before and
// After are then equal.
func (s *Functions) OnAliasChange(listener func(AliasChange)) {
	s.onAlias.Add(listener)
}

// Alias returns the current state of an alias.
func (s *Functions) Alias(function, name string) (Alias, bool) {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[function]
	if f == nil || f.aliases[name] == nil {
		return Alias{}, false
	}
	return s.currentAlias(f, f.aliases[name], now), true
}

// CreateAlias creates an alias under the rules of the API's CreateAlias, as another
// client of AWS would. It ignores a.RevisionID.
func (s *Functions) CreateAlias(a Alias) (Alias, error) {
	request := aliasWrite{Name: a.Name, Description: &a.Description, FunctionVersion: a.FunctionVersion, RoutingConfig: &routingConfig{AdditionalVersionWeights: a.Weights}}
	created, err := s.createAlias(a.Function, request, "", s.account.Now())
	if err != nil {
		return Alias{}, fmt.Errorf("create alias %s of %s: %w", a.Name, a.Function, err)
	}
	return created, nil
}

// UpdateAlias writes an alias's version and weights under the rules of the API's
// UpdateAlias, as another client of AWS would. A non-empty RevisionID must match the
// alias's. Empty Weights clear the weights. The Description is not changed.
func (s *Functions) UpdateAlias(a Alias) (Alias, error) {
	request := aliasWrite{FunctionVersion: a.FunctionVersion, RevisionId: a.RevisionID, RoutingConfig: &routingConfig{AdditionalVersionWeights: a.Weights}}
	updated, err := s.updateAlias(a.Function, a.Name, request, "", s.account.Now())
	if err != nil {
		return Alias{}, fmt.Errorf("update alias %s of %s: %w", a.Name, a.Function, err)
	}
	return updated, nil
}

// DeleteAlias deletes an alias as another client of AWS would. Deleting an alias that
// does not exist is not an error.
func (s *Functions) DeleteAlias(function, name string) {
	s.deleteAlias(function, name, "", s.account.Now())
}

// createAlias creates an alias and notifies the listeners.
func (s *Functions) createAlias(function string, request aliasWrite, actor string, now time.Time) (Alias, error) {
	if err := request.validate(); err != nil {
		return Alias{}, err
	}
	if !aliasNamePattern.MatchString(request.Name) || numberPattern.MatchString(request.Name) {
		return Alias{}, protocol.Constraint("Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)", request.Name)
	}
	s.mu.Lock()
	created, err := s.createAliasLocked(function, request, now)
	s.mu.Unlock()
	if err != nil {
		return Alias{}, err
	}
	s.onAlias.Tell(AliasChange{Time: now, Actor: actor, After: &created})
	return created, nil
}

// createAliasLocked creates an alias. The caller holds the lock.
func (s *Functions) createAliasLocked(function string, request aliasWrite, now time.Time) (Alias, error) {
	f := s.functions[function]
	if f == nil {
		// The ARN in CreateAlias's error is qualified with the version (LocalStack's
		// snapshot test_notfound_and_invalid_routingconfigs).
		return Alias{}, notFound("Function not found: %s", s.functionARN(function, request.FunctionVersion))
	}
	if f.aliases[request.Name] != nil {
		return Alias{}, conflict("Alias already exists: %s", s.functionARN(function, request.Name))
	}
	a := &alias{name: request.Name}
	if err := s.applyWrite(f, a, request, now); err != nil {
		return Alias{}, err
	}
	a.revisionID = s.revisions.Next()
	f.aliases[a.name] = a
	return s.currentAlias(f, a, now), nil
}

// updateAlias updates an alias and notifies the listeners.
func (s *Functions) updateAlias(function, name string, request aliasWrite, actor string, now time.Time) (Alias, error) {
	if err := request.validate(); err != nil {
		return Alias{}, err
	}
	s.mu.Lock()
	before, after, err := s.updateAliasLocked(function, name, request, now)
	s.mu.Unlock()
	if err != nil {
		return Alias{}, err
	}
	s.onAlias.Tell(AliasChange{Time: now, Actor: actor, Before: &before, After: &after})
	return after, nil
}

// updateAliasLocked updates an alias. The caller holds the lock. The returned After has
// the weights that the caller wrote; Lambda's own transient weights start after that.
func (s *Functions) updateAliasLocked(function, name string, request aliasWrite, now time.Time) (before, after Alias, err error) {
	f := s.functions[function]
	if f == nil || f.aliases[name] == nil {
		return Alias{}, Alias{}, notFound("Alias not found: %s", s.functionARN(function, name))
	}
	a := f.aliases[name]
	before = s.currentAlias(f, a, now)
	if request.RevisionId != "" && request.RevisionId != a.revisionID {
		return Alias{}, Alias{}, staleRevision()
	}
	changed := *a
	if err := s.applyWrite(f, &changed, request, now); err != nil {
		return Alias{}, Alias{}, err
	}
	if !s.config.KeepUnchanged || !changed.equals(a) {
		changed.revisionID = s.revisions.Next()
	}
	from := a.version
	*a = changed
	after = s.storedAlias(f, a)
	s.afterWrite(a, from, now)
	return before, after, nil
}

// afterWrite applies the effects of provisioned concurrency after a write. A move to
// another version starts transient weights. A write without weights ends transient
// weights that do not end by themselves.
func (s *Functions) afterWrite(a *alias, from string, now time.Time) {
	switch {
	case a.version != from:
		s.startTransientWeights(a, from, now)
	case a.transient != nil && a.provisioned.Sticks && len(a.weights) == 0:
		a.transient = nil
	}
}

// equals reports whether two states of an alias have the same version, description and
// weights.
func (a *alias) equals(b *alias) bool {
	return a.version == b.version && a.description == b.description && maps.Equal(a.weights, b.weights)
}

// currentAlias returns the current state of an alias, including Lambda's transient
// weights.
func (s *Functions) currentAlias(f *function, a *alias, now time.Time) Alias {
	s.expireTransientWeights(a, now)
	current := s.storedAlias(f, a)
	if a.transient != nil {
		current.Weights = maps.Clone(a.transient.weights)
	}
	return current
}

// storedAlias returns an alias as a caller last wrote it.
func (s *Functions) storedAlias(f *function, a *alias) Alias {
	return Alias{
		Function: f.name, Name: a.name, Description: a.description,
		FunctionVersion: a.version, Weights: maps.Clone(a.weights), RevisionID: a.revisionID,
	}
}

// aliasConfiguration is an alias in API responses. Without weights there is no
// RoutingConfig (LocalStack's snapshot test_alias_lifecycle).
type aliasConfiguration struct {
	AliasArn        string         `json:"AliasArn"`
	Name            string         `json:"Name"`
	FunctionVersion string         `json:"FunctionVersion"`
	Description     string         `json:"Description"`
	RoutingConfig   *routingConfig `json:"RoutingConfig,omitempty"`
	RevisionId      string         `json:"RevisionId"`
}

func (s *Functions) aliasOnWire(a Alias) aliasConfiguration {
	configuration := aliasConfiguration{
		AliasArn: s.functionARN(a.Function, a.Name), Name: a.Name, FunctionVersion: a.FunctionVersion,
		Description: a.Description, RevisionId: a.RevisionID,
	}
	if len(a.Weights) > 0 {
		configuration.RoutingConfig = &routingConfig{AdditionalVersionWeights: a.Weights}
	}
	return configuration
}

func (s *Functions) handleCreateAlias(_ context.Context, in input) (protocol.Reply, error) {
	var request aliasWrite
	if err := in.decode(&request); err != nil {
		return protocol.Reply{}, err
	}
	if request.RevisionId != "" {
		return protocol.Reply{}, protocol.NotImplemented(Name, in.operation+` with "RevisionId"`)
	}
	if request.FunctionVersion == "" {
		return protocol.Reply{}, protocol.Constraint("Value null at 'functionVersion' failed to satisfy constraint: Member must not be null")
	}
	created, err := s.createAlias(in.function.name, request, in.Actor, in.now)
	return protocol.Reply{Status: http.StatusCreated, Body: s.aliasOnWire(created)}, err
}

func (s *Functions) handleUpdateAlias(_ context.Context, in input) (protocol.Reply, error) {
	var request aliasWrite
	if err := in.decode(&request); err != nil {
		return protocol.Reply{}, err
	}
	if request.Name != "" {
		return protocol.Reply{}, protocol.NotImplemented(Name, in.operation+` with "Name"`)
	}
	updated, err := s.updateAlias(in.function.name, in.labels[1], request, in.Actor, in.now)
	return protocol.Reply{Body: s.aliasOnWire(updated)}, err
}

func (s *Functions) getAlias(_ context.Context, in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[in.function.name]
	if f == nil || f.aliases[in.labels[1]] == nil {
		return protocol.Reply{}, s.aliasNotFound(in.function.name, in.labels[1])
	}
	return protocol.Reply{Body: s.aliasOnWire(s.currentAlias(f, f.aliases[in.labels[1]], in.now))}, nil
}

// aliasNotFound returns the error of GetAlias and GetProvisionedConcurrencyConfig for a
// missing alias (LocalStack's snapshots test_alias_lifecycle and
// TestLambdaProvisionedConcurrency).
func (s *Functions) aliasNotFound(function, alias string) *protocol.Error {
	return notFound("Cannot find alias arn: %s", s.functionARN(function, alias))
}

// handleDeleteAlias deletes an alias. Deleting an alias that does not exist is not an
// error (DeleteAlias has no ResourceNotFoundException in Lambda's API model).
func (s *Functions) handleDeleteAlias(_ context.Context, in input) (protocol.Reply, error) {
	s.deleteAlias(in.function.name, in.labels[1], in.Actor, in.now)
	return protocol.Reply{Status: http.StatusNoContent}, nil
}

func (s *Functions) deleteAlias(function, name, actor string, now time.Time) {
	if before, existed := s.deleteAliasLocked(function, name, now); existed {
		s.onAlias.Tell(AliasChange{Time: now, Actor: actor, Before: &before})
	}
}

func (s *Functions) deleteAliasLocked(function, name string, now time.Time) (Alias, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[function]
	if f == nil || f.aliases[name] == nil {
		return Alias{}, false
	}
	before := s.currentAlias(f, f.aliases[name], now)
	delete(f.aliases, name)
	return before, true
}

type aliasList struct {
	Aliases    []aliasConfiguration `json:"Aliases"`
	NextMarker string               `json:"NextMarker,omitempty"`
}

// listAliases lists a function's aliases in the order of their names: all of them, or
// those of one version.
func (s *Functions) listAliases(_ context.Context, in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(in.function.name)
	if err != nil {
		return protocol.Reply{}, err
	}
	number := in.Query.Get("FunctionVersion")
	aliases := []aliasConfiguration{}
	for _, name := range slices.Sorted(maps.Keys(f.aliases)) {
		if a := f.aliases[name]; number == "" || a.version == number {
			aliases = append(aliases, s.aliasOnWire(s.currentAlias(f, a, in.now)))
		}
	}
	page, marker, err := cutPage(in, aliases, func(a aliasConfiguration) string { return a.Name })
	return protocol.Reply{Body: aliasList{Aliases: page, NextMarker: marker}}, err
}
