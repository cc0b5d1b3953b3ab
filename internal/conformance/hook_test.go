package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	codedeploytypes "github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/lambdaruntime"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// hookAccount is an account on a port, with a hook that somebody else plays.
type hookAccount struct {
	url, machine string
	// hooks is what AWS_ENDPOINT_URL_CODEDEPLOY is set to.
	hooks string
	// own are variables of a hook's function that a stack has set.
	own    map[string]string
	states *sfn.Client
	// asked receives the event of each invocation of the hook.
	asked chan []byte
}

// variables are those of a hook's function.
func (a *hookAccount) variables(result string) map[string]string {
	all := map[string]string{
		"AWS_ENDPOINT_URL_CODEDEPLOY": a.hooks, "RESULT": result,
		"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "hook", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "a session token",
	}
	if a.own != nil {
		delete(all, "AWS_ENDPOINT_URL_CODEDEPLOY")
		maps.Copy(all, a.own)
	}
	return all
}

func newHookAccount(t *testing.T) *hookAccount { return newHookAccountAt(t, 1) }

// newHookAccountAt makes an account whose time passes as fast as the speed says.
func newHookAccountAt(t *testing.T, speed float64) *hookAccount {
	t.Helper()
	a := &hookAccount{asked: make(chan []byte, 1)}
	// The hook's function returns and does not answer: the program under test does.
	s, err := world.DecodeScenario([]byte(`{"hooks": {"pre": {"result": "hang"}}}`))
	require.NoError(t, err)
	p, err := world.NewPaced(world.Pace{Speed: speed}, s, json.RawMessage(hookInput))
	require.NoError(t, err)
	p.SetHook(stackHook, world.HookBehaviour{Result: world.HookHangs})
	p.OnHook(func(_ string, payload []byte) { a.asked <- bytes.Clone(payload) })
	server := httptest.NewServer(p)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		p.Run(ctx)
		close(ended)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		p.Close()
		server.Close()
	})
	p.Listen(server.URL)
	a.url, a.machine, a.hooks = server.URL, p.StateMachine(), p.HookURL()
	a.states = sfn.NewFromConfig(a.config())
	return a
}

// config is an operator's configuration.
func (a *hookAccount) config() aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: &a.url, Credentials: aws.CredentialsProviderFunc(
		func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "operator", SecretAccessKey: "local"}, nil
		})}
}

const hookInput = `{"function": "orders", "strategy": "AllAtOnce", "hooks": {"beforeTraffic": [{"function": "pre", "mode": "codedeploy", "timeoutSeconds": 120}]}}`

// ask starts a deployment, and returns the event of its hook.
func (a *hookAccount) ask(t *testing.T) (execution string, event []byte) {
	t.Helper()
	started, err := a.states.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: &a.machine, Input: aws.String(hookInput)})
	require.NoError(t, err)
	return *started.ExecutionArn, a.nextEvent(t)
}

// nextEvent waits until the hook is asked.
func (a *hookAccount) nextEvent(t *testing.T) []byte {
	t.Helper()
	select {
	case event := <-a.asked:
		return event
	case <-time.After(20 * time.Second):
		t.Fatal("the hook was not asked")
		return nil
	}
}

// end waits until an execution has ended.
func (a *hookAccount) end(t *testing.T, execution string) *sfn.DescribeExecutionOutput {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		x, err := a.states.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: &execution})
		require.NoError(t, err)
		if x.Status != types.ExecutionStatusRunning {
			return x
		}
		require.True(t, time.Now().Before(deadline), "the deployment does not end")
	}
}

// program is a hook that was written for CodeDeploy: what a user of an SDK writes, unchanged.
type program struct {
	// missing says what it needs and is not there, or is empty.
	missing func(t *testing.T) string
	// run runs it as its Lambda would.
	run func(t *testing.T, a *hookAccount, event []byte, result string) error
}

var programs = map[string]program{
	"Go":                                   {nothingMissing, runGo},
	"JavaScript, version 2, SAM's example": {noModule("aws-sdk"), node("sam.js", true)},
	"JavaScript, version 2, the plugin's":  {noModule("aws-sdk"), node("plugin.js", true)},
	"JavaScript, version 3":                {noModule("@aws-sdk/client-codedeploy"), node("v3.mjs", false)},
	"Python":                               {noBoto3, runPython},
	"the aws command":                      {noAWSCommand, runAWSCommand},
}

// The test expects each program to let a deployment pass, and to stop one.
func TestHooksForCodeDeployAnswerUnchanged(t *testing.T) {
	t.Parallel()
	for name, p := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if missing := p.missing(t); missing != "" {
				t.Skip("SKIPPED: " + missing)
			}
			a := newHookAccount(t)
			execution, event := a.ask(t)
			require.NoError(t, p.run(t, a, event, "Failed"))
			ended := a.end(t, execution)
			assert.Equal(t, "Rejected", aws.ToString(ended.Error))
			assert.Contains(t, aws.ToString(ended.Cause), "HookFailed: the BeforeTraffic hook pre: it answered Failed")
			require.Error(t, p.run(t, a, event, "Succeeded"), "the other answer is refused")

			execution, event = a.ask(t)
			require.NoError(t, p.run(t, a, event, "Succeeded"))
			ended = a.end(t, execution)
			assert.Equal(t, types.ExecutionStatusSucceeded, ended.Status, aws.ToString(ended.Cause))
			require.NoError(t, p.run(t, a, event, "Succeeded"), "the same answer again does no harm")
		})
	}
}

// The layer is needed: without it, version 2 of the JavaScript SDK calls CodeDeploy itself.
func TestVersion2OfTheJavaScriptSDKNeedsTheLayer(t *testing.T) {
	t.Parallel()
	if missing := noModule("aws-sdk")(t); missing != "" {
		t.Skip("SKIPPED: " + missing)
	}
	modules := modulesFolder(t)
	for layer, want := range map[bool]string{true: "http://127.0.0.1:1/x", false: "undefined"} {
		command := exec.CommandContext(t.Context(), "node", "-p", "String((require('aws-sdk').config.codedeploy || {}).endpoint)")
		command.Dir = modules
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "LAMBDA_TASK_ROOT=" + modules, "AWS_ENDPOINT_URL_CODEDEPLOY=http://127.0.0.1:1/x"}
		if layer {
			command.Env = append(command.Env, "NODE_OPTIONS=--require "+preload(t))
		}
		out, err := command.Output()
		require.NoError(t, err)
		assert.Equal(t, want, strings.TrimSpace(string(out)))
	}
}

// The layer is given to hooks with any SDK, and must break none.
func TestTheLayerLeavesOtherHooksAlone(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("SKIPPED: there is no Node.js")
	}
	for _, endpoint := range []string{"", "http://127.0.0.1:1/x"} {
		folder := t.TempDir()
		command := exec.CommandContext(t.Context(), "node", "-p", "'it runs'")
		command.Dir = folder
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "LAMBDA_TASK_ROOT=" + folder, "NODE_OPTIONS=--require " + preload(t), "AWS_ENDPOINT_URL_CODEDEPLOY=" + endpoint}
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Equal(t, "it runs", strings.TrimSpace(string(out)))
	}
}

func preload(t *testing.T) string {
	t.Helper()
	file, err := filepath.Abs("../../infra/preload/sluice-codedeploy.cjs")
	require.NoError(t, err)
	return file
}

// The real client understands each refusal as CodeDeploy's own error.
func TestAClientUnderstandsTheRefusals(t *testing.T) {
	t.Parallel()
	a := newHookAccount(t)
	client := codedeploy.NewFromConfig(aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(a.hooks), Credentials: aws.CredentialsProviderFunc(
		func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "hook", SecretAccessKey: "s", SessionToken: "t"}, nil
		})})
	put := func(deployment, hook, status string) error {
		out, err := client.PutLifecycleEventHookExecutionStatus(t.Context(), &codedeploy.PutLifecycleEventHookExecutionStatusInput{
			DeploymentId: &deployment, LifecycleEventHookExecutionId: &hook, Status: codedeploytypes.LifecycleEventStatus(status),
		})
		if err == nil {
			assert.Equal(t, hook, aws.ToString(out.LifecycleEventHookExecutionId))
		}
		return err
	}
	execution, event := a.ask(t)
	var e shift.LifecycleEvent
	require.NoError(t, json.Unmarshal(event, &e))
	var (
		unknown   *codedeploytypes.InvalidLifecycleEventHookExecutionIdException
		status    *codedeploytypes.InvalidLifecycleEventHookExecutionStatusException
		completed *codedeploytypes.LifecycleEventAlreadyCompletedException
	)
	guessed := e.HookID[:len(e.HookID)-4] + "AAAA"
	texts := map[string]bool{}
	for _, err := range []error{put(e.DeploymentID, guessed, "Succeeded"), put("d-AAAAAAAAA", e.HookID, "Succeeded"), put(e.DeploymentID, "x", "Succeeded")} {
		require.ErrorAs(t, err, &unknown)
		texts[unknown.ErrorMessage()] = true
	}
	assert.Len(t, texts, 1, "one answer for all")
	require.ErrorAs(t, put(e.DeploymentID, e.HookID, "Skipped"), &status)
	require.NoError(t, put(e.DeploymentID, e.HookID, "Succeeded"))
	require.ErrorAs(t, put(e.DeploymentID, e.HookID, "Failed"), &completed)
	_, err := client.StopDeployment(t.Context(), &codedeploy.StopDeploymentInput{DeploymentId: &e.DeploymentID})
	require.ErrorContains(t, err, "UnknownOperationException")
	assert.Equal(t, types.ExecutionStatusSucceeded, a.end(t, execution).Status)
}

func nothingMissing(*testing.T) string { return "" }

// hookFolder is a folder for what is built. TestMain makes and removes it.
var hookFolder string

// builtHook builds the Go program, once.
var builtHook = sync.OnceValues(func() (string, error) {
	bootstrap := filepath.Join(hookFolder, "bootstrap")
	if out, err := exec.Command("go", "build", "-o", bootstrap, "./testdata/hooks/go").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the hook: %w: %s", err, out)
	}
	return bootstrap, nil
})

// runGo runs the hook as Lambda does, by its Runtime API.
func runGo(t *testing.T, a *hookAccount, event []byte, result string) error {
	t.Helper()
	bootstrap, err := builtHook()
	require.NoError(t, err)
	sandbox := lambdaruntime.New(lambdaruntime.Function{
		Name: "pre", ARN: "arn:aws:lambda:us-east-1:123456789012:function:pre", Region: "us-east-1", Bootstrap: bootstrap,
		Variables: a.variables(result), Timeout: 30 * time.Second, MemoryMB: 128,
	}, io.Discard)
	defer sandbox.Close()
	answer, err := sandbox.Invoke(t.Context(), event)
	if err == nil && answer.Failed {
		err = fmt.Errorf("%s", answer.Payload)
	}
	return err
}

// modulesFolder is where make conformance has installed modules.
func modulesFolder(t *testing.T) string {
	t.Helper()
	return os.Getenv("CONFORMANCE")
}

func noModule(name string) func(t *testing.T) string {
	return func(t *testing.T) string {
		folder := modulesFolder(t)
		if folder == "" {
			return "only make conformance runs this test, because it needs " + name + " from npm"
		}
		if _, err := os.Stat(filepath.Join(folder, "node_modules", name)); err != nil {
			return name + " is not installed: npm could not fetch it"
		}
		return ""
	}
}

// node runs a handler with Node.js, from a folder whose modules are those that were installed.
func node(file string, withLayer bool) func(*testing.T, *hookAccount, []byte, string) error {
	return func(t *testing.T, a *hookAccount, event []byte, result string) error {
		root := t.TempDir()
		require.NoError(t, os.Symlink(filepath.Join(modulesFolder(t), "node_modules"), filepath.Join(root, "node_modules")))
		for _, name := range []string{file, "run.mjs"} {
			text, err := os.ReadFile("testdata/hooks/javascript/" + name)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(root, name), text, 0o600))
		}
		variables := a.variables(result)
		variables["LAMBDA_TASK_ROOT"] = root
		switch {
		case a.own != nil: // Lambda puts the layer's file into /opt
			variables["NODE_OPTIONS"] = strings.Replace(variables["NODE_OPTIONS"], "/opt/sluice-codedeploy.cjs", preload(t), 1)
		case withLayer:
			variables["NODE_OPTIONS"] = "--require " + preload(t)
		}
		return run(t, root, variables, "node", filepath.Join(root, "run.mjs"), filepath.Join(root, file), string(event))
	}
}

func noBoto3(t *testing.T) string {
	if exec.CommandContext(t.Context(), "python3", "-c", "import boto3").Run() != nil {
		return "boto3 is not installed for python3"
	}
	return ""
}

func runPython(t *testing.T, a *hookAccount, event []byte, result string) error {
	return run(t, "testdata/hooks/python", a.variables(result),
		"python3", "-B", "-c", "import json, sys, hook; hook.lambda_handler(json.loads(sys.argv[1]), None)", string(event))
}

func noAWSCommand(*testing.T) string {
	if _, err := exec.LookPath("aws"); err != nil {
		return "the aws command is not installed"
	}
	return ""
}

func runAWSCommand(t *testing.T, a *hookAccount, event []byte, result string) error {
	var e shift.LifecycleEvent
	require.NoError(t, json.Unmarshal(event, &e))
	return run(t, ".", a.variables(result), "aws", "deploy", "put-lifecycle-event-hook-execution-status",
		"--deployment-id", e.DeploymentID, "--lifecycle-event-hook-execution-id", e.HookID, "--status", result)
}

// run runs a command, with these variables and little else.
func run(t *testing.T, folder string, variables map[string]string, name string, args ...string) error {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = folder
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull}
	for key, value := range variables {
		command.Env = append(command.Env, key+"="+value)
	}
	out, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}
