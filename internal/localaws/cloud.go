package localaws

import (
	"cmp"
	"net/http"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/account"
	"github.com/sluice-aws/sluice/internal/localaws/cloudformation"
	"github.com/sluice-aws/sluice/internal/localaws/cloudfront"
	"github.com/sluice-aws/sluice/internal/localaws/cloudwatch"
	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
	"github.com/sluice-aws/sluice/internal/localaws/eventbridge"
	"github.com/sluice-aws/sluice/internal/localaws/iam"
	"github.com/sluice-aws/sluice/internal/localaws/identifier"
	"github.com/sluice-aws/sluice/internal/localaws/keyvaluestore"
	"github.com/sluice-aws/sluice/internal/localaws/lambda"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
	"github.com/sluice-aws/sluice/internal/localaws/route53"
	"github.com/sluice-aws/sluice/internal/localaws/s3"
	"github.com/sluice-aws/sluice/internal/localaws/sqs"
	"github.com/sluice-aws/sluice/internal/localaws/ssm"
	"github.com/sluice-aws/sluice/internal/localaws/stepfunctions"
)

// Config configures a Cloud: its region, account, clock, rate limits and buses. The
// zero value of a field means its default.
type Config struct {
	// Region and Account appear in every ARN. Defaults: us-east-1 and
	// 123456789012.
	Region  string
	Account string

	// Now is the only clock. It must be set.
	Now func() time.Time

	// Random, ControlPlaneRate, FunctionReadRate, KeepUnchanged and UpdateTime are passed
	// to lambda.Config.
	Random           func() float64
	ControlPlaneRate float64
	FunctionReadRate float64
	KeepUnchanged    bool
	UpdateTime       time.Duration

	// AlarmReadRate, MetricReadRate and DatapointRate are the ReadRate, DataRate and
	// DatapointRate of cloudwatch.Config.
	AlarmReadRate  float64
	MetricReadRate float64
	DatapointRate  float64

	// ParameterReadRate is the ReadRate of ssm.Config.
	ParameterReadRate float64

	// KeyValueStores is passed to keyvaluestore.New.
	KeyValueStores KeyValueStoreConfig

	// RecordRate, PropagationTime and BatchTime are the Rate, PropagationTime and ApplyTime
	// of route53.Config.
	RecordRate      float64
	PropagationTime time.Duration
	BatchTime       time.Duration

	// Distributions is passed to cloudfront.New.
	Distributions CloudFrontConfig

	// Stacks is passed to cloudformation.New.
	Stacks CloudFormationConfig

	// EventBuses are the names of the event buses besides "default".
	EventBuses []string
}

// Cloud is one account in one region; of CloudWatch it has other regions too, see AlarmsIn.
// Its services are embedded, so that their methods are the Cloud's. Its methods may be called from several goroutines at
// once. No method calls the Invoker, a StateMachines or a callback while it holds
// a lock.
type Cloud struct {
	*lambda.Functions
	*cloudwatch.Alarms
	*eventbridge.Buses
	*stepfunctions.Executions
	*ssm.Parameters
	*keyvaluestore.Stores
	*s3.Buckets
	*route53.Zones
	*cloudfront.Distributions

	regions  *cloudwatch.Regions
	queues   *sqs.Queues
	roles    *iam.Service
	stacks   *cloudformation.Stacks
	config   Config
	database *dynamodb.Database
	services map[string]service // by signing name

	mu            sync.Mutex
	requests      *identifier.Sequence
	counts        map[string]int
	listeners     []func(Call)
	before, after func(Call) error
}

// New returns an empty account. It panics without a clock, because every response would
// be wrong.
func New(config Config) *Cloud {
	if config.Now == nil {
		panic("localaws: Config.Now is not set")
	}
	config.Region = cmp.Or(config.Region, DefaultRegion)
	config.Account = cmp.Or(config.Account, "123456789012")
	here := account.Account{Region: config.Region, ID: config.Account, Now: config.Now}
	regions := cloudwatch.New(here, cloudwatch.Config{
		ReadRate: config.AlarmReadRate, DataRate: config.MetricReadRate, DatapointRate: config.DatapointRate,
	})
	c := &Cloud{
		Functions: lambda.New(here, lambda.Config{
			Random: config.Random, ControlPlaneRate: config.ControlPlaneRate, FunctionReadRate: config.FunctionReadRate,
			KeepUnchanged: config.KeepUnchanged, UpdateTime: config.UpdateTime,
		}),
		Alarms:        regions.In(config.Region),
		regions:       regions,
		Buses:         eventbridge.New(here, config.EventBuses),
		Executions:    stepfunctions.New(),
		Parameters:    ssm.New(here, ssm.Config{ReadRate: config.ParameterReadRate}),
		Stores:        keyvaluestore.New(here, config.KeyValueStores),
		Buckets:       s3.New(here),
		Zones:         route53.New(here, route53.Config{Rate: config.RecordRate, PropagationTime: config.PropagationTime, ApplyTime: config.BatchTime}),
		Distributions: cloudfront.New(here, config.Distributions),
		roles:         iam.New(here),
		queues:        sqs.New(here),
		config:        config,
		database:      dynamodb.New(config.Now),
		requests:      identifier.NewSequence(2),
		counts:        map[string]int{},
	}
	c.Buses.SetDeliver(c.queues.Deliver)
	c.stacks = cloudformation.New(here, config.Stacks, c)
	c.services = map[string]service{
		lambda.Name:            {lambda.Name, c.Functions},
		cloudwatch.SigningName: {cloudwatch.Name, regions},
		eventbridge.Name:       {eventbridge.Name, c.Buses},
		stepfunctions.Name:     {stepfunctions.Name, c.Executions},
		ssm.Name:               {ssm.Name, c.Parameters},
		route53.Name:           {route53.Name, c.Zones},
		cloudfront.Name:        {cloudfront.Name, c.Distributions},
		sqs.Name:               {sqs.Name, c.queues},
		iam.Name:               {iam.Name, c.roles},
		keyvaluestore.Name:     {keyvaluestore.Name, c.Stores},
		s3.Name:                {s3.Name, c.Buckets},
		cloudformation.Name:    {cloudformation.Name, c.stacks},
		dynamodbName:           {dynamodbName, tables{here, c.database}},
	}
	return c
}

// AlarmsIn returns the CloudWatch of a region. An alarm there is another one than that of the
// same name in the Cloud's own region, and the Cloud's event buses receive none of its events.
func (c *Cloud) AlarmsIn(region string) *Alarms { return c.regions.In(region) }

// SetPolicies sets who decides what the account's roles may do, for IAM's simulations.
func (c *Cloud) SetPolicies(p RolePolicies) { c.roles.SetPolicies(p) }

// CloudFormation returns the account's stacks.
func (c *Cloud) CloudFormation() *Stacks { return c.stacks }

// ServeHTTP answers an AWS call that came over a network connection.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	response, err := c.answer(r)
	if err != nil {
		// The caller sees the connection close without a response, as when a reply is
		// lost.
		panic(http.ErrAbortHandler)
	}
	header := w.Header()
	for name, values := range response.Header {
		header[name] = values
	}
	w.WriteHeader(response.Status)
	// An error here means that the caller has disconnected, so nobody can receive it.
	_, _ = w.Write(response.Body)
}

// Do answers an AWS call in process, so that a Cloud can be the HTTPClient in an SDK
// client's options. An error means a lost connection.
func (c *Cloud) Do(r *http.Request) (*http.Response, error) {
	response, err := c.answer(r)
	if r.Body != nil {
		_ = r.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	return response.HTTP(r), nil
}

// answer processes one HTTP call: it reads the request, finds the operation, applies
// the faults, runs the operation, writes the response and records the call. An error
// means a lost connection.
func (c *Cloud) answer(r *http.Request) (protocol.Response, error) {
	request, err := protocol.Read(r)
	if err != nil {
		return protocol.Response{}, err
	}
	target := c.service(request)
	operation, isURL := c.URLOperation(request)
	if isURL { // whatever it is signed for, and whether it is
		target, request.Actor = c.services[lambda.Name], ""
	} else {
		operation = target.Operation(request)
	}
	if request.Actor == "" && !isURL {
		operation = operation.Refuse(protocol.NewError(http.StatusForbidden, "MissingAuthenticationToken", "Missing Authentication Token"))
	}
	call := Call{
		Time:        c.config.Now(),
		Actor:       request.Actor,
		Service:     target.name,
		Operation:   operation.Action,
		Resource:    operation.Resource,
		permissions: operation.Permissions,
	}
	reply, err := c.perform(r.Context(), call, operation)
	response, lost := target.Protocol(request).Write(reply, err)
	call.StatusCode, call.ErrorCode = response.Status, response.ErrorCode
	c.record(call)
	if lost != nil {
		return protocol.Response{}, lost
	}
	c.mu.Lock()
	if id := c.requests.Next(); response.Header.Get("X-Amzn-Requestid") == "" {
		response.Header.Set("X-Amzn-Requestid", id)
	}
	c.mu.Unlock()
	return response, nil
}
