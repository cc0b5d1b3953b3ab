package cloudformation

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/account"
	"github.com/sluice-aws/sluice/internal/localaws/identifier"
)

// Transport carries the calls that CloudFormation makes to other services. A Cloud is one.
type Transport interface {
	Do(*http.Request) (*http.Response, error)
}

// Config configures CloudFormation's behaviour where AWS does not document it, or where a test
// decides. The zero value of a field means its default.
type Config struct {
	// Opaque answers for the resources whose type is not implemented: they exist, and that
	// is all. By default each change of one succeeds at once.
	Opaque func(OpaqueChange) OpaqueResult

	// Inert are the types whose resources just exist. A template with any other type that is
	// not implemented is refused. By default, there are resources of all types.
	Inert []string

	// NoCustomResources makes templates with custom resources refused: the functions behind
	// them cannot reach the URLs for their answers.
	NoCustomResources bool

	// StaleAttributes makes a rollback write the properties as they were resolved before the
	// update. By default it resolves the old template again, with the attributes that the
	// resources have by then: a custom resource may have answered with others.
	StaleAttributes bool

	// RollbackInOrder makes a rollback follow the dependencies of the old template. By
	// default it may restore the resources in any order.
	RollbackInOrder bool

	// RewriteDependants makes a rollback write the old properties of the resources, too, that
	// the update would have reached later and has not.
	RewriteDependants bool

	// LoseEarlySignals makes a wait condition count only the signals that arrive after its
	// creation began. By default it counts those, too, that arrived since its handle exists.
	LoseEarlySignals bool
}

// Stacks holds the stacks of an account. Its methods may be called from several goroutines at
// once, but Do and the calls of the API of one stack must not overlap. No method calls another
// service while it holds the lock.
type Stacks struct {
	account   account.Account
	config    Config
	transport Transport

	mu      sync.Mutex
	stacks  []*stack // in the order of their creation, deleted ones too
	macros  map[string]string
	objects map[string]object // by the path of a presigned URL
	ids     *identifier.Sequence
}

// New returns an empty Stacks.
func New(in account.Account, config Config, transport Transport) *Stacks {
	return &Stacks{
		account: in, config: config, transport: transport,
		macros: map[string]string{}, objects: map[string]object{}, ids: identifier.NewSequence(7),
	}
}

// stack is a stack.
type stack struct {
	id, name     string
	status       string
	reason       string
	created      time.Time
	updated      time.Time
	deleted      time.Time
	template     *template
	parameters   map[string]string
	capabilities []string
	disabled     bool // DisableRollback
	resources    map[string]*resource
	outputs      []outputValue
	events       []event
	operation    *operation
	left         []*resource // what a failed update without a rollback has replaced
	stable       *snapshot   // the state before such an update
	// requestIDs are the ids of requests whose operation failed and was not rolled back. A
	// retry has the same ids (aws-cdk#35957).
	requestIDs map[string]string
}

type outputValue struct{ key, value string }

// resource is a resource of a stack as it is now.
type resource struct {
	logical    string
	definition definition
	physical   string
	properties document // as they were last sent
	attributes document
	noEcho     bool
	failed     bool // its last change failed, so that it may have any properties
}

func (r *resource) copy() *resource {
	if r == nil {
		return nil
	}
	copied := *r
	return &copied
}

// event is an entry of a stack's history.
type event struct {
	id, logical, physical, kind, status, reason string
	at                                          time.Time
}

// The statuses of stacks. Those of resources are the same without Rollback.
const (
	createInProgress          = "CREATE_IN_PROGRESS"
	createComplete            = "CREATE_COMPLETE"
	createFailed              = "CREATE_FAILED"
	rollbackInProgress        = "ROLLBACK_IN_PROGRESS"
	rollbackComplete          = "ROLLBACK_COMPLETE"
	rollbackFailed            = "ROLLBACK_FAILED"
	updateInProgress          = "UPDATE_IN_PROGRESS"
	updateCleanup             = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
	updateComplete            = "UPDATE_COMPLETE"
	updateFailed              = "UPDATE_FAILED"
	updateRollbackInProgress  = "UPDATE_ROLLBACK_IN_PROGRESS"
	updateRollbackCleanup     = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
	updateRollbackComplete    = "UPDATE_ROLLBACK_COMPLETE"
	updateRollbackFailed      = "UPDATE_ROLLBACK_FAILED"
	deleteInProgress          = "DELETE_IN_PROGRESS"
	deleteComplete            = "DELETE_COMPLETE"
	deleteFailed              = "DELETE_FAILED"
	deleteSkipped             = "DELETE_SKIPPED"
	userInitiated             = "User Initiated"
	stackType                 = "AWS::CloudFormation::Stack"
	resourceUpdateCancelled   = "Resource update cancelled"
	resourceCreationCancelled = "Resource creation cancelled"
)

// find returns the stack of a name that exists, or the stack of an id. The caller holds the
// lock.
func (s *Stacks) find(nameOrID string) *stack {
	for _, candidate := range s.stacks {
		if candidate.id == nameOrID || candidate.name == nameOrID && candidate.status != deleteComplete {
			return candidate
		}
	}
	return nil
}

// Stack is the state of a stack.
type Stack struct {
	ID, Name, Status, Reason string
	Outputs                  map[string]string
	// Resources are the physical ids, by the logical ones.
	Resources map[string]string
}

// Stack returns the state of a stack by its name or its id.
func (s *Stacks) Stack(nameOrID string) (Stack, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.find(nameOrID)
	if found == nil {
		return Stack{}, false
	}
	state := Stack{ID: found.id, Name: found.name, Status: found.status, Reason: found.reason, Outputs: map[string]string{}, Resources: map[string]string{}}
	for _, o := range found.outputs {
		state.Outputs[o.key] = o.value
	}
	for logical, r := range found.resources {
		state.Resources[logical] = r.physical
	}
	return state, true
}

// Attribute returns what Fn::GetAtt gives for a resource of a stack.
func (s *Stacks) Attribute(stackName, logical, name string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.find(stackName)
	if found == nil || found.resources[logical] == nil {
		return "", false
	}
	value, exists := found.resources[logical].attributes[name]
	return text(value), exists
}

// History returns the events of a stack as lines, oldest first: "Alias UPDATE_COMPLETE".
func (s *Stacks) History(nameOrID string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.find(nameOrID)
	if found == nil {
		return nil
	}
	var lines []string
	for _, e := range found.events {
		lines = append(lines, strings.TrimSpace(e.logical+" "+e.status+" "+e.reason))
	}
	return lines
}

// RegisterMacro makes a Lambda function known as a macro, as the resource
// AWS::CloudFormation::Macro does.
func (s *Stacks) RegisterMacro(name, function string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.macros[name] = function
}

// setStatus changes the status of a stack and writes an event. The caller holds the lock.
func (s *Stacks) setStatus(of *stack, status, reason string) {
	of.status, of.reason = status, reason
	s.note(of, &resource{logical: of.name, physical: of.id, definition: definition{kind: stackType}}, status, reason)
}

// note writes an event about a resource. The caller holds the lock.
func (s *Stacks) note(of *stack, r *resource, status, reason string) {
	of.events = append(of.events, event{
		id: s.ids.Next(), logical: r.logical, physical: r.physical, kind: r.definition.kind, status: status, reason: reason, at: s.account.Now(),
	})
}

// environment returns what a template of the stack refers to. look returns a resource, and nil
// for one that is not there.
func (s *Stacks) environment(of *stack, t *template, parameters map[string]string, look func(string) *resource) *environment {
	e := &environment{
		template: t, parameters: parameters,
		pseudo: map[string]string{
			"AWS::Region": s.account.Region, "AWS::AccountId": s.account.ID, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com",
			"AWS::StackName": of.name, "AWS::StackId": of.id,
		},
	}
	e.ref = func(logical string) (any, error) {
		r := look(logical)
		if r == nil {
			return nil, undefinedReference("Ref", logical)
		}
		if ref, has := r.attributes[refAttribute]; has {
			return ref, nil
		}
		return r.physical, nil
	}
	e.attribute = func(logical, name string) (any, error) {
		r := look(logical)
		if r == nil {
			return nil, undefinedReference("Fn::GetAtt", logical)
		}
		return s.attributeOf(r, name)
	}
	return e
}

// refAttribute holds what Ref gives where that is not the physical id.
const refAttribute = "\x00ref"

// attributeOf returns an attribute of a resource.
func (s *Stacks) attributeOf(r *resource, name string) (any, error) {
	if value, has := r.attributes[name]; has {
		return value, nil
	}
	switch {
	case isCustom(r.definition.kind):
		// The text is AWS's (live-streaming-on-aws#8).
		return nil, fmt.Errorf("CustomResource attribute error: Vendor response doesn't contain %s key in object %s in S3 bucket cloudformation-custom-resource-storage-%s",
			name, r.physical, strings.ReplaceAll(s.account.Region, "-", ""))
	case isOpaque(r.definition.kind):
		if name == "Arn" {
			return s.opaqueARN(r.definition.kind, r.physical), nil
		}
		return r.physical + "." + name, nil
	}
	return nil, missingAttribute(r.logical, name, r.definition.kind)
}

// opaqueARN returns the ARN of a resource that just exists. That of a role has no region, which
// Lambda checks.
func (s *Stacks) opaqueARN(kind, physical string) string {
	if kind == "AWS::IAM::Role" {
		return "arn:aws:iam::" + s.account.ID + ":role/" + physical
	}
	return s.account.ARN(serviceOf(kind), physical)
}

// serviceOf returns the part of an ARN for a type: "sns" for AWS::SNS::Topic.
func serviceOf(kind string) string {
	parts := strings.Split(kind, "::")
	if len(parts) < 2 {
		return kind
	}
	return strings.ToLower(parts[1])
}

// outputsOf resolves the outputs of a stack. The caller holds the lock.
func (s *Stacks) outputsOf(of *stack) ([]outputValue, error) {
	masked := func(logical string) *resource {
		r := of.resources[logical].copy()
		if r == nil || !r.noEcho {
			return r
		}
		r.attributes = maps.Clone(r.attributes)
		for name := range r.attributes {
			r.attributes[name] = "*****"
		}
		return r
	}
	e := s.environment(of, of.template, of.parameters, masked)
	if err := e.evaluateConditions(); err != nil {
		return nil, err
	}
	var values []outputValue
	for _, key := range slices.Sorted(maps.Keys(of.template.outputs)) {
		o := of.template.outputs[key]
		if holds, err := e.holds(o.condition); err != nil || !holds {
			continue
		}
		value, err := e.evaluate(o.value)
		if err != nil {
			return nil, err
		}
		values = append(values, outputValue{key, text(value)})
	}
	return values, nil
}

// newPhysical returns a physical id as CloudFormation makes it: the stack, the logical id and
// twelve random characters. The caller holds the lock.
func (s *Stacks) newPhysical(of *stack, logical string) string {
	random := strings.ToUpper(strings.ReplaceAll(s.ids.Next(), "-", ""))
	// The end of an id has the counter that makes it unique.
	name := cmp.Or(of.name, "stack") + "-" + logical
	if len(name) > 51 {
		name = name[:51]
	}
	return name + "-" + random[len(random)-12:]
}
