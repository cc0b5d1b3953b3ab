package ssm

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/sluice-aws/sluice/internal/localaws/account"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
	"github.com/sluice-aws/sluice/internal/localaws/throttle"
)

// Name is Systems Manager's prefix in IAM and its signing name.
const Name = "ssm"

// Failures are the errors that any Systems Manager call may return.
var Failures = protocol.Failures{InternalCode: "InternalServerError"}

// Config configures Parameter Store's behaviour.
type Config struct {
	// ReadRate is the account's limit of GetParameter calls per second. 0 means 40
	// (Systems Manager quotas, standard throughput); negative means no limit.
	ReadRate float64
}

// Parameters holds the parameters of an account. Several goroutines may call its
// methods at once.
type Parameters struct {
	account account.Account
	reads   *throttle.Bucket

	mu         sync.Mutex
	parameters map[string]*parameter
}

// New returns an empty Parameters for an account.
func New(in account.Account, config Config) *Parameters {
	return &Parameters{account: in, reads: throttle.NewBucket(cmp.Or(config.ReadRate, 40)), parameters: map[string]*parameter{}}
}

// Protocol returns AWS-JSON 1.1.
func (s *Parameters) Protocol(protocol.Request) protocol.Protocol { return protocol.JSON11 }

// The types of a parameter (ParameterType in Systems Manager's API model).
const (
	String       = "String"
	SecureString = "SecureString"
)

// Parameter is a parameter of the Parameter Store.
type Parameter struct {
	Name  string
	Type  string // empty means String
	Value string
}

// parameter is a Parameter as it is stored.
type parameter struct {
	Parameter
	version  int
	modified time.Time
}

// PutParameter creates a parameter or changes its value. It accepts values longer than
// AWS stores, so that tests can check how readers handle them.
func (s *Parameters) PutParameter(p Parameter) {
	if p.Type == "" {
		p.Type = String
	}
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	version := 1
	if before := s.parameters[p.Name]; before != nil {
		version = before.version + 1
	}
	s.parameters[p.Name] = &parameter{Parameter: p, version: version, modified: now}
}

// getParameterInput is GetParameter's request.
type getParameterInput struct {
	Name           string
	WithDecryption bool
}

// parameterOutput is a parameter in API responses.
type parameterOutput struct {
	ARN              string
	DataType         string
	LastModifiedDate json.Number
	Name             string
	Type             string
	Value            string
	Version          int
}

// acceptedName matches a name that GetParameter looks up. A name that is a path begins with a
// slash. "ssm" as a prefix is refused in every case (aws-sdk-php issue 1952, localstack issue 7712,
// varlock issue 389; PutParameter in Systems Manager's API reference lists the characters).
var acceptedName = regexp.MustCompile(`^([A-Za-z0-9_.-]+|(/[A-Za-z0-9_.-]+)+)$`)

func isAccepted(name string) bool {
	prefix := strings.ToLower(strings.TrimPrefix(name, "/"))
	return acceptedName.MatchString(name) && !strings.HasPrefix(prefix, "ssm")
}

// invalidName is what Systems Manager answers whatever is wrong with a name.
const invalidName = `Parameter name: can't be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths ` +
	`divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_`

// Operation parses a request for GetParameter. It rejects all other operations.
func (s *Parameters) Operation(request protocol.Request) protocol.Operation {
	name := request.Target("AmazonSSM")
	op := protocol.Operation{Action: name, Resource: "*", Limit: s.reads}
	if name != "GetParameter" {
		return op.Refuse(protocol.NotImplemented(Name, name))
	}
	var input getParameterInput
	if err := protocol.Decode(Name, name, request.Body, &input); err != nil {
		return op.Refuse(err)
	}
	// Systems Manager removes spaces around a name (GetParameter in Systems Manager's API
	// reference).
	input.Name = strings.Trim(input.Name, " ")
	switch {
	case input.Name == "" || utf8.RuneCountInString(input.Name) > 2048:
		return op.Refuse(protocol.Constraint("Value at 'name' failed to satisfy constraint: Member must have length between 1 and 2048"))
	case strings.Contains(input.Name, ":"):
		return op.Refuse(protocol.NotImplemented(Name, "GetParameter with an ARN, a version or a label"))
	case !isAccepted(input.Name):
		return op.Refuse(protocol.NewError(http.StatusBadRequest, "ValidationException", "%s", invalidName))
	}
	op.Resource = s.parameterARN(input.Name)
	op.Run = func(context.Context, time.Time) (protocol.Reply, error) { return s.getParameter(input) }
	return op
}

func (s *Parameters) getParameter(input getParameterInput) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.parameters[input.Name]
	if p == nil {
		// AWS sends this error without a text (aws-sdk-js issue 4330).
		return protocol.Reply{}, protocol.NewError(http.StatusBadRequest, "ParameterNotFound", "")
	}
	value := p.Value
	if p.Type == SecureString {
		if input.WithDecryption {
			return protocol.Reply{}, protocol.NotImplemented(Name, "GetParameter with the decryption of a SecureString")
		}
		value = base64.StdEncoding.EncodeToString([]byte("encrypted: " + p.Name)) // must not contain the value
	}
	return protocol.Reply{Body: map[string]any{"Parameter": parameterOutput{
		ARN: s.parameterARN(p.Name), DataType: "text", LastModifiedDate: protocol.Epoch(p.modified),
		Name: p.Name, Type: p.Type, Value: value, Version: p.version,
	}}}, nil
}

// parameterARN returns a parameter's ARN. It has one slash before the name, whether or
// not the name begins with one.
func (s *Parameters) parameterARN(name string) string {
	return s.account.ARN(Name, "parameter/"+strings.TrimPrefix(name, "/"))
}
