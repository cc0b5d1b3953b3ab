package cloudformation

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// macroRequest is the event that a macro's Lambda receives (User Guide, template-macros).
type macroRequest struct {
	Region                  string            `json:"region"`
	AccountID               string            `json:"accountId"`
	Fragment                document          `json:"fragment"`
	TransformID             string            `json:"transformId"`
	Params                  document          `json:"params"`
	RequestID               string            `json:"requestId"`
	TemplateParameterValues map[string]string `json:"templateParameterValues"`
}

// macroResponse is what a macro answers.
type macroResponse struct {
	RequestID    string          `json:"requestId"`
	Status       string          `json:"status"`
	Fragment     json.RawMessage `json:"fragment"`
	ErrorMessage string          `json:"errorMessage"`
}

// expand lets the macros of a template process it, in the order in which they are listed, and
// begins the operation with the result. It is called without the lock.
func (s *Stacks) expand(ctx context.Context, of *stack) {
	s.mu.Lock()
	op := of.operation
	t, parameters := op.next, op.parameters
	s.mu.Unlock()
	expanded, err := s.applyMacros(ctx, op.actor, t, parameters)
	s.mu.Lock()
	defer s.mu.Unlock()
	if of.operation != op || op.phase != transforming { // cancelled meanwhile
		return
	}
	if err == nil {
		err = s.checkExpanded(of, expanded)
	}
	if err != nil {
		s.abandon(of, plainText(err))
		return
	}
	op.next = expanded
	s.beginForward(of)
}

// plainText returns the text of an error without its code.
func plainText(err error) string {
	var refused *protocol.Error
	if errors.As(err, &refused) {
		return refused.Message
	}
	return err.Error()
}

// checkExpanded checks a template that macros have made.
func (s *Stacks) checkExpanded(of *stack, t *template) error {
	e := s.environment(of, t, of.operation.parameters, nil)
	if err := e.check(); err != nil {
		return err
	}
	return s.checkTypes(of.resources, t)
}

// applyMacros returns the template that the macros make.
func (s *Stacks) applyMacros(ctx context.Context, actor string, t *template, parameters map[string]string) (*template, error) {
	fragment := t.raw
	for _, m := range t.transforms {
		processed, err := s.applyMacro(ctx, actor, m, fragment, parameters)
		if err != nil {
			return nil, err
		}
		fragment = processed
	}
	expanded, err := parseTemplate(encode(fragment))
	if err != nil {
		return nil, err
	}
	expanded.body = t.body
	return expanded, nil
}

// applyMacro invokes a macro's Lambda, as the one who deploys.
func (s *Stacks) applyMacro(ctx context.Context, actor string, m transform, fragment document, parameters map[string]string) (document, error) {
	id := s.account.ID + "::" + m.name
	s.mu.Lock()
	function, known := s.macros[m.name]
	requestID := s.ids.Next()
	s.mu.Unlock()
	if !known {
		return nil, validationError("No transform named %s found", id)
	}
	body := document{}
	for key, value := range fragment {
		if key != "Transform" {
			body[key] = value
		}
	}
	payload, _ := json.Marshal(macroRequest{ // documents hold only what JSON has
		Region: s.account.Region, AccountID: s.account.ID, Fragment: body, TransformID: id, Params: m.parameters, RequestID: requestID, TemplateParameterValues: parameters,
	})
	answer, err := s.send(ctx, actor, http.MethodPost, functionPath(function)+"/invocations", nil, payload)
	var refused *lambdaError
	switch {
	case errors.As(err, &refused) && refused.code == "FunctionError":
		return nil, validationError("Transform %s failed without an error message", id)
	case err != nil:
		return nil, validationError("Transform %s failed with: %s", id, err)
	}
	return readMacroResponse(id, requestID, answer)
}

// readMacroResponse checks what a macro answered. Any status but success is a failure
// (cloudformation-coverage-roadmap#482).
func readMacroResponse(id, requestID string, answer []byte) (document, error) {
	malformed := validationError("Received malformed response from transform %s", id)
	var response macroResponse
	if err := json.Unmarshal(answer, &response); err != nil || response.RequestID != requestID {
		return nil, malformed
	}
	switch {
	case response.Status != "success" && response.ErrorMessage == "":
		return nil, validationError("Transform %s failed without an error message", id)
	case response.Status != "success":
		return nil, validationError("Transform %s failed with: %s", id, response.ErrorMessage)
	}
	decoder := json.NewDecoder(strings.NewReader(string(response.Fragment)))
	decoder.UseNumber()
	var fragment document
	if err := decoder.Decode(&fragment); err != nil || fragment == nil {
		return nil, malformed
	}
	return fragment, nil
}
