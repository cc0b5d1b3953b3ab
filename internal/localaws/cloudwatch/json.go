package cloudwatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/aws/smithy-go/encoding/cbor"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// jsonMembers reads the members of an AWS-JSON request.
func jsonMembers(body []byte) (cbor.Map, error) {
	if len(body) == 0 {
		return cbor.Map{}, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var read map[string]any
	if err := decoder.Decode(&read); err != nil {
		return nil, protocol.NewError(http.StatusBadRequest, "SerializationException", "%s", err)
	}
	members, _ := cborValue(read).(cbor.Map)
	return members, nil
}

// cborValue converts a JSON value to a CBOR value.
func cborValue(v any) cbor.Value {
	switch v := v.(type) {
	case string:
		return cbor.String(v)
	case bool:
		return cbor.Bool(v)
	case json.Number:
		return cborNumber(v.String())
	case []any:
		list := make(cbor.List, len(v))
		for i, item := range v {
			list[i] = cborValue(item)
		}
		return list
	case map[string]any:
		members := cbor.Map{}
		for name, value := range v {
			if value != nil { // null means that the member is left out
				members[name] = cborValue(value)
			}
		}
		return members
	}
	return &cbor.Nil{}
}

// cborNumber converts a number to a CBOR value. A text that is not a number stays a
// string.
func cborNumber(text string) cbor.Value {
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return cbor.Uint(n)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return cbor.Float64(f)
	}
	return cbor.String(text)
}

// jsonValue converts a CBOR value to one that encoding/json can write.
func jsonValue(v cbor.Value) any {
	switch v := v.(type) {
	case cbor.Map:
		members := map[string]any{}
		for name, value := range v {
			members[name] = jsonValue(value)
		}
		return members
	case cbor.List:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = jsonValue(item)
		}
		return list
	case *cbor.Tag: // a time: seconds since the epoch, as in JSON
		return v.Value
	}
	return v
}

// queryCompatibleJSON is the AWS-JSON of a service that used the Query protocol before:
// the error's code is also in X-Amzn-Query-Error (Smithy's awsQueryCompatible trait).
type queryCompatibleJSON struct{}

// Write implements protocol.Protocol.
func (queryCompatibleJSON) Write(reply protocol.Reply, err error) (protocol.Response, error) {
	if members, ok := reply.Body.(cbor.Map); ok {
		reply.Body = jsonValue(members)
	}
	response, lost := protocol.JSON10.Write(reply, err)
	var awsError *protocol.Error
	if errors.As(err, &awsError) {
		response.Header.Set("X-Amzn-Query-Error", queryError(awsError))
	}
	return response, lost
}

// queryError returns the value of X-Amzn-Query-Error: "Throttling;Sender".
func queryError(awsError *protocol.Error) string {
	if awsError.StatusCode >= http.StatusInternalServerError {
		return awsError.Code + ";Receiver"
	}
	return awsError.Code + ";Sender"
}
