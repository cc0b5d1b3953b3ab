package readme

import (
	"fmt"
	"io"
	"net/http"
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

// withoutAWS is set where this test's own binary runs in the place of the aws command.
const withoutAWS = "SLUICE_TEST_RUNS_AS_AWS"

func TestMain(m *testing.M) {
	if os.Getenv(withoutAWS) == "" {
		os.Exit(withSluiceBuilt(m.Run))
	}
	if err := runAsAWS(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(255)
	}
}

// timeOfAWS is how long a call takes: the aws command itself needs about as long to start.
const timeOfAWS = 300 * time.Millisecond

// runAsAWS does what the aws command does, for the calls of the walkthrough.
func runAsAWS(args []string) error {
	time.Sleep(timeOfAWS)
	flags := map[string]string{}
	for i := 2; i+1 < len(args); i++ {
		if name, is := strings.CutPrefix(args[i], "--"); is {
			flags[name] = args[i+1]
		}
	}
	text := func(format string, names ...string) string {
		values := make([]any, len(names))
		for i, name := range names {
			values[i] = flags[name]
		}
		return fmt.Sprintf(format, values...)
	}
	functions := "/2015-03-31/functions/" + flags["function-name"]
	switch call := strings.Join(args[:2], " "); call {
	case "lambda update-function-code":
		return ask("lambda", http.MethodPut, functions+"/code", "", text(`{"S3Bucket": %q, "S3Key": %q}`, "s3-bucket", "s3-key"), "")
	case "lambda wait":
		return awaitUpdate(functions)
	case "lambda get-alias":
		return ask("lambda", http.MethodGet, functions+"/aliases/"+flags["name"], "", "", "")
	case "stepfunctions start-execution":
		return ask("states", http.MethodPost, "/", "AWSStepFunctions.StartExecution", text(`{"stateMachineArn": %q, "name": %q, "input": %q}`, "state-machine-arn", "name", "input"), "")
	case "cloudwatch set-alarm-state":
		return ask("monitoring", http.MethodPost, "/", "GraniteServiceVersion20100801.SetAlarmState",
			text(`{"AlarmName": %q, "StateValue": %q, "StateReason": %q}`, "alarm-name", "state-value", "state-reason"), "")
	default:
		return fmt.Errorf("nobody does %s in the place of the aws command: say here how", call)
	}
}

// awaitUpdate returns when a function's code has been updated.
func awaitUpdate(function string) error {
	for until := time.Now().Add(patience); ; time.Sleep(timeOfAWS) {
		err := ask("lambda", http.MethodGet, function, "", "", `"LastUpdateStatus":"Successful"`)
		if err == nil || time.Now().After(until) {
			return err
		}
	}
}

// ask makes a call of AWS, which must succeed, and prints the answer. Of an answer that
// has to contain something, nothing is printed.
func ask(service, method, path, operation, body, contains string) error {
	request, err := http.NewRequest(method, os.Getenv("AWS_ENDPOINT_URL")+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=local/20261201/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	if operation != "" {
		request.Header.Set("X-Amz-Target", operation)
		request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode >= 300:
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, answer)
	case !strings.Contains(string(answer), contains):
		return fmt.Errorf("%s %s: %s", method, path, answer)
	case contains == "":
		fmt.Println(string(answer))
	}
	return nil
}

// standInForAWS puts this test's binary in the place of the aws command.
func (p *person) standInForAWS(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	folder := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\n%s=1 exec '%s' \"$@\"\n", withoutAWS, self)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "aws"), []byte(script), 0o700))
	p.environment = append(p.environment, "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// The tutorial promises a rollback, to whoever pastes its block and to whoever does so again.
func TestTheWalkthroughOfTheLocalAccountEndsInARollback(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	t.Run("with the aws command", func(t *testing.T) {
		t.Parallel()
		if _, err := exec.LookPath("aws"); err != nil {
			t.Skip("SKIPPED: the aws command is not installed")
		}
		q := *p
		q.walksThrough(t)
	})
	t.Run("without it", func(t *testing.T) {
		t.Parallel()
		q := *p
		q.standInForAWS(t)
		q.walksThrough(t)
	})
}

func (p *person) walksThrough(t *testing.T) {
	t.Helper()
	pasted := pageAt(t, tutorialPage).only(t, "A local account", "sh")
	server := words(typed(block{language: "console", text: pageAt(t, tutorialPage).only(t, "A local account", "console")})[0])
	account := p.enters(t, server[1:]...)
	exported := regexp.MustCompile(`AWS_ENDPOINT_URL=\S+`)
	pasted = exported.ReplaceAllString(pasted, exported.FindString(account.told()))
	for candidate := 2; candidate <= 3; candidate++ {
		shell := exec.CommandContext(t.Context(), "sh")
		shell.Dir, shell.Env, shell.Stdin = p.clone, p.environment, strings.NewReader(pasted)
		var said strings.Builder
		shell.Stdout, shell.Stderr = &said, &said
		require.NoError(t, shell.Run(), said.String())
		squeezed := strings.Join(strings.Fields(said.String()), "")
		shares := regexp.MustCompile(`"FunctionVersion":"(\d+)"[^}]*?(?:"AdditionalVersionWeights":\{(.*?)\}|"RevisionId")`).FindAllStringSubmatch(squeezed, -1)
		require.Len(t, shares, 2, said.String())
		assert.Equal(t, []string{"1", fmt.Sprintf(`"%d":0.1`, candidate)}, shares[0][1:], "10 %% are shifted: %s", said.String())
		assert.Equal(t, []string{"1", ""}, shares[1][1:], "they are back: %s", said.String())
		assert.Regexp(t, `outcome\s+RolledBack`, said.String())
		assert.Regexp(t, `cause\s+AlarmFired: orders-errors is in ALARM: by hand`, said.String())
	}
	told := account.told()
	indent := regexp.MustCompile(`(?m)^ +`)
	assert.Contains(t, indent.ReplaceAllString(told, ""), indent.ReplaceAllString(pasted, ""), "the command prints the tutorial's block")
	for _, line := range []string{`SetWeight +10% +step 1 of 2`, `lambda:orders:live +traffic +10%`, `orders-errors +ALARM +by hand`, `lambda:orders:live +traffic +0%`, `walk-\d+ +RolledBack`} {
		assert.Len(t, regexp.MustCompile(line).FindAllString(told, -1), 2, "the server's terminal shows %s: %s", line, told)
	}
}
