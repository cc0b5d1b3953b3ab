package cloudformation

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// request is the event that a custom resource's Lambda receives.
type request struct {
	RequestType           kind
	ServiceToken          string
	ResponseURL           string
	StackId               string
	RequestId             string
	LogicalResourceId     string
	PhysicalResourceId    string `json:",omitempty"`
	ResourceType          string
	ResourceProperties    document
	OldResourceProperties document `json:",omitempty"`
}

// response is what a custom resource answers.
type response struct {
	Status             string
	Reason             *string
	PhysicalResourceId string
	StackId            string
	RequestId          string
	LogicalResourceId  string
	NoEcho             any
	Data               document
}

// maxServiceTimeout is the largest ServiceTimeout, and the default.
const maxServiceTimeout = time.Hour

// serviceTimeout returns how long CloudFormation waits for the answer.
func serviceTimeout(properties document) (time.Duration, bool) {
	given, has := properties["ServiceTimeout"]
	if !has {
		return maxServiceTimeout, true
	}
	seconds, err := strconv.Atoi(text(given))
	timeout := time.Duration(seconds) * time.Second
	return timeout, err == nil && timeout >= time.Second && timeout <= maxServiceTimeout
}

// custom invokes the Lambda of a custom resource and waits for its answer.
func (s *Stacks) custom(ctx context.Context, c change) result {
	token := text(c.properties["ServiceToken"])
	timeout, valid := serviceTimeout(c.properties)
	switch {
	case token == "":
		return failed("Properties validation failed for resource %s with message: #: required key [ServiceToken] not found", c.logical)
	case !valid:
		return failed("ServiceTimeout must be between 1 and 3600 seconds")
	case c.kind == Update && token != text(c.old["ServiceToken"]):
		return failed("Modifying service token is not allowed.")
	case !strings.Contains(token, ":lambda:"):
		return failed("not implemented in the local AWS: a ServiceToken that is no Lambda function")
	}
	event := request{
		RequestType: c.kind, ServiceToken: token, StackId: c.stack.id, RequestId: c.requestID, LogicalResourceId: c.logical,
		ResponseURL: c.answerTo, PhysicalResourceId: c.physical, ResourceType: c.definition.kind, ResourceProperties: c.properties, OldResourceProperties: c.old,
	}
	place, _, _ := strings.Cut(strings.TrimPrefix(c.answerTo, "https://"), "?")
	payload, _ := json.Marshal(event) // documents hold only what JSON has
	if err := s.invokeLater(ctx, c.actor, token, payload); err != nil {
		return refusal(err, c.physical)
	}
	return result{pending: &pending{
		due:   s.account.Now().Add(timeout),
		early: func() bool { return len(s.objects[place].puts) > 0 },
		look:  func(context.Context) result { return s.answer(c, place) },
	}}
}

// answer reads the answer of a custom resource, or fails because there is none.
func (s *Stacks) answer(c change, place string) result {
	s.mu.Lock()
	puts := s.objects[place].puts
	s.mu.Unlock()
	if len(puts) == 0 {
		r := failed("CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [%s]. "+
			"If you are using the Python cfn-response module, you may need to update your Lambda function code so that CloudFormation can attach the updated version.", c.requestID)
		r.physical = c.idOf("")
		return r
	}
	answer, reason := readResponse(c, puts[len(puts)-1].body)
	if reason == "" && answer.Status == "FAILED" {
		reason = fmt.Sprintf("Received response status [FAILED] from custom resource. Message returned: %s (RequestId: %s)", *answer.Reason, c.requestID)
	}
	if reason != "" {
		return result{failure: reason, physical: c.idOf(answer.PhysicalResourceId)}
	}
	attributes := answer.Data
	if attributes == nil {
		attributes = document{}
	}
	return result{physical: answer.PhysicalResourceId, attributes: attributes, noEcho: text(answer.NoEcho) == "true"}
}

// idOf returns the physical id of a resource whose change failed: that which it answered, that
// which it has, or that which CloudFormation made.
func (c change) idOf(answered string) string {
	switch {
	case answered != "":
		return answered
	case c.physical != "":
		return c.physical
	}
	return c.name
}

// readResponse parses and checks an answer. reason is what is wrong with it.
func readResponse(c change, body []byte) (answer response, reason string) {
	if len(body) > maxResponse {
		return response{}, "Response object is too long."
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return response{}, fmt.Sprintf("Invalid response object: %s", err)
	}
	return answer, answer.problem(c)
}

// problem returns what is wrong with an answer to a change.
func (answer response) problem(c change) string {
	switch {
	case answer.Status != "SUCCESS" && answer.Status != "FAILED":
		return "Invalid response object: Value of property Status must be SUCCESS or FAILED"
	case answer.Status == "FAILED" && answer.Reason == nil:
		return "Invalid response object: Value of property Reason must be a string"
	case answer.StackId != c.stack.id || answer.RequestId != c.requestID || answer.LogicalResourceId != c.logical:
		return "Invalid response object: StackId, RequestId and LogicalResourceId must be those of the request"
	case len(answer.PhysicalResourceId) > 1024, answer.Status == "SUCCESS" && answer.PhysicalResourceId == "":
		return "Invalid PhysicalResourceId"
	}
	return ""
}
