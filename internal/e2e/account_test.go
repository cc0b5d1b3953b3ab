// Package e2e_test plays deployments with the binaries that run in AWS: each Lambda's own
// bootstrap, started by a Runtime API with the environment of the synthesized template, the
// golden definition, and bin/sluice. All of them use one endpoint over HTTP.
package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
)

// root is the path of the repository.
const root = "../.."

// maxWait bounds the real time that a test waits. Waiting takes seconds, but may take longer on
// a busy machine.
const maxWait = 2 * time.Minute

// TestMain builds the binaries. Go rebuilds only what has changed.
func TestMain(m *testing.M) {
	build := exec.Command("make", "-s", "-C", root, "bin/sluice", "dist/e2e")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "make bin/sluice dist/e2e: %v\n", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// account is an AWS account simulated by bin/sluice local.
type account struct {
	endpoint, region string
	process          *os.Process
	logs             *logs
	ended            chan struct{}
}

// logs are what the account writes while tests read it.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

var endpointLine = regexp.MustCompile(`AWS_ENDPOINT_URL=(\S+) AWS_REGION=(\S+)`)

// play starts an account, which ends with the test.
func play(t testing.TB, args ...string) *account {
	t.Helper()
	args = append([]string{"local", "--port", "0", "--functions", "bootstraps", "--verbose"}, args...)
	command := exec.Command(filepath.Join("bin", "sluice"), args...)
	command.Dir = root
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	a := &account{logs: &logs{}, ended: make(chan struct{})}
	command.Stderr = a.logs
	require.NoError(t, command.Start())
	a.process = command.Process
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if found := endpointLine.FindStringSubmatch(lines.Text()); found != nil {
			a.endpoint, a.region = found[1], found[2]
			break
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out) // until it ends
		_ = command.Wait()
		close(a.ended)
	}()
	t.Cleanup(func() {
		_ = a.process.Kill() // a failed test may not have ended it
		<-a.ended
		if t.Failed() {
			t.Logf("the logs of the account:\n%s", a.logs)
		}
	})
	require.NotEmpty(t, a.endpoint, "sluice local did not say where it is: %s", a.logs)
	return a
}

// interrupt ends the account with an interrupt signal, as a person does.
func (a *account) interrupt(t testing.TB) {
	t.Helper()
	require.NoError(t, a.process.Signal(os.Interrupt))
	select {
	case <-a.ended:
	case <-time.After(maxWait):
		t.Fatal("sluice local did not end after an interrupt")
	}
}

// config returns a person's AWS configuration in the account.
func (a *account) config() aws.Config {
	return aws.Config{
		Region: a.region, BaseEndpoint: aws.String(a.endpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "operator", SecretAccessKey: "local"}, nil
		}),
	}
}

func (a *account) states() *sfn.Client    { return sfn.NewFromConfig(a.config()) }
func (a *account) lambda() *lambda.Client { return lambda.NewFromConfig(a.config()) }

func (a *account) machine() string {
	return fmt.Sprintf("arn:aws:states:%s:123456789012:stateMachine:%s", a.region, flow.DefaultNamePrefix)
}

func (a *account) execution(name string) string {
	return strings.Replace(a.machine(), ":stateMachine:", ":execution:", 1) + ":" + name
}

// alias describes how the traffic of orders:live is divided, such as "1" or "1 and 10% on 2".
func (a *account) alias(t testing.TB) string {
	t.Helper()
	alias, err := a.lambda().GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: aws.String("orders"), Name: aws.String("live")})
	require.NoError(t, err)
	text := *alias.FunctionVersion
	if alias.RoutingConfig != nil {
		for version, weight := range alias.RoutingConfig.AdditionalVersionWeights {
			text += fmt.Sprintf(" and %g%% on %s", 100*weight, version)
		}
	}
	return text
}

// output is the result of running bin/sluice.
type output struct {
	status         int
	stdout, stderr string
}

// sluice runs bin/sluice with a person's configuration in the account.
func (a *account) sluice(t testing.TB, args ...string) output {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(root, "bin", "sluice"), args...)
	command.Env = []string{
		"AWS_ENDPOINT_URL=" + a.endpoint, "AWS_REGION=" + a.region, "AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=local",
		"HOME=" + t.TempDir(),
	}
	var out, errors strings.Builder
	command.Stdout, command.Stderr = &out, &errors
	_ = command.Run() // its exit status tells
	return output{command.ProcessState.ExitCode(), out.String(), errors.String()}
}

// deployment writes a deployment's file and returns its path.
func deployment(t testing.TB, input string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "deployment.json")
	require.NoError(t, os.WriteFile(path, []byte(input), 0o600))
	return path
}

// newCode gives orders new code that is not published yet.
func (a *account) newCode(t testing.TB, name string) {
	t.Helper()
	_, err := a.lambda().UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{
		FunctionName: aws.String("orders"), S3Bucket: aws.String("code"), S3Key: aws.String(name),
	})
	require.NoError(t, err)
}

// eventually waits until a condition holds. It checks only 10 times a second, because Lambda
// allows an account 15 calls a second.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(maxWait); !so(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("this did not happen within %s: %s", maxWait, what)
		}
	}
}

// child is a process of the account.
type child struct {
	pid  int
	name string
}

// children returns the processes of the account's functions.
func (a *account) children(t testing.TB) []child {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(t, err)
	var found []child
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended in the meantime
		}
		// pid (name) state ppid … (proc_pid_stat(5)); a name may contain any characters.
		_, after, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(after)
		if len(fields) < 2 || fields[1] != strconv.Itoa(a.process.Pid) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		require.NoError(t, err)
		if executable, err := os.Readlink(filepath.Join(filepath.Dir(path), "exe")); err == nil {
			found = append(found, child{pid, filepath.Base(executable)})
		}
	}
	return found
}

func isAlive(c child) bool { return syscall.Kill(c.pid, 0) == nil }
