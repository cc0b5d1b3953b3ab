package localaws

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// cborWire is Smithy RPC v2 with CBOR, as CloudWatch speaks it to the Go SDK.
type cborWire struct{}

func (cborWire) response(result reply, err error) (response, error) {
	var refused *APIError
	switch {
	case errors.As(err, &refused):
		return cborFailure(refused), nil
	case err != nil:
		return response{}, err
	}
	answered := startCBOR(result)
	if body, ok := result.body.(cbor.Map); ok {
		answered.body = cbor.Encode(body)
	}
	return answered, nil
}

// cborFailure writes an error. CloudWatch was a Query service, so a client
// takes the error's code from X-Amzn-Query-Error ("Throttling;Sender") and
// not from __type (Smithy's awsQueryCompatible trait).
func cborFailure(refused *APIError) response {
	answered := startCBOR(reply{status: refused.StatusCode, errorCode: refused.Code})
	answered.header.Set("X-Amzn-Query-Error", refused.Code+";"+faultOf(refused))
	text := "message"
	if refused.Code == "InternalServiceFault" {
		// So the member is called in this shape of CloudWatch's API model.
		text = "Message"
	}
	answered.body = cbor.Encode(cbor.Map{
		"__type": cbor.String("com.amazonaws.cloudwatch.v2010_08_01#" + refused.Code),
		text:     cbor.String(refused.Message),
	})
	return answered
}

func startCBOR(result reply) response {
	answered := start(result, "application/cbor")
	answered.header.Set("Smithy-Protocol", "rpc-v2-cbor")
	return answered
}

// cborMembers reads a CBOR request: a map of its members. No body is no members.
func cborMembers(body []byte) (cbor.Map, error) {
	if len(body) == 0 {
		return cbor.Map{}, nil
	}
	value, err := cbor.Decode(body)
	if err != nil {
		return nil, failure(http.StatusBadRequest, "SerializationException", "%s", err)
	}
	members, ok := value.(cbor.Map)
	if !ok {
		return nil, failure(http.StatusBadRequest, "SerializationException", "the request is a %T, not a map", value)
	}
	return members, nil
}

// cborStrings reads a list of strings.
func cborStrings(member string, value cbor.Value) ([]string, error) {
	list, ok := value.(cbor.List)
	if !ok {
		return nil, wrongKind(member, value)
	}
	read := make([]string, len(list))
	for i, item := range list {
		text, ok := item.(cbor.String)
		if !ok {
			return nil, wrongKind(member, item)
		}
		read[i] = string(text)
	}
	return read, nil
}

// cborString reads a string.
func cborString(member string, value cbor.Value) (string, error) {
	text, ok := value.(cbor.String)
	if !ok {
		return "", wrongKind(member, value)
	}
	return string(text), nil
}

func wrongKind(member string, value cbor.Value) *APIError {
	kind := strings.TrimPrefix(fmt.Sprintf("%T", value), "cbor.")
	return failure(http.StatusBadRequest, "SerializationException", "%s is a %s", member, kind)
}

// cborTime is a timestamp: tag 1, seconds since the epoch with milliseconds.
func cborTime(at time.Time) cbor.Value {
	return &cbor.Tag{ID: 1, Value: cbor.Float64(float64(at.UnixMilli()) / 1e3)}
}
