package iam

import (
	"context"
	"encoding/xml"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/account"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Name is IAM's prefix in IAM and its signing name.
const Name = "iam"

const (
	namespace = "https://iam.amazonaws.com/doc/2010-05-08/"
	version   = "2010-05-08"
)

// Failures are the errors that any IAM call may return.
var Failures = protocol.Failures{
	Throttled:    protocol.NewError(http.StatusBadRequest, "Throttling", "Rate exceeded"),
	DeniedStatus: http.StatusForbidden,
	DeniedCode:   "AccessDenied",
	InternalCode: "ServiceFailure",
}

// Policies decides what the role with an ARN may do. exists says whether there is such a role.
type Policies func(roleARN string, request Request) (decision Decision, exists bool)

// Service answers IAM's API. It has only SimulatePrincipalPolicy.
type Service struct {
	account  account.Account
	mu       sync.Mutex
	policies Policies
}

// New returns a Service without roles.
func New(a account.Account) *Service { return &Service{account: a} }

// SetPolicies sets who decides about the account's roles.
func (s *Service) SetPolicies(p Policies) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policies = p
}

// Protocol returns the Query protocol's. Its errors are those of REST-XML.
func (s *Service) Protocol(protocol.Request) protocol.Protocol {
	return protocol.RESTXML{Namespace: namespace}
}

// Operation finds the operation that a request names.
func (s *Service) Operation(request protocol.Request) protocol.Operation {
	members, err := protocol.ParseForm(request)
	if err != nil {
		return protocol.Operation{Action: "Query", Resource: "*"}.Refuse(err)
	}
	action, principal := members.Text("Action"), members.Text("PolicySourceArn")
	op := protocol.Operation{Action: action, Resource: principal}
	if action != "SimulatePrincipalPolicy" || members.Text("Version") != version {
		op.Resource = "*"
		return op.Refuse(protocol.NotImplemented(Name, action))
	}
	op.Run = func(context.Context, time.Time) (protocol.Reply, error) {
		body, err := s.simulate(principal, members)
		return protocol.Reply{Body: body}, err
	}
	return op
}

// simulation is SimulatePrincipalPolicy's response.
type simulation struct {
	XMLName     xml.Name
	IsTruncated bool         `xml:"SimulatePrincipalPolicyResult>IsTruncated"`
	Results     []evaluation `xml:"SimulatePrincipalPolicyResult>EvaluationResults>member"`
}

// evaluation is an EvaluationResult. Its EvalResourceName is a template of the resource's type, and
// not the resource (IAM API, EvaluationResult).
type evaluation struct {
	EvalActionName   string
	EvalResourceName string
	EvalDecision     string
	Specific         []specific `xml:"ResourceSpecificResults>member"`
}

type specific struct {
	EvalResourceName     string
	EvalResourceDecision string
}

const (
	allowed      = "allowed"
	implicitDeny = "implicitDeny"
	explicitDeny = "explicitDeny"
)

// contextTypes are the types of a ContextEntry (IAM API).
var contextTypes = []string{
	"string", "stringList", "numeric", "numericList", "boolean", "booleanList", "ip", "ipList", "binary", "binaryList", "date", "dateList",
}

var actionPattern = regexp.MustCompile(`^[a-z0-9-]+:[A-Za-z0-9]+$`)

// simulate evaluates every action on every resource. AWS reads no tags of the resources by itself:
// a condition on a tag sees only what the request's ContextEntries say.
func (s *Service) simulate(principal string, members *protocol.Form) (any, error) {
	actions, resources := members.List("ActionNames"), members.List("ResourceArns")
	keys, err := readContext(members)
	if err != nil {
		return nil, err
	}
	if err := members.Rest(Name, "SimulatePrincipalPolicy"); err != nil {
		return nil, err
	}
	if len(actions) == 0 {
		return nil, protocol.NewError(http.StatusBadRequest, "ValidationError", "Value null at 'actionNames' failed to satisfy constraint: Member must not be null")
	}
	for _, action := range actions {
		if !actionPattern.MatchString(action) {
			return nil, invalidInput("Invalid Action %s", action)
		}
	}
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	body := simulation{XMLName: xml.Name{Space: namespace, Local: "SimulatePrincipalPolicyResponse"}}
	for _, action := range actions {
		result, err := s.evaluate(principal, action, resources, keys)
		if err != nil {
			return nil, err
		}
		body.Results = append(body.Results, result)
	}
	return body, nil
}

// evaluate evaluates one action. The result as a whole is the most restrictive one of all resources.
func (s *Service) evaluate(principal, action string, resources []string, keys map[string][]string) (evaluation, error) {
	result := evaluation{EvalActionName: action, EvalResourceName: "*", EvalDecision: allowed}
	for _, resource := range resources {
		decision, err := s.decide(principal, request(action, resource, keys))
		if err != nil {
			return result, err
		}
		result.Specific = append(result.Specific, specific{resource, decision})
		if decision == explicitDeny || decision == implicitDeny && result.EvalDecision == allowed {
			result.EvalDecision = decision
		}
	}
	return result, nil
}

func (s *Service) decide(principal string, r Request) (string, error) {
	if !strings.HasPrefix(principal, "arn:") || !strings.Contains(principal, ":iam::"+s.account.ID+":role/") {
		return "", invalidInput("Invalid Entity Arn: %s does not clearly define entity type and name.", principal)
	}
	s.mu.Lock()
	policies := s.policies
	s.mu.Unlock()
	noRole := protocol.NewError(http.StatusNotFound, "NoSuchEntity", "The role with name %s cannot be found.", principal[strings.LastIndex(principal, "/")+1:])
	if policies == nil {
		return "", noRole
	}
	switch decision, exists := policies(principal, r); {
	case !exists:
		return "", noRole
	case decision.Allowed:
		return allowed, nil
	case decision.Statement != "":
		return explicitDeny, nil
	}
	return implicitDeny, nil
}

// request returns the Request with context keys, of which some are the resource's tags.
func request(action, resource string, keys map[string][]string) Request {
	const tag = "aws:ResourceTag/"
	r := Request{Action: action, Resource: resource, Tags: map[string]string{}, Keys: map[string][]string{}}
	for key, values := range keys {
		if name, is := strings.CutPrefix(key, tag); is && len(values) > 0 {
			r.Tags[name] = values[0]
			continue
		}
		r.Keys[key] = values
	}
	return r
}

// readContext reads the ContextEntries.
func readContext(members *protocol.Form) (map[string][]string, error) {
	keys := map[string][]string{}
	for i, entry := range members.Objects("ContextEntries", "ContextKeyName", "ContextKeyType") {
		values := members.List("ContextEntries.member." + strconv.Itoa(i+1) + ".ContextKeyValues")
		if entry["ContextKeyName"] == "" || !slices.Contains(contextTypes, entry["ContextKeyType"]) {
			return nil, invalidInput("Invalid ContextEntry %s", entry["ContextKeyName"])
		}
		keys[entry["ContextKeyName"]] = values
	}
	return keys, nil
}

func invalidInput(format string, args ...any) error {
	return protocol.NewError(http.StatusBadRequest, "InvalidInput", format, args...)
}
