package protocol

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// RESTXML is REST-XML as Route 53 speaks it. An error is an ErrorResponse in the API's
// namespace.
type RESTXML struct {
	Namespace string
}

// errorResponse is the body of an error.
type errorResponse struct {
	XMLName xml.Name
	Error   struct {
		Type    string
		Code    string
		Message string
	}
	RequestID string `xml:"RequestId"`
}

// requestID stands in the body of every error. The id of the call is in a header.
const requestID = "00000000-0000-0000-0000-000000000000"

// Write implements Protocol. The Reply's body is a value that encoding/xml can encode.
func (p RESTXML) Write(reply Reply, err error) (Response, error) {
	var awsError *Error
	if errors.As(err, &awsError) {
		body := errorResponse{XMLName: xml.Name{Space: p.Namespace, Local: "ErrorResponse"}, RequestID: requestID}
		body.Error.Type, body.Error.Code, body.Error.Message = "Sender", awsError.Code, awsError.Message
		if awsError.StatusCode >= http.StatusInternalServerError {
			body.Error.Type = "Receiver"
		}
		reply = Reply{Status: awsError.StatusCode, ErrorCode: awsError.Code, Body: body}
	} else if err != nil {
		return Response{}, err
	}
	response := NewResponse(reply, "text/xml")
	if reply.Body == nil {
		return response, nil
	}
	encoded, err := xml.Marshal(reply.Body)
	if err != nil {
		return Response{}, fmt.Errorf("encode the response: %w", err)
	}
	response.Body = append([]byte(xml.Header), encoded...)
	return response, nil
}

// DecodeXML reads an XML request strictly. The request's root must be the named element in
// the namespace. An element that the type of into does not know is rejected, because
// ignoring it would be more lenient than AWS.
func DecodeXML(service, root, namespace string, body []byte, into any) error {
	if err := checkRoot(root, namespace, body); err != nil {
		return malformed(err)
	}
	decoder := xml.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(into); err != nil {
		var unknown UnknownElement
		if errors.As(err, &unknown) {
			return NotImplemented(service, "a request with "+string(unknown))
		}
		return malformed(err)
	}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return malformed(err)
		}
		if text, isText := token.(xml.CharData); !isText || strings.TrimSpace(string(text)) != "" {
			return malformed(errors.New("unexpected data after the request"))
		}
	}
}

func checkRoot(root, namespace string, body []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		if start, isStart := token.(xml.StartElement); isStart {
			if start.Name.Local != root || start.Name.Space != namespace {
				return fmt.Errorf("the root is %s in %q, not %s in %q", start.Name.Local, start.Name.Space, root, namespace)
			}
			return nil
		}
	}
}

func malformed(err error) error {
	return NewError(http.StatusBadRequest, "MalformedInput", "Unparseable XML: %s", err)
}

// UnknownElement is an element that is not known where it stands. A type takes it with
// a field of this type and the tag `xml:",any"`.
type UnknownElement string

func (u UnknownElement) Error() string { return "unknown element " + string(u) }

// UnmarshalXML implements xml.Unmarshaler. It always fails.
func (u *UnknownElement) UnmarshalXML(_ *xml.Decoder, start xml.StartElement) error {
	return UnknownElement(start.Name.Local)
}
