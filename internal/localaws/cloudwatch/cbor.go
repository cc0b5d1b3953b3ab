package cloudwatch

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// cborProtocol is Smithy RPC v2 with CBOR.
type cborProtocol struct{}

// Write implements protocol.Protocol. CloudWatch was a Query service, so a
// client takes an error's code from X-Amzn-Query-Error ("Throttling;Sender")
// and not from __type (Smithy's awsQueryCompatible trait).
func (cborProtocol) Write(reply protocol.Reply, err error) (protocol.Response, error) {
	var awsError *protocol.Error
	if errors.As(err, &awsError) {
		reply = protocol.Reply{
			Status: awsError.StatusCode, ErrorCode: awsError.Code, Body: errorMembers(awsError),
			Header: http.Header{"X-Amzn-Query-Error": {queryError(awsError)}},
		}
	} else if err != nil {
		return protocol.Response{}, err
	}
	response := protocol.NewResponse(reply, "application/cbor")
	response.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
	if members, ok := reply.Body.(cbor.Map); ok {
		response.Body = cbor.Encode(members)
	}
	return response, nil
}

// errorMembers returns the members of an encoded error.
func errorMembers(awsError *protocol.Error) cbor.Map {
	text := "message"
	if awsError.Code == "InternalServiceFault" {
		// In CloudWatch's API model this error's member is "Message".
		text = "Message"
	}
	return cbor.Map{
		"__type": cbor.String("com.amazonaws.cloudwatch.v2010_08_01#" + awsError.Code),
		text:     cbor.String(awsError.Message),
	}
}

// cborMembers reads the members of a CBOR request. An empty body has no members.
func cborMembers(body []byte) (cbor.Map, error) {
	if len(body) == 0 {
		return cbor.Map{}, nil
	}
	value, err := cbor.Decode(body)
	if err != nil {
		return nil, protocol.NewError(http.StatusBadRequest, "SerializationException", "%s", err)
	}
	members, ok := value.(cbor.Map)
	if !ok {
		return nil, protocol.NewError(http.StatusBadRequest, "SerializationException", "the request is a %T, not a map", value)
	}
	return members, nil
}

// cborStrings reads a list of strings.
func cborStrings(member string, value cbor.Value) ([]string, error) {
	list, ok := value.(cbor.List)
	if !ok {
		return nil, errWrongType(member, value)
	}
	read := make([]string, len(list))
	for i, item := range list {
		text, ok := item.(cbor.String)
		if !ok {
			return nil, errWrongType(member, item)
		}
		read[i] = string(text)
	}
	return read, nil
}

// cborString reads a string.
func cborString(member string, value cbor.Value) (string, error) {
	text, ok := value.(cbor.String)
	if !ok {
		return "", errWrongType(member, value)
	}
	return string(text), nil
}

func errWrongType(member string, value cbor.Value) *protocol.Error {
	kind := strings.TrimPrefix(fmt.Sprintf("%T", value), "cbor.")
	return protocol.NewError(http.StatusBadRequest, "SerializationException", "%s is a %s", member, kind)
}

// cborTime encodes a timestamp: tag 1, seconds since the epoch with milliseconds.
func cborTime(at time.Time) cbor.Value {
	return &cbor.Tag{ID: 1, Value: cbor.Float64(float64(at.UnixMilli()) / 1e3)}
}
