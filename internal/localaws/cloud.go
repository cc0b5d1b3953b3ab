package localaws

import (
	"cmp"
	"net/http"
	"sync"
	"time"

	"sluice/internal/localaws/dynamodb"
)

// Config says where and when the local AWS is. The zero value of a field
// means its default.
type Config struct {
	// Region and Account appear in every ARN. Defaults: us-east-1 and
	// 123456789012.
	Region  string
	Account string

	// Now is the only clock. It must be set.
	Now func() time.Time

	// Random draws uniformly from [0, 1) and decides which version of a
	// weighted alias an Invoke reaches. By default it always draws 0, which
	// is the alias's additional version if that has any weight.
	Random func() float64

	// ControlPlaneRate is how many Lambda calls a second the account may
	// make, all operations but GetFunction and Invoke together; 15 by
	// default, which AWS does not raise (Lambda quotas). FunctionReadRate is
	// GetFunction's own, 100 by default. A bucket holds one second's worth. A
	// negative rate is no limit.
	ControlPlaneRate float64
	FunctionReadRate float64

	// AlarmReadRate is how many DescribeAlarms a second the account may make;
	// 9 by default (CloudWatch quotas), negative is no limit.
	AlarmReadRate float64

	// ParameterReadRate is how many GetParameter a second the account may make; 40
	// by default (Systems Manager quotas, standard throughput), negative is no limit.
	ParameterReadRate float64

	// RotateUnchanged makes an UpdateAlias that changes nothing give the
	// alias a new RevisionId all the same. That was recorded once against
	// AWS, for an UpdateAlias that carries neither a version nor weights
	// (LocalStack's snapshot test_alias_lifecycle, 2023), and is documented
	// nowhere, so by default the RevisionId stays and with it every write
	// still in flight.
	RotateUnchanged bool

	// EventBuses are the names of the event buses there are beside "default".
	EventBuses []string
}

// Cloud is one account in one region. Its methods may be called from several
// goroutines at once, and never call the Invoker, a StateMachines or a
// callback while they hold its lock.
type Cloud struct {
	config Config

	mu        sync.Mutex
	counts    map[string]int
	listeners listeners
	revisions identifiers
	requests  identifiers
	eventIDs  identifiers
	names     identifiers

	functions    map[string]*function
	controlPlane *bucket
	functionRead *bucket
	alarmRead    *bucket
	alarms       map[string]*alarm

	parameterRead *bucket
	parameters    map[string]*parameter

	machines StateMachines
	database *dynamodb.Database
}

// listeners are the callbacks of whoever owns the Cloud.
type listeners struct {
	before, after func(Call) error
	call          []func(Call)
	alias         []func(AliasChange)
	alarm         []func(AlarmChange)
	published     []func(Published)
	events        []func([]Event)
	refuseEvent   func(Event) *EntryError
	hideTags      func(actor string, needed Permission) bool
	invoke        Invoker
}

// New returns an empty account. It panics without a clock, because every
// answer would be wrong.
func New(config Config) *Cloud {
	if config.Now == nil {
		panic("cloud: Config.Now is not set")
	}
	config.Region = cmp.Or(config.Region, "us-east-1")
	config.Account = cmp.Or(config.Account, "123456789012")
	if config.Random == nil {
		config.Random = func() float64 { return 0 }
	}
	return &Cloud{
		config:       config,
		counts:       map[string]int{},
		revisions:    identifiers{salt: 1},
		requests:     identifiers{salt: 2},
		eventIDs:     identifiers{salt: 3},
		names:        identifiers{salt: 4},
		functions:    map[string]*function{},
		controlPlane: newBucket(cmp.Or(config.ControlPlaneRate, 15)),
		functionRead: newBucket(cmp.Or(config.FunctionReadRate, 100)),
		alarmRead:    newBucket(cmp.Or(config.AlarmReadRate, 9)),
		alarms:       map[string]*alarm{},

		parameterRead: newBucket(cmp.Or(config.ParameterReadRate, 40)),
		parameters:    map[string]*parameter{},
		database:      dynamodb.New(config.Now),
	}
}

// ServeHTTP answers an AWS call that came over a socket.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answered, err := c.answer(r)
	if err != nil {
		// The caller sees the connection close without an answer, as when a
		// reply is lost.
		panic(http.ErrAbortHandler)
	}
	header := w.Header()
	for name, values := range answered.header {
		header[name] = values
	}
	w.WriteHeader(answered.status)
	// An error here means that the caller has gone; there is nobody to tell.
	_, _ = w.Write(answered.body)
}

// Do answers an AWS call in process: a Cloud is the HTTPClient of an SDK
// client's options. The error is a lost connection.
func (c *Cloud) Do(r *http.Request) (*http.Response, error) {
	answered, err := c.answer(r)
	if r.Body != nil {
		_ = r.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	return answered.http(r), nil
}

// answer takes one call from the wire and back to it: who calls, what is
// asked, what the owner's faults say, the effect, the record. Its error is a
// connection that was lost.
func (c *Cloud) answer(r *http.Request) (response, error) {
	asked, err := readRequest(r)
	if err != nil {
		return response{}, err
	}
	spoken := serviceOf(r)
	operation := spoken.understand(c, asked)
	if asked.actor == "" {
		operation = operation.refused(failure(http.StatusForbidden, "MissingAuthenticationToken", "Missing Authentication Token"))
	}
	call := Call{
		Time:        c.config.Now(),
		Actor:       asked.actor,
		Service:     spoken.name,
		Operation:   operation.action,
		Resource:    operation.resource,
		permissions: operation.permissions,
	}
	result, err := c.perform(r.Context(), call, operation)
	answered, lost := spoken.wire.response(result, err)
	call.StatusCode, call.ErrorCode = answered.status, answered.errorCode
	c.record(call)
	if lost != nil {
		return response{}, lost
	}
	c.mu.Lock()
	answered.header.Set("X-Amzn-Requestid", c.requests.next())
	c.mu.Unlock()
	return answered, nil
}
