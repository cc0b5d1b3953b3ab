package localaws

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
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
func (c *Cloud) OnAliasChange(listener func(AliasChange)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners.alias = append(c.listeners.alias, listener)
}

// Alias returns an alias as it stands now.
func (c *Cloud) Alias(function, name string) (Alias, bool) {
	now := c.config.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.functions[function]
	if f == nil || f.aliases[name] == nil {
		return Alias{}, false
	}
	return c.view(f, f.aliases[name], now), true
}

// CreateAlias makes an alias as somebody else's CreateAlias would, under the
// same rules. The RevisionID of what is given is ignored.
func (c *Cloud) CreateAlias(a Alias) (Alias, error) {
	asked := aliasWrite{Name: a.Name, Description: &a.Description, FunctionVersion: a.FunctionVersion, RoutingConfig: &routingConfig{AdditionalVersionWeights: a.Weights}}
	created, err := c.createAlias(a.Function, asked, "", c.config.Now())
	if err != nil {
		return Alias{}, fmt.Errorf("create alias %s of %s: %w", a.Name, a.Function, err)
	}
	return created, nil
}

// UpdateAlias writes an alias's version and weights as somebody else's
// UpdateAlias would, under the same rules. A RevisionID that is not empty has
// to be the alias's; no Weights clear them; the Description stays.
func (c *Cloud) UpdateAlias(a Alias) (Alias, error) {
	asked := aliasWrite{FunctionVersion: a.FunctionVersion, RevisionId: a.RevisionID, RoutingConfig: &routingConfig{AdditionalVersionWeights: a.Weights}}
	updated, err := c.updateAlias(a.Function, a.Name, asked, "", c.config.Now())
	if err != nil {
		return Alias{}, fmt.Errorf("update alias %s of %s: %w", a.Name, a.Function, err)
	}
	return updated, nil
}

// DeleteAlias deletes an alias as somebody else's DeleteAlias would: to delete
// one that is not there is no error.
func (c *Cloud) DeleteAlias(function, name string) { c.dropAlias(function, name, "", c.config.Now()) }

// createAlias makes an alias and tells of it.
func (c *Cloud) createAlias(function string, asked aliasWrite, actor string, now time.Time) (Alias, error) {
	if err := asked.validate(); err != nil {
		return Alias{}, err
	}
	if !aliasNamePattern.MatchString(asked.Name) || numberPattern.MatchString(asked.Name) {
		return Alias{}, constraint("Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)", asked.Name)
	}
	c.mu.Lock()
	created, err := c.makeAlias(function, asked, now)
	c.mu.Unlock()
	if err != nil {
		return Alias{}, err
	}
	c.tellAlias(AliasChange{Time: now, Actor: actor, After: &created})
	return created, nil
}

// makeAlias is createAlias under the lock.
func (c *Cloud) makeAlias(function string, asked aliasWrite, now time.Time) (Alias, error) {
	f := c.functions[function]
	if f == nil {
		// CreateAlias names the version it did not find (LocalStack's
		// snapshot test_notfound_and_invalid_routingconfigs).
		return Alias{}, missing("Function not found: %s", c.functionARN(function, asked.FunctionVersion))
	}
	if f.aliases[asked.Name] != nil {
		return Alias{}, conflict("Alias already exists: %s", c.functionARN(function, asked.Name))
	}
	a := &alias{name: asked.Name}
	if err := c.point(f, a, asked, now); err != nil {
		return Alias{}, err
	}
	a.revisionID = c.revisions.next()
	f.aliases[a.name] = a
	return c.view(f, a, now), nil
}

// updateAlias writes an alias and tells of it.
func (c *Cloud) updateAlias(function, name string, asked aliasWrite, actor string, now time.Time) (Alias, error) {
	if err := asked.validate(); err != nil {
		return Alias{}, err
	}
	c.mu.Lock()
	before, after, err := c.writeAlias(function, name, asked, now)
	c.mu.Unlock()
	if err != nil {
		return Alias{}, err
	}
	c.tellAlias(AliasChange{Time: now, Actor: actor, Before: &before, After: &after})
	return after, nil
}

// writeAlias is updateAlias under the lock. What it returns is the alias as
// the writer asked for it; Lambda's own transient weights come after.
func (c *Cloud) writeAlias(function, name string, asked aliasWrite, now time.Time) (before, after Alias, err error) {
	f := c.functions[function]
	if f == nil || f.aliases[name] == nil {
		return Alias{}, Alias{}, missing("Alias not found: %s", c.functionARN(function, name))
	}
	a := f.aliases[name]
	before = c.view(f, a, now)
	if asked.RevisionId != "" && asked.RevisionId != a.revisionID {
		return Alias{}, Alias{}, staleRevision()
	}
	written := *a
	if err := c.point(f, &written, asked, now); err != nil {
		return Alias{}, Alias{}, err
	}
	if c.config.RotateUnchanged || !written.same(a) {
		written.revisionID = c.revisions.next()
	}
	moved := written.version != a.version
	from := a.version
	*a = written
	after = c.written(f, a)
	switch {
	case moved:
		c.beginTransient(a, from, now)
	case a.transient != nil && a.provisioned.Sticks && len(a.weights) == 0:
		a.transient = nil
	}
	return before, after, nil
}

// same tells whether two states of an alias differ in nothing that is written.
func (a *alias) same(b *alias) bool {
	return a.version == b.version && a.description == b.description && maps.Equal(a.weights, b.weights)
}

// tellAlias tells who listens. The caller does not hold the lock.
func (c *Cloud) tellAlias(change AliasChange) {
	c.mu.Lock()
	heard := c.listeners.alias
	c.mu.Unlock()
	for _, listener := range heard {
		listener(change)
	}
}

// view is an alias as it stands, with Lambda's transient weights.
func (c *Cloud) view(f *function, a *alias, now time.Time) Alias {
	c.settle(a, now)
	shown := c.written(f, a)
	if a.transient != nil {
		shown.Weights = maps.Clone(a.transient.weights)
	}
	return shown
}

// written is an alias as it was last written.
func (c *Cloud) written(f *function, a *alias) Alias {
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

func (c *Cloud) aliasOnWire(a Alias) aliasConfiguration {
	written := aliasConfiguration{
		AliasArn: c.functionARN(a.Function, a.Name), Name: a.Name, FunctionVersion: a.FunctionVersion,
		Description: a.Description, RevisionId: a.RevisionID,
	}
	if len(a.Weights) > 0 {
		written.RoutingConfig = &routingConfig{AdditionalVersionWeights: a.Weights}
	}
	return written
}

func (c *Cloud) postAlias(_ context.Context, in lambdaInput) (reply, error) {
	var asked aliasWrite
	if err := decode(lambdaService, in.operation, in.body, &asked); err != nil {
		return reply{}, err
	}
	if asked.RevisionId != "" {
		return reply{}, notImplemented(lambdaService, in.operation+` with "RevisionId"`)
	}
	if asked.FunctionVersion == "" {
		return reply{}, constraint("Value null at 'functionVersion' failed to satisfy constraint: Member must not be null")
	}
	created, err := c.createAlias(in.function.name, asked, in.actor, in.now)
	return reply{status: http.StatusCreated, body: c.aliasOnWire(created)}, err
}

func (c *Cloud) putAlias(_ context.Context, in lambdaInput) (reply, error) {
	var asked aliasWrite
	if err := decode(lambdaService, in.operation, in.body, &asked); err != nil {
		return reply{}, err
	}
	if asked.Name != "" {
		return reply{}, notImplemented(lambdaService, in.operation+` with "Name"`)
	}
	updated, err := c.updateAlias(in.function.name, in.labels[1], asked, in.actor, in.now)
	return reply{body: c.aliasOnWire(updated)}, err
}

func (c *Cloud) getAlias(_ context.Context, in lambdaInput) (reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.functions[in.function.name]
	if f == nil || f.aliases[in.labels[1]] == nil {
		return reply{}, missing("Cannot find alias arn: %s", c.functionARN(in.function.name, in.labels[1]))
	}
	return reply{body: c.aliasOnWire(c.view(f, f.aliases[in.labels[1]], in.now))}, nil
}

// deleteAlias deletes an alias; to delete one that is not there is no error
// (DeleteAlias has no ResourceNotFoundException in Lambda's API model).
func (c *Cloud) deleteAlias(_ context.Context, in lambdaInput) (reply, error) {
	c.dropAlias(in.function.name, in.labels[1], in.actor, in.now)
	return reply{status: http.StatusNoContent}, nil
}

func (c *Cloud) dropAlias(function, name, actor string, now time.Time) {
	if before, existed := c.removeAlias(function, name, now); existed {
		c.tellAlias(AliasChange{Time: now, Actor: actor, Before: &before})
	}
}

func (c *Cloud) removeAlias(function, name string, now time.Time) (Alias, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.functions[function]
	if f == nil || f.aliases[name] == nil {
		return Alias{}, false
	}
	before := c.view(f, f.aliases[name], now)
	delete(f.aliases, name)
	return before, true
}

type aliasList struct {
	Aliases    []aliasConfiguration `json:"Aliases"`
	NextMarker string               `json:"NextMarker,omitempty"`
}

// listAliases lists a function's aliases by name, or those of one version.
func (c *Cloud) listAliases(_ context.Context, in lambdaInput) (reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := c.find(in.function.name)
	if err != nil {
		return reply{}, err
	}
	number := in.query.Get("FunctionVersion")
	listed := []aliasConfiguration{}
	for _, name := range slices.Sorted(maps.Keys(f.aliases)) {
		if a := f.aliases[name]; number == "" || a.version == number {
			listed = append(listed, c.aliasOnWire(c.view(f, a, in.now)))
		}
	}
	page, marker, err := lambdaPage(in, listed, func(a aliasConfiguration) string { return a.Name })
	return reply{body: aliasList{Aliases: page, NextMarker: marker}}, err
}
