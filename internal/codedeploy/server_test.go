package codedeploy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

// errorsOfCodeDeploy are the names of the errors in the SDK's model that this package uses.
func errorsOfCodeDeploy(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, e := range []smithy.APIError{
		&types.ApplicationDoesNotExistException{}, &types.ApplicationNameRequiredException{},
		&types.DeploymentAlreadyCompletedException{}, &types.DeploymentConfigDoesNotExistException{}, &types.DeploymentDoesNotExistException{},
		&types.DeploymentGroupDoesNotExistException{}, &types.DeploymentGroupNameRequiredException{}, &types.DeploymentIdRequiredException{},
		&types.DeploymentTargetDoesNotExistException{}, &types.DeploymentTargetIdRequiredException{}, &types.DeploymentTargetListSizeExceededException{},
		&types.InvalidAlarmConfigException{}, &types.InvalidAutoRollbackConfigException{}, &types.InvalidDeploymentConfigNameException{},
		&types.InvalidDeploymentGroupNameException{}, &types.InvalidDeploymentIdException{}, &types.InvalidRevisionException{},
		&types.DeploymentConfigNameRequiredException{}, &types.InvalidDeploymentStatusException{}, &types.InvalidExternalIdException{},
		&types.InvalidNextTokenException{}, &types.InvalidTimeRangeException{},
		&types.InvalidTargetFilterNameException{}, &types.RevisionDoesNotExistException{}, &types.RevisionRequiredException{},
		&types.UnsupportedActionForDeploymentTypeException{},
	} {
		names[e.ErrorCode()] = true
	}
	return names
}

// incoming is a request as a client sends it, with some headers set otherwise.
func incoming(method, body string, headers map[string]string) *http.Request {
	r := httptest.NewRequest(method, "http://127.0.0.1:4571/", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Amz-Target", targetPrefix+"GetDeployment")
	for name, value := range headers {
		r.Header.Set(name, value)
		if name == "Host" {
			r.Host = value
		}
	}
	return r
}

// Nobody but programs of this machine may use the caller's credentials: not a page in a browser
// either.
func TestOnlyProgramsOfThisMachineAreAnswered(t *testing.T) {
	t.Parallel()
	s := &Server{Service: &Service{}, Address: netip.MustParseAddrPort("127.0.0.1:4571")}
	tests := map[string]struct {
		method  string
		headers map[string]string
		status  int
		says    string
	}{
		"a program":                 {"POST", nil, 400, "DeploymentIdRequiredException"},
		"by the name of the host":   {"POST", map[string]string{"Host": "localhost:4571"}, 400, "DeploymentIdRequiredException"},
		"by another name":           {"POST", map[string]string{"Host": "evil.example:4571"}, 403, "the header Host must be one of 127.0.0.1:4571, localhost:4571"},
		"by another port":           {"POST", map[string]string{"Host": "127.0.0.1:80"}, 403, "the header Host"},
		"a page":                    {"POST", map[string]string{"Origin": "https://evil.example"}, 403, "the header Origin comes from a browser"},
		"a page without an origin":  {"POST", map[string]string{"Origin": "null"}, 403, "the header Origin"},
		"a page of the same origin": {"POST", map[string]string{"Sec-Fetch-Site": "same-origin"}, 403, "the header Sec-Fetch-Site"},
		"a form":                    {"POST", map[string]string{"Content-Type": "text/plain"}, 403, "only POST with the Content-Type"},
		"a link":                    {"GET", nil, 403, "only POST"},
		"a preflight":               {"OPTIONS", nil, 403, "only POST"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			s.ServeHTTP(w, incoming(tt.method, `{}`, tt.headers))
			assert.Equal(t, tt.status, w.Code)
			assert.Contains(t, w.Body.String(), tt.says)
			assert.Equal(t, contentType, w.Header().Get("Content-Type"))
			assert.NotEmpty(t, w.Header().Get("X-Amzn-Requestid"))
			assert.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
		})
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, incoming("POST", strings.Repeat(" ", maxBody+1), nil))
	assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
}

func TestOnlyTheLoopbackInterfaceIsListenedOn(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"127.0.0.1:4571", "127.9.9.9:0", "[::1]:4571", "localhost:4571"} {
		_, err := ListenAddress(good)
		require.NoError(t, err, good)
	}
	for _, bad := range []string{"0.0.0.0:4571", "[::]:4571", "192.168.1.2:1", ":4571", "127.0.0.1", "127.0.0.1:99999", "example.com:1", "[::ffff:10.0.0.1]:1"} {
		_, err := ListenAddress(bad)
		require.Error(t, err, bad)
	}
}

type coded struct{ code string }

func (c coded) Error() string        { return c.code + ": no" }
func (c coded) ErrorCode() string    { return c.code }
func (c coded) ErrorMessage() string { return "no" }

// Clients try again on 5xx alone.
func TestErrorsAreTranslated(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err    error
		status int
		kind   string
	}{
		{fmt.Errorf("x: %w", newError("InvalidRevisionException", "y")), 400, "InvalidRevisionException"},
		{fmt.Errorf("x: %w", coded{"AccessDeniedException"}), 400, "AccessDeniedException"},
		{fmt.Errorf("%w: %w", operator.ErrUnavailable, coded{"ThrottlingException"}), 503, "ServiceUnavailable"},
		{fmt.Errorf("%w: x", shift.ErrThrottled), 503, "ServiceUnavailable"},
		{fmt.Errorf("%w: x", operator.ErrNotLambda), 400, "InvalidDeploymentGroupNameException"},
		{errors.New("x"), 500, "InternalFailure"},
	} {
		e := translate(tt.err)
		assert.Equal(t, tt.status, e.Status, tt.err)
		assert.Equal(t, tt.kind, e.Type)
	}
}

func TestOutcomesAndTheirCodes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		outcome      shift.Outcome
		reasons      []string
		status, code string
	}{
		{shift.Promoted, nil, "Succeeded", ""},
		{shift.Unchanged, []string{shift.AlreadyServed}, "Succeeded", ""},
		{shift.RolledBack, []string{shift.AlarmFired}, "Stopped", "ALARM_ACTIVE"},
		{shift.RolledBack, []string{shift.Aborted}, "Stopped", "MANUAL_STOP"},
		{shift.RolledBack, []string{shift.AlarmIgnoredUntilOK, shift.AlarmFired}, "Stopped", "ALARM_ACTIVE"},
		{shift.RolledBack, []string{shift.CandidateWorse}, "Failed", "CUSTOMER_APPLICATION_UNHEALTHY"},
		{shift.RolledBack, []string{flow.HookFailed}, "Failed", "HOOK_EXECUTION_FAILURE"},
		{shift.RolledBack, []string{shift.ExecutionEnded}, "Failed", "INTERNAL_ERROR"},
		{shift.RolledBack, nil, "Failed", "INTERNAL_ERROR"},
		{shift.Rejected, []string{flow.HookTimedOut}, "Failed", "HOOK_EXECUTION_FAILURE"},
		{shift.Rejected, []string{flow.StableDiffers}, "Failed", "INVALID_LAMBDA_CONFIGURATION"},
		{shift.Rejected, []string{"TargetWeighted"}, "Failed", "INVALID_LAMBDA_CONFIGURATION"},
		{shift.Rejected, []string{"VersionNotFound"}, "Failed", "INVALID_LAMBDA_FUNCTION"},
		{shift.Rejected, []string{flow.InvalidInput}, "Failed", "INVALID_REVISION"},
		{shift.Rejected, []string{"AlarmFiring"}, "Stopped", "ALARM_ACTIVE"},
		{shift.Rejected, []string{flow.AccessDenied}, "Failed", "IAM_ROLE_PERMISSIONS"},
		{shift.Stranded, []string{flow.RouteChanged}, "Failed", "INTERNAL_ERROR"},
		{shift.Stranded, []string{shift.AlarmFired}, "Failed", "INTERNAL_ERROR"},
	} {
		var reasons []shift.Reason
		for _, name := range tt.reasons {
			reasons = append(reasons, shift.Reason{Name: name})
		}
		status, code := verdict(tt.outcome, reasons)
		assert.Equal(t, tt.status+" "+tt.code, status+" "+code, "%s %v", tt.outcome, tt.reasons)
	}
	for name, code := range codes {
		assert.Contains(t, types.ErrorCode("").Values(), types.ErrorCode(code), name)
	}
}

// The keys of codes are the wire names of errors and the names of reasons: each must exist.
func TestTheNamesOfCodesExist(t *testing.T) {
	t.Parallel()
	wire := map[string]bool{}
	for _, err := range []error{
		shift.ErrAlarmFiring, shift.ErrHookNotFound, shift.ErrTargetWeighted, shift.ErrTargetUnpublished, shift.ErrTargetHeld, shift.ErrAlarmNotFound,
		flow.ErrInvalidConfiguration, shift.ErrConfigurationNotFound, shift.ErrConfigurationUnreadable, shift.ErrSyntheticNotFound,
		shift.ErrFunctionNotFound, shift.ErrFunctionNotAllowed, shift.ErrVersionNotFound, shift.ErrTargetNotFound, shift.ErrCandidateFailed,
		shift.ErrUnknownTarget, shift.ErrPlanTooLong, shift.ErrInvalidPlan, shift.ErrDocumentTooLarge,
	} {
		name := flow.Wire(err).Name
		wire[name] = true
		assert.NotEmpty(t, codes[name], name)
	}
	assert.Len(t, wire, 19)
}

// world plays the ports of a Service.
type world struct {
	object []byte
	err    error
	record shift.Record
	events []operator.Event
	input  json.RawMessage
	// starts is how Step Functions answers each start; nil is that it works.
	starts []error
	names  []string
}

func (w *world) Group(context.Context, string, string) (operator.DeploymentGroup, error) {
	return operator.DeploymentGroup{Config: "AllAtOnce"}, nil
}

func (w *world) Strategy(context.Context, string) (json.RawMessage, error) {
	return nil, shift.ErrUnknownStrategy
}
func (w *world) Read(context.Context, operator.Object, int) ([]byte, error) { return w.object, w.err }

func (w *world) Start(_ context.Context, _, name string, input []byte) (operator.Execution, error) {
	w.input, w.names = input, append(w.names, name)
	if n := len(w.names); n <= len(w.starts) && w.starts[n-1] != nil {
		return "", w.starts[n-1]
	}
	return operator.NewExecution(machine, name), nil
}

func (w *world) Events(context.Context, operator.Execution, int64) ([]operator.Event, error) {
	return w.events, nil
}

func (w *world) Find(_ context.Context, _ string, wanted func(operator.Execution) bool) (operator.Execution, error) {
	if x := operator.NewExecution(machine, "one"); wanted(x) {
		return x, nil
	}
	return "", shift.ErrExecutionUnknown
}

func (w *world) Record(context.Context, string) (shift.Record, error) {
	if w.record.ID == "" && w.err == nil {
		return shift.Record{}, shift.ErrDeploymentUnknown
	}
	return w.record, w.err
}

func (w *world) Abort(context.Context, string, shift.Target, string, time.Time) error { return w.err }

const machine = "arn:aws:states:eu-west-1:123456789012:stateMachine:sluice"

func (w *world) service() *Service {
	return &Service{
		Machine: machine, Groups: w, Configs: w, Objects: w, Machines: w, Records: w, Net: w, Now: time.Now, Say: func(string, ...any) {},
	}
}

const inS3 = `{"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k", "bundleType": "YAML"}}`

func create(t *testing.T, w *world, text string) error {
	t.Helper()
	call, err := Decode(targetPrefix+"CreateDeployment", []byte(text))
	require.NoError(t, err)
	_, err = w.service().answer(t.Context(), call, "")
	return err
}

const yamlSpec = "version: 0.0\nresources:\n- o:\n    type: AWS::Lambda::Function\n    properties: {name: orders, alias: live, currentversion: 1, targetversion: 2}\n"

func TestAnAppSpecMayBeInS3(t *testing.T) {
	t.Parallel()
	w := &world{object: []byte(yamlSpec)}
	require.NoError(t, create(t, w, revision(inS3)))
	var input map[string]string
	require.NoError(t, json.Unmarshal(w.input, &input))
	assert.Equal(t, map[string]string{"appSpec": yamlSpec, "strategy": "AllAtOnce"}, input)
	// As a JSON text it has twice the bytes.
	require.ErrorContains(t, create(t, &world{object: []byte(yamlSpec + strings.Repeat("\n", 200_000))}, revision(inS3)), "InvalidRevisionException: the AppSpec is larger than the 262144 bytes")
	for err, kind := range map[error]string{
		fmt.Errorf("x: %w", operator.ErrTooLarge):    "InvalidRevisionException: s3://b/k is larger than the 262144 bytes",
		fmt.Errorf("x: %w", operator.ErrNoObject):    "RevisionDoesNotExistException: x: ",
		fmt.Errorf("x: %w", operator.ErrUnavailable): "x: AWS is unavailable",
	} {
		require.ErrorContains(t, create(t, &world{err: err}, revision(inS3)), kind)
	}
}

func TestStrategiesAndAlarmsHaveErrorsOfTheirOwn(t *testing.T) {
	t.Parallel()
	with := func(more string) string {
		return strings.TrimSuffix(revision(inS3), "}") + ", " + more + "}"
	}
	w := &world{object: []byte(yamlSpec)}
	require.ErrorContains(t, create(t, w, with(`"deploymentConfigName": "Unheard"`)), "DeploymentConfigDoesNotExistException: ")
	require.ErrorContains(t, create(t, w, with(`"deploymentConfigName": "Canary0Percent5Minutes"`)), "InvalidDeploymentConfigNameException: strategy: ")
	alarms := `"overrideAlarmConfiguration": {"enabled": true, "alarms": [{"name": "a"}, {"name": "a"}]}`
	require.ErrorContains(t, create(t, w, with(alarms)), "InvalidAlarmConfigException: alarms[1]: a appears twice")
	assert.Nil(t, w.input)
	require.NoError(t, create(t, w, with(`"overrideAlarmConfiguration": {"enabled": true, "ignorePollAlarmFailure": true, "alarms": [{"name": "a"}]}`)))
	assert.Contains(t, string(w.input), `"alarms":["a"]`)
	assert.Contains(t, string(w.input), `"ignoreUnreadableAlarms":true`)
}

// When the execution has not closed its deployment, only the ledger knows how it ended.
func TestTheLedgerSaysHowAnAbortedExecutionEnded(t *testing.T) {
	t.Parallel()
	ended := []operator.Event{
		{ID: 1, At: time.Unix(100, 0), Type: "ExecutionStarted"},
		{ID: 2, At: time.Unix(100, 0), Type: "TaskStateEntered", State: "Publish", Data: json.RawMessage(`{"function": "orders"}`)},
		{ID: 3, At: time.Unix(200, 0), Type: operator.Aborted},
	}
	id := flow.CodeDeployID(string(operator.NewExecution(machine, "one")))
	info := func(w *world) (standing, error) { return w.service().stand(t.Context(), id) }
	restoring := shift.Record{ID: "x", Status: shift.StatusRestoring}
	d, err := info(&world{events: ended, record: restoring})
	require.NoError(t, err)
	assert.False(t, d.isOver(), "its traffic is on its way back")
	closed := shift.Record{ID: "x", Status: shift.StatusClosed, Outcome: shift.RolledBack, Cause: "c", ClosedAt: time.Unix(201, 0)}
	d, err = info(&world{events: ended, record: closed})
	require.NoError(t, err)
	assert.Equal(t, shift.RolledBack, d.outcome)
	assert.Equal(t, json.Number("201.000"), d.info().Completed)
	d, err = info(&world{events: ended})
	require.NoError(t, err)
	assert.Equal(t, shift.Rejected, d.outcome)
	assert.Equal(t, "INTERNAL_ERROR", d.info().Error.Code)
	_, err = info(&world{events: ended, record: closed, err: errors.New("the ledger is closed today")})
	require.ErrorContains(t, err, "closed today")
	d, err = info(&world{events: ended[:2], err: errors.New("the ledger is closed today")})
	require.NoError(t, err, "while it runs, the execution's own history is enough")
	assert.Equal(t, "lambda:orders:live", string(d.targets[0].Target))
}

// Whoever started a deployment can read what it was started with. Elsewhere, the input of its
// execution says a part of it.
func TestADeploymentSaysWhatItWasStartedWith(t *testing.T) {
	t.Parallel()
	w := &world{object: []byte(yamlSpec)}
	info := func(s *Service, id string) map[string]any {
		answer, err := s.answer(t.Context(), &GetDeployment{ID: id}, "")
		require.NoError(t, err)
		text, err := json.Marshal(answer)
		require.NoError(t, err)
		var whole struct{ DeploymentInfo map[string]any }
		require.NoError(t, json.Unmarshal(text, &whole))
		return whole.DeploymentInfo
	}
	call, err := Decode(targetPrefix+"CreateDeployment", []byte(revision(inS3)))
	require.NoError(t, err)
	here := w.service()
	created, err := here.answer(t.Context(), call, "")
	require.NoError(t, err)
	told := info(here, created.(map[string]string)["deploymentId"])
	asked := call.(*CreateDeployment)
	assert.Equal(t, asked.Application, told["applicationName"])
	assert.Equal(t, asked.Group, told["deploymentGroupName"])
	assert.Equal(t, "AllAtOnce", told["deploymentConfigName"])
	assert.Equal(t, map[string]any{"revisionType": "S3", "s3Location": map[string]any{"bucket": "b", "key": "k", "bundleType": "YAML"}}, told["revision"])

	one := flow.CodeDeployID(string(operator.NewExecution(machine, "one")))
	for input, want := range map[string]any{
		string(w.input): yamlSpec,
		`{"appSpec": {"version": 0.0}, "strategy": {"linear": {"percent": 10}}}`: `{"version": 0.0}`,
		`{"function": "orders"}`: nil,
	} {
		w.events = []operator.Event{{ID: 1, Type: "ExecutionStarted"}, {ID: 2, Type: "TaskStateEntered", State: "Publish", Data: []byte(input)}}
		told = info(w.service(), one)
		assert.NotContains(t, told, "applicationName", "no input names it")
		assert.NotContains(t, told, "deploymentGroupName")
		if want == nil {
			assert.NotContains(t, told, "revision")
			continue
		}
		content := told["revision"].(map[string]any)["appSpecContent"].(map[string]any)
		assert.Equal(t, want, content["content"])
		sum := sha256.Sum256([]byte(want.(string)))
		assert.Equal(t, hex.EncodeToString(sum[:]), content["sha256"])
		assert.Equal(t, want == yamlSpec, told["deploymentConfigName"] == "AllAtOnce", input)
	}
}

// An execution that is redriven goes on, until it notices that its deployment is closed.
func TestARedrivenExecutionHasNotEnded(t *testing.T) {
	t.Parallel()
	s := newStory()
	s.add(operator.Event{ID: 1, At: time.Unix(100, 0), Type: operator.Failed, Failure: flow.Failure{Error: "RolledBack", Cause: "c"}})
	x := operator.NewExecution(machine, "one")
	assert.Equal(t, shift.RolledBack, s.stand(x, nil).outcome)
	s.add(operator.Event{ID: 2, At: time.Unix(200, 0), Type: operator.Redriven})
	assert.False(t, s.stand(x, nil).isOver())
}

// Each try of a client's call has the same invocation id (AWS SDKs and Tools Reference Guide).
func TestACallThatIsTriedAgainStartsOneExecution(t *testing.T) {
	t.Parallel()
	call, err := Decode(targetPrefix+"CreateDeployment", []byte(revision(inS3)))
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		starts []error
		same   bool
	}{
		"the answer was lost":                    {[]error{operator.ErrUnavailable, nil}, true},
		"it was lost, and the execution is over": {[]error{operator.ErrUnavailable, operator.ErrNameTaken}, true},
		"another call has the name":              {[]error{operator.ErrNameTaken, nil}, false},
	} {
		w := &world{object: []byte(yamlSpec), starts: tt.starts}
		s, now := w.service(), time.Unix(0, 0)
		s.Now = func() time.Time { now = now.Add(2 * time.Second); return now }
		_, err = s.answer(t.Context(), call, "one")
		require.ErrorIs(t, err, operator.ErrUnavailable, name)
		created, err := s.answer(t.Context(), call, "one")
		require.NoError(t, err, name)
		assert.Equal(t, tt.same, w.names[0] == w.names[1], name)
		assert.Equal(t, map[string]string{"deploymentId": flow.CodeDeployID(string(operator.NewExecution(machine, w.names[1])))}, created)
		_, err = s.answer(t.Context(), call, "two")
		require.NoError(t, err)
		assert.NotEqual(t, w.names[1], w.names[2], name)
	}
}

// configs are the deployment configurations of an account.
type configs map[string]string

func (c configs) Strategy(_ context.Context, name string) (json.RawMessage, error) {
	if c[name] == "" {
		return nil, shift.ErrUnknownStrategy
	}
	return json.RawMessage(c[name]), nil
}

func TestAConfigurationOfTheAccountsOwnIsTold(t *testing.T) {
	t.Parallel()
	s := (&world{}).service()
	s.Configs = configs{
		"OurCanary": `{"canary": {"percent": 20, "bakeMinutes": 7}}`, "OurLinear": `{"linear": {"percent": 25, "everyMinutes": 3}}`, "OurJump": `"AllAtOnce"`,
		"OurSteps": `{"steps": []}`,
	}
	told := func(name string) string {
		out, err := s.answer(t.Context(), &GetDeploymentConfig{Name: name}, "")
		if err != nil {
			return translate(err).Type
		}
		text, err := json.Marshal(out)
		require.NoError(t, err)
		return string(text)
	}
	const info = `{"deploymentConfigInfo":{"deploymentConfigName":%q,"computePlatform":"Lambda","trafficRoutingConfig":%s}}`
	for name, want := range map[string]string{
		"OurCanary": fmt.Sprintf(info, "OurCanary", `{"type":"TimeBasedCanary","timeBasedCanary":{"canaryPercentage":20,"canaryInterval":7}}`),
		"OurLinear": fmt.Sprintf(info, "OurLinear", `{"type":"TimeBasedLinear","timeBasedLinear":{"linearPercentage":25,"linearInterval":3}}`),
		"OurJump":   fmt.Sprintf(info, "OurJump", `{"type":"AllAtOnce"}`),
		"OurSteps":  "InvalidDeploymentConfigNameException",
		"Theirs":    "DeploymentConfigDoesNotExistException",
	} {
		assert.Equal(t, want, told(name))
	}
}

// many lists more executions than one call tells.
type many struct{ *world }

func (m many) Find(_ context.Context, _ string, wanted func(operator.Execution) bool) (operator.Execution, error) {
	for i := range 3 * maxListed {
		if x := operator.NewExecution(machine, fmt.Sprint(i)); wanted(x) {
			return x, nil
		}
	}
	return "", shift.ErrExecutionUnknown
}

func TestNoMoreDeploymentsAreListedThanTheLimit(t *testing.T) {
	t.Parallel()
	s := (&world{}).service()
	s.Machines = many{&world{}}
	out, err := s.answer(t.Context(), &ListDeployments{}, "")
	require.NoError(t, err)
	ids := out.(map[string]any)["deployments"].([]string)
	assert.Len(t, ids, maxListed)
	assert.Equal(t, flow.CodeDeployID(string(operator.NewExecution(machine, "0"))), ids[0])
}

// Where the ledger knows nothing, the history does.
func TestTheStatusOfAListedDeploymentIsTheLedgersOrTheHistorys(t *testing.T) {
	t.Parallel()
	history := []operator.Event{{ID: 1, At: time.Unix(100, 0), Type: "ExecutionStarted"}, {ID: 2, At: time.Unix(200, 0), Type: operator.Aborted}}
	closed := shift.Record{ID: "x", Status: shift.StatusClosed, Outcome: shift.RolledBack, Reasons: []shift.Reason{{Name: shift.AlarmFired}}}
	for name, tt := range map[string]struct {
		world world
		want  string
	}{
		"closed":            {world{record: closed}, statusStopped},
		"open":              {world{record: shift.Record{ID: "x", Status: shift.StatusOpen, Deployment: &shift.Deployment{}}}, statusInProgress},
		"going back":        {world{record: shift.Record{ID: "x", Status: shift.StatusRestoring}}, statusInProgress},
		"opening":           {world{record: shift.Record{ID: "x", Status: shift.StatusOpen}}, statusCreated},
		"unknown to ledger": {world{events: history}, statusFailed},
	} {
		status, _, err := tt.world.service().glance(t.Context(), operator.NewExecution(machine, "one"))
		require.NoError(t, err, name)
		assert.Equal(t, tt.want, status, name)
	}
	_, _, err := (&world{err: errors.New("the ledger is closed today")}).service().glance(t.Context(), operator.NewExecution(machine, "one"))
	require.ErrorContains(t, err, "closed today")
}
