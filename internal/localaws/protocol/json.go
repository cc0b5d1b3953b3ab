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

// JSON is AWS-JSON. It puts an error's code into the body's __type.
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
	return writeJSON(reply, err, p.ContentType, func(awsError *Error) map[string]string {
		return map[string]string{"message": awsError.Message, "__type": awsError.Code}
	})
}

// RESTJSON is REST-JSON as Lambda speaks it. It puts an error's code into a header. The
// member with the text is "Message" where Lambda's API model says so, otherwise
// "message".
type RESTJSON struct{}

// Write implements Protocol.
func (RESTJSON) Write(reply Reply, err error) (Response, error) {
	return writeJSON(reply, err, "application/json", func(awsError *Error) map[string]string {
		body := map[string]string{"message": awsError.Message}
		if awsError.Code == "ResourceNotFoundException" || awsError.Code == "ServiceException" {
			body = map[string]string{"Message": awsError.Message}
		}
		switch {
		case awsError.StatusCode >= http.StatusInternalServerError:
			body["Type"] = "Service"
		case awsError.Code != "ValidationException":
			body["Type"] = "User"
		}
		if awsError.Reason != "" {
			body["Reason"] = awsError.Reason
		}
		return body
	})
}

// writeJSON writes a Reply, or the body of the *Error in its place.
func writeJSON(reply Reply, err error, contentType string, errorBody func(*Error) map[string]string) (Response, error) {
	var awsError *Error
	if errors.As(err, &awsError) {
		reply = Reply{
			Status: awsError.StatusCode, ErrorCode: awsError.Code, Body: errorBody(awsError),
			Header: http.Header{"X-Amzn-Errortype": {awsError.Code}},
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
			return Response{}, fmt.Errorf("encode the response: %w", err)
		}
	}
	return response, nil
}

// Decode reads a JSON request strictly. It rejects a member that the local AWS does not
// know, because ignoring it would be more lenient than AWS.
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
		err = errors.New("unexpected data after the request")
	}
	// encoding/json has no type for this error.
	if member, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		return NotImplemented(service, operation+" with "+member)
	}
	return NewError(http.StatusBadRequest, "SerializationException", "%s", err)
}

// Epoch formats a time as AWS-JSON does: seconds since the epoch, with milliseconds as
// decimals.
func Epoch(at time.Time) json.Number {
	return json.Number(fmt.Sprintf("%d.%03d", at.Unix(), at.Nanosecond()/int(time.Millisecond)))
}
