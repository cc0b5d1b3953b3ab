package cloudformation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// maxResponse is the largest response of a custom resource, in bytes.
const maxResponse = 4096

// responseTime is how long a ResponseURL can be used. signalTime is the same for the URL of a
// wait condition's handle.
const (
	responseTime = 2 * time.Hour
	signalTime   = 24 * time.Hour
)

// object is what was put to a presigned URL. Signals are kept all, a response only as the last
// one was.
type object struct {
	expires time.Time
	puts    []put
}

type put struct {
	at   time.Time
	body []byte
}

// Received is something that was put to a presigned URL.
type Received struct {
	At   time.Time
	Body []byte
}

// Received returns what was put to a presigned URL, in its order.
func (s *Stacks) Received(presigned string) []Received {
	u, err := url.Parse(presigned)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Received
	for _, p := range s.objects[u.Host+u.EscapedPath()].puts {
		all = append(all, Received{p.at, p.body})
	}
	return all
}

// responseHost and signalHost are the buckets of the answers.
func (s *Stacks) responseHost() string {
	return "cloudformation-custom-resource-response-" + strings.ReplaceAll(s.account.Region, "-", "") + ".s3." + s.account.Region + ".amazonaws.com"
}

func (s *Stacks) signalHost() string {
	return "cloudformation-waitcondition-" + s.account.Region + ".s3." + s.account.Region + ".amazonaws.com"
}

// presign returns a URL to which an answer may be put. The caller holds the lock.
func (s *Stacks) presign(host, key string, valid time.Duration) string {
	now := s.account.Now().UTC()
	path := "/" + url.PathEscape(key)
	s.objects[host+path] = object{expires: now.Add(valid)}
	query := url.Values{
		"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Date": {now.Format("20060102T150405Z")}, "X-Amz-SignedHeaders": {"host"},
		"X-Amz-Expires":    {fmt.Sprint(int(valid.Seconds()))},
		"X-Amz-Credential": {"cloudformation/" + now.Format("20060102") + "/" + s.account.Region + "/s3/aws4_request"},
		"X-Amz-Signature":  {signature(host + path)},
	}
	return "https://" + host + path + "?" + query.Encode()
}

// signature stands for the signature of a URL. It cannot be guessed from the URL's path by
// accident, which is all that a local AWS needs.
func signature(path string) string {
	sum := sha256.Sum256([]byte("local " + path))
	return hex.EncodeToString(sum[:])
}

// Receives reports whether a host is one of the buckets that CloudFormation's presigned URLs
// lead to.
func (s *Stacks) Receives(host string) bool {
	return host == s.responseHost() || host == s.signalHost()
}

// Presigned answers the calls to presigned URLs. It is S3's API as far as they need it.
type Presigned struct{ stacks *Stacks }

// Presigned returns what answers the calls to presigned URLs.
func (s *Stacks) Presigned() Presigned { return Presigned{s} }

// Protocol returns REST-XML.
func (p Presigned) Protocol(protocol.Request) protocol.Protocol { return protocol.RESTXML{} }

// Operation parses a PUT. Whoever has the URL needs no permission of his own.
func (p Presigned) Operation(request protocol.Request) protocol.Operation {
	bucket, _, _ := strings.Cut(request.Host, ".")
	op := protocol.Operation{Action: "PutObject", Resource: "arn:aws:s3:::" + bucket + request.Path, Permissions: []protocol.Permission{}}
	if err := p.check(request); err != nil {
		return op.Refuse(err)
	}
	op.Run = func(_ context.Context, now time.Time) (protocol.Reply, error) {
		return protocol.Reply{}, p.stacks.receive(request, now)
	}
	return op
}

// check refuses a request that the URL was not signed for.
func (p Presigned) check(request protocol.Request) error {
	// The URL of a custom resource was signed for an empty Content-Type (User Guide, the
	// cfn-response module).
	signed := request.Query.Get("X-Amz-Signature") == signature(request.Host+request.Path)
	if request.Method != http.MethodPut || !signed || request.Header.Get("Content-Type") != "" {
		return protocol.NewError(http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.")
	}
	return nil
}

// receive keeps what was put.
func (s *Stacks) receive(request protocol.Request, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := request.Host + request.Path
	found, exists := s.objects[key]
	if !exists || now.After(found.expires) {
		return protocol.NewError(http.StatusForbidden, "AccessDenied", "Request has expired")
	}
	found.puts = append(found.puts, put{at: now, body: request.Body})
	s.objects[key] = found
	return nil
}
