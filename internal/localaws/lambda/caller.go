package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// EventSource is a source whose events Lambda itself reads, and invokes a function with.
type EventSource struct {
	// ARN is the source's, such as that of a queue.
	ARN string
	// Disabled means that Lambda does not read it at the moment.
	Disabled bool
}

// eventSourceMapping is an EventSource of a function, or of one of its aliases or versions.
type eventSourceMapping struct {
	EventSource
	id       string
	function functionName
	modified time.Time
}

// Grant is a statement of the resource-based policy of a function, an alias or a version.
type Grant struct {
	Sid string
	// Service is the principal, such as events.amazonaws.com.
	Service string
	// SourceARN is the only resource for which the service may call. It is empty for any.
	SourceARN string
}

// MapEventSource lets Lambda invoke a function, or the alias or version with this qualifier, with
// the events of a source.
func (s *Functions) MapEventSource(function, qualifier string, source EventSource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(function)
	if err == nil {
		_, err = s.findVersion(f, qualifier)
	}
	if err != nil {
		return fmt.Errorf("map %s to %s: %w", source.ARN, function, err)
	}
	s.mapSource(function, qualifier, source)
	return nil
}

// AddEventSource lets Lambda invoke a function, named with a qualifier or without, with the events of
// some source.
func (s *Functions) AddEventSource(named string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	function, qualifier, _ := strings.Cut(named, ":")
	s.mapSource(function, qualifier, EventSource{ARN: s.account.ARN("sqs", function)})
}

// mapSource adds a mapping. The caller holds the lock.
func (s *Functions) mapSource(function, qualifier string, source EventSource) {
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", len(s.mappings)+1)
	s.mappings = append(s.mappings, eventSourceMapping{source, id, functionName{function, qualifier}, s.account.Now()})
}

// AddPermission adds a statement to the policy of a function, or of the alias or version with
// this qualifier.
func (s *Functions) AddPermission(function, qualifier string, g Grant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(function)
	if err == nil {
		_, err = s.findVersion(f, qualifier)
	}
	if err != nil {
		return fmt.Errorf("add a permission to %s: %w", function, err)
	}
	if f.policies == nil {
		f.policies = map[string][]Grant{}
	}
	f.policies[qualifier] = append(f.policies[qualifier], g)
	return nil
}

func (s *Functions) listEventSourcesOperation(request protocol.Request) protocol.Operation {
	op := protocol.Operation{Action: "ListEventSourceMappings", Resource: "*", Limit: s.controlPlane}
	for member := range request.Query {
		if !slices.Contains([]string{"FunctionName", "Marker", "MaxItems"}, member) {
			return op.Refuse(protocol.NotImplemented(Name, "ListEventSourceMappings with "+member))
		}
	}
	op.Run = func(ctx context.Context, now time.Time) (protocol.Reply, error) {
		return s.listEventSources(ctx, input{Request: request, operation: "ListEventSourceMappings", now: now})
	}
	return op
}

// mappingOnWire is an EventSourceMappingConfiguration.
type mappingOnWire struct {
	UUID           string
	EventSourceArn string
	FunctionArn    string
	State          string
	LastModified   float64
}

// listEventSources returns the mappings of exactly the function, alias or version that is named:
// AWS does not document that a function's name finds those of its aliases. One that does not exist
// has none (LocalStack issue 4158).
func (s *Functions) listEventSources(_ context.Context, in input) (protocol.Reply, error) {
	var only *functionName
	if given := in.Query.Get("FunctionName"); given != "" {
		name, err := s.parseFunctionName(given, "")
		if err != nil {
			return protocol.Reply{}, err
		}
		only = &name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []mappingOnWire{}
	for _, m := range s.mappings {
		if only != nil && m.function != *only {
			continue
		}
		state := "Enabled"
		if m.Disabled {
			state = "Disabled"
		}
		list = append(list, mappingOnWire{m.id, m.ARN, s.functionARN(m.function.name, m.function.qualifier), state, float64(m.modified.Unix())})
	}
	return pageOf(in, "EventSourceMappings", list, func(m mappingOnWire) string { return m.UUID })
}

// getPolicy returns the policy of exactly what is named. Each alias and version has its own.
func (s *Functions) getPolicy(_ context.Context, in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findQualified(in.function)
	if err == nil {
		_, err = s.findVersion(f, in.function.qualifier)
	}
	if err != nil {
		return protocol.Reply{}, err
	}
	grants := f.policies[in.function.qualifier]
	if len(grants) == 0 {
		return protocol.Reply{}, notFound("The resource you requested does not exist.")
	}
	resource := s.functionARN(f.name, in.function.qualifier)
	var statements []map[string]any
	for _, g := range grants {
		statement := map[string]any{
			"Sid": g.Sid, "Effect": "Allow", "Principal": map[string]string{"Service": g.Service}, "Action": "lambda:InvokeFunction", "Resource": resource,
		}
		if g.SourceARN != "" {
			statement["Condition"] = map[string]any{"ArnLike": map[string]string{"AWS:SourceArn": g.SourceARN}}
		}
		statements = append(statements, statement)
	}
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Id": "default", "Statement": statements})
	return protocol.Reply{Body: map[string]string{"Policy": string(policy), "RevisionId": f.revision(f.latest, in.now)}}, err
}

// listURLs lists the URLs of a function and of its aliases.
func (s *Functions) listURLs(_ context.Context, in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(in.function.name)
	if err != nil {
		return protocol.Reply{}, err
	}
	list := []map[string]string{}
	for _, qualifier := range slices.Sorted(maps.Keys(f.urls)) {
		arn := s.functionARN(f.name, qualifier)
		list = append(list, map[string]string{
			"FunctionUrl": "http://local" + URLPrefix + f.name + "/", "FunctionArn": arn, "AuthType": "NONE",
			"CreationTime": f.latest.modified.UTC().Format(time.RFC3339), "LastModifiedTime": f.latest.modified.UTC().Format(time.RFC3339),
		})
	}
	return pageOf(in, "FunctionUrlConfigs", list, func(u map[string]string) string { return u["FunctionArn"] })
}

// getConcurrency returns the reserved concurrency. A function without has an empty answer.
func (s *Functions) getConcurrency(_ context.Context, in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(in.function.name)
	if err != nil {
		return protocol.Reply{}, err
	}
	body := map[string]int{}
	if f.reserved != nil {
		body["ReservedConcurrentExecutions"] = *f.reserved
	}
	return protocol.Reply{Status: http.StatusOK, Body: body}, nil
}

// listProvisioned lists the provisioned concurrency of a function's aliases and versions.
func (s *Functions) listProvisioned(_ context.Context, in input) (protocol.Reply, error) {
	if all := in.Query.Get("List"); all != "ALL" {
		return protocol.Reply{}, protocol.NotImplemented(Name, "ListProvisionedConcurrencyConfigs with List="+all)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(in.function.name)
	if err != nil {
		return protocol.Reply{}, err
	}
	type item struct {
		concurrencyConfiguration
		FunctionArn string
	}
	list := []item{}
	for _, name := range slices.Sorted(maps.Keys(f.aliases)) {
		if p := f.aliases[name].provisioned; p != nil {
			list = append(list, item{p.onWire(in.now), s.functionARN(f.name, name)})
		}
	}
	for _, v := range f.versions {
		if v != nil && v.provisioned != nil { // nil was deleted
			list = append(list, item{v.provisioned.onWire(in.now), s.functionARN(f.name, v.number)})
		}
	}
	return pageOf(in, "ProvisionedConcurrencyConfigs", list, func(i item) string { return i.FunctionArn })
}
