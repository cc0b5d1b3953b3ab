package lambdaruntime

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sandbox returns a Sandbox that runs this test's own binary.
func sandbox(t *testing.T, how string, timeout time.Duration) *Sandbox {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	s := New(Function{
		Name: "orders", ARN: "arn:aws:lambda:us-east-1:123456789012:function:orders", Region: "us-east-1",
		Bootstrap: self, Variables: map[string]string{behaviour: how, "TABLE": "sluice"}, Timeout: timeout, MemoryMB: 256,
	}, &bytes.Buffer{})
	t.Cleanup(s.Close)
	return s
}

func invoke(t *testing.T, s *Sandbox, event string) Result {
	t.Helper()
	result, err := s.Invoke(t.Context(), []byte(event))
	require.NoError(t, err)
	return result
}

// errorReportOf returns the type and the message of a failure.
func errorReportOf(t *testing.T, r Result) (errorType, message string) {
	t.Helper()
	require.True(t, r.Failed, "%s", r.Payload)
	var report struct{ ErrorType, ErrorMessage string }
	require.NoError(t, json.Unmarshal(r.Payload, &report))
	return report.ErrorType, report.ErrorMessage
}

func TestOneProcessServesAllInvocations(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "serves", time.Minute)
	assert.Equal(t, Result{Payload: []byte(`{"n":1}`)}, invoke(t, s, `{"n":1}`))
	assert.Equal(t, Result{Payload: []byte(`{"n":2}`)}, invoke(t, s, `{"n":2}`))
	starts := s.Starts()
	require.Len(t, starts, 1)
	assert.Positive(t, starts[0].Ready, "the time to the first GET next")
}

func TestAFunctionsErrorIsItsReport(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "serves", time.Minute)
	errorType, message := errorReportOf(t, invoke(t, s, `"fail"`))
	assert.Equal(t, "Refused", errorType)
	assert.Equal(t, "no", message)
	errorType, _ = errorReportOf(t, invoke(t, s, `"fail without a type"`))
	assert.Equal(t, "Named", errorType, "the type comes from the header")
	require.Len(t, s.Starts(), 1, "an error must not restart the process")
}

func TestAProcessThatDiesFailsItsInvocationAndIsRestarted(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "serves", time.Minute)
	errorType, message := errorReportOf(t, invoke(t, s, `"exit"`))
	assert.Equal(t, "Runtime.ExitError", errorType)
	assert.Contains(t, message, "Runtime exited with error: exit status 7")
	assert.JSONEq(t, `"again"`, string(invoke(t, s, `"again"`).Payload))
	assert.JSONEq(t, `"done"`, string(invoke(t, s, `"exit after the answer"`).Payload))
	assert.JSONEq(t, `"again"`, string(invoke(t, s, `"again"`).Payload))
	assert.Len(t, s.Starts(), 3)
}

func TestAnInvocationThatTakesTooLongIsKilled(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "serves", time.Minute)
	assert.JSONEq(t, `1`, string(invoke(t, s, `1`).Payload))
	s.function.Timeout = 50 * time.Millisecond
	errorType, message := errorReportOf(t, invoke(t, s, `"hang"`))
	assert.Equal(t, "Sandbox.Timedout", errorType)
	assert.Contains(t, message, "Task timed out after 0.05 seconds")
	s.function.Timeout = time.Minute
	assert.JSONEq(t, `2`, string(invoke(t, s, `2`).Payload))
}

func TestAnInvocationIsKilledWhenNobodyWaitsForIt(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "serves", time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	_, err := s.Invoke(ctx, []byte(`"hang"`))
	require.ErrorIs(t, err, context.Canceled)
	assert.JSONEq(t, `1`, string(invoke(t, s, `1`).Payload))
}

func TestAProcessThatCannotStartFailsTheInvocation(t *testing.T) {
	t.Parallel()
	errorType, message := errorReportOf(t, invoke(t, sandbox(t, "fails to start", time.Minute), `{}`))
	assert.Equal(t, "Settings", errorType)
	assert.Equal(t, "no table", message)
	errorType, message = errorReportOf(t, invoke(t, sandbox(t, "exits", time.Minute), `{}`))
	assert.Equal(t, "Runtime.ExitError", errorType)
	assert.Contains(t, message, "exit status 3")
}

func TestAMissingBootstrapIsAnError(t *testing.T) {
	t.Parallel()
	s := New(Function{Name: "orders", Bootstrap: "/nowhere/bootstrap", Timeout: time.Second}, &bytes.Buffer{})
	_, err := s.Invoke(t.Context(), []byte(`{}`))
	assert.ErrorContains(t, err, "start the bootstrap of orders")
}

func TestTheHeadersOfAnInvocation(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "serves", time.Minute)
	var header http.Header
	require.NoError(t, json.Unmarshal(invoke(t, s, `"headers"`).Payload, &header))
	assert.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, header.Get("Lambda-Runtime-Aws-Request-Id"))
	assert.Equal(t, "arn:aws:lambda:us-east-1:123456789012:function:orders", header.Get("Lambda-Runtime-Invoked-Function-Arn"))
	assert.Regexp(t, `^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$`, header.Get("Lambda-Runtime-Trace-Id"))
	milliseconds, err := strconv.ParseInt(header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64)
	require.NoError(t, err)
	left := time.Until(time.UnixMilli(milliseconds))
	assert.True(t, 0 < left && left <= time.Minute, "%s are left of a minute", left)
}

// For instance, the AWS_PROFILE of this machine must not reach a function.
func TestAFunctionInheritsNoEnvironment(t *testing.T) {
	t.Setenv("SLUICE_FROM_OUTSIDE", "1")
	s := sandbox(t, "serves", time.Minute)
	var list []string
	require.NoError(t, json.Unmarshal(invoke(t, s, `"environment"`).Payload, &list))
	assert.Contains(t, list, "TABLE=sluice")
	assert.Contains(t, list, "AWS_LAMBDA_FUNCTION_NAME=orders")
	assert.Contains(t, list, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256")
	assert.Contains(t, list, "AWS_REGION=us-east-1")
	assert.NotContains(t, list, "SLUICE_FROM_OUTSIDE=1")
}

func TestTheAPIRefusesCallsThatDoNotFitTheInvocation(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "serves", time.Minute)
	assert.Equal(t, "400", string(invoke(t, s, `"answer another"`).Payload))
	assert.Equal(t, "403", string(invoke(t, s, `"ask for more"`).Payload))
	errorType, _ := errorReportOf(t, invoke(t, s, `"too large"`))
	assert.Equal(t, "Function.ResponseSizeTooLarge", errorType)
	assert.JSONEq(t, `1`, string(invoke(t, s, `1`).Payload))
}

func TestAClosedSandboxLeavesNoProcess(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "serves", time.Hour)
	assert.JSONEq(t, `1`, string(invoke(t, s, `1`).Payload))
	process := s.process.command.Process
	s.Close()
	assert.ErrorIs(t, process.Signal(syscall.Signal(0)), os.ErrProcessDone)
	assert.True(t, s.process.command.ProcessState.Exited(), "it ended by itself: %s", s.process.command.ProcessState)
	_, err := s.Invoke(t.Context(), []byte(`1`))
	assert.ErrorIs(t, err, ErrClosed)
}

func TestAProcessCanBeStartedWithoutAnEvent(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "serves", time.Minute)
	require.NoError(t, s.Start(t.Context()))
	require.NoError(t, s.Start(t.Context()), "it is already running")
	invoke(t, s, `{}`)
	require.Len(t, s.Starts(), 1)
	if runtime.GOOS == "linux" {
		peak, err := s.PeakMemory()
		require.NoError(t, err)
		assert.Greater(t, peak, int64(1<<20))
	}

	broken := sandbox(t, "fails to start", time.Minute)
	assert.ErrorContains(t, broken.Start(t.Context()), "start orders: ")
}
