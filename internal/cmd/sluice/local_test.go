package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// localProcess is a running sluice local.
type localProcess struct {
	endpoint string
	output   string      // up to the last line of the instructions
	later    *syncBuffer // what is printed after that
	stop     context.CancelFunc
	status   chan int
	stderr   *bytes.Buffer
}

// syncBuffer is a buffer that is written while it is read.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

var exported = regexp.MustCompile(`export AWS_ENDPOINT_URL=(\S+)`)

// startLocal runs the command until the test ends.
func startLocal(t *testing.T, args ...string) localProcess {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	s := localProcess{stop: stop, status: make(chan int, 1), stderr: &bytes.Buffer{}, later: &syncBuffer{}}
	go func() {
		status := exec(ctx, append([]string{"local", "--port", "0"}, args...), strings.NewReader(""), in, s.stderr)
		_ = in.Close()
		s.status <- status
	}()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		s.output += lines.Text() + "\n"
		if found := exported.FindStringSubmatch(lines.Text()); found != nil {
			s.endpoint = found[1]
		}
		if strings.Contains(lines.Text(), "aws dynamodb scan") {
			break // the last line
		}
	}
	go func() { _, _ = io.Copy(s.later, out) }()
	t.Cleanup(stop)
	require.NotEmpty(t, s.endpoint, "it did not say where it is: %s", s.stderr)
	return s
}

// get sends a request to Lambda's API.
func (s localProcess) get(t *testing.T, path string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.endpoint+path, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=local/20261201/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(body)
}

func TestLocalServesAnAccountUntilItIsInterrupted(t *testing.T) {
	s := startLocal(t)
	assert.Regexp(t, `^http://127\.0\.0\.1:[0-9]+$`, s.endpoint, "only this machine can reach it")
	assert.Contains(t, s.output, `--input '{"function":"orders","strategy":"Canary10Percent600Minutes","alarms":["orders-errors"]}'`)
	status, body := s.get(t, "/2015-03-31/functions/orders/aliases/live")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, `"FunctionVersion":"1"`)
	status, _ = s.get(t, "/2016-08-19/account-settings")
	assert.Equal(t, http.StatusNotImplemented, status)
	s.stop()
	assert.Equal(t, statusOK, <-s.status)
	assert.Empty(t, s.stderr.String())
}

func TestLocalHasTheFunctionsAndAlarmsOfTheDeployment(t *testing.T) {
	deployment := writeFile(t, "deployment.json", `{"function": "arn:aws:lambda:eu-west-1:111122223333:function:payments", "alias": "prod",
		"alarms": ["payments-slow", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:site-5xx", "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:payments-5xx"]}`)
	s := startLocal(t, "-f", deployment)
	assert.Contains(t, s.output, "AWS_REGION=eu-west-1")
	assert.Contains(t, s.output, "arn:aws:states:eu-west-1:111122223333:stateMachine:sluice")
	assert.Contains(t, s.output, "set-alarm-state --alarm-name payments-slow")
	assert.Contains(t, s.output, "set-alarm-state --region us-east-1 --alarm-name site-5xx")
	assert.Contains(t, s.output, "set-alarm-state --region eu-west-1 --alarm-name payments-5xx", "which is the account's own")
	status, _ := s.get(t, "/2015-03-31/functions/payments/aliases/prod")
	assert.Equal(t, http.StatusOK, status)
}

func TestLocalShowsHowToReadTheFrontEndsOfTheDeployment(t *testing.T) {
	s := startLocal(t, "-f", writeFile(t, "deployment.json", shopWindow))
	port := s.endpoint[strings.LastIndex(s.endpoint, ":"):]
	for _, line := range []string{
		"export AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE=http://localhost" + port,
		"aws lambda get-alias --function-name orders --name live",
		"aws route53 list-resource-record-sets --hosted-zone-id Z0123456789ABC --start-record-name api.example.com --max-items 4",
	} {
		assert.Contains(t, s.output, "  "+line+"\n")
	}
	assert.Regexp(t, `aws cloudfront-keyvaluestore get-key --kvs-arn arn:aws:cloudfront::123456789012:key-value-store/[0-9a-f-]+ --key E1ABCDEF234567\n`, s.output)

	s = startLocal(t, "-f", writeFile(t, "deployment.json", `{"cloudfrontSwitch": {"name": "www.example.com", "candidate": "E2GREEN"}, "strategy": "AllAtOnce"}`))
	assert.Contains(t, s.output, "aws cloudfront get-distribution-config --id E2GREEN --query DistributionConfig.Aliases\n")
	assert.NotContains(t, s.output, "KEYVALUESTORE")
}

func TestLocalRefusesInvalidArgumentsAndFiles(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	for _, tc := range []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"an argument", []string{"orders"}, statusInvalid, `but got "orders"`},
		{"a speed below the real one", []string{"--speed", "0.5"}, statusInvalid, "--speed is 0.5"},
		{"an invalid port", []string{"--port", "70000"}, statusInvalid, "--port is 70000"},
		{"functions of another kind", []string{"--functions", "docker"}, statusInvalid, `--functions is "docker"`},
		{"standard input twice", []string{"-f", "-", "-s", "-"}, statusInvalid, "cannot both be standard input"},
		{"a scenario that is not valid", []string{"-s", writeFile(t, "s.json", `{"wind": 7}`)}, statusInvalid, "wind: is not known here"},
		{"a scenario of what is not there", []string{"--port", "0", "-f", writeFile(t, "d.json", `{"function": "orders"}`), "-s", writeFile(t, "s.json", `{"hooks": {"smoke": {}}}`)}, statusInvalid, "no deployment has this hook"},
		{"a deployment that is not valid", []string{"-f", writeFile(t, "d.json", `{}`)}, statusInvalid, "d.json:1:1: "},
		{"such a scenario while the port is taken", []string{"--port", port, "-f", writeFile(t, "d.json", `{"function": "orders"}`), "-s", writeFile(t, "s.json", `{"hooks": {"smoke": {}}}`)}, statusInvalid, "no deployment has this hook"},
		{"no template while the port is taken", []string{"--port", port, "--functions", "bootstraps"}, statusFailed, "run this command in the repository's folder"},
		{"a file that is not there", []string{"-s", "/nowhere.json"}, statusFailed, "/nowhere.json"},
		{"a port that is taken", []string{"--port", port}, statusFailed, "another sluice local may have it; choose another with --port"},
		{"bootstraps from elsewhere", []string{"--port", "0", "--functions", "bootstraps"}, statusFailed, "run this command in the repository's folder"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ran := run(t, "", append([]string{"local"}, tc.args...)...)
			assert.Equal(t, tc.status, ran.status, ran.stderr)
			assert.Contains(t, ran.stderr, tc.says)
			assert.Empty(t, ran.stdout)
		})
	}
}

func TestSampleDeploymentNamesTheAlarmsAndHooksOfTheScenario(t *testing.T) {
	t.Parallel()
	assert.JSONEq(t, `{"function": "orders", "alarms": ["orders-errors"],
		"hooks": {"beforeTraffic": [{"function": "orders-approval"}, {"function": "orders-smoke"}]}}`, string(sampleDeployment(sampleScenario, "")))
}

// The terminal of the account shows what others do in it.
func TestLocalPrintsWhatHappens(t *testing.T) {
	s := startLocal(t, "--speed", "1000", "-s", writeFile(t, "scenario.json", `{
		"alarms": [{"name": "orders-errors"}],
		"events": [
			{"atSeconds": 60, "do": "startExecution", "input": {"function": "orders", "judge": "off", "strategy": "Canary10Percent60Minutes", "alarms": ["orders-errors"]}},
			{"atSeconds": 1000, "do": "setAlarmState", "alarm": "orders-errors", "state": "ALARM"}]}`))
	require.Eventually(t, func() bool { return strings.Contains(s.later.String(), "RolledBack         0%") }, time.Minute, 10*time.Millisecond, "%s", s.later)
	assertInOrder(t, s.later.String(), []string{
		"TIME WHERE WHAT WEIGHT", "1:00 another-0 Open", "1:00 another-0 BeforeTraffic no hooks", "1:00 lambda:orders:live traffic 10% 10% on 2, the rest on 1",
		"1:00 another-0 SetWeight 10% step 1 of 2", "6:00 another-0 CheckAlarms 10%",
		"16:40 orders-errors ALARM it was set by hand", "16:40 lambda:orders:live traffic 0% 100% on 1", "16:40 announcement RolledBack AlarmFired:", "21:00 another-0 RolledBack 0%",
	})
	assert.Equal(t, 1, strings.Count(normalizeSpaces(s.later.String()), "CheckAlarms 10% Pass"), "equal polls are shown once: %s", s.later)
}
