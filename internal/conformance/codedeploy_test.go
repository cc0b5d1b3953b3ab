package conformance

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// script is what a team has: a shell with the aws command, and two processes of sluice beside it.
type script struct {
	t         *testing.T
	folder    string
	variables []string
}

// startSluice runs a process of sluice until the test ends. It returns what it is reached by.
func (s *script) startSluice(sluice string, address *regexp.Regexp, args ...string) string {
	s.t.Helper()
	command := exec.CommandContext(context.WithoutCancel(s.t.Context()), sluice, args...) // interrupted below
	command.Dir, command.Env = s.folder, s.variables
	out, err := command.StdoutPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, command.Start())
	found, lines := make(chan string, 1), bufio.NewScanner(out)
	go func() {
		for lines.Scan() {
			if at := address.FindStringSubmatch(lines.Text()); at != nil {
				found <- at[1]
			}
		}
	}()
	s.t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		assert.NoError(s.t, command.Wait(), "an interrupt is how it ends")
	})
	select {
	case at := <-found:
		return at
	case <-time.After(time.Minute):
		s.t.Fatalf("sluice %s does not say where it is", args[0])
		return ""
	}
}

// aws runs the aws command.
func (s *script) aws(args ...string) (string, error) {
	command := exec.CommandContext(s.t.Context(), "aws", args...)
	command.Dir, command.Env = s.folder, s.variables
	out, err := command.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("aws %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), err
}

// mustAWS runs the aws command, which has to succeed.
func (s *script) mustAWS(args ...string) string {
	s.t.Helper()
	out, err := s.aws(args...)
	require.NoError(s.t, err)
	return out
}

func (s *script) write(name, text string) string {
	s.t.Helper()
	file := filepath.Join(s.folder, name)
	require.NoError(s.t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// newScript starts an account in which a minute passes in a second, and CodeDeploy's API for it.
func newScript(t *testing.T) *script {
	t.Helper()
	tools(t)
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("SKIPPED: the aws command is not installed")
	}
	s := &script{t: t, folder: t.TempDir()}
	sluice := filepath.Join(s.folder, "sluice")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", sluice, "../cmd/sluice").CombinedOutput()
	require.NoError(t, err, "%s", out)
	s.variables = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_PAGER=",
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "PYENV_VERSION=" + os.Getenv("PYENV_VERSION"), "PYENV_ROOT=" + os.Getenv("PYENV_ROOT"),
	}
	deployment := s.write("deployment.json", `{"function": "orders", "version": "2", "alarms": ["orders-5xx"]}`)
	account := s.startSluice(sluice, regexp.MustCompile(`export AWS_ENDPOINT_URL=(\S+)`), "local", "-f", deployment, "--port", "0", "--speed", "60")
	s.variables = append(s.variables, "AWS_ENDPOINT_URL="+account)
	groups := s.write("groups.yaml", "shop:\n  orders:\n    deploymentConfigName: CodeDeployDefault.LambdaCanary10Percent5Minutes\n    alarms: [orders-5xx]\n")
	endpoint := s.startSluice(sluice, regexp.MustCompile(`export AWS_ENDPOINT_URL_CODEDEPLOY=(\S+)`), "codedeploy", "--listen", "127.0.0.1:0", "--map", groups)
	s.variables = append(s.variables, "AWS_ENDPOINT_URL_CODEDEPLOY="+endpoint)
	return s
}

// create starts a deployment from one version to another, as AWS's user guide has it.
func (s *script) create(from, to string) string {
	s.t.Helper()
	spec := fmt.Sprintf(`{"version": 0.0, "Resources": [{"orders": {"Type": "AWS::Lambda::Function", "Properties": {"Name": "orders", "Alias": "live", "CurrentVersion": %q, "TargetVersion": %q}}}]}`, from, to)
	revision, err := json.Marshal(map[string]any{"revisionType": "AppSpecContent", "appSpecContent": map[string]string{"content": spec}})
	require.NoError(s.t, err)
	return s.mustAWS("deploy", "create-deployment", "--application-name", "shop", "--deployment-group-name", "orders",
		"--revision", "file://"+s.write("revision.json", string(revision)), "--query", "deploymentId", "--output", "text")
}

// A script for CodeDeploy goes on as it is.
func TestScriptsWithTheAWSCommandGoOn(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	id := s.create("1", "2")
	assert.Contains(t, []string{"Created", "InProgress"}, s.mustAWS("deploy", "get-deployment", "--deployment-id", id, "--query", "deploymentInfo.status", "--output", "text"))
	s.mustAWS("deploy", "wait", "deployment-successful", "--deployment-id", id)
	assert.Equal(t, "2", s.mustAWS("lambda", "get-alias", "--function-name", "orders", "--name", "live", "--query", "FunctionVersion", "--output", "text"))
	assert.Equal(t, "Succeeded\t100.0", s.mustAWS("deploy", "get-deployment-target", "--deployment-id", id,
		"--target-id", s.mustAWS("deploy", "list-deployment-targets", "--deployment-id", id, "--query", "targetIds[0]", "--output", "text"),
		"--query", "deploymentTarget.lambdaTarget.[status, lambdaFunctionInfo.targetVersionWeight]", "--output", "text"))

	id = s.create("2", "1")
	assert.Equal(t, "Pending", s.mustAWS("deploy", "stop-deployment", "--deployment-id", id, "--query", "status", "--output", "text"))
	_, err := s.aws("deploy", "wait", "deployment-successful", "--deployment-id", id)
	require.ErrorContains(t, err, "Waiter DeploymentSuccessful failed")
	assert.Equal(t, "Stopped\tMANUAL_STOP", s.mustAWS("deploy", "get-deployment", "--deployment-id", id, "--query", "deploymentInfo.[status, errorInformation.code]", "--output", "text"))
	assert.Equal(t, "2", s.mustAWS("lambda", "get-alias", "--function-name", "orders", "--name", "live", "--query", "FunctionVersion", "--output", "text"))

	_, err = s.aws("deploy", "get-deployment", "--deployment-id", "d-AAAAAAAAA")
	require.ErrorContains(t, err, "(DeploymentDoesNotExistException)")
	_, err = s.aws("deploy", "list-applications")
	require.ErrorContains(t, err, "(UnsupportedOperation)")
}
