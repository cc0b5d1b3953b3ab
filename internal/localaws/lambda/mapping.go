package lambda

import (
	"context"
	"slices"
	"strings"
	"time"

	"sluice/internal/localaws/protocol"
)

// AddEventSource has an event source invoke a function, with a version or an alias as its
// qualifier or without.
func (s *Functions) AddEventSource(function string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources = append(s.sources, function)
}

// mappingsOperation is ListEventSourceMappings of a function. It has no resource for IAM.
func (s *Functions) mappingsOperation(request protocol.Request) protocol.Operation {
	op := protocol.Operation{Action: "ListEventSourceMappings", Resource: "*", Limit: s.controlPlane}
	for member := range request.Query {
		if member != "FunctionName" {
			return op.Refuse(protocol.NotImplemented(Name, "ListEventSourceMappings with "+member))
		}
	}
	name, err := s.parseFunctionName(request.Query.Get("FunctionName"), "")
	if err != nil {
		return op.Refuse(err)
	}
	op.Run = func(context.Context, time.Time) (protocol.Reply, error) { return s.listMappings(name) }
	return op
}

type mapping struct {
	UUID        string `json:"UUID"`
	FunctionArn string `json:"FunctionArn"`
	State       string `json:"State"`
}

type mappingList struct {
	EventSourceMappings []mapping `json:"EventSourceMappings"`
}

// listMappings lists those of exactly what was named: with a qualifier or without.
func (s *Functions) listMappings(of functionName) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	named := strings.TrimSuffix(of.name+":"+of.qualifier, ":")
	list := mappingList{EventSourceMappings: []mapping{}}
	if slices.Contains(s.sources, named) {
		list.EventSourceMappings = append(list.EventSourceMappings, mapping{UUID: "00000000-0000-0000-0000-000000000001", FunctionArn: s.functionARN(of.name, of.qualifier), State: "Enabled"})
	}
	return protocol.Reply{Body: list}, nil
}

// listProvisioned is ListProvisionedConcurrencyConfigs: of the aliases and the versions of a
// function.
func (s *Functions) listProvisioned(_ context.Context, in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(in.function.name)
	if err != nil {
		return protocol.Reply{}, err
	}
	type listed struct {
		FunctionArn                              string
		RequestedProvisionedConcurrentExecutions int
		Status                                   string
	}
	configs := []listed{}
	add := func(qualifier string, p *provisioned) {
		if p != nil {
			configs = append(configs, listed{s.functionARN(f.name, qualifier), p.Executions, "READY"})
		}
	}
	for name, a := range f.aliases {
		add(name, a.provisioned)
	}
	for _, v := range f.versions {
		if v != nil {
			add(v.number, v.provisioned)
		}
	}
	slices.SortFunc(configs, func(a, b listed) int { return strings.Compare(a.FunctionArn, b.FunctionArn) })
	return protocol.Reply{Body: map[string]any{"ProvisionedConcurrencyConfigs": configs}}, nil
}
