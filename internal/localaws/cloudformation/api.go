package cloudformation

import (
	"context"
	"encoding/xml"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Name is CloudFormation's prefix in IAM and its signing name.
const Name = "cloudformation"

const (
	namespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
	version   = "2010-05-15"
)

// Failures are the errors that any CloudFormation call may return.
var Failures = protocol.Failures{
	Throttled:    protocol.NewError(http.StatusBadRequest, "Throttling", "Rate exceeded"),
	DeniedStatus: http.StatusForbidden,
	DeniedCode:   "AccessDenied",
	InternalCode: "InternalFailure",
}

// Protocol returns the Query protocol's. Its errors are those of REST-XML.
func (s *Stacks) Protocol(protocol.Request) protocol.Protocol {
	return protocol.RESTXML{Namespace: namespace}
}

// input is a parsed request.
type input struct {
	*protocol.Form
	action string
	actor  string
	stack  string // StackName: a name or an id
}

// actions are the implemented operations. A call of one returns the body of the response.
var actions = map[string]func(*Stacks, input, time.Time) (any, error){
	"CreateStack":            (*Stacks).createStack,
	"UpdateStack":            (*Stacks).updateStack,
	"DeleteStack":            (*Stacks).deleteStack,
	"CancelUpdateStack":      (*Stacks).cancelUpdateStack,
	"ContinueUpdateRollback": (*Stacks).continueUpdateRollback,
	"DescribeStacks":         (*Stacks).describeStacks,
	"DescribeStackEvents":    (*Stacks).describeStackEvents,
	"DescribeStackResources": (*Stacks).describeStackResources,
	"GetTemplate":            (*Stacks).getTemplate,
}

// Operation finds the operation that a request names.
func (s *Stacks) Operation(request protocol.Request) protocol.Operation {
	members, err := protocol.ParseForm(request)
	if err != nil {
		return protocol.Operation{Action: "Query", Resource: "*"}.Refuse(err)
	}
	in := input{Form: members, action: members.Text("Action"), actor: request.Actor, stack: members.Text("StackName")}
	op := protocol.Operation{Action: in.action, Resource: s.resourceOf(in.stack)}
	run, known := actions[in.action]
	if !known || members.Text("Version") != version {
		return op.Refuse(protocol.NotImplemented(Name, in.action))
	}
	if role := members.Text("RoleARN"); role != "" {
		op.Permissions = []protocol.Permission{{Action: Name + ":" + in.action, Resource: op.Resource}, {Action: "iam:PassRole", Resource: role}}
		in.actor = role[strings.LastIndex(role, "/")+1:]
	}
	op.Run = func(_ context.Context, now time.Time) (protocol.Reply, error) {
		body, err := run(s, in, now)
		return protocol.Reply{Body: body}, err
	}
	return op
}

// resourceOf returns the ARN that IAM checks. The id of a stack that does not exist is not
// known yet.
func (s *Stacks) resourceOf(nameOrID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch found := s.find(nameOrID); {
	case found != nil:
		return found.id
	case nameOrID == "":
		return "*"
	case strings.HasPrefix(nameOrID, "arn:"):
		return nameOrID
	}
	return s.account.ARN(Name, "stack/"+nameOrID+"/*")
}

// existing returns the stack that a request names. The caller holds the lock.
func (s *Stacks) existing(in input) (*stack, error) {
	if found := s.find(in.stack); found != nil {
		return found, nil
	}
	if in.action == "DescribeStacks" {
		return nil, validationError("Stack with id %s does not exist", in.stack)
	}
	return nil, validationError("Stack [%s] does not exist", in.stack)
}

// identified is the result of CreateStack and UpdateStack.
type identified struct {
	XMLName xml.Name
	StackID string `xml:"StackId"`
}

func root(action string) xml.Name { return xml.Name{Space: namespace, Local: action + "Response"} }

// envelope is a response: <CreateStackResponse><CreateStackResult>….
type envelope struct {
	XMLName xml.Name
	Result  any
}

func answer(action string, result any) envelope { return envelope{root(action), result} }

func newIdentified(action, id string) envelope {
	return answer(action, identified{xml.Name{Local: action + "Result"}, id})
}

func empty(action string) envelope {
	return answer(action, struct{ XMLName xml.Name }{xml.Name{Local: action + "Result"}})
}

// wanted is what CreateStack and UpdateStack want.
type wanted struct {
	template     *template
	parameters   map[string]string
	capabilities []string
	disabled     bool
}

// readWanted reads and checks the members that CreateStack and UpdateStack share. current is
// the stack to update, or nil.
func (s *Stacks) readWanted(in input, current *stack) (wanted, error) {
	w := wanted{capabilities: in.List("Capabilities"), disabled: in.Text("DisableRollback") == "true"}
	in.Text("ClientRequestToken")
	in.Objects("Tags", "Key", "Value") // tags have no effect here
	body := in.Text("TemplateBody")
	if in.Text("UsePreviousTemplate") == "true" && current != nil {
		body = current.template.body
	}
	given, err := in.parameters(current)
	if err != nil {
		return w, err
	}
	if err := in.Rest(Name, in.action); err != nil {
		return w, err
	}
	if w.template, err = parseTemplate(body); err != nil {
		return w, err
	}
	if w.parameters, err = w.template.resolveParameters(given); err != nil {
		return w, err
	}
	if err := w.checkTransforms(); err != nil {
		return w, err
	}
	return w, w.checkCapabilities()
}

// checkTransforms refuses the macros that AWS hosts. Whoever has a template of SAM transforms it
// before.
func (w wanted) checkTransforms() error {
	for _, m := range w.template.transforms {
		if strings.HasPrefix(m.name, "AWS::") {
			return protocol.NotImplemented(Name, "the transform "+m.name)
		}
	}
	return nil
}

// parameters returns the values of the parameters that a request gives.
func (in input) parameters(current *stack) (map[string]string, error) {
	given := map[string]string{}
	for _, p := range in.Objects("Parameters", "ParameterKey", "ParameterValue", "UsePreviousValue") {
		key := p["ParameterKey"]
		if p["UsePreviousValue"] != "true" {
			given[key] = p["ParameterValue"]
			continue
		}
		previous, exists := "", false
		if current != nil {
			previous, exists = current.parameters[key]
		}
		if !exists {
			return nil, validationError("Parameters: [%s] must have values", key)
		}
		given[key] = previous
	}
	return given, nil
}

// checkCapabilities refuses a template that does more than the caller has acknowledged.
func (w wanted) checkCapabilities() error {
	need := ""
	for _, d := range w.template.resources {
		if strings.HasPrefix(d.kind, "AWS::IAM::") && !slices.Contains(w.capabilities, "CAPABILITY_NAMED_IAM") && !slices.Contains(w.capabilities, "CAPABILITY_IAM") {
			need = "CAPABILITY_IAM"
		}
	}
	if len(w.template.transforms) > 0 && !slices.Contains(w.capabilities, "CAPABILITY_AUTO_EXPAND") {
		need = "CAPABILITY_AUTO_EXPAND"
	}
	if need == "" {
		return nil
	}
	return protocol.NewError(http.StatusBadRequest, "InsufficientCapabilitiesException", "Requires capabilities : [%s]", need)
}

var stackNamePattern = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)

func (s *Stacks) createStack(in input, now time.Time) (any, error) {
	if failure := in.Text("OnFailure"); failure != "" && failure != "ROLLBACK" {
		return nil, protocol.NotImplemented(Name, "CreateStack with OnFailure "+failure)
	}
	if !stackNamePattern.MatchString(in.stack) {
		return nil, validationError("1 validation error detected: Value '%s' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*", in.stack)
	}
	w, err := s.readWanted(in, nil)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.find(in.stack) != nil {
		return nil, protocol.NewError(http.StatusBadRequest, "AlreadyExistsException", "Stack [%s] already exists", in.stack)
	}
	of := &stack{
		id: s.account.ARN(Name, "stack/"+in.stack+"/"+s.ids.Next()), name: in.stack, created: now,
		template: w.template, parameters: w.parameters, capabilities: w.capabilities, disabled: w.disabled,
		resources: map[string]*resource{}, requestIDs: map[string]string{},
	}
	if err := s.checkWanted(of, w); err != nil {
		return nil, err
	}
	s.stacks = append(s.stacks, of)
	s.setStatus(of, createInProgress, userInitiated)
	s.begin(of, &operation{kind: Create, actor: in.actor, next: w.template, parameters: w.parameters})
	return newIdentified(in.action, of.id), nil
}

// checkWanted checks the template of a stack, unless macros have to make it first.
func (s *Stacks) checkWanted(of *stack, w wanted) error {
	if len(w.template.transforms) > 0 {
		return nil
	}
	if err := s.environment(of, w.template, w.parameters, nil).check(); err != nil {
		return err
	}
	return s.checkTypes(of.resources, w.template)
}

// checkTypes refuses another type for a resource, and the types that this CloudFormation does not
// know.
func (s *Stacks) checkTypes(resources map[string]*resource, t *template) error {
	var changed, unknown []string
	for _, logical := range t.logicals() {
		kind := t.resources[logical].kind
		if r := resources[logical]; r != nil && r.definition.kind != kind {
			changed = append(changed, logical)
		}
		if !s.knows(kind) {
			unknown = append(unknown, kind+" of "+logical)
		}
	}
	switch {
	case len(changed) > 0:
		return validationError("Update of resource type is not permitted. The new template modifies resource type of the following resources: [%s]", strings.Join(changed, ", "))
	case len(unknown) > 0:
		return protocol.NotImplemented(Name, "the resource type "+strings.Join(unknown, ", and "))
	}
	return nil
}

// knows reports whether there can be resources of a type.
func (s *Stacks) knows(kind string) bool {
	switch {
	case strings.HasPrefix(kind, "AWS::Serverless::"):
		return false
	case isCustom(kind):
		return !s.config.NoCustomResources
	case s.config.Inert == nil, kind == macroType, !isOpaque(kind):
		return true
	}
	return slices.Contains(s.config.Inert, kind)
}

func (s *Stacks) updateStack(in input, now time.Time) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of, err := s.existing(in)
	if err != nil {
		return nil, err
	}
	w, err := s.readWanted(in, of)
	if err != nil {
		return nil, err
	}
	if err := s.checkUpdate(of, w); err != nil {
		return nil, err
	}
	before := of.stable
	if before == nil {
		before = of.snapshot()
	}
	of.updated, of.disabled, of.capabilities = now, w.disabled, w.capabilities
	s.setStatus(of, updateInProgress, userInitiated)
	s.begin(of, &operation{kind: Update, actor: in.actor, next: w.template, parameters: w.parameters, before: before})
	return newIdentified(in.action, of.id), nil
}

// checkUpdate refuses an update that is not possible, or that changes nothing.
func (s *Stacks) checkUpdate(of *stack, w wanted) error {
	retry := of.status == updateFailed
	if !retry && !slices.Contains([]string{createComplete, updateComplete, updateRollbackComplete}, of.status) {
		return validationError("Stack:%s is in %s state and can not be updated.", of.id, of.status)
	}
	if err := s.checkWanted(of, w); err != nil {
		return err
	}
	// What macros make of a template is compared only resource by resource.
	if !retry && len(w.template.transforms) == 0 && w.template.comparable() == of.template.comparable() && encode(w.parameters) == encode(of.parameters) {
		return validationError("No updates are to be performed.")
	}
	return nil
}

// snapshot returns the stack as it is.
func (of *stack) snapshot() *snapshot {
	resources := map[string]*resource{}
	for logical, r := range of.resources {
		resources[logical] = r.copy()
	}
	return &snapshot{template: of.template, parameters: of.parameters, resources: resources}
}

func (s *Stacks) deleteStack(in input, _ time.Time) (any, error) {
	retain := in.List("RetainResources")
	in.Text("ClientRequestToken")
	if err := in.Rest(Name, in.action); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.find(in.stack)
	switch {
	case of == nil || of.status == deleteComplete: // deleting what is not there succeeds
		return empty(in.action), nil
	case of.operation != nil && of.operation.phase != halted:
		return nil, validationError("Stack [%s] cannot be deleted while in status %s", of.name, of.status)
	case len(retain) > 0 && of.status != deleteFailed:
		return nil, validationError("Invalid operation on stack [%s]. Delete operation with retain resources is only supported in DELETE_FAILED state", of.name)
	}
	op := &operation{kind: Delete, actor: in.actor, next: of.template, retain: retain}
	of.operation, of.requestIDs = op, map[string]string{}
	s.setStatus(of, deleteInProgress, userInitiated)
	leftovers := of.left
	for _, r := range of.resources {
		leftovers = append(leftovers, r)
	}
	s.beginRemoval(of, leftovers, of.template)
	s.settle(of)
	return empty(in.action), nil
}

func (s *Stacks) cancelUpdateStack(in input, _ time.Time) (any, error) {
	return s.redirect(in, updateInProgress, func(of *stack) error {
		s.cancelUpdate(of)
		return nil
	})
}

func (s *Stacks) continueUpdateRollback(in input, _ time.Time) (any, error) {
	skip := in.List("ResourcesToSkip")
	return s.redirect(in, updateRollbackFailed, func(of *stack) error {
		of.operation.actor = in.actor
		return s.continueRollback(of, skip)
	})
}

// redirect changes the course of the operation of a stack that has a status.
func (s *Stacks) redirect(in input, status string, change func(*stack) error) (any, error) {
	in.Text("ClientRequestToken")
	if err := in.Rest(Name, in.action); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	of, err := s.existing(in)
	switch {
	case err != nil:
		return nil, err
	case of.status != status && status == updateInProgress:
		return nil, validationError("CancelUpdateStack cannot be called from current stack status")
	case of.status != status:
		return nil, validationError("Stack:%s is in %s state and can not continue rolling back.", of.id, of.status)
	}
	if err := change(of); err != nil {
		return nil, err
	}
	return empty(in.action), nil
}
