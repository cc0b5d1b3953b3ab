package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
)

// facade is a running sluice codedeploy, with the SDK's client of CodeDeploy.
type facade struct {
	*codedeploy.Client
	endpoint string
	world    *remoteWorld
	stop     context.CancelFunc
	status   chan int
}

const groupMap = `{"shop": {"orders": {"deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes", "alarms": ["orders-5xx"]}}}`

var exportedCodeDeploy = regexp.MustCompile(`export AWS_ENDPOINT_URL_CODEDEPLOY=(\S+)`)

// startFacade runs the command in a world until the test ends.
func startFacade(t *testing.T, a *remoteWorld, args ...string) facade {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	f := facade{world: a, stop: stop, status: make(chan int, 1)}
	out, in := io.Pipe()
	var stderr syncBuffer
	go func() {
		status := a.environment().exec(ctx, append([]string{"codedeploy", "--listen", "127.0.0.1:0"}, args...), strings.NewReader(""), in, &stderr)
		_ = in.Close()
		f.status <- status
	}()
	lines := bufio.NewScanner(out)
	for f.endpoint == "" && lines.Scan() {
		if found := exportedCodeDeploy.FindStringSubmatch(lines.Text()); found != nil {
			f.endpoint = found[1]
		}
	}
	require.NotEmpty(t, f.endpoint, "it did not say where it is: %s", stderr.String())
	go func() { _, _ = io.Copy(io.Discard, out) }()
	t.Cleanup(stop)
	cfg := localaws.ClientConfig("script", http.DefaultClient)
	cfg.BaseEndpoint, cfg.RetryMaxAttempts = &f.endpoint, 1
	f.Client = codedeploy.NewFromConfig(cfg)
	return f
}

// withMap runs the command with the map of groups.
func withMap(t *testing.T, a *remoteWorld, args ...string) facade {
	t.Helper()
	return startFacade(t, a, append([]string{"--map", writeFile(t, "groups.json", groupMap)}, args...)...)
}

// deploy creates a deployment of an AppSpec.
func (f facade) deploy(t *testing.T, appSpec string) string {
	t.Helper()
	out, err := f.create(t, appSpec)
	require.NoError(t, err)
	return aws.ToString(out.DeploymentId)
}

func (f facade) create(t *testing.T, appSpec string) (*codedeploy.CreateDeploymentOutput, error) {
	t.Helper()
	return f.CreateDeployment(t.Context(), &codedeploy.CreateDeploymentInput{
		ApplicationName: aws.String("shop"), DeploymentGroupName: aws.String("orders"), Revision: appSpecContent(appSpec),
	})
}

func appSpecContent(text string) *types.RevisionLocation {
	sum := sha256.Sum256([]byte(text))
	return &types.RevisionLocation{
		RevisionType: types.RevisionLocationTypeAppSpecContent, AppSpecContent: &types.AppSpecContent{Content: &text, Sha256: aws.String(hex.EncodeToString(sum[:]))},
	}
}

func (f facade) info(t *testing.T, id string) *types.DeploymentInfo {
	t.Helper()
	out, err := f.GetDeployment(t.Context(), &codedeploy.GetDeploymentInput{DeploymentId: &id})
	require.NoError(t, err)
	return out.DeploymentInfo
}

func (f facade) target(t *testing.T, id string) *types.LambdaTarget {
	t.Helper()
	out, err := f.GetDeploymentTarget(t.Context(), &codedeploy.GetDeploymentTargetInput{DeploymentId: &id, TargetId: aws.String("orders:live")})
	require.NoError(t, err)
	return out.DeploymentTarget.LambdaTarget
}

// events lists the lifecycle events of the alias, each with its status.
func (f facade) events(t *testing.T, id string) string {
	t.Helper()
	var list []string
	for _, e := range f.target(t, id).LifecycleEvents {
		list = append(list, aws.ToString(e.LifecycleEventName)+" "+string(e.Status))
	}
	return strings.Join(list, ", ")
}

const (
	twoVersions = `{"function": "orders", "version": "2", "alarms": ["orders-5xx"]}`
	withSmoke   = `{"function": "orders", "version": "2", "alarms": ["orders-5xx"], "hooks": {"beforeTraffic": [{"function": "smoke"}]}}`
)

func TestCodeDeploysOutcomes(t *testing.T) {
	t.Parallel()
	const before, after = "Hooks:\n  - BeforeAllowTraffic: smoke\n", "Hooks:\n  - AfterAllowTraffic: smoke\n"
	const crash = `{"hooks": {"smoke": {"result": "fail"}}}`
	tests := map[string]struct {
		appSpec, scenario string
		stopAfter         time.Duration
		status            types.DeploymentStatus
		code              types.ErrorCode
		says, events      string
		weight            float64
	}{
		"healthy": {
			appSpec: specOfOrders, status: "Succeeded", weight: 100,
			events: "BeforeAllowTraffic Skipped, AllowTraffic Succeeded, AfterAllowTraffic Skipped",
		},
		"healthy with hooks": {
			appSpec: specOfOrders + before, scenario: `{"hooks": {"smoke": {"result": "succeed"}}}`, status: "Succeeded", weight: 100,
			events: "BeforeAllowTraffic Succeeded, AllowTraffic Succeeded, AfterAllowTraffic Skipped",
		},
		"an alarm fires": {
			appSpec: specOfOrders, scenario: `{"events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "orders-5xx", "state": "ALARM"}]}`,
			status: "Stopped", code: "ALARM_ACTIVE", says: "RolledBack: AlarmFired: ",
			events: "BeforeAllowTraffic Skipped, AllowTraffic Failed, AfterAllowTraffic Skipped",
		},
		"stopped": {
			appSpec: specOfOrders, stopAfter: 90 * time.Second, status: "Stopped", code: "MANUAL_STOP", says: "StopDeployment",
			events: "BeforeAllowTraffic Skipped, AllowTraffic Failed, AfterAllowTraffic Skipped",
		},
		"stopped while a hook runs": {
			appSpec: specOfOrders + before, scenario: `{"hooks": {"smoke": {"result": "succeed", "afterSeconds": 60}}}`, stopAfter: 20 * time.Second,
			status: "Stopped", code: "MANUAL_STOP", says: "Rejected: ",
			events: "BeforeAllowTraffic Failed, AllowTraffic Skipped, AfterAllowTraffic Skipped",
		},
		"the first hook fails": {
			appSpec: specOfOrders + before, scenario: crash, status: "Failed", code: "HOOK_EXECUTION_FAILURE", says: "Rejected: HookFailed: ",
			events: "BeforeAllowTraffic Failed, AllowTraffic Skipped, AfterAllowTraffic Skipped",
		},
		"the last hook fails": {
			appSpec: specOfOrders + after, scenario: crash, status: "Failed", code: "HOOK_EXECUTION_FAILURE", says: "RolledBack: HookFailed: ",
			events: "BeforeAllowTraffic Skipped, AllowTraffic Succeeded, AfterAllowTraffic Failed",
		},
		"another version serves": {
			appSpec: strings.Replace(specOfOrders, "CurrentVersion: 1", "CurrentVersion: 7", 1), status: "Failed", code: "INVALID_LAMBDA_CONFIGURATION", says: "StableDiffers",
			events: "BeforeAllowTraffic Skipped, AllowTraffic Skipped, AfterAllowTraffic Skipped",
		},
		"the version is missing": {
			appSpec: strings.Replace(specOfOrders, "TargetVersion: 2", "TargetVersion: 7", 1), status: "Failed", code: "INVALID_LAMBDA_FUNCTION", says: "VersionNotFound",
			events: "BeforeAllowTraffic Skipped, AllowTraffic Skipped, AfterAllowTraffic Skipped",
		},
		"the new version is worse": {
			appSpec: specOfOrders, scenario: `{"candidate": {"errorRate": 0.5}}`, status: "Failed", code: "CUSTOMER_APPLICATION_UNHEALTHY", says: "CandidateWorse",
			events: "BeforeAllowTraffic Skipped, AllowTraffic Failed, AfterAllowTraffic Skipped",
		},
		"the execution is stopped": {
			appSpec: specOfOrders, scenario: `{"events": [{"atSeconds": 90, "do": "stopExecution"}]}`, status: "Failed", code: "INTERNAL_ERROR", says: "RolledBack: ",
			events: "BeforeAllowTraffic Skipped, AllowTraffic Failed, AfterAllowTraffic Skipped",
		},
		"somebody edits the alias": {
			appSpec: specOfOrders, scenario: `{"events": [{"atSeconds": 90, "do": "updateAlias", "target": "lambda:orders:live", "version": "2"}]}`,
			status: "Failed", code: "INTERNAL_ERROR", says: "Stranded: ",
			events: "BeforeAllowTraffic Skipped, AllowTraffic Failed, AfterAllowTraffic Skipped",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.scenario == "" {
				tt.scenario = `{}`
			}
			a := newRemoteWorld(t, withSmoke, tt.scenario)
			f := withMap(t, a, "--hook-mode", "sync")
			id := f.deploy(t, tt.appSpec)
			assert.Regexp(t, `^d-[A-Z2-7]{9}$`, id)
			if tt.stopAfter > 0 {
				require.NoError(t, a.Advance(tt.stopAfter))
				stopped, err := f.StopDeployment(t.Context(), &codedeploy.StopDeploymentInput{DeploymentId: &id})
				require.NoError(t, err)
				assert.Equal(t, types.StopStatusPending, stopped.Status)
			}
			require.NoError(t, a.Advance(30*time.Minute))
			got := f.info(t, id)
			assert.Equal(t, tt.status, got.Status)
			assert.Equal(t, tt.events, f.events(t, id))
			assert.InDelta(t, tt.weight, f.target(t, id).LambdaFunctionInfo.TargetVersionWeight, 0)
			assert.False(t, got.CompleteTime.Before(*got.CreateTime))
			if tt.code == "" {
				assert.Nil(t, got.ErrorInformation)
			} else if assert.NotNil(t, got.ErrorInformation) {
				assert.Equal(t, tt.code, got.ErrorInformation.Code)
				assert.Contains(t, aws.ToString(got.ErrorInformation.Message), tt.says)
			}
			_, err := f.StopDeployment(t.Context(), &codedeploy.StopDeploymentInput{DeploymentId: &id})
			var over *types.DeploymentAlreadyCompletedException
			assert.ErrorAs(t, err, &over)
		})
	}
}

func TestCodeDeployTellsHowFarADeploymentIs(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, withSmoke, `{"hooks": {"smoke": {"result": "succeed", "afterSeconds": 30}}}`)
	f := withMap(t, a, "--hook-mode", "sync")
	id := f.deploy(t, specOfOrders+"Hooks:\n  - BeforeAllowTraffic: smoke\n  - AfterAllowTraffic: smoke\n")
	first := f.info(t, id)
	assert.Equal(t, types.DeploymentStatusCreated, first.Status)
	assert.Equal(t, a.began, first.CreateTime.UTC())
	assert.Nil(t, first.CompleteTime)
	require.NoError(t, a.Advance(15*time.Second))
	assert.Equal(t, types.DeploymentStatusInProgress, f.info(t, id).Status)
	assert.Equal(t, "BeforeAllowTraffic InProgress, AllowTraffic Pending, AfterAllowTraffic Pending", f.events(t, id))
	require.NoError(t, a.Advance(time.Minute))
	shifting := f.target(t, id)
	assert.Equal(t, "BeforeAllowTraffic Succeeded, AllowTraffic InProgress, AfterAllowTraffic Pending", f.events(t, id))
	assert.Equal(t, types.LambdaFunctionInfo{
		FunctionName: aws.String("orders"), FunctionAlias: aws.String("live"), CurrentVersion: aws.String("1"), TargetVersion: aws.String("2"), TargetVersionWeight: 10,
	}, *shifting.LambdaFunctionInfo)
	assert.Equal(t, types.TargetStatusInProgress, shifting.Status)
	assert.Equal(t, "arn:aws:lambda:us-east-1:123456789012:function:orders:live", aws.ToString(shifting.TargetArn))
	assert.Equal(t, 30*time.Second, shifting.LifecycleEvents[0].EndTime.Sub(*shifting.LifecycleEvents[0].StartTime))

	listed, err := f.ListDeploymentTargets(t.Context(), &codedeploy.ListDeploymentTargetsInput{DeploymentId: &id})
	require.NoError(t, err)
	assert.Equal(t, []string{"orders:live"}, listed.TargetIds)
	none, err := f.ListDeploymentTargets(t.Context(), &codedeploy.ListDeploymentTargetsInput{DeploymentId: &id, TargetFilters: map[string][]string{"TargetStatus": {"Failed"}}})
	require.NoError(t, err)
	assert.Empty(t, none.TargetIds)
	batch, err := f.BatchGetDeploymentTargets(t.Context(), &codedeploy.BatchGetDeploymentTargetsInput{DeploymentId: &id, TargetIds: listed.TargetIds})
	require.NoError(t, err)
	require.Len(t, batch.DeploymentTargets, 1)
	assert.Equal(t, types.DeploymentTargetTypeLambdaTarget, batch.DeploymentTargets[0].DeploymentTargetType)
	_, err = f.BatchGetDeploymentTargets(t.Context(), &codedeploy.BatchGetDeploymentTargetsInput{DeploymentId: &id, TargetIds: []string{"orders:live", "stock:live"}})
	var missing *types.DeploymentTargetDoesNotExistException
	require.ErrorAs(t, err, &missing)
}

// A stop is known before the execution notices it, which is at its next poll.
func TestAStoppedDeploymentIsStoppedAtOnce(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, twoVersions, `{}`)
	f := withMap(t, a)
	id := f.deploy(t, specOfOrders)
	require.NoError(t, a.Advance(70*time.Second))
	_, err := f.StopDeployment(t.Context(), &codedeploy.StopDeploymentInput{DeploymentId: &id, AutoRollbackEnabled: aws.Bool(true)})
	require.NoError(t, err)
	got := f.info(t, id)
	assert.Equal(t, types.DeploymentStatusStopped, got.Status)
	assert.Equal(t, types.ErrorCodeManualStop, got.ErrorInformation.Code)
	assert.Equal(t, "RUNNING", string(a.Executions()[0].Status()))
}

// What was started before it, or by another door, is found by its id.
func TestCodeDeployFindsDeploymentsThatItHasNotStarted(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, twoVersions, `{}`)
	first := withMap(t, a)
	id := first.deploy(t, specOfOrders)
	first.stop()
	assert.Equal(t, statusOK, <-first.status, "an interrupt is how it ends")
	require.NoError(t, a.Advance(time.Minute))
	second := withMap(t, a)
	assert.Equal(t, types.DeploymentStatusInProgress, second.info(t, id).Status)
	listed := 0
	for range 3 {
		second.info(t, id)
		listed = len(slices.DeleteFunc(a.operations(), func(name string) bool { return name != "ListExecutions" }))
	}
	assert.Equal(t, 1, listed, "it is looked for once")

	_, err := second.GetDeployment(t.Context(), &codedeploy.GetDeploymentInput{DeploymentId: aws.String("d-AAAAAAAAA")})
	var unknown *types.DeploymentDoesNotExistException
	require.ErrorAs(t, err, &unknown)
	_, err = second.StopDeployment(t.Context(), &codedeploy.StopDeploymentInput{DeploymentId: aws.String("d-AAAAAAAAA")})
	require.ErrorAs(t, err, &unknown)
}

// The problems are those that sluice start tells.
func TestABadAppSpecIsAnInvalidRevision(t *testing.T) {
	t.Parallel()
	f := withMap(t, newRemoteWorld(t, twoVersions, `{}`))
	for name, test := range map[string]struct {
		appSpec string
		says    []string
	}{
		"properties": {
			strings.NewReplacer("Alias: live", "alias: [1]", "TargetVersion: 2", "TargetVersion: $LATEST").Replace(specOfOrders),
			[]string{"Resources[0].orders.Properties.alias: must be a string", "TargetVersion: is $LATEST", "(line 9, column 9 of the text)"},
		},
		"of ECS":            {`{"version": 0.0, "Resources": [{"x": {"Type": "AWS::ECS::Service", "Properties": {}}}]}`, []string{"Resources[0].x.Type: is \"AWS::ECS::Service\"", "ECS and EC2 stay with CodeDeploy"}},
		"no YAML":           {"a: b: c", []string{"appSpec: ", "line 1"}},
		"another account's": {strings.Replace(specOfOrders, "Name: orders", "Name: arn:aws:lambda:us-east-1:210987654321:function:orders", 1), []string{"Properties.Name: is in account 210987654321"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := f.create(t, test.appSpec)
			var wrong *types.InvalidRevisionException
			require.ErrorAs(t, err, &wrong)
			for _, want := range test.says {
				assert.Contains(t, wrong.ErrorMessage(), want)
			}
		})
	}
	assert.Empty(t, f.world.Executions())
}

func TestCodeDeploysGroupSaysWhatTheAppSpecDoesNot(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, twoVersions, `{}`)
	answer := `{"deploymentGroupInfo": {"computePlatform": "Lambda", "deploymentConfigName": "Ours",
		"alarmConfiguration": {"enabled": true, "ignorePollAlarmFailure": true, "alarms": [{"name": "orders-5xx"}]}}}`
	asked := map[string]int{}
	a.intercept = func(operation string, w http.ResponseWriter) bool {
		asked[operation]++
		body := ""
		switch operation {
		case "GetDeploymentGroup":
			body = answer
		case "GetDeploymentConfig":
			body = `{"deploymentConfigInfo": {"computePlatform": "Lambda", "trafficRoutingConfig": {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 25, "linearInterval": 3}}}}`
		default:
			return false
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if strings.Contains(body, "__type") {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, body)
		return true
	}
	f := startFacade(t, a)
	f.deploy(t, specOfOrders)
	input := map[string]json.RawMessage{}
	require.NoError(t, json.Unmarshal(a.Executions()[0].Input(), &input))
	assert.JSONEq(t, `{"linear": {"percent": 25, "everyMinutes": 3}}`, string(input["strategy"]))
	assert.JSONEq(t, `["orders-5xx"]`, string(input["alarms"]))
	assert.JSONEq(t, `true`, string(input["ignoreUnreadableAlarms"]))

	// The call's own choices replace the group's.
	require.NoError(t, a.Advance(time.Hour))
	back := strings.NewReplacer("CurrentVersion: 1", "CurrentVersion: 2", "TargetVersion: 2", "TargetVersion: 1").Replace(specOfOrders)
	_, err := f.CreateDeployment(t.Context(), &codedeploy.CreateDeploymentInput{
		ApplicationName: aws.String("shop"), DeploymentGroupName: aws.String("orders"), Revision: appSpecContent(back),
		DeploymentConfigName: aws.String("CodeDeployDefault.LambdaAllAtOnce"), OverrideAlarmConfiguration: &types.AlarmConfiguration{Enabled: false},
	})
	require.NoError(t, err)
	assert.JSONEq(t, fmt.Sprintf(`{"appSpec": %q, "strategy": "CodeDeployDefault.LambdaAllAtOnce"}`, back), string(a.Executions()[1].Input()))

	answer = `{"__type": "DeploymentGroupDoesNotExistException", "message": "No Deployment Group found for name: orders"}`
	_, err = f.create(t, specOfOrders)
	var noGroup *types.DeploymentGroupDoesNotExistException
	require.ErrorAs(t, err, &noGroup)
	answer = `{"deploymentGroupInfo": {"computePlatform": "Server", "deploymentConfigName": "CodeDeployDefault.OneAtATime"}}`
	_, err = f.create(t, specOfOrders)
	var platform *types.InvalidDeploymentGroupNameException
	require.ErrorAs(t, err, &platform)
}

func TestCodeDeployNamesWhatItSupports(t *testing.T) {
	t.Parallel()
	f := withMap(t, newRemoteWorld(t, twoVersions, `{}`))
	_, err := f.ListApplications(t.Context(), &codedeploy.ListApplicationsInput{})
	require.ErrorContains(t, err, "UnsupportedOperation")
	require.ErrorContains(t, err, "sluice codedeploy does not answer ListApplications, only BatchGetDeploymentTargets, CreateDeployment, GetDeployment, ")
}

// AWS's errors keep their names, and those that pass are tried again.
func TestCodeDeployPassesErrorsOn(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, twoVersions, `{}`)
	f := withMap(t, a)
	id := f.deploy(t, specOfOrders)
	code := "AccessDeniedException"
	a.intercept = func(operation string, w http.ResponseWriter) bool {
		return operation == "GetExecutionHistory" && respondWithError(w, http.StatusBadRequest, code, "no")
	}
	_, err := f.GetDeployment(t.Context(), &codedeploy.GetDeploymentInput{DeploymentId: &id})
	require.ErrorContains(t, err, "AccessDeniedException: read the history of ")
	code = "ExecutionDoesNotExist" // it was started a moment ago, and is not known everywhere
	assert.Equal(t, types.DeploymentStatusCreated, f.info(t, id).Status)
	assert.Equal(t, "BeforeAllowTraffic Pending, AllowTraffic Pending, AfterAllowTraffic Pending", f.events(t, id))
}

func TestCodeDeployRefusesToListenForOthers(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"0.0.0.0:4571":   "can be reached from other machines",
		"10.0.0.1:4571":  "can be reached from other machines",
		"[::]:4571":      "can be reached from other machines",
		":4571":          "is no address with a port",
		"example.com:80": "is no address with a port",
		"127.0.0.1":      "is no address with a port",
	} {
		got := run(t, "", "codedeploy", "--listen", address)
		assert.Equal(t, statusInvalid, got.status)
		assert.Contains(t, got.stderr, want, address)
	}
	assert.Contains(t, run(t, "", "codedeploy", "--hook-mode", "x").stderr, `--hook-mode is "x", but must be codedeploy, sync or callback`)
	assert.Contains(t, run(t, "", "codedeploy", "x").stderr, `codedeploy takes no arguments, but got "x"`)
}

func TestTheMapOfGroupsIsChecked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"shop": {"orders": {"deploymentConfig": "AllAtOnce"}}}`: "groups.json:1:22: shop.orders.deploymentConfig: is not known here",
		`{"shop": {"orders": {"alarms": "a"}}}`:                   "groups.json:1:22: shop.orders.alarms: must be an array",
		`{"shop": []}`:                                            "groups.json:1:2: shop: must be an object",
		`{}`:                                                      "groups.json: has no application",
	} {
		got := run(t, "", "codedeploy", "--map", writeFile(t, "groups.json", text))
		assert.Equal(t, statusInvalid, got.status)
		assert.Contains(t, got.stderr, want)
	}
}

// A hook that was written for CodeDeploy and runs on this machine is told the deployment's own id,
// and answers by the same endpoint as everything else.
func TestAHookOnThisMachineAnswers(t *testing.T) {
	t.Parallel()
	const spec = specOfOrders + "Hooks:\n  - BeforeAllowTraffic: smoke\n"
	a := newRemoteWorld(t, withSmoke, `{"hooks": {"smoke": {"result": "hang"}}}`)
	var event struct {
		DeploymentID string `json:"DeploymentId"`
		HookID       string `json:"LifecycleEventHookExecutionId"`
	}
	a.OnHook(func(_ string, payload []byte) { assert.NoError(t, json.Unmarshal(payload, &event)) })
	f := withMap(t, a)
	id := f.deploy(t, spec)
	require.NoError(t, a.Advance(5*time.Second))
	assert.Equal(t, id, event.DeploymentID)
	put := func(f facade, hook, status string) error {
		out, err := f.PutLifecycleEventHookExecutionStatus(t.Context(), &codedeploy.PutLifecycleEventHookExecutionStatusInput{
			DeploymentId: &id, LifecycleEventHookExecutionId: &hook, Status: types.LifecycleEventStatus(status),
		})
		if err == nil {
			assert.Equal(t, hook, aws.ToString(out.LifecycleEventHookExecutionId))
		}
		return err
	}
	var unknown *types.InvalidLifecycleEventHookExecutionIdException
	require.ErrorAs(t, put(f, "sluice-AAAA", "Succeeded"), &unknown)
	var status *types.InvalidLifecycleEventHookExecutionStatusException
	require.ErrorAs(t, put(f, event.HookID, "Skipped"), &status)
	without := withMap(t, a, "--name-prefix", "other", "--state-machine", "sluice", "--table", "sluice")
	require.ErrorContains(t, put(without, event.HookID, "Succeeded"), "deploy Sluice with the setting hookEndpoint=url")
	require.NoError(t, put(f, event.HookID, "Failed"))
	require.NoError(t, a.Advance(time.Minute))
	got := f.info(t, id)
	assert.Equal(t, types.ErrorCodeHookExecutionFailure, got.ErrorInformation.Code)
	assert.Contains(t, aws.ToString(got.ErrorInformation.Message), "it answered Failed")
	assert.Equal(t, types.LifecycleErrorCodeScriptFailed, f.target(t, id).LifecycleEvents[0].Diagnostics.ErrorCode)
}

// list lists deployments.
func (f facade) list(t *testing.T, in *codedeploy.ListDeploymentsInput) []string {
	t.Helper()
	out, err := f.ListDeployments(t.Context(), in)
	require.NoError(t, err)
	assert.Nil(t, out.NextToken)
	return out.Deployments
}

func TestDeploymentsAreListedByGroupStatusAndTime(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, twoVersions, `{}`)
	f := withMap(t, a)
	group := &codedeploy.ListDeploymentsInput{ApplicationName: aws.String("shop"), DeploymentGroupName: aws.String("orders")}
	assert.Empty(t, f.list(t, group))
	first := f.deploy(t, specOfOrders)
	require.NoError(t, a.Advance(10*time.Minute))
	between := a.Now()
	require.NoError(t, a.Advance(time.Minute))
	byHand, err := a.Start("by-hand", json.RawMessage(`{"function": "orders", "version": "1", "strategy": "Canary10Percent5Minutes"}`))
	require.NoError(t, err)
	require.NoError(t, a.Advance(time.Minute))

	other := flow.CodeDeployID(byHand.ARN())
	assert.Equal(t, []string{first}, f.list(t, group), "what was started otherwise has no group")
	assert.Equal(t, []string{other, first}, f.list(t, &codedeploy.ListDeploymentsInput{}), "the newest first")
	only := func(statuses ...types.DeploymentStatus) *codedeploy.ListDeploymentsInput {
		return &codedeploy.ListDeploymentsInput{IncludeOnlyStatuses: statuses}
	}
	assert.Equal(t, []string{first}, f.list(t, only("Succeeded")))
	assert.Equal(t, []string{other}, f.list(t, only("InProgress", "Failed")))
	assert.Empty(t, f.list(t, only("Stopped")))
	assert.Equal(t, []string{other}, f.list(t, &codedeploy.ListDeploymentsInput{CreateTimeRange: &types.TimeRange{Start: &between}}))
	assert.Equal(t, []string{first}, f.list(t, &codedeploy.ListDeploymentsInput{CreateTimeRange: &types.TimeRange{End: &between}}))

	var unknown *types.DeploymentGroupDoesNotExistException
	_, err = f.ListDeployments(t.Context(), &codedeploy.ListDeploymentsInput{ApplicationName: aws.String("shop"), DeploymentGroupName: aws.String("stock")})
	require.ErrorAs(t, err, &unknown)
}

func TestADeploymentConfigurationIsTold(t *testing.T) {
	t.Parallel()
	f := withMap(t, newRemoteWorld(t, twoVersions, `{}`))
	told := func(name string) (*types.DeploymentConfigInfo, error) {
		out, err := f.GetDeploymentConfig(t.Context(), &codedeploy.GetDeploymentConfigInput{DeploymentConfigName: &name})
		if err != nil {
			return nil, err
		}
		return out.DeploymentConfigInfo, nil
	}
	for name, want := range map[string]types.TrafficRoutingConfig{
		"CodeDeployDefault.LambdaAllAtOnce":                    {Type: types.TrafficRoutingTypeAllAtOnce},
		"CodeDeployDefault.LambdaCanary10Percent5Minutes":      {Type: types.TrafficRoutingTypeTimeBasedCanary, TimeBasedCanary: &types.TimeBasedCanary{CanaryPercentage: 10, CanaryInterval: 5}},
		"CodeDeployDefault.LambdaLinear10PercentEvery3Minutes": {Type: types.TrafficRoutingTypeTimeBasedLinear, TimeBasedLinear: &types.TimeBasedLinear{LinearPercentage: 10, LinearInterval: 3}},
		"Linear50PercentEvery10Minutes":                        {Type: types.TrafficRoutingTypeTimeBasedLinear, TimeBasedLinear: &types.TimeBasedLinear{LinearPercentage: 50, LinearInterval: 10}},
	} {
		info, err := told(name)
		require.NoError(t, err, name)
		assert.Equal(t, &types.DeploymentConfigInfo{DeploymentConfigName: &name, ComputePlatform: types.ComputePlatformLambda, TrafficRoutingConfig: &want}, info, name)
	}
	var invalid *types.InvalidDeploymentConfigNameException
	for _, name := range []string{"Canary0.5Percent5Minutes", "Canary0Percent5Minutes"} {
		_, err := told(name)
		require.ErrorAs(t, err, &invalid, name)
	}
}
