package protocol

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxBodyBytes bounds how much of a request is read. The largest body that an operation
// accepts is Lambda's synchronous payload of 6 MB.
const maxBodyBytes = 8 << 20

// Request is an HTTP call as it was received.
type Request struct {
	// Actor is the access key id of the signature; empty if there is none.
	Actor string
	// SigningName is the service name in the signature; CloudWatch's is "monitoring".
	// It is empty if there is no signature.
	SigningName string
	// SigningRegion is the region in a SigV4 signature; empty in a SigV4a signature.
	SigningRegion string
	Method        string
	Host          string
	Path          string // as escaped by the client
	Query         url.Values
	Header        http.Header
	Body          []byte
}

// Read reads a whole call. It fails if the caller has disconnected.
func Read(r *http.Request) (Request, error) {
	if err := r.Context().Err(); err != nil {
		return Request{}, err
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(io.LimitReader(r.Body, maxBodyBytes)); err != nil {
			return Request{}, fmt.Errorf("read the request: %w", err)
		}
	}
	actor, region, service := parseCredential(r.Header.Get("Authorization"))
	query := r.URL.Query()
	if presigned := query.Get("X-Amz-Credential"); actor == "" && presigned != "" {
		actor, region, service = parseCredential("Credential=" + presigned)
	}
	return Request{
		Actor:         actor,
		SigningName:   service,
		SigningRegion: region,
		Method:        r.Method,
		Host:          cmp.Or(r.Host, r.URL.Host),
		Path:          r.URL.EscapedPath(),
		Query:         query,
		Header:        r.Header,
		Body:          body,
	}, nil
}

// parseCredential returns the access key id, the region and the service in a SigV4
// Authorization header: "AWS4-HMAC-SHA256 Credential=ID/20261201/us-east-1/lambda/aws4_request,
// …". A SigV4a credential has no region.
func parseCredential(authorization string) (actor, region, service string) {
	_, credential, _ := strings.Cut(authorization, "Credential=")
	credential, _, _ = strings.Cut(credential, ",")
	scope := strings.Split(credential, "/")
	switch {
	case len(scope) < 4:
		return "", "", ""
	case len(scope) > 4:
		region = scope[len(scope)-3]
	}
	return scope[0], region, scope[len(scope)-2]
}

// Target returns the operation in an X-Amz-Target header with a service's prefix
// ("AWSEvents"). If the header has another prefix, Target returns the whole header,
// which matches no operation. Without the header it returns "".
func (r Request) Target(prefix string) string {
	return strings.TrimPrefix(r.Header.Get("X-Amz-Target"), prefix+".")
}
