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
	"github.com/sluice-aws/sluice/internal/localaws/sqs"
	"github.com/sluice-aws/sluice/internal/localaws/ssm"
	"github.com/sluice-aws/sluice/internal/localaws/stepfunctions"
)

// failures holds the errors that any call to a service may return, keyed by
// Call.Service.
var failures = map[string]protocol.Failures{
	lambda.Name:         lambda.Failures,
	cloudwatch.Name:     cloudwatch.Failures,
	eventbridge.Name:    eventbridge.Failures,
	stepfunctions.Name:  stepfunctions.Failures,
	ssm.Name:            ssm.Failures,
	route53.Name:        route53.Failures,
	cloudfront.Name:     cloudfront.Failures,
	sqs.Name:            sqs.Failures,
	iam.Name:            iam.Failures,
	keyvaluestore.Name:  keyvaluestore.Failures,
	s3.Name:             s3.Failures,
	cloudformation.Name: cloudformation.Failures,
	dynamodbName:        {InternalCode: "InternalServerError"},
}

// Throttled returns a service's error for a call above the account's rate. The argument
// is a Call's Service.
func Throttled(service string) *APIError { return failures[service].NewThrottled() }

// AccessDenied returns the service's error for a caller whose policies do not allow the
// call.
func AccessDenied(call Call) *APIError {
	return failures[call.Service].NewDenied(call.Actor, call.Action(), call.Resource)
}

// ServiceFailure returns a service's error for an internal failure. The argument is a
// Call's Service.
func ServiceFailure(service string) *APIError { return failures[service].NewInternal() }
