package cloudformation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// lambdaError is an error that Lambda returned.
type lambdaError struct{ code, message string }

func (e *lambdaError) Error() string {
	return fmt.Sprintf("%s (Service: Lambda, Error Code: %s)", e.message, e.code)
}

// isTransient reports whether the call is worth another try: it was throttled, or an update of
// the function is in progress, perhaps one that CloudFormation itself has given up.
func (e *lambdaError) isTransient() bool {
	return e.code == "TooManyRequestsException" || e.code == "ResourceConflictException" && strings.Contains(e.message, "An update is in progress")
}

// call makes a call to Lambda as an actor, and decodes the answer.
func (s *Stacks) call(ctx context.Context, actor, method, path string, header map[string]string, in, out any) error {
	var body []byte
	if in != nil {
		body, _ = json.Marshal(in) // documents hold only what JSON has
	}
	answer, err := s.send(ctx, actor, method, path, header, body)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("read the answer of %s %s: %w", method, path, err)
	}
	return nil
}

// send makes a call to Lambda as an actor, and returns the body of the answer.
func (s *Stacks) send(ctx context.Context, actor, method, path string, header map[string]string, body []byte) ([]byte, error) {
	target := "https://lambda." + s.account.Region + ".amazonaws.com/" + path
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("call Lambda: %w", err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+actor+"/20060102/"+s.account.Region+"/lambda/aws4_request, SignedHeaders=host, Signature=local")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	response, err := s.transport.Do(r)
	if err != nil {
		return nil, fmt.Errorf("call Lambda: %w", err)
	}
	answer, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read Lambda's answer: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		var report struct {
			Lower string `json:"message"`
			Upper string `json:"Message"`
		}
		_ = json.Unmarshal(answer, &report) // an answer without a message has none
		return nil, &lambdaError{response.Header.Get("X-Amzn-Errortype"), strings.TrimSpace(report.Lower + report.Upper)}
	}
	if response.Header.Get("X-Amz-Function-Error") != "" {
		return nil, &lambdaError{"FunctionError", string(answer)}
	}
	return answer, nil
}

// invokeLater invokes a function asynchronously. Lambda's own queue retries it.
func (s *Stacks) invokeLater(ctx context.Context, actor, function string, payload []byte) error {
	_, err := s.send(ctx, actor, http.MethodPost, functionPath(function)+"/invocations", map[string]string{"X-Amz-Invocation-Type": "Event"}, payload)
	return err
}

// functionPath returns the path of a function in Lambda's API.
func functionPath(function string) string {
	return "2015-03-31/functions/" + url.PathEscape(function)
}
