package localaws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// largestBody bounds what is read of a request. Lambda's synchronous payload
// of 6 MB is the largest that any call spoken here may carry.
const largestBody = 8 << 20

// request is a call as it came.
type request struct {
	actor  string
	method string
	path   string // as escaped by the client
	query  url.Values
	header http.Header
	body   []byte
}

// operation is a call that was understood: what IAM and the rate limits look
// at, and what it does. A request that cannot be understood is an operation
// whose run refuses it.
type operation struct {
	action      string
	resource    string
	permissions []Permission
	limit       *bucket
	run         func(ctx context.Context, now time.Time) (reply, error)
}

// refused is the operation with an error in place of its effect.
func (o operation) refused(err error) operation {
	o.limit = nil
	o.run = func(context.Context, time.Time) (reply, error) { return reply{}, err }
	return o
}

// reply is a successful answer before it is written in a protocol.
type reply struct {
	status int // 200 if 0
	header http.Header
	body   any // nil is no body; []byte is written as it is
	// errorCode names the error in a reply that is already written, as
	// DynamoDB's are.
	errorCode string
}

// response is an answer on the wire.
type response struct {
	status    int
	header    http.Header
	body      []byte
	errorCode string
}

// http is the response as a client in process receives it.
func (r response) http(to *http.Request) *http.Response {
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", r.status, http.StatusText(r.status)),
		StatusCode:    r.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        r.header,
		Body:          io.NopCloser(bytes.NewReader(r.body)),
		ContentLength: int64(len(r.body)),
		Request:       to,
	}
}

// service is one AWS service: its IAM prefix, its protocol, and how it makes
// an operation of a request.
type service struct {
	name       string
	wire       wire
	understand func(*Cloud, request) operation
}

// serviceOf tells services apart by what their protocols send: CloudWatch a
// Smithy-Protocol header, the AWS-JSON services an X-Amz-Target, a Query service a
// form, Lambda a path.
func serviceOf(r *http.Request) service {
	if r.Header.Get("Smithy-Protocol") != "" {
		return service{name: cloudwatchService, wire: cborWire{}, understand: (*Cloud).understandCloudWatch}
	}
	target := r.Header.Get("X-Amz-Target")
	prefix, _, _ := strings.Cut(target, ".")
	switch {
	case prefix == "AWSEvents":
		return service{name: eventsService, wire: jsonWire{contentType: "application/x-amz-json-1.1"}, understand: (*Cloud).understandEvents}
	case prefix == "AWSStepFunctions":
		return service{name: statesService, wire: jsonWire{contentType: "application/x-amz-json-1.0"}, understand: (*Cloud).understandStates}
	case prefix == cloudwatchTarget:
		wire := queryCompatibleWire{jsonWire{contentType: "application/x-amz-json-1.0"}}
		return service{name: cloudwatchService, wire: wire, understand: (*Cloud).understandCloudWatchJSON}
	case strings.HasPrefix(prefix, "DynamoDB_"):
		return service{name: dynamodbService, wire: jsonWire{contentType: "application/x-amz-json-1.0"}, understand: (*Cloud).understandDynamoDB}
	case prefix == "AmazonSSM":
		return service{name: ssmService, wire: jsonWire{contentType: "application/x-amz-json-1.1"}, understand: (*Cloud).understandParameters}
	case target != "":
		return service{name: prefix, wire: jsonWire{contentType: "application/x-amz-json-1.0"}, understand: unknownTarget}
	case strings.HasPrefix(r.Header.Get("Content-Type"), formType):
		return service{name: cloudwatchService, wire: queryWire{}, understand: (*Cloud).understandQuery}
	default:
		return service{name: lambdaService, wire: jsonWire{contentType: "application/json", rest: true}, understand: (*Cloud).understandLambda}
	}
}

// targetOf is the operation that an X-Amz-Target header names.
func targetOf(asked request) string {
	_, operation, _ := strings.Cut(asked.header.Get("X-Amz-Target"), ".")
	return operation
}

// unknownTarget refuses the services that are not spoken here.
func unknownTarget(_ *Cloud, asked request) operation {
	prefix, name, _ := strings.Cut(asked.header.Get("X-Amz-Target"), ".")
	return operation{action: name}.refused(notImplemented(prefix, name))
}

// readRequest reads all of a call. Its error is the caller having gone.
func readRequest(r *http.Request) (request, error) {
	if err := r.Context().Err(); err != nil {
		return request{}, err
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(io.LimitReader(r.Body, largestBody)); err != nil {
			return request{}, fmt.Errorf("read the request: %w", err)
		}
	}
	return request{
		actor:  actorOf(r.Header.Get("Authorization")),
		method: r.Method,
		path:   r.URL.EscapedPath(),
		query:  r.URL.Query(),
		header: r.Header,
		body:   body,
	}, nil
}

// actorOf is the access key id in a SigV4 Authorization header:
// "AWS4-HMAC-SHA256 Credential=ID/20261201/us-east-1/lambda/aws4_request, …".
func actorOf(authorization string) string {
	_, credential, found := strings.Cut(authorization, "Credential=")
	if !found {
		return ""
	}
	actor, _, _ := strings.Cut(credential, "/")
	return actor
}

// wire writes answers in a protocol.
type wire interface {
	// response writes a reply, or the *APIError in its place. Any other error
	// is a lost connection and returned.
	response(reply, error) (response, error)
}

// jsonWire is AWS-JSON, and REST-JSON as Lambda speaks it.
type jsonWire struct {
	contentType string
	rest        bool
}

func (w jsonWire) response(result reply, err error) (response, error) {
	var refused *APIError
	switch {
	case errors.As(err, &refused):
		return w.failure(refused), nil
	case err != nil:
		return response{}, err
	}
	answered := start(result, w.contentType)
	switch body := result.body.(type) {
	case nil:
	case []byte:
		answered.body = body
	default:
		if answered.body, err = json.Marshal(body); err != nil {
			return response{}, fmt.Errorf("write the answer: %w", err)
		}
	}
	return answered, nil
}

// failure writes an error. Lambda names it in a header, and writes the text as
// "Message" where its model does; the AWS-JSON services name it in the body.
func (w jsonWire) failure(refused *APIError) response {
	answered := start(reply{status: refused.StatusCode, errorCode: refused.Code}, w.contentType)
	answered.header.Set("X-Amzn-Errortype", refused.Code)
	body := map[string]string{"message": refused.Message}
	if w.rest {
		if refused.Code == "ResourceNotFoundException" || refused.Code == "ServiceException" {
			body = map[string]string{"Message": refused.Message}
		}
		switch {
		case refused.StatusCode >= http.StatusInternalServerError:
			body["Type"] = "Service"
		case refused.Code != "ValidationException":
			body["Type"] = "User"
		}
		if refused.Reason != "" {
			body["Reason"] = refused.Reason
		}
	} else {
		body["__type"] = refused.Code
	}
	// A map of strings always marshals.
	answered.body, _ = json.Marshal(body)
	return answered
}

// start is an answer with its status and header.
func start(result reply, contentType string) response {
	answered := response{status: result.status, header: http.Header{"Content-Type": {contentType}}, errorCode: result.errorCode}
	if answered.status == 0 {
		answered.status = http.StatusOK
	}
	for name, values := range result.header {
		answered.header[name] = values
	}
	return answered
}

// decode reads a JSON request strictly: a member that the local world does
// not know is refused, because ignoring it would be kinder than AWS.
func decode(service, operation string, body []byte, into any) error {
	if len(body) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, err = decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		err = errors.New("there is more after the request")
	}
	// encoding/json has no type for this error.
	if member, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		return notImplemented(service, operation+" with "+member)
	}
	return failure(http.StatusBadRequest, "SerializationException", "%s", err)
}
