package keyvaluestore

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/paging"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Name is KeyValueStore's prefix in IAM and its signing name. Its clients sign with SigV4a.
const Name = "cloudfront-keyvaluestore"

// Failures are the errors that any KeyValueStore call may return.
var Failures = protocol.Failures{
	Throttled:    &protocol.Error{StatusCode: http.StatusTooManyRequests, Code: "ThrottlingException", Message: "Rate exceeded"},
	DeniedStatus: http.StatusForbidden,
	InternalCode: "InternalServerException",
}

// Limits of a store, in bytes (CloudFront Developer Guide, quotas on key value stores).
const (
	maxKeyBytes   = 512
	maxValueBytes = 1024
	maxStoreBytes = 5_000_000
)

// Limits of a page of ListKeys (ListKeys, MaxResults).
const (
	defaultPage = 10
	maxPage     = 50
)

// The errors of the operations, with the texts of CloudFront's API reference. AWS's own texts
// are not recorded anywhere.

func notFound() error {
	return protocol.NewError(http.StatusNotFound, "ResourceNotFoundException", "Resource was not found.")
}

func conflict() error {
	return protocol.NewError(http.StatusConflict, "ConflictException", "Resource is not in expected state.")
}

func invalid() error {
	return protocol.NewError(http.StatusBadRequest, "ValidationException", "Validation failed.")
}

func quotaExceeded() error {
	return protocol.NewError(http.StatusPaymentRequired, "ServiceQuotaExceededException", "Limit exceeded.")
}

// Protocol returns REST-JSON.
func (s *Stores) Protocol(protocol.Request) protocol.Protocol { return protocol.RESTJSON{} }

// input is a parsed request.
type input struct {
	protocol.Request
	store string // the ARN
	key   string
	now   time.Time
}

// operations are the implemented operations, by the method and whether the path has keys, and
// names one.
var operations = map[string]struct {
	name  string
	query []string
	run   func(*Stores, input) (protocol.Reply, error)
}{
	"GET store":  {"DescribeKeyValueStore", nil, (*Stores).describe},
	"GET keys":   {"ListKeys", []string{"MaxResults", "NextToken"}, (*Stores).listKeys},
	"GET key":    {"GetKey", nil, (*Stores).getKey},
	"PUT key":    {"PutKey", nil, (*Stores).putKey},
	"DELETE key": {"DeleteKey", nil, (*Stores).deleteKey},
}

// Operation finds the operation, the store and the key that a request's method and path name.
func (s *Stores) Operation(request protocol.Request) protocol.Operation {
	name := request.Method + " " + request.Path
	kind, store, key, ok := splitPath(request.Path)
	found, exists := operations[request.Method+" "+kind]
	if !ok || !exists {
		return protocol.Operation{Action: name, Resource: "*"}.Refuse(protocol.NotImplemented(Name, name))
	}
	op := protocol.Operation{Action: found.name, Resource: store, Limit: s.rate}
	for member := range request.Query {
		if !slices.Contains(found.query, member) {
			return op.Refuse(protocol.NotImplemented(Name, found.name+" with "+member))
		}
	}
	if kind == "key" && (key == "" || len(key) > maxKeyBytes) {
		return op.Refuse(invalid())
	}
	op.Run = func(_ context.Context, now time.Time) (protocol.Reply, error) {
		return found.run(s, input{Request: request, store: store, key: key, now: now})
	}
	return op
}

// splitPath splits the path of a request. An ARN has a slash, which clients escape.
func splitPath(path string) (kind, store, key string, ok bool) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if len(segments) < 2 || len(segments) > 4 || segments[0] != "key-value-stores" || len(segments) > 2 && segments[2] != "keys" {
		return "", "", "", false
	}
	store, err := url.PathUnescape(segments[1])
	if err != nil {
		return "", "", "", false
	}
	kind = []string{"store", "keys", "key"}[len(segments)-2]
	if kind == "key" {
		key, err = url.PathUnescape(segments[3])
	}
	return kind, store, key, err == nil
}

// storeOutput is DescribeKeyValueStore's response.
type storeOutput struct {
	KvsARN           string
	Created          json.Number
	LastModified     json.Number
	Status           string
	ItemCount        int
	TotalSizeInBytes int
}

func (s *Stores) describe(in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.stores[in.store]
	if found == nil {
		return protocol.Reply{}, notFound()
	}
	return protocol.Reply{Header: http.Header{"Etag": {found.etag}}, Body: storeOutput{
		KvsARN: found.arn, Created: protocol.Epoch(found.created), LastModified: protocol.Epoch(found.changed), Status: "READY",
		ItemCount: len(found.values), TotalSizeInBytes: found.size,
	}}, nil
}

// keyOutput is GetKey's response. It has no ETag.
type keyOutput struct {
	Key              string
	Value            string
	ItemCount        int
	TotalSizeInBytes int
}

func (s *Stores) getKey(in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.stores[in.store]
	if found == nil {
		return protocol.Reply{}, notFound()
	}
	value, exists := found.values[in.key]
	if !exists {
		return protocol.Reply{}, notFound()
	}
	return protocol.Reply{Body: keyOutput{Key: in.key, Value: value, ItemCount: len(found.values), TotalSizeInBytes: found.size}}, nil
}

// listedKey is a key in ListKeys's response.
type listedKey struct {
	Key   string
	Value string
}

func (s *Stores) listKeys(in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := defaultPage
	if given := in.Query.Get("MaxResults"); given != "" {
		var err error
		if size, err = strconv.Atoi(given); err != nil || size < 1 || size > maxPage {
			return protocol.Reply{}, invalid()
		}
	}
	found := s.stores[in.store]
	if found == nil {
		return protocol.Reply{}, notFound()
	}
	page, next, ok := paging.Cut(slices.Sorted(maps.Keys(found.values)), in.Query.Get("NextToken"), size, func(key string) string { return key })
	if !ok {
		return protocol.Reply{}, invalid()
	}
	items := []listedKey{}
	for _, key := range page {
		items = append(items, listedKey{key, found.values[key]})
	}
	body := map[string]any{"Items": items}
	if next != "" {
		body["NextToken"] = next
	}
	return protocol.Reply{Body: body}, nil
}

func (s *Stores) putKey(in input) (protocol.Reply, error) {
	var body struct{ Value *string }
	if err := protocol.Decode(Name, "PutKey", in.Body, &body); err != nil {
		return protocol.Reply{}, err
	}
	if body.Value == nil || len(*body.Value) > maxValueBytes {
		return protocol.Reply{}, invalid()
	}
	return s.change(in, write{at: in.now, value: *body.Value})
}

func (s *Stores) deleteKey(in input) (protocol.Reply, error) {
	return s.change(in, write{at: in.now, deleted: true})
}

// change writes a key for a caller, who must name the ETag of the store.
func (s *Stores) change(in input, w write) (protocol.Reply, error) {
	etag := in.Header.Get("If-Match")
	if etag == "" {
		return protocol.Reply{}, invalid()
	}
	done, err := s.write(in.store, in.key, in.Actor, &etag, w)
	if err != nil {
		return protocol.Reply{}, err
	}
	return protocol.Reply{
		Header: http.Header{"Etag": {done.etag}},
		Body:   map[string]any{"ItemCount": done.items, "TotalSizeInBytes": done.size},
	}, nil
}
