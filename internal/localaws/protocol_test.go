package localaws_test

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// raw is an HTTP request that SDK clients do not send.
type raw struct {
	service string // the signing name; "lambda" if empty
	method  string
	path    string
	header  map[string]string
	body    string
}

// send signs and sends the request.
func (r raw) send(t *testing.T, to account) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), r.method, "https://aws.invalid"+r.path, strings.NewReader(r.body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=operator/20261201/us-east-1/"+cmp.Or(r.service, "lambda")+"/aws4_request, SignedHeaders=host, Signature=0")
	for name, value := range r.header {
		request.Header.Set(name, value)
	}
	answer, err := to.Do(request)
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	assert.NotEmpty(t, answer.Header.Get("X-Amzn-Requestid"))
	return answer, string(body)
}

func TestEachProtocolHasItsOwnErrorShape(t *testing.T) {
	t.Parallel()
	target := func(name string) map[string]string { return map[string]string{"X-Amz-Target": name} }
	rpc := map[string]string{"Smithy-Protocol": "rpc-v2-cbor"}
	const describe = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms"
	type testcase struct {
		name    string
		request raw
		status  int
		header  map[string]string
		body    string // JSON; empty for CBOR
		code    string // for CBOR
		message string
	}
	for _, test := range []testcase{
		{
			name: "Lambda names it in a header, and a missing resource has a Message", request: raw{method: "GET", path: "/2015-03-31/functions/unknown"},
			status: 404, header: map[string]string{"Content-Type": "application/json", "X-Amzn-Errortype": "ResourceNotFoundException"},
			body: `{"Type":"User","Message":"Function not found: arn:aws:lambda:us-east-1:123456789012:function:unknown"}`,
		}, {
			name: "all else has a message", request: raw{method: "POST", path: "/2015-03-31/functions/orders%3A1/versions"},
			status: 400, header: map[string]string{"X-Amzn-Errortype": "InvalidParameterValueException"},
			body: `{"Type":"User","message":"This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN."}`,
		}, {
			name: "a broken constraint has no Type", request: raw{method: "GET", path: "/2015-03-31/functions/orders/versions?MaxItems=0"},
			status: 400, header: map[string]string{"X-Amzn-Errortype": "ValidationException"},
			body: `{"message":"1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 10000"}`,
		}, {
			name: "broken JSON", request: raw{method: "PUT", path: "/2015-03-31/functions/orders/aliases/live", body: `{`},
			status: 400, header: map[string]string{"X-Amzn-Errortype": "SerializationException"},
			body: `{"Type":"User","message":"unexpected EOF"}`,
		}, {
			name: "two requests in one", request: raw{method: "PUT", path: "/2015-03-31/functions/orders/aliases/live", body: `{}{}`},
			status: 400, header: map[string]string{"X-Amzn-Errortype": "SerializationException"},
			body: `{"Type":"User","message":"unexpected data after the request"}`,
		}, {
			name: "a path without an operation", request: raw{method: "POST", path: "/"},
			status: 501, header: map[string]string{"X-Amzn-Errortype": "NotImplemented"},
			body: `{"Type":"Service","message":"not implemented in the local AWS: lambda:POST /"}`,
		}, {
			name: "AWS-JSON names it in the body", request: raw{service: "states", method: "POST", path: "/", header: target("AWSStepFunctions.StartExecution"), body: `{"stateMachineArn":1}`},
			status: 400, header: map[string]string{"Content-Type": "application/x-amz-json-1.0"},
			body: `{"__type":"SerializationException","message":"json: cannot unmarshal number into Go struct field startExecutionInput.stateMachineArn of type string"}`,
		}, {
			name: "a service that is not there", request: raw{service: "kms", method: "POST", path: "/", header: target("TrentService.Decrypt"), body: `{}`},
			status: 501, body: `{"__type":"NotImplemented","message":"not implemented in the local AWS: kms:Decrypt"}`,
		}, {
			name: "an operation of another service", request: raw{service: "events", method: "POST", path: "/", header: target("AWSStepFunctions.PutEvents"), body: `{}`},
			status: 501, body: `{"__type":"NotImplemented","message":"not implemented in the local AWS: events:AWSStepFunctions.PutEvents"}`,
		}, {
			name: "CBOR", request: raw{service: "monitoring", method: "POST", path: describe, header: rpc, body: "\xff"},
			status: 400, header: map[string]string{"Content-Type": "application/cbor", "Smithy-Protocol": "rpc-v2-cbor", "X-Amzn-Query-Error": "SerializationException;Sender"},
			code: "com.amazonaws.cloudwatch.v2010_08_01#SerializationException",
		}, {
			name: "CBOR that is no map", request: raw{service: "monitoring", method: "POST", path: describe, header: rpc, body: string(cbor.Encode(cbor.String("x")))},
			status: 400, code: "com.amazonaws.cloudwatch.v2010_08_01#SerializationException", message: "the request is a cbor.String, not a map",
		}, {
			name: "a member of another kind", request: raw{service: "monitoring", method: "POST", path: describe, header: rpc, body: string(cbor.Encode(cbor.Map{"AlarmNames": cbor.List{cbor.Uint(1)}}))},
			status: 400, code: "com.amazonaws.cloudwatch.v2010_08_01#SerializationException", message: "AlarmNames is a Uint",
		}, {
			name: "a string of another kind", request: raw{service: "monitoring", method: "POST", path: describe, header: rpc, body: string(cbor.Encode(cbor.Map{"NextToken": cbor.Bool(true)}))},
			status: 400, code: "com.amazonaws.cloudwatch.v2010_08_01#SerializationException", message: "NextToken is a Bool",
		}, {
			name: "a number of another kind", request: raw{service: "monitoring", method: "POST", path: describe, header: rpc, body: string(cbor.Encode(cbor.Map{"MaxRecords": cbor.String("1")}))},
			status: 400, code: "com.amazonaws.cloudwatch.v2010_08_01#SerializationException", message: "MaxRecords is a String",
		}, {
			name: "RPC v2 with JSON", request: raw{service: "monitoring", method: "POST", path: describe, header: map[string]string{"Smithy-Protocol": "rpc-v2-json"}, body: `{}`},
			status: 501, header: map[string]string{"X-Amzn-Query-Error": "NotImplemented;Receiver"}, code: "com.amazonaws.cloudwatch.v2010_08_01#NotImplemented",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.orders(t, 1)
			a.live(t, "1")
			a.SetStateMachines(newMachines(a.clock))

			answer, body := test.request.send(t, a)

			assert.Equal(t, test.status, answer.StatusCode)
			for name, value := range test.header {
				assert.Equal(t, value, answer.Header.Get(name), name)
			}
			if test.body != "" {
				assert.JSONEq(t, test.body, body)
				return
			}
			decoded, err := cbor.Decode([]byte(body))
			require.NoError(t, err)
			assert.Equal(t, cbor.String(test.code), decoded.(cbor.Map)["__type"])
			assert.Contains(t, decoded.(cbor.Map)["message"], test.message)
		})
	}
}

func TestFaultsHaveTheErrorCodesOfEachService(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	type testcase struct {
		service                    string
		call                       func(account) error
		throttled, denied, failure string
		deniedStatus               int
	}
	for _, test := range []testcase{
		{"cloudwatch", func(a account) error {
			_, err := a.cloudwatch().DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})
			return err
		}, "Throttling", "AccessDenied", "InternalServiceFault", 403},
		{"events", func(a account) error {
			_, err := a.events().PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries(`{}`)})
			return err
		}, "ThrottlingException", "AccessDeniedException", "InternalException", 400},
		{"states", func(a account) error {
			_, err := a.states().ListStateMachines(ctx, &sfn.ListStateMachinesInput{})
			return err
		}, "ThrottlingException", "AccessDeniedException", "InternalFailure", 400},
		{"dynamodb", func(a account) error {
			_, err := dynamodb.NewFromConfig(a.config).ListTables(ctx, &dynamodb.ListTablesInput{})
			return err
		}, "ThrottlingException", "AccessDeniedException", "InternalServerError", 400},
	} {
		t.Run(test.service, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.Fault(func(call localaws.Call) error { return localaws.Throttled(call.Service) })
			requireRefused(t, test.call(a), 400, test.throttled, "Rate exceeded")
			a.Fault(func(call localaws.Call) error { return localaws.AccessDenied(call) })
			requireRefused(t, test.call(a), test.deniedStatus, test.denied, "User: set-weight is not authorized to perform: "+test.service+":")
			a.Fault(func(call localaws.Call) error { return localaws.ServiceFailure(call.Service) })
			requireRefused(t, test.call(a), 500, test.failure, "An internal service error occurred.")
		})
	}
}

func TestACloudNeedsAClock(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "localaws: Config.Now is not set", func() { localaws.New(localaws.Config{}) })
}
