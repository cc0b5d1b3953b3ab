package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// URLPrefix begins the paths of functions' URLs here: URLPrefix/FUNCTION. In AWS each URL has a
// host of its own, which needs a name in DNS.
const URLPrefix = "/lambda-url/"

// AddURL gives a function a public URL with the authorization type NONE.
func (s *Functions) AddURL(name string) error { return s.addURL(name, "") }

// AddAliasURL gives an alias a public URL. Requests to it are not implemented.
func (s *Functions) AddAliasURL(name, alias string) error { return s.addURL(name, alias) }

func (s *Functions) addURL(name, alias string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(name)
	if err == nil && alias != "" && f.aliases[alias] == nil {
		err = s.aliasNotFound(name, alias)
	}
	if err != nil {
		return fmt.Errorf("add a URL to %s: %w", name, err)
	}
	if f.urls == nil {
		f.urls = map[string]bool{}
	}
	f.urls[alias] = true
	return nil
}

// URLOperation returns the operation of a request to a function's URL. ok says whether it is one.
func (s *Functions) URLOperation(request protocol.Request) (op protocol.Operation, ok bool) {
	rest, ok := strings.CutPrefix(request.Path, URLPrefix)
	if !ok {
		return protocol.Operation{}, false
	}
	name, path, _ := strings.Cut(rest, "/")
	op = protocol.Operation{Action: "InvokeFunctionUrl", Resource: s.functionARN(name, "")}
	op.Run = func(ctx context.Context, now time.Time) (protocol.Reply, error) {
		return s.invokeURL(ctx, name, now, URLEvent(request, "/"+path, fmt.Sprintf("url-%d", now.UnixNano()), now))
	}
	return op, true
}

// invokeURL invokes a function for a request to its URL.
func (s *Functions) invokeURL(ctx context.Context, name string, now time.Time, event []byte) (protocol.Reply, error) {
	s.mu.Lock()
	f, err := s.findFunction(name)
	invoker := s.invoker
	s.mu.Unlock()
	if err != nil || !f.urls[""] || invoker == nil {
		return protocol.Reply{Status: http.StatusForbidden, Body: map[string]any{"Message": "Forbidden"}}, nil
	}
	release, err := s.AdmitURL(name, now)
	if err != nil {
		return protocol.Reply{}, err
	}
	defer release()
	result := invoker(ctx, Invocation{Function: name, Version: "$LATEST", Type: RequestResponse, Payload: event})
	if result.FunctionError != "" {
		return badGateway(), nil
	}
	return ReadURLResponse(result.Payload), nil
}

// badGateway is Lambda's answer for a function that fails.
func badGateway() protocol.Reply {
	return protocol.Reply{Status: http.StatusBadGateway, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("Internal Server Error")}
}

// URLEvent returns the event that a function receives for a request to its URL (Lambda Developer
// Guide, Invoking Lambda function URLs, payload format 2.0).
func URLEvent(request protocol.Request, path, requestID string, now time.Time) []byte {
	headers := map[string]string{}
	for name, values := range request.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	event := map[string]any{
		"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": request.Query.Encode(), "headers": headers,
		"requestContext": map[string]any{
			"accountId": "anonymous", "apiId": "local", "domainName": "localhost", "domainPrefix": "local",
			"http": map[string]string{
				"method": request.Method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": headers["user-agent"],
			},
			"requestId": requestID, "routeKey": "$default", "stage": "$default",
			"time": now.UTC().Format("02/Jan/2006:15:04:05 -0700"), "timeEpoch": now.UnixMilli(),
		},
		"isBase64Encoded": false,
	}
	if len(request.Body) > 0 {
		event["body"] = string(request.Body)
		if !isText(headers["content-type"]) {
			event["body"], event["isBase64Encoded"] = base64.StdEncoding.EncodeToString(request.Body), true
		}
	}
	text, _ := json.Marshal(event) // maps of strings can always be encoded
	return text
}

// isText says whether Lambda passes a body on as it is (measured on HTTP APIs, which have the same
// payload format: ministack issue 766).
func isText(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	switch kind = strings.TrimSpace(strings.ToLower(kind)); kind {
	case "application/json", "application/xml", "application/javascript":
		return true
	}
	return strings.HasPrefix(kind, "text/")
}

// ReadURLResponse reads what a function has answered to a request to its URL.
func ReadURLResponse(payload []byte) protocol.Reply {
	var response struct {
		StatusCode      int
		Headers         map[string]string
		Body            string
		IsBase64Encoded bool
	}
	if json.Unmarshal(payload, &response) != nil || response.StatusCode == 0 {
		return protocol.Reply{Body: payload} // what is not a response is the body of one
	}
	body := []byte(response.Body)
	if response.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(response.Body)
		if err != nil {
			return badGateway()
		}
		body = decoded
	}
	header := http.Header{}
	for name, value := range response.Headers {
		header.Set(name, value)
	}
	return protocol.Reply{Status: response.StatusCode, Header: header, Body: body}
}
