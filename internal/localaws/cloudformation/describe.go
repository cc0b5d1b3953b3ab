package cloudformation

import (
	"encoding/xml"
	"maps"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/paging"
)

// stackOnWire is a stack in DescribeStacks.
type stackOnWire struct {
	StackID           string `xml:"StackId"`
	StackName         string
	CreationTime      string
	LastUpdatedTime   string `xml:",omitempty"`
	DeletionTime      string `xml:",omitempty"`
	StackStatus       string
	StackStatusReason string `xml:",omitempty"`
	DisableRollback   bool
	Parameters        []parameterOnWire `xml:"Parameters>member"`
	Capabilities      []string          `xml:"Capabilities>member"`
	Outputs           []outputOnWire    `xml:"Outputs>member"`
}

type parameterOnWire struct{ ParameterKey, ParameterValue string }

type outputOnWire struct{ OutputKey, OutputValue string }

func (of *stack) onWire() stackOnWire {
	wire := stackOnWire{
		StackID: of.id, StackName: of.name, CreationTime: timestamp(of.created), LastUpdatedTime: timestamp(of.updated), DeletionTime: timestamp(of.deleted),
		StackStatus: of.status, StackStatusReason: of.reason, DisableRollback: of.disabled, Capabilities: of.capabilities,
	}
	for _, name := range slices.Sorted(maps.Keys(of.parameters)) {
		value := of.parameters[name]
		if of.template.parameters[name].NoEcho {
			value = "****"
		}
		wire.Parameters = append(wire.Parameters, parameterOnWire{name, value})
	}
	for _, o := range of.outputs {
		wire.Outputs = append(wire.Outputs, outputOnWire{o.key, o.value})
	}
	return wire
}

// timestamp formats a time, and the zero time as nothing.
func timestamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05.000Z")
}

type describeStacksResult struct {
	XMLName   xml.Name
	Stacks    []stackOnWire `xml:"Stacks>member"`
	NextToken string        `xml:",omitempty"`
}

// pageSize is the size of a page of stacks and of events.
const pageSize = 100

func (s *Stacks) describeStacks(in input, _ time.Time) (any, error) {
	token := in.Text("NextToken")
	if err := in.Rest(Name, in.action); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []stackOnWire
	if in.stack != "" {
		of, err := s.existing(in)
		if err != nil {
			return nil, err
		}
		list = append(list, of.onWire())
	} else {
		for _, of := range slices.Backward(s.stacks) {
			if of.status != deleteComplete {
				list = append(list, of.onWire())
			}
		}
	}
	page, next, ok := paging.Cut(list, token, pageSize, func(w stackOnWire) string { return w.StackID })
	if !ok {
		return nil, validationError("NextToken is invalid")
	}
	return answer(in.action, describeStacksResult{xml.Name{Local: in.action + "Result"}, page, next}), nil
}

// eventOnWire is an event in DescribeStackEvents.
type eventOnWire struct {
	StackID              string `xml:"StackId"`
	EventID              string `xml:"EventId"`
	StackName            string
	LogicalResourceID    string `xml:"LogicalResourceId"`
	PhysicalResourceID   string `xml:"PhysicalResourceId,omitempty"`
	ResourceType         string
	Timestamp            string
	ResourceStatus       string
	ResourceStatusReason string `xml:",omitempty"`
}

type describeStackEventsResult struct {
	XMLName     xml.Name
	StackEvents []eventOnWire `xml:"StackEvents>member"`
	NextToken   string        `xml:",omitempty"`
}

// describeStackEvents lists the events of a stack, newest first.
func (s *Stacks) describeStackEvents(in input, _ time.Time) (any, error) {
	token := in.Text("NextToken")
	if err := in.Rest(Name, in.action); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	of, err := s.existing(in)
	if err != nil {
		return nil, err
	}
	var list []eventOnWire
	for _, e := range slices.Backward(of.events) {
		list = append(list, eventOnWire{
			StackID: of.id, EventID: e.id, StackName: of.name, LogicalResourceID: e.logical, PhysicalResourceID: e.physical, ResourceType: e.kind,
			Timestamp: timestamp(e.at), ResourceStatus: e.status, ResourceStatusReason: e.reason,
		})
	}
	page, next, ok := paging.Cut(list, token, pageSize, func(w eventOnWire) string { return w.EventID })
	if !ok {
		return nil, validationError("NextToken is invalid")
	}
	return answer(in.action, describeStackEventsResult{xml.Name{Local: in.action + "Result"}, page, next}), nil
}

// resourceOnWire is a resource in DescribeStackResources.
type resourceOnWire struct {
	StackName            string
	StackID              string `xml:"StackId"`
	LogicalResourceID    string `xml:"LogicalResourceId"`
	PhysicalResourceID   string `xml:"PhysicalResourceId,omitempty"`
	ResourceType         string
	Timestamp            string
	ResourceStatus       string
	ResourceStatusReason string `xml:",omitempty"`
	DriftInformation     driftOnWire
}

type driftOnWire struct{ StackResourceDriftStatus string }

type describeStackResourcesResult struct {
	XMLName        xml.Name
	StackResources []resourceOnWire `xml:"StackResources>member"`
}

// describeStackResources lists the resources of a stack with what happened to them last.
func (s *Stacks) describeStackResources(in input, _ time.Time) (any, error) {
	only := in.Text("LogicalResourceId")
	if err := in.Rest(Name, in.action); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	of, err := s.existing(in)
	if err != nil {
		return nil, err
	}
	var list []resourceOnWire
	latest := of.latestEvents()
	for _, logical := range slices.Sorted(maps.Keys(latest)) {
		e := latest[logical]
		if only != "" && only != logical {
			continue
		}
		list = append(list, resourceOnWire{
			StackName: of.name, StackID: of.id, LogicalResourceID: logical, PhysicalResourceID: e.physical, ResourceType: e.kind, Timestamp: timestamp(e.at),
			ResourceStatus: e.status, ResourceStatusReason: e.reason, DriftInformation: driftOnWire{"NOT_CHECKED"},
		})
	}
	if only != "" && len(list) == 0 {
		return nil, validationError("Resource %s does not exist for stack %s", only, of.name)
	}
	return answer(in.action, describeStackResourcesResult{xml.Name{Local: in.action + "Result"}, list}), nil
}

// latestEvents returns the latest event of each resource that the stack has, or had when it was
// deleted. What happens to an earlier physical resource of the same name does not count.
func (of *stack) latestEvents() map[string]event {
	latest := map[string]event{}
	for _, e := range of.events {
		current := of.resources[e.logical]
		switch {
		case e.kind == stackType:
		case current != nil && e.physical != "" && e.physical != current.physical:
		case current == nil && of.status != deleteComplete && (e.status == deleteComplete || e.status == deleteSkipped):
			delete(latest, e.logical)
		default:
			latest[e.logical] = e
		}
	}
	return latest
}

type getTemplateResult struct {
	XMLName         xml.Name
	TemplateBody    string
	StagesAvailable []string `xml:"StagesAvailable>member"`
}

// getTemplate returns the template of a stack: as it was given, or as macros have made it.
func (s *Stacks) getTemplate(in input, _ time.Time) (any, error) {
	stage := in.Text("TemplateStage")
	if err := in.Rest(Name, in.action); err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"", stageOriginal, stageProcessed}, stage) {
		return nil, validationError("1 validation error detected: Value '%s' at 'templateStage' failed to satisfy constraint: Member must satisfy enum value set: [Original, Processed]", stage)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	of, err := s.existing(in)
	if err != nil {
		return nil, err
	}
	result := getTemplateResult{xml.Name{Local: in.action + "Result"}, of.template.body, []string{stageOriginal, stageProcessed}}
	if stage == stageProcessed {
		result.TemplateBody = encode(of.template.raw)
	}
	return answer(in.action, result), nil
}

// The stages of a template.
const (
	stageOriginal  = "Original"
	stageProcessed = "Processed"
)
