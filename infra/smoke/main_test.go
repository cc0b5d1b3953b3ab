package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/cdksettings"
	"github.com/sluice-aws/sluice/internal/world"
)

// TestMain keeps the log lines of Sluice's Lambdas out of the tests' output.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// account is an AWS account with Sluice in it, as sluice local plays it.
type account struct {
	config aws.Config
	speed  float64
}

// play plays an account until the test ends.
func play(t *testing.T, speed float64, scenario string) account {
	t.Helper()
	s, err := world.DecodeScenario([]byte(scenario))
	require.NoError(t, err)
	paced, err := world.NewPaced(world.Pace{Speed: speed, Problem: func(err error) { t.Error(err) }}, s, []byte(`{"function": "orders"}`))
	require.NoError(t, err)
	server := httptest.NewServer(paced)
	t.Cleanup(paced.Close)
	t.Cleanup(server.Close)
	go paced.Run(t.Context())
	_, region, _ := paced.Place()
	return account{speed: speed, config: aws.Config{
		Region: region, BaseEndpoint: &server.URL, HTTPClient: server.Client(), RetryMaxAttempts: 8,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	}}
}

const role = "arn:aws:iam::123456789012:role/demo"

// ran is how a run of the command ended.
type ran struct {
	status         int
	stdout, stderr string
}

// run runs the command with a role that was made before.
func (a account) run(ctx context.Context, args ...string) ran {
	return a.runBare(ctx, append([]string{"--role", role}, args...)...)
}

func (a account) runBare(ctx context.Context, args ...string) ran {
	var stdout, stderr bytes.Buffer
	status := exec(ctx, func(context.Context) (aws.Config, error) { return a.config, nil },
		append([]string{"--speed", fmt.Sprint(a.speed)}, args...), &stdout, &stderr)
	return ran{status, stdout.String(), stderr.String()}
}

var rowLine = regexp.MustCompile(`(?m)^  (\S+) +(held|differs|FAILED|skipped) +(.*)$`)

// verdicts returns what the table says, by row.
func (r ran) verdicts() map[string]string {
	found := map[string]string{}
	for _, line := range rowLine.FindAllStringSubmatch(r.stdout, -1) {
		found[line[1]] = line[2]
	}
	return found
}

// left returns the names of everything that runs have left in the account.
func (a account) left(t *testing.T) []string {
	t.Helper()
	ctx := context.Background()
	names := []string{}
	note := func(name string) {
		if strings.Contains(name, base) {
			names = append(names, name[strings.Index(name, base):])
		}
	}
	d := newDemo(a.config, options{settings: cdksettings.Settings{}}, time.Now(), io.Discard)
	for _, list := range []func(context.Context, func(string)) error{d.listFunctions, d.listRules, d.listQueues, d.listAlarms} {
		require.NoError(t, list(ctx, note))
	}
	return names
}

func TestEverythingHoldsAndIsRemoved(t *testing.T) {
	t.Parallel()
	// The local CloudWatch has metrics of the simulated traffic only, and not of what a person
	// invokes: the row would wait for them in vain.
	a := play(t, 15, `{"faults": [{"call": "cloudwatch:GetMetricData", "actor": "local", "error": "deny"}]}`)
	r := a.run(t.Context())
	require.Equal(t, statusHeld, r.status, "%s%s", r.stdout, r.stderr)
	got := r.verdicts()
	assert.Len(t, got, len(rows()))
	for _, row := range strings.Fields("canary stop alarm hook-passes hook-fails empty-tag announcement stale-write fresh-reads exact-weights missing-alarm unchanged-write zero-weight kept-weights tag-rotates unknown-bus") {
		assert.Equal(t, "held", got[row], "%s\n%s", row, r.stdout)
	}
	// What this AWS does not have, or cannot tell.
	for _, row := range strings.Fields("empty-tag-in-iam muted-alarm metrics") {
		assert.Equal(t, "skipped", got[row], row)
	}
	assert.Contains(t, r.stdout, "Everything that this run has made is removed.")
	assert.Contains(t, r.stdout, " 0 failed, 3 skipped")
	assert.Empty(t, a.left(t))
}

// Without a part of Sluice, or where a part is late, a row says so.
func TestRowTellsWhatIsWrongWithTheStack(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		scenario string
		speed    float64
		row      string
		verdict  string
		status   int
		says     string
	}{
		"no safety net": {`{"delivery": {"executions": {"lost": true}, "sweeps": {"lost": true}}}`,
			100, "stop", "FAILED", statusFailed, `not back after 2m.*: the alias is version 1, with 0.1 to version 2`},
		"a late event": {`{"delivery": {"executions": {"delayMs": 60000}, "sweeps": {"lost": true}}}`,
			30, "stop", "differs", statusHeld, `back after .*: by a poll or a sweep, not by the event`},
		"no rule for alarms": {`{"delivery": {"alarms": {"lost": true}}}`,
			30, "alarm", "differs", statusHeld, `back after .*: by a poll or a sweep`},
		"no permission to shift": {`{"faults": [{"call": "lambda:UpdateAlias", "actor": "set-weight", "error": "deny"}]}`,
			100, "canary", "FAILED", statusFailed, `10 % seen: false, 100 % seen: false`},
		"no permission to ask hooks": {`{"faults": [{"call": "lambda:InvokeFunction", "actor": "run-hooks", "error": "deny"}]}`,
			100, "hook-passes", "FAILED", statusFailed, `the alias is version 1, the execution FAILED: Rejected: HookNotFound`},
		"no announcements": {`{"faults": [{"call": "events:PutEvents", "actor": "close-deployment", "error": "deny"}, {"call": "events:PutEvents", "actor": "safety-net", "error": "deny"}]}`,
			100, "announcement", "FAILED", statusFailed, `no announcement in a minute`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := play(t, test.speed, test.scenario)
			r := a.run(t.Context(), "--only", test.row)
			assert.Equal(t, test.status, r.status, r.stdout)
			assert.Equal(t, map[string]string{test.row: test.verdict}, r.verdicts(), "%s%s", r.stdout, r.stderr)
			assert.Regexp(t, `(?m)^  seen +`+test.says, r.stdout)
			assert.Empty(t, a.left(t), "everything is removed all the same")
		})
	}
}

func TestOneRowThatFailsDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	a := play(t, 100, `{"faults": [{"call": "lambda:InvokeFunction", "actor": "run-hooks", "error": "deny"}]}`)
	r := a.run(t.Context(), "--only", "hook-passes,missing-alarm,stale-write")
	assert.Equal(t, map[string]string{"hook-passes": "FAILED", "missing-alarm": "held", "stale-write": "held"}, r.verdicts(), r.stdout)
	assert.Equal(t, statusFailed, r.status)
	assert.Contains(t, r.stdout, "Do not rely on this Sluice before the rows that failed hold.")
}

func TestAnInterruptedRunRemovesWhatItHasMade(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]string{
		"while it makes its functions": "POST /2015-03-31/functions",
		"in mid-shift":                 "AWSStepFunctions.StopExecution",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := play(t, 100, `{}`)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			a.config.HTTPClient = between(a.config.HTTPClient, func(r *http.Request, body []byte, send send) (*http.Response, error) {
				if r.Method+" "+r.URL.Path == call || r.Header.Get("X-Amz-Target") == call {
					interrupt()
				}
				return send(body)
			})
			r := a.run(ctx, "--only", "stop,canary")
			assert.Equal(t, statusInterrupted, r.status)
			assert.NotContains(t, r.verdicts(), "canary")
			assert.Contains(t, r.stdout, "Everything that this run has made is removed.")
			assert.Empty(t, a.left(t))
		})
	}
}

// leave makes what a killed run leaves.
func (a account) leave(t *testing.T, id string) {
	t.Helper()
	ctx, name := context.Background(), aws.String(base+id)
	d := newDemo(a.config, options{speed: a.speed, role: role}, time.Now(), io.Discard)
	d.names = newNames(id, cdksettings.Settings{})
	require.NoError(t, d.makeFunction(ctx, d.main, "index.handle", nil))
	require.NoError(t, d.makeFunction(ctx, "orders-"+d.own+"-hook", "index.handle", nil))
	require.NoError(t, d.makeAlarm(ctx))
	_, err := d.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: name})
	require.NoError(t, err)
	_, err = d.events.PutRule(ctx, &eventbridge.PutRuleInput{Name: name, EventPattern: aws.String(`{"source": ["x"]}`)})
	require.NoError(t, err)
}

func TestWhatAKilledRunHasLeftIsRemovedByALaterOne(t *testing.T) {
	t.Parallel()
	a := play(t, 100, `{}`)
	old := time.Now().Add(-2*time.Hour).UTC().Format(stamp) + "-0123"
	young := time.Now().Add(-time.Minute).UTC().Format(stamp) + "-4567"
	a.leave(t, old)
	a.leave(t, young)
	somebodyElses := []string{"sluice-smoke-signals", "my-" + base + "2026", "orders-smoke"}
	d := newDemo(a.config, options{speed: a.speed, role: role}, time.Now(), io.Discard)
	for _, name := range somebodyElses {
		require.NoError(t, d.makeFunction(t.Context(), name, "index.handle", nil))
	}

	r := a.run(t.Context(), "--only", "missing-alarm")
	assert.Equal(t, statusHeld, r.status, "%s%s", r.stdout, r.stderr)
	assert.Contains(t, r.stdout, "Removed what earlier runs had left: "+old+"\n")
	for _, name := range a.left(t) {
		assert.NotContains(t, name, old)
	}
	assert.Len(t, a.left(t), 5+2, "a run that is younger than an hour may go on elsewhere")

	r = a.run(t.Context(), "--clean")
	assert.Equal(t, statusHeld, r.status, "%s%s", r.stdout, r.stderr)
	assert.Equal(t, "Removed what earlier runs had left: "+young+"\n", r.stdout)
	for _, name := range somebodyElses {
		_, err := lambda.NewFromConfig(a.config).GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: &name})
		assert.NoError(t, err)
	}
	assert.Len(t, a.left(t), 2)
}

// send passes a request on, with this body.
type send func(body []byte) (*http.Response, error)

// clientFunc is an HTTP client.
type clientFunc func(*http.Request) (*http.Response, error)

func (c clientFunc) Do(r *http.Request) (*http.Response, error) { return c(r) }

// between puts something between the SDK's clients and AWS.
func between(next aws.HTTPClient, meddle func(r *http.Request, body []byte, send send) (*http.Response, error)) aws.HTTPClient {
	return clientFunc(func(r *http.Request) (*http.Response, error) {
		var body []byte
		if r.Body != nil {
			var err error
			if body, err = io.ReadAll(r.Body); err != nil {
				return nil, err
			}
		}
		return meddle(r, body, func(body []byte) (*http.Response, error) {
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			return next.Do(r)
		})
	})
}

// respond is an answer of AWS.
func respond(r *http.Request, status int, contentType, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// edit changes the body of an answer by a pattern.
func edit(answer *http.Response, pattern, replacement string) *http.Response {
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		panic(err)
	}
	changed := regexp.MustCompile(pattern).ReplaceAllString(string(text), replacement)
	answer.Body, answer.ContentLength = io.NopCloser(strings.NewReader(changed)), int64(len(changed))
	answer.Header.Del("Content-Length")
	return answer
}

// isAliasCall reports whether a request is for the alias of the function probe.
func isAliasCall(r *http.Request, method string) bool {
	return r.Method == method && strings.HasSuffix(r.URL.Path, "/aliases/"+probeAlias)
}

// meddle is what stands between the SDK's clients and AWS.
type meddle = func(r *http.Request, body []byte, send send) (*http.Response, error)

// onWrite meddles with the writes of the alias of the function probe only.
func onWrite(change meddle) meddle {
	return func(r *http.Request, body []byte, send send) (*http.Response, error) {
		if isAliasCall(r, http.MethodPut) {
			return change(r, body, send)
		}
		return send(body)
	}
}

// editWritten edits the answers to these writes.
func editWritten(pattern, replacement string) meddle {
	return onWrite(func(_ *http.Request, body []byte, send send) (*http.Response, error) {
		answer, err := send(body)
		return edit(answer, pattern, replacement), err
	})
}

// ignoringRevisions lets these writes have no RevisionId.
func ignoringRevisions(_ *http.Request, body []byte, send send) (*http.Response, error) {
	return send(regexp.MustCompile(`,?"RevisionId":"[^"]*"`).ReplaceAll(body, nil))
}

// staleFor answers reads with another RevisionId for some time, of the account's at this speed,
// after the third write.
func staleFor(d time.Duration, speed float64) meddle {
	writes, written := 0, time.Time{}
	return func(r *http.Request, body []byte, send send) (*http.Response, error) {
		answer, err := send(body)
		switch {
		case isAliasCall(r, http.MethodPut):
			writes, written = writes+1, time.Now()
		case isAliasCall(r, http.MethodGet) && writes == 3 && time.Since(written) < time.Duration(float64(d)/speed):
			return edit(answer, `"RevisionId":"[^"]*"`, `"RevisionId":"before"`), err
		}
		return answer, err
	}
}

// refusing refuses what fits.
func refusing(fits func(r *http.Request, body []byte) bool, status int, code string) meddle {
	return func(r *http.Request, body []byte, send send) (*http.Response, error) {
		if !fits(r, body) {
			return send(body)
		}
		answer := respond(r, status, "application/json", `{"message": "no"}`)
		answer.Header.Set("X-Amzn-Errortype", code)
		return answer, nil
	}
}

// answering answers an operation in AWS-JSON, the first times that it is asked for.
func answering(target string, times, status int, body string) meddle {
	return func(r *http.Request, given []byte, send send) (*http.Response, error) {
		if !strings.HasPrefix(r.Header.Get("X-Amz-Target"), target) || times == 0 {
			return send(given)
		}
		times--
		return respond(r, status, "application/x-amz-json-1.0", body), nil
	}
}

// numbered gives each answer to a write another RevisionId.
func numbered() meddle {
	n := 0
	return onWrite(func(_ *http.Request, body []byte, send send) (*http.Response, error) {
		n++
		answer, err := send(body)
		return edit(answer, `"RevisionId":"[^"]*"`, fmt.Sprintf(`"RevisionId":"%d"`, n)), err
	})
}

// clearing clears the weights where a write leaves them out.
func clearing(_ *http.Request, body []byte, send send) (*http.Response, error) {
	if !strings.Contains(string(body), "RoutingConfig") {
		body = bytes.Replace(body, []byte("{"), []byte(`{"RoutingConfig":{"AdditionalVersionWeights":{}},`), 1)
	}
	return send(body)
}

// Another AWS than the documented or recorded one, and what the rows make of it.
func TestRowTellsAnotherAWS(t *testing.T) {
	t.Parallel()
	const slow = 10 // for what must not take too long
	isStale := func(r *http.Request, body []byte) bool {
		return isAliasCall(r, http.MethodPut) && strings.Contains(string(body), `:0.2}`)
	}
	isZero := func(r *http.Request, body []byte) bool {
		return isAliasCall(r, http.MethodPut) && strings.Contains(string(body), `:0}`)
	}
	for name, test := range map[string]struct {
		row     string
		meddle  meddle
		verdict verdict
		says    string
	}{
		"the RevisionId is ignored": {"stale-write", onWrite(ignoringRevisions), failed, "a write with an old RevisionId was accepted"},
		"the RevisionId never changes": {"stale-write", onWrite(func(r *http.Request, body []byte, send send) (*http.Response, error) {
			answer, err := ignoringRevisions(r, body, send)
			return edit(answer, `"RevisionId":"[^"]*"`, `"RevisionId":"one"`), err
		}), failed, "a new weight kept the RevisionId"},
		"a stale write is a conflict":           {"stale-write", refusing(isStale, 409, "ResourceConflictException"), failed, "refused by another name: UpdateAlias: ResourceConflictException: no"},
		"weights are of single precision":       {"exact-weights", editWritten(`0\.3333`, `0.33329999446868896`), differs, "0.3333 came back as 0.33329999446868896"},
		"weights are percentages":               {"exact-weights", editWritten(`0\.3333`, `0.33`), failed, "0.3333 came back as 0.33"},
		"a read is outdated for a second":       {"fresh-reads", staleFor(time.Second, slow), differs, "1 of 20 reads were outdated, for up to "},
		"a read is outdated for longer":         {"fresh-reads", staleFor(10*time.Second, slow), failed, "1 of 20 reads were outdated, for up to "},
		"a read is outdated for ever":           {"fresh-reads", staleFor(time.Hour, slow), failed, "a read was still outdated "},
		"a zero weight is refused":              {"zero-weight", refusing(isZero, 400, "InvalidParameterValueException"), differs, "refused: UpdateAlias: InvalidParameterValueException: no"},
		"weights go when they are left out":     {"kept-weights", onWrite(clearing), differs, "the weights are gone"},
		"a write that changes nothing rotates":  {"unchanged-write", numbered(), held, "a new RevisionId"},
		"a write that changes nothing does not": {"unchanged-write", editWritten(`"RevisionId":"[^"]*"`, `"RevisionId":"one"`), differs, "the RevisionId stayed"},
		"PutEvents fails":                       {"unknown-bus", answering("AWSEvents.PutEvents", 1, 200, `{"FailedEntryCount": 1, "Entries": [{"ErrorCode": "NoBus"}]}`), differs, "the entry failed"},
		"PutEvents is accepted":                 {"unknown-bus", answering("AWSEvents.PutEvents", 1, 200, `{"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}`), held, "as if it were delivered"},
		"executions are listed late":            {"new-execution", answering("AWSStepFunctions.ListExecutions", 20, 200, `{"executions": []}`), differs, "described and listed after "},
		"executions are known late":             {"new-execution", answering("AWSStepFunctions.DescribeExecution", 20, 400, `{"__type": "ExecutionDoesNotExist"}`), differs, "described and listed after "},
		"SQS may not be used":                   {"event-delay", answering("AmazonSQS.", 1, 403, `{"__type": "AccessDeniedException", "message": "not you"}`), skipped, "you may not do it: CreateQueue: AccessDeniedException: not you"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := play(t, slow, `{}`)
			a.config.HTTPClient = between(a.config.HTTPClient, test.meddle)
			chosen, err := choose(test.row)
			require.NoError(t, err)
			got := chosen[0].play(t.Context(), a.demo(t))
			assert.Equal(t, test.verdict, got.verdict, got.seen)
			assert.Contains(t, got.seen, test.says)
		})
	}
}

// demo returns a demo with its functions.
func (a account) demo(t *testing.T) *demo {
	t.Helper()
	d := newDemo(a.config, options{speed: a.speed, role: role}, time.Now(), io.Discard)
	require.NoError(t, d.findMachine(t.Context()))
	require.NoError(t, d.makeFunctions(t.Context()))
	return d
}

func TestArgumentsAndAccountsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	a := play(t, 100, `{}`)
	nowhere, nobody := a, a
	nowhere.config.Region = ""
	nobody.config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errors.New("none") })
	for name, test := range map[string]struct {
		account account
		args    []string
		status  int
		says    string
	}{
		"an argument":       {a, []string{"canary"}, statusInvalid, `smoke takes no argument, but got "canary"`},
		"an unknown flag":   {a, []string{"--fast"}, statusInvalid, "flag provided but not defined"},
		"a speed below one": {a, []string{"--speed", "0.5"}, statusInvalid, "--speed is 0.5"},
		"an unknown row":    {a, []string{"--only", "canary,carany"}, statusInvalid, `there is no row "carany"; make smoke LIST=1 lists them`},
		"no region":         {nowhere, nil, statusFailed, "no AWS region: set AWS_REGION"},
		"no credentials":    {nobody, nil, statusFailed, "no AWS credentials: set AWS_PROFILE"},
		"no such stack":     {a, []string{"-c", "namePrefix=team-a"}, statusFailed, "there is no state machine team-a in this account and region: make deploy first, or give its SETTINGS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := test.account.run(t.Context(), test.args...)
			assert.Equal(t, test.status, r.status)
			assert.Contains(t, r.stderr, test.says)
			assert.Empty(t, r.stdout)
			assert.Empty(t, a.left(t))
		})
	}
}

func TestTheListNeedsNoAccount(t *testing.T) {
	t.Parallel()
	r := account{speed: 1}.run(t.Context(), "--list")
	assert.Equal(t, statusHeld, r.status)
	for _, row := range rows() {
		assert.Regexp(t, `(?m)^`+row.name+` +(relies|settles), about `, r.stdout)
		assert.Contains(t, r.stdout, row.expects)
		assert.NotZero(t, row.takes, row.name)
		assert.True(t, row.relies || row.settles != "", "%s is not relied on and settles nothing", row.name)
	}
	assert.Regexp(t, `\d+ rows, about (8|9|10|11|12) minutes`, r.stdout)
}

// A stack that allows functions by names gets a demo that it allows.
func TestNamesFitTheStacksPatterns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args        []string
		main, hook  string
		empty       string
		allowsByTag bool
	}{
		{nil, "sluice-smoke-1", "sluice-smoke-1-hook", "sluice-smoke-1-empty", true},
		{[]string{"-c", "functions=orders-*"}, "orders-sluice-smoke-1", "sluice-smoke-1-hook", "orders-sluice-smoke-1-empty", false},
		{[]string{"-c", "functions=a-*-b*", "-c", "hooks=*-check"}, "a-sluice-smoke-1-b", "sluice-smoke-1-hook-check", "a-sluice-smoke-1-empty-b", false},
	} {
		settings, err := cdksettings.Read(test.args)
		require.NoError(t, err)
		n := newNames("1", settings)
		assert.Equal(t, []any{test.main, test.hook, test.empty, test.allowsByTag}, []any{n.main, n.hook, n.empty, n.byTag})
	}
}

// An alarm that others have set off meanwhile is none of this program's.
func TestOnlyItsOwnAlarmRings(t *testing.T) {
	t.Parallel()
	e := event{DetailType: "CloudWatch Alarm State Change", Detail: []byte(`{"alarmName": "a", "state": {"value": "ALARM"}}`)}
	assert.True(t, e.rings("a"))
	assert.False(t, e.rings("b"))
	e.Detail = []byte(`{"alarmName": "a", "state": {"value": "OK"}}`)
	assert.False(t, e.rings("a"))
}
