package protocol

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Protocol writes responses as the clients of a service expect them.
type Protocol interface {
	// Write writes a Reply, or the *Error in its place. It returns any other error,
	// which means that the connection is lost.
	Write(Reply, error) (Response, error)
}

// Response is an encoded HTTP response.
type Response struct {
	Status    int
	Header    http.Header
	Body      []byte
	ErrorCode string
}

// NewResponse returns a Response with the status and the headers of a Reply.
func NewResponse(reply Reply, contentType string) Response {
	response := Response{Status: reply.Status, Header: http.Header{"Content-Type": {contentType}}, ErrorCode: reply.ErrorCode}
	if response.Status == 0 {
		response.Status = http.StatusOK
	}
	for name, values := range reply.Header {
		response.Header[name] = values
	}
	return response
}

// HTTP returns the response as an in-process client receives it.
func (r Response) HTTP(to *http.Request) *http.Response {
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status)),
		StatusCode:    r.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        r.Header,
		Body:          io.NopCloser(bytes.NewReader(r.Body)),
		ContentLength: int64(len(r.Body)),
		Request:       to,
	}
}
