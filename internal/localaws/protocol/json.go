package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// JSON is AWS-JSON. An error's name is in the body's __type.
type JSON struct {
	ContentType string
}

// The versions of AWS-JSON.
var (
	JSON10 = JSON{ContentType: "application/x-amz-json-1.0"}
	JSON11 = JSON{ContentType: "application/x-amz-json-1.1"}
)

// Write implements Protocol.
func (p JSON) Write(reply Reply, err error) (Response, error) {
	return writeJSON(reply, err, p.ContentType, func(refused *Error) map[string]string {
		return map[string]string{"message": refused.Message, "__type": refused.Code}
	})
}

// RESTJSON is REST-JSON as Lambda speaks it. An error's name is in a header,
// and its text is "Message" where Lambda's model says so.
type RESTJSON struct{}

// Write implements Protocol.
func (RESTJSON) Write(reply Reply, err error) (Response, error) {
	return writeJSON(reply, err, "application/json", func(refused *Error) map[string]string {
		body := map[string]string{"message": refused.Message}
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
		return body
	})
}

// writeJSON writes a Reply, or the body of the *Error in its place.
func writeJSON(reply Reply, err error, contentType string, errorBody func(*Error) map[string]string) (Response, error) {
	var refused *Error
	if errors.As(err, &refused) {
		reply = Reply{
			Status: refused.StatusCode, ErrorCode: refused.Code, Body: errorBody(refused),
			Header: http.Header{"X-Amzn-Errortype": {refused.Code}},
		}
	} else if err != nil {
		return Response{}, err
	}
	response := NewResponse(reply, contentType)
	switch body := reply.Body.(type) {
	case nil:
	case []byte:
		response.Body = body
	default:
		if response.Body, err = json.Marshal(body); err != nil {
			return Response{}, fmt.Errorf("write the answer: %w", err)
		}
	}
	return response, nil
}

// Decode reads a JSON request strictly. It refuses a member that the local AWS
// does not know, because to ignore it would be kinder than AWS.
func Decode(service, operation string, body []byte, into any) error {
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
		return NotImplemented(service, operation+" with "+member)
	}
	return NewError(http.StatusBadRequest, "SerializationException", "%s", err)
}

// Epoch is a time as AWS-JSON writes it: seconds, with milliseconds as decimals.
func Epoch(at time.Time) json.Number {
	return json.Number(fmt.Sprintf("%d.%03d", at.Unix(), at.Nanosecond()/int(time.Millisecond)))
}
