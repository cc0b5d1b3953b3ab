package s3

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/account"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Name is S3's prefix in IAM and its signing name.
const Name = "s3"

// Failures are the errors that any S3 call may return.
var Failures = protocol.Failures{
	Throttled:    &protocol.Error{StatusCode: http.StatusServiceUnavailable, Code: "SlowDown", Message: "Please reduce your request rate."},
	DeniedStatus: http.StatusForbidden,
	DeniedCode:   "AccessDenied",
	InternalCode: "InternalError",
}

// Buckets holds the buckets that an account can reach. Several goroutines may call its methods
// at once.
type Buckets struct {
	account account.Account

	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	Bucket
	keys map[string]bool
}

// Bucket is a bucket.
type Bucket struct {
	Name   string
	Region string // empty means the account's
	// Listable means that callers may list the bucket. S3 tells only them that an object is
	// missing (HeadObject, permissions).
	Listable bool
}

// New returns the Buckets of an account that has none.
func New(in account.Account) *Buckets { return &Buckets{account: in, buckets: map[string]*bucket{}} }

// AddBucket adds an empty bucket.
func (s *Buckets) AddBucket(added Bucket) {
	if added.Region == "" {
		added.Region = s.account.Region
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buckets[added.Name] = &bucket{added, map[string]bool{}}
}

// PutObject adds an object to an existing bucket.
func (s *Buckets) PutObject(bucket, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buckets[bucket].keys[key] = true
}

// DeleteObject removes an object from an existing bucket.
func (s *Buckets) DeleteObject(bucket, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.buckets[bucket].keys, key)
}

// Protocol returns the protocol of HEAD requests.
func (s *Buckets) Protocol(protocol.Request) protocol.Protocol { return headers{} }

// headers is the protocol of HEAD requests: their responses have no body, not even for an error
// (HeadObject).
type headers struct{}

// Write implements protocol.Protocol.
func (headers) Write(reply protocol.Reply, err error) (protocol.Response, error) {
	response, lost := protocol.RESTJSON{}.Write(reply, err)
	if lost != nil {
		return protocol.Response{}, lost
	}
	response.Body = nil
	response.Header.Del("X-Amzn-Errortype")
	response.Header.Set("Content-Type", "application/xml")
	return response, nil
}

// Operation parses a request for HeadObject. It rejects all other operations.
func (s *Buckets) Operation(request protocol.Request) protocol.Operation {
	name, escaped, _ := strings.Cut(strings.TrimPrefix(request.Path, "/"), "/")
	key, err := url.PathUnescape(escaped)
	if request.Method != http.MethodHead || key == "" || len(request.Query) > 0 || err != nil {
		action := request.Method + " " + request.Path
		return protocol.Operation{Action: action, Resource: "*"}.Refuse(protocol.NotImplemented(Name, action))
	}
	// HeadObject needs the permission GetObject.
	op := protocol.Operation{Action: "GetObject", Resource: "arn:aws:s3:::" + name + "/" + key}
	if request.Header.Get("X-Amz-Content-Sha256") == "" {
		// Signature Version 4 in S3's API reference: the header is required.
		return op.Refuse(protocol.NewError(http.StatusBadRequest, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256"))
	}
	op.Run = func(context.Context, time.Time) (protocol.Reply, error) {
		return s.head(name, key, request.SigningRegion)
	}
	return op
}

func (s *Buckets) head(name, key, signedFor string) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.buckets[name]
	switch {
	case found == nil:
		return protocol.Reply{}, protocol.NewError(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	case found.Region != signedFor:
		return protocol.Reply{Status: http.StatusMovedPermanently, ErrorCode: "PermanentRedirect", Header: http.Header{"X-Amz-Bucket-Region": {found.Region}}}, nil
	case !found.keys[key] && found.Listable:
		return protocol.Reply{}, protocol.NewError(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	case !found.keys[key]:
		return protocol.Reply{}, protocol.NewError(http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	return protocol.Reply{}, nil
}
