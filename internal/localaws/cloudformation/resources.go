package cloudformation

import (
	"context"
	"slices"
	"strings"
	"time"
)

// OpaqueChange is a change of a resource whose type is not implemented.
type OpaqueChange struct {
	Stack, Logical, Type string
	Physical             string // what the resource is named
	Kind                 kind
	Properties           map[string]any
	// Rollback says that the change undoes something.
	Rollback bool
}

// OpaqueResult says how such a change ends.
type OpaqueResult struct {
	// Failure is why it fails; empty for a success.
	Failure string
	// Takes is how long it takes.
	Takes time.Duration
}

// perform makes a change. It is called without the lock. A call that was lost, or that
// Lambda throttled or refused because another update is in progress, is made again later.
func (s *Stacks) perform(ctx context.Context, c change) result {
	r := s.performOnce(ctx, c)
	if !r.later {
		return r
	}
	return result{pending: &pending{due: s.account.Now().Add(pollEvery), look: func(ctx context.Context) result { return s.perform(ctx, c) }}}
}

func (s *Stacks) performOnce(ctx context.Context, c change) result {
	switch {
	case isCustom(c.definition.kind):
		return s.custom(ctx, c)
	case c.definition.kind == functionType:
		return s.function(ctx, c)
	case c.definition.kind == versionType:
		return s.version(ctx, c)
	case c.definition.kind == aliasType:
		return s.alias(ctx, c)
	case c.definition.kind == handleType:
		return s.handle(c)
	case c.definition.kind == conditionType:
		return s.waitCondition(c)
	}
	return s.opaque(c)
}

// The types that are implemented.
const (
	functionType  = "AWS::Lambda::Function"
	versionType   = "AWS::Lambda::Version"
	aliasType     = "AWS::Lambda::Alias"
	handleType    = "AWS::CloudFormation::WaitConditionHandle"
	conditionType = "AWS::CloudFormation::WaitCondition"
	macroType     = "AWS::CloudFormation::Macro"
	customType    = "AWS::CloudFormation::CustomResource"
)

// isCustom reports whether a type is one of custom resources.
func isCustom(kind string) bool { return kind == customType || strings.HasPrefix(kind, "Custom::") }

// isOpaque reports whether a resource of a type just exists.
func isOpaque(kind string) bool {
	return !isCustom(kind) && !slices.Contains([]string{functionType, versionType, aliasType, handleType, conditionType}, kind)
}

// nameProperties are the properties by which a resource is named. A resource whose name changes
// is replaced.
var nameProperties = []string{
	"AlarmName", "ApplicationName", "BucketName", "DeploymentConfigName", "DeploymentGroupName", "LogGroupName", "Name", "PolicyName", "QueueName",
	"RoleName", "TableName", "TopicName",
}

// identifying are the properties whose change replaces a resource.
func identifying(kind string) []string {
	switch kind {
	case functionType:
		return []string{"FunctionName", "PackageType"}
	case versionType:
		return []string{"FunctionName", "Description", "CodeSha256", "ProvisionedConcurrencyConfig", "RuntimePolicy"}
	case aliasType:
		return []string{"FunctionName", "Name"}
	case conditionType, handleType:
		return nil
	}
	if isCustom(kind) {
		return nil // its provider decides
	}
	return nameProperties
}

// replaces reports whether a change of properties replaces the resource.
func replaces(kind string, old, properties document) bool {
	return slices.ContainsFunc(identifying(kind), func(name string) bool { return encode(old[name]) != encode(properties[name]) })
}

// provisional returns the physical id that a resource in creation has.
func (c change) provisional() string {
	if c.definition.kind == functionType {
		if name, given := c.properties["FunctionName"].(string); given {
			return name
		}
	}
	return c.name
}

// opaque changes a resource that just exists.
func (s *Stacks) opaque(c change) result {
	answer, physical := OpaqueResult{}, c.physical
	if c.kind == Create {
		physical = c.name
		for _, name := range nameProperties {
			if given, has := c.properties[name].(string); has {
				physical = given
			}
		}
	}
	if s.config.Opaque != nil {
		answer = s.config.Opaque(OpaqueChange{
			Stack: c.stack.name, Logical: c.logical, Type: c.definition.kind, Physical: physical, Kind: c.kind, Properties: c.properties, Rollback: c.rollback,
		})
	}
	end := result{failure: answer.Failure, physical: physical}
	if end.failure == "" && c.definition.kind == macroType {
		s.mu.Lock()
		s.changeMacro(c)
		s.mu.Unlock()
	}
	if answer.Failure != "" && c.kind == Create {
		end.physical = ""
	}
	if answer.Takes <= 0 {
		return end
	}
	return result{pending: &pending{due: s.account.Now().Add(answer.Takes), look: func(context.Context) result { return end }}}
}

// changeMacro registers a macro, or takes it away. The caller holds the lock.
func (s *Stacks) changeMacro(c change) {
	name := text(c.properties["Name"])
	if c.kind == Delete {
		delete(s.macros, name)
		return
	}
	s.macros[name] = text(c.properties["FunctionName"])
}
