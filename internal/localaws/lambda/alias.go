package lambda

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"sluice/internal/localaws/protocol"
)

// Alias is an alias as it stands.
type Alias struct {
	Function        string
	Name            string
	Description     string
	FunctionVersion string
	// Weights are the additional versions' shares, from 0 to 1; nil is none.
	Weights    map[string]float64
	RevisionID string
}

// AliasChange is an alias that somebody wrote. What Lambda itself does to the
// weights of an alias with provisioned concurrency is not told.
type AliasChange struct {
	Time   time.Time
	Actor  string // empty for a change made from Go
	Before *Alias // nil when the alias was created
	After  *Alias // nil when it was deleted
}

// alias is an alias with what Lambda knows beside what was written.
type alias struct {
	name        string
	description string
	version     string
	weights     map[string]float64
	revisionID  string
	provisioned *provisioned
	transient   *transient
}

// OnAliasChange adds a listener that hears of every alias created, changed or
// deleted, in order. A write that changes nothing is told too: Before and
// After are then equal.
func (s *Functions) OnAliasChange(listener func(AliasChange)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aliasListeners = append(s.aliasListeners, listener)
}

// Alias returns an alias as it stands now.
func (s *Functions) Alias(function, name string) (Alias, bool) {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[function]
	if f == nil || f.aliases[name] == nil {
		return Alias{}, false
	}
	return s.view(f, f.aliases[name], now), true
}

// CreateAlias makes an alias as somebody else's CreateAlias would, under the
// same rules. The RevisionID of what is given is ignored.
func (s *Functions) CreateAlias(a Alias) (Alias, error) {
	asked := aliasWrite{Name: a.Name, Description: &a.Description, FunctionVersion: a.FunctionVersion, RoutingConfig: &routingConfig{AdditionalVersionWeights: a.Weights}}
	created, err := s.createAlias(a.Function, asked, "", s.account.Now())
	if err != nil {
		return Alias{}, fmt.Errorf("create alias %s of %s: %w", a.Name, a.Function, err)
	}
	return created, nil
}

// UpdateAlias writes an alias's version and weights as somebody else's
// UpdateAlias would, under the same rules. A RevisionID that is not empty has
// to be the alias's; no Weights clear them; the Description stays.
func (s *Functions) UpdateAlias(a Alias) (Alias, error) {
	asked := aliasWrite{FunctionVersion: a.FunctionVersion, RevisionId: a.RevisionID, RoutingConfig: &routingConfig{AdditionalVersionWeights: a.Weights}}
	updated, err := s.updateAlias(a.Function, a.Name, asked, "", s.account.Now())
	if err != nil {
		return Alias{}, fmt.Errorf("update alias %s of %s: %w", a.Name, a.Function, err)
	}
	return updated, nil
}

// DeleteAlias deletes an alias as somebody else's DeleteAlias would: to delete
// one that is not there is no error.
func (s *Functions) DeleteAlias(function, name string) {
	s.dropAlias(function, name, "", s.account.Now())
}

// createAlias makes an alias and tells of it.
func (s *Functions) createAlias(function string, asked aliasWrite, actor string, now time.Time) (Alias, error) {
	if err := asked.validate(); err != nil {
		return Alias{}, err
	}
	if !aliasNamePattern.MatchString(asked.Name) || numberPattern.MatchString(asked.Name) {
		return Alias{}, protocol.Constraint("Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)", asked.Name)
	}
	s.mu.Lock()
	created, err := s.makeAlias(function, asked, now)
	s.mu.Unlock()
	if err != nil {
		return Alias{}, err
	}
	s.tellAlias(AliasChange{Time: now, Actor: actor, After: &created})
	return created, nil
}

// makeAlias is createAlias under the lock.
func (s *Functions) makeAlias(function string, asked aliasWrite, now time.Time) (Alias, error) {
	f := s.functions[function]
	if f == nil {
		// CreateAlias names the version it did not find (LocalStack's
		// snapshot test_notfound_and_invalid_routingconfigs).
		return Alias{}, missing("Function not found: %s", s.functionARN(function, asked.FunctionVersion))
	}
	if f.aliases[asked.Name] != nil {
		return Alias{}, conflict("Alias already exists: %s", s.functionARN(function, asked.Name))
	}
	a := &alias{name: asked.Name}
	if err := s.applyWrite(f, a, asked, now); err != nil {
		return Alias{}, err
	}
	a.revisionID = s.revisions.Next()
	f.aliases[a.name] = a
	return s.view(f, a, now), nil
}

// updateAlias writes an alias and tells of it.
func (s *Functions) updateAlias(function, name string, asked aliasWrite, actor string, now time.Time) (Alias, error) {
	if err := asked.validate(); err != nil {
		return Alias{}, err
	}
	s.mu.Lock()
	before, after, err := s.writeAlias(function, name, asked, now)
	s.mu.Unlock()
	if err != nil {
		return Alias{}, err
	}
	s.tellAlias(AliasChange{Time: now, Actor: actor, Before: &before, After: &after})
	return after, nil
}

// writeAlias is updateAlias under the lock. What it returns is the alias as
// the writer asked for it; Lambda's own transient weights come after.
func (s *Functions) writeAlias(function, name string, asked aliasWrite, now time.Time) (before, after Alias, err error) {
	f := s.functions[function]
	if f == nil || f.aliases[name] == nil {
		return Alias{}, Alias{}, missing("Alias not found: %s", s.functionARN(function, name))
	}
	a := f.aliases[name]
	before = s.view(f, a, now)
	if asked.RevisionId != "" && asked.RevisionId != a.revisionID {
		return Alias{}, Alias{}, staleRevision()
	}
	written := *a
	if err := s.applyWrite(f, &written, asked, now); err != nil {
		return Alias{}, Alias{}, err
	}
	if s.config.RotateUnchanged || !written.equals(a) {
		written.revisionID = s.revisions.Next()
	}
	from := a.version
	*a = written
	after = s.viewWritten(f, a)
	s.afterWrite(a, from, now)
	return before, after, nil
}

// afterWrite does what provisioned concurrency does after a write. A move
// to another version starts transient weights. A write without weights ends
// transient weights that would stay.
func (s *Functions) afterWrite(a *alias, from string, now time.Time) {
	switch {
	case a.version != from:
		s.beginTransient(a, from, now)
	case a.transient != nil && a.provisioned.Sticks && len(a.weights) == 0:
		a.transient = nil
	}
}

// equals tells whether two states of an alias have the same version, description
// and weights.
func (a *alias) equals(b *alias) bool {
	return a.version == b.version && a.description == b.description && maps.Equal(a.weights, b.weights)
}

// tellAlias tells who listens. The caller does not hold the lock.
func (s *Functions) tellAlias(change AliasChange) {
	s.mu.Lock()
	heard := s.aliasListeners
	s.mu.Unlock()
	for _, listener := range heard {
		listener(change)
	}
}

// view is an alias as it stands, with Lambda's transient weights.
func (s *Functions) view(f *function, a *alias, now time.Time) Alias {
	s.settle(a, now)
	shown := s.viewWritten(f, a)
	if a.transient != nil {
		shown.Weights = maps.Clone(a.transient.weights)
	}
	return shown
}

// viewWritten is an alias as it was last written.
func (s *Functions) viewWritten(f *function, a *alias) Alias {
	return Alias{
		Function: f.name, Name: a.name, Description: a.description,
		FunctionVersion: a.version, Weights: maps.Clone(a.weights), RevisionID: a.revisionID,
	}
}

// aliasConfiguration is an alias on the wire. Without weights there is no
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
	written := aliasConfiguration{
		AliasArn: s.functionARN(a.Function, a.Name), Name: a.Name, FunctionVersion: a.FunctionVersion,
		Description: a.Description, RevisionId: a.RevisionID,
	}
	if len(a.Weights) > 0 {
		written.RoutingConfig = &routingConfig{AdditionalVersionWeights: a.Weights}
	}
	return written
}

func (s *Functions) postAlias(_ context.Context, in input) (protocol.Reply, error) {
	var asked aliasWrite
	if err := protocol.Decode(Name, in.operation, in.Body, &asked); err != nil {
		return protocol.Reply{}, err
	}
	if asked.RevisionId != "" {
		return protocol.Reply{}, protocol.NotImplemented(Name, in.operation+` with "RevisionId"`)
	}
	if asked.FunctionVersion == "" {
		return protocol.Reply{}, protocol.Constraint("Value null at 'functionVersion' failed to satisfy constraint: Member must not be null")
	}
	created, err := s.createAlias(in.function.name, asked, in.Actor, in.now)
	return protocol.Reply{Status: http.StatusCreated, Body: s.aliasOnWire(created)}, err
}

func (s *Functions) putAlias(_ context.Context, in input) (protocol.Reply, error) {
	var asked aliasWrite
	if err := protocol.Decode(Name, in.operation, in.Body, &asked); err != nil {
		return protocol.Reply{}, err
	}
	if asked.Name != "" {
		return protocol.Reply{}, protocol.NotImplemented(Name, in.operation+` with "Name"`)
	}
	updated, err := s.updateAlias(in.function.name, in.labels[1], asked, in.Actor, in.now)
	return protocol.Reply{Body: s.aliasOnWire(updated)}, err
}

func (s *Functions) getAlias(_ context.Context, in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[in.function.name]
	if f == nil || f.aliases[in.labels[1]] == nil {
		return protocol.Reply{}, missing("Cannot find alias arn: %s", s.functionARN(in.function.name, in.labels[1]))
	}
	return protocol.Reply{Body: s.aliasOnWire(s.view(f, f.aliases[in.labels[1]], in.now))}, nil
}

// deleteAlias deletes an alias; to delete one that is not there is no error
// (DeleteAlias has no ResourceNotFoundException in Lambda's API model).
func (s *Functions) deleteAlias(_ context.Context, in input) (protocol.Reply, error) {
	s.dropAlias(in.function.name, in.labels[1], in.Actor, in.now)
	return protocol.Reply{Status: http.StatusNoContent}, nil
}

func (s *Functions) dropAlias(function, name, actor string, now time.Time) {
	if before, existed := s.removeAlias(function, name, now); existed {
		s.tellAlias(AliasChange{Time: now, Actor: actor, Before: &before})
	}
}

func (s *Functions) removeAlias(function, name string, now time.Time) (Alias, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[function]
	if f == nil || f.aliases[name] == nil {
		return Alias{}, false
	}
	before := s.view(f, f.aliases[name], now)
	delete(f.aliases, name)
	return before, true
}

type aliasList struct {
	Aliases    []aliasConfiguration `json:"Aliases"`
	NextMarker string               `json:"NextMarker,omitempty"`
}

// listAliases lists a function's aliases by name, or those of one version.
func (s *Functions) listAliases(_ context.Context, in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(in.function.name)
	if err != nil {
		return protocol.Reply{}, err
	}
	number := in.Query.Get("FunctionVersion")
	listed := []aliasConfiguration{}
	for _, name := range slices.Sorted(maps.Keys(f.aliases)) {
		if a := f.aliases[name]; number == "" || a.version == number {
			listed = append(listed, s.aliasOnWire(s.view(f, a, in.now)))
		}
	}
	page, marker, err := cutPage(in, listed, func(a aliasConfiguration) string { return a.Name })
	return protocol.Reply{Body: aliasList{Aliases: page, NextMarker: marker}}, err
}
