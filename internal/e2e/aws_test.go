package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
)

// person is a user of the aws command.
type person struct {
	account *account
	folder  string
}

// try runs the aws command.
func (p person) try(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	command := exec.Command("aws", args...)
	command.Dir = p.folder
	command.Env = append(os.Environ(),
		"AWS_ENDPOINT_URL="+p.account.endpoint, "AWS_REGION="+p.account.region, "AWS_DEFAULT_REGION="+p.account.region,
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_PAGER=", "AWS_DEFAULT_OUTPUT=json",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
	var out, errors strings.Builder
	command.Stdout, command.Stderr = &out, &errors
	err = command.Run()
	return out.String(), errors.String(), err
}

// query runs the aws command, which must succeed, and returns a part of its answer: the text
// value of a JMESPath expression.
func (p person) query(t *testing.T, expression string, args ...string) string {
	t.Helper()
	out, errors, err := p.try(t, append(args, "--query", expression, "--output", "text")...)
	require.NoError(t, err, "aws %s: %s", strings.Join(args, " "), errors)
	return strings.TrimSpace(out)
}

// run runs the aws command, which must succeed.
func (p person) run(t *testing.T, args ...string) {
	t.Helper()
	_, errors, err := p.try(t, args...)
	require.NoError(t, err, "aws %s: %s", strings.Join(args, " "), errors)
}

// A person drives the account with the aws command alone.
func TestTheAWSCommandDrivesTheLocalAccount(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("SKIPPED: the aws command is not installed")
	}
	p := person{account: play(t, "--speed", "60", "--functions", "in-process"), folder: t.TempDir()}
	machine, execution := p.account.machine(), p.account.execution("first")
	long := `{"function": "orders", "alarms": ["orders-errors"], "strategy": "Canary10Percent600Minutes"}`

	assert.Equal(t, machine, p.query(t, "stateMachines[?name=='"+flow.DefaultNamePrefix+"'].stateMachineArn | [0]", "stepfunctions", "list-state-machines"))
	assert.Equal(t, execution, p.query(t, "executionArn", "stepfunctions", "start-execution", "--state-machine-arn", machine, "--name", "first", "--input", long))
	eventually(t, "10% of the traffic are on version 2", func() bool { return p.account.alias(t) == "1 and 10% on 2" })
	assert.Equal(t, "1 0.1", p.query(t, `join(' ', [FunctionVersion, to_string(RoutingConfig.AdditionalVersionWeights."2")])`,
		"lambda", "get-alias", "--function-name", "orders", "--name", "live"))
	assert.Equal(t, "first RUNNING", p.query(t, "executions[0].join(' ', [name, status])", "stepfunctions", "list-executions", "--state-machine-arn", machine))
	assert.Equal(t, execution, p.query(t, "Item.holder.S", "dynamodb", "get-item", "--table-name", flow.DefaultNamePrefix,
		"--key", `{"`+flow.LedgerPartitionKey+`": {"S": "target#lambda:orders:live"}, "`+flow.LedgerSortKey+`": {"S": "lock"}}`))
	assert.Equal(t, "1", p.query(t, "Count", "dynamodb", "query", "--table-name", flow.DefaultNamePrefix,
		"--key-condition-expression", flow.LedgerPartitionKey+" = :open", "--expression-attribute-values", `{":open": {"S": "open"}}`))
	assert.Equal(t, "OK", p.query(t, "MetricAlarms[0].StateValue", "cloudwatch", "describe-alarms", "--alarm-names", "orders-errors"))

	p.run(t, "cloudwatch", "set-alarm-state", "--alarm-name", "orders-errors", "--state-value", "ALARM", "--state-reason", "by hand")
	p.account.end(t, "first")
	assert.Equal(t, "RolledBack", p.query(t, "error", "stepfunctions", "describe-execution", "--execution-arn", execution))
	assert.Equal(t, "1", p.query(t, "Aliases[?Name=='live'].FunctionVersion | [0]", "lambda", "list-aliases", "--function-name", "orders"))
	assert.Equal(t, "ExecutionFailed", p.query(t, "events[0].type", "stepfunctions", "get-execution-history", "--execution-arn", execution, "--reverse-order", "--no-paginate", "--max-results", "1"))
	assert.Contains(t, p.query(t, "Items[]."+flow.LedgerSortKey+".S", "dynamodb", "scan", "--table-name", flow.DefaultNamePrefix), "candidate#2#"+execution)

	t.Run("new code", func(t *testing.T) { p.newCode(t, machine) })
	t.Run("a stop", func(t *testing.T) { p.stops(t, machine, long) })
	t.Run("a hook", func(t *testing.T) { p.agrees(t, machine) })

	assert.Equal(t, "0", p.query(t, "FailedEntryCount", "events", "put-events", "--entries", `[{"Source": "me", "DetailType": "x", "Detail": "{}"}]`))
	_, errors, err := p.try(t, "lambda", "get-function-url-config", "--function-name", "orders")
	require.Error(t, err)
	assert.Contains(t, errors, "not implemented in the local AWS")
	p.account.interrupt(t)
}

// newCode publishes a version, which starts a deployment as the function's tags say.
func (p person) newCode(t *testing.T, machine string) {
	p.run(t, "lambda", "update-function-code", "--function-name", "orders", "--s3-bucket", "code", "--s3-key", "3.zip")
	p.run(t, "lambda", "tag-resource", "--resource", "arn:aws:lambda:"+p.account.region+":123456789012:function:orders", "--tags", "sluice:strategy=AllAtOnce")
	assert.Equal(t, "3", p.query(t, "Version", "lambda", "publish-version", "--function-name", "orders"))
	assert.Equal(t, "$LATEST\t1\t2\t3", p.query(t, "Versions[].Version", "lambda", "list-versions-by-function", "--function-name", "orders"))
	assert.Equal(t, "Active", p.query(t, "Configuration.State", "lambda", "get-function", "--function-name", "orders", "--qualifier", "3"))
	eventually(t, "version 3 has all the traffic", func() bool { return p.account.alias(t) == "3" })
	assert.Contains(t, p.query(t, "executions[0].name", "stepfunctions", "list-executions", "--state-machine-arn", machine), "published-orders-3-")
	assert.Equal(t, "3", p.query(t, "ExecutedVersion", "lambda", "invoke", "--function-name", "orders:live", "answer.json"))
	text, err := os.ReadFile(filepath.Join(p.folder, "answer.json"))
	require.NoError(t, err)
	assert.JSONEq(t, `{"function": "orders", "version": "3"}`, string(text))
	p.run(t, "lambda", "update-function-code", "--function-name", "orders", "--s3-bucket", "code", "--s3-key", "4.zip")
}

func (p person) stops(t *testing.T, machine, input string) {
	p.run(t, "stepfunctions", "start-execution", "--state-machine-arn", machine, "--name", "second", "--input", input)
	eventually(t, "10% of the traffic are on version 4", func() bool { return p.account.alias(t) == "3 and 10% on 4" })
	p.run(t, "stepfunctions", "stop-execution", "--execution-arn", p.account.execution("second"))
	eventually(t, "no traffic is on version 4", func() bool { return p.account.alias(t) == "3" })
}

func (p person) agrees(t *testing.T, machine string) {
	p.run(t, "stepfunctions", "start-execution", "--state-machine-arn", machine, "--name", "third", "--input",
		`{"function": "orders", "strategy": "AllAtOnce", "hooks": {"beforeTraffic": [{"function": "orders-approval", "mode": "callback"}]}}`)
	execution := p.account.execution("third")
	token := p.account.token(t, "third")
	assert.Contains(t, p.query(t, "events[?type=='TaskScheduled'].taskScheduledEventDetails.parameters | [0]",
		"stepfunctions", "get-execution-history", "--execution-arn", execution), token)
	p.run(t, "stepfunctions", "send-task-success", "--task-token", token, "--task-output", "{}")
	p.account.end(t, "third")
	assert.Equal(t, "SUCCEEDED", p.query(t, "status", "stepfunctions", "describe-execution", "--execution-arn", execution))
}
