package localaws

import (
	"github.com/sluice-aws/sluice/internal/localaws/cloudformation"
	"github.com/sluice-aws/sluice/internal/localaws/cloudfront"
	"github.com/sluice-aws/sluice/internal/localaws/cloudwatch"
	"github.com/sluice-aws/sluice/internal/localaws/eventbridge"
	"github.com/sluice-aws/sluice/internal/localaws/iam"
	"github.com/sluice-aws/sluice/internal/localaws/keyvaluestore"
	"github.com/sluice-aws/sluice/internal/localaws/lambda"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
	"github.com/sluice-aws/sluice/internal/localaws/route53"
	"github.com/sluice-aws/sluice/internal/localaws/s3"
	"github.com/sluice-aws/sluice/internal/localaws/ssm"
	"github.com/sluice-aws/sluice/internal/localaws/stepfunctions"
)

// The types in the signatures of the Cloud's methods, so that code with a Cloud imports
// only this package. The services' packages have the same names as the SDK's packages,
// which most such code imports too.
type (
	// APIError is an error as AWS returns it.
	APIError = protocol.Error
	// Permission is one action on one resource.
	Permission = protocol.Permission

	// RequestContext has the condition keys of one call.
	RequestContext = protocol.RequestContext

	// Function, Version, VersionState, Alias and ProvisionedConcurrency are Lambda's
	// resources.
	Function               = lambda.Function
	Version                = lambda.Version
	VersionState           = lambda.VersionState
	Alias                  = lambda.Alias
	ProvisionedConcurrency = lambda.ProvisionedConcurrency
	// AliasChange and Published are passed to Lambda's listeners.
	AliasChange = lambda.AliasChange
	Published   = lambda.Published
	// Invoker runs the functions.
	Invoker          = lambda.Invoker
	Invocation       = lambda.Invocation
	InvocationType   = lambda.InvocationType
	InvocationResult = lambda.InvocationResult
	// EventQueue is the queue of asynchronous invocations.
	EventQueue  = lambda.EventQueue
	QueuedEvent = lambda.QueuedEvent
	// URLRequest is a request to a function's URL.
	URLRequest = protocol.Request

	// EventSource and Grant are who else may invoke a function.
	EventSource = lambda.EventSource
	Grant       = lambda.Grant

	// Alarms is CloudWatch in one region. MetricAlarm, CompositeAlarm and LogAlarm are its
	// alarms.
	Alarms         = cloudwatch.Alarms
	MetricAlarm    = cloudwatch.MetricAlarm
	CompositeAlarm = cloudwatch.CompositeAlarm
	LogAlarm       = cloudwatch.LogAlarm
	AlarmChange    = cloudwatch.AlarmChange
	// Metric, MetricData, Distribution and Sample are CloudWatch's metrics. MetricProvider
	// has their data, and MetricAnswers says how GetMetricData answers beyond them.
	Metric         = cloudwatch.Metric
	MetricData     = cloudwatch.MetricData
	MetricProvider = cloudwatch.MetricProvider
	MetricAnswers  = cloudwatch.MetricAnswers
	Distribution   = cloudwatch.Distribution
	Sample         = cloudwatch.Sample
	Statistic      = cloudwatch.Statistic

	// Event is an event on a bus.
	Event      = eventbridge.Event
	EntryError = eventbridge.EntryError

	// StateMachines runs executions.
	StateMachines = stepfunctions.StateMachines
	StateMachine  = stepfunctions.StateMachine
	Execution     = stepfunctions.Execution
	HistoryEvent  = stepfunctions.HistoryEvent

	// RolePolicies decides what a role may do.
	RolePolicies = iam.Policies

	// Parameter is a parameter of the Parameter Store.
	Parameter = ssm.Parameter

	// KeyValueStore is a key value store of CloudFront.
	KeyValueStore       = keyvaluestore.KeyValueStore
	KeyValueStoreConfig = keyvaluestore.Config
	KeyValueChange      = keyvaluestore.KeyValueChange

	// Bucket is a bucket of S3.
	Bucket = s3.Bucket

	// Zone is a hosted zone of Route 53, Record a record set in it, and Resolvers are what
	// viewers ask.
	Zone        = route53.Zone
	Record      = route53.Record
	RecordAlias = route53.Alias
	RecordArea  = route53.GeoArea
	Resolvers   = route53.Resolvers
	// RecordChange is passed to Route 53's listeners.
	RecordChange = route53.RecordChange

	// CloudFrontDistribution is a distribution of CloudFront.
	CloudFrontDistribution = cloudfront.Distribution
	CloudFrontConfig       = cloudfront.Config
	// DistributionChange is passed to CloudFront's listeners.
	DistributionChange = cloudfront.DistributionChange

	// Stacks is CloudFormation, and Stack a stack of it. A StackPlayer plays stacks.
	Stacks               = cloudformation.Stacks
	Stack                = cloudformation.Stack
	StackAction          = cloudformation.Action
	StackPlayer          = cloudformation.Player
	StackMove            = cloudformation.Move
	StackChoices         = cloudformation.Choices
	StackReceived        = cloudformation.Received
	OpaqueChange         = cloudformation.OpaqueChange
	OpaqueResult         = cloudformation.OpaqueResult
	CloudFormationConfig = cloudformation.Config
)

// The values of these types.
const (
	StatePending  = lambda.StatePending
	StateActive   = lambda.StateActive
	StateInactive = lambda.StateInactive
	StateFailed   = lambda.StateFailed

	RequestResponse = lambda.RequestResponse
	AsyncEvent      = lambda.AsyncEvent

	AlarmOK               = cloudwatch.OK
	AlarmAlarm            = cloudwatch.Alarm
	AlarmInsufficientData = cloudwatch.InsufficientData

	StatusComplete      = cloudwatch.StatusComplete
	StatusPartialData   = cloudwatch.StatusPartialData
	StatusInternalError = cloudwatch.StatusInternalError
	StatusForbidden     = cloudwatch.StatusForbidden

	ExecutionRunning        = stepfunctions.Running
	ExecutionSucceeded      = stepfunctions.Succeeded
	ExecutionFailed         = stepfunctions.Failed
	ExecutionTimedOut       = stepfunctions.TimedOut
	ExecutionAborted        = stepfunctions.Aborted
	ExecutionPendingRedrive = stepfunctions.PendingRedrive

	PlainParameter  = ssm.String
	SecureParameter = ssm.SecureString
)

// The errors that a StateMachines returns, wrapped or not.
var (
	ErrExecutionAlreadyExists = stepfunctions.ErrExecutionAlreadyExists
	ErrExecutionNotRedrivable = stepfunctions.ErrExecutionNotRedrivable
	ErrInvalidToken           = stepfunctions.ErrInvalidToken
	ErrTaskDoesNotExist       = stepfunctions.ErrTaskDoesNotExist
	ErrTaskTimedOut           = stepfunctions.ErrTaskTimedOut
)

// ParseStatistic parses a statistic of CloudWatch. NewDistribution returns the distribution of
// samples, and MergeDistributions that of several distributions.
var (
	ParseStatistic     = cloudwatch.ParseStatistic
	NewDistribution    = cloudwatch.NewDistribution
	MergeDistributions = cloudwatch.MergeAll
)

// SimpleRecord returns a record with values, and AliasRecord one that is an alias.
// NewResolvers returns resolvers that ask the zones of a Cloud.
var (
	SimpleRecord = route53.Simple
	AliasRecord  = route53.AliasOf
	NewResolvers = route53.NewResolvers
)

// EveryOrder plays a scenario of stacks in every order, and ReplayOrder repeats one order.
// NewEventQueue returns a queue of asynchronous invocations.
var (
	EveryOrder    = cloudformation.EveryOrder
	ReplayOrder   = cloudformation.Replay
	NewEventQueue = lambda.NewEventQueue
)

// URLPrefix begins the paths of functions' URLs here.
const URLPrefix = lambda.URLPrefix

// URLEvent and ReadURLResponse encode what a function receives for a request to its URL, and decode
// what it answers, for those who call a function without HTTP.
var (
	URLEvent        = lambda.URLEvent
	ReadURLResponse = lambda.ReadURLResponse
)
