package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

const sick = `{"events": [{"atSeconds": 90, "do": "setAlarmState", "alarm": "orders-5xx", "state": "ALARM"}]}`

// Each CI system has its groups, and a job's page and the next steps have what they need.
func TestGoldenStartInCI(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]map[string]string{
		"github":    {"CI": "true", "GITHUB_ACTIONS": "true"},
		"gitlab":    {"CI": "true", "GITLAB_CI": "true"},
		"buildkite": {"CI": "true", "BUILDKITE": "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newRemoteWorld(t, canary, sick)
			a.env = env
			folder := t.TempDir()
			summary, outputs := filepath.Join(folder, "summary.md"), filepath.Join(folder, "outputs")
			require.NoError(t, os.WriteFile(outputs, []byte("before=1\n"), 0o600))
			got := a.run("start", "-f", writeFile(t, "deployment.json", canary), "--wait", "--summary", summary, "--output-file", outputs)
			assert.Equal(t, statusFailed, got.status)
			assert.Empty(t, got.stderr)
			assertGolden(t, "start-ci-"+name+".txt", got.stdout)
			assert.Equal(t, "before=1\noutcome=RolledBack\nurl=\nexecution=arn:aws:states:us-east-1:123456789012:execution:sluice:orders-live-20260101T000000Z\n", readText(t, outputs), "what was there stays")
			if name == "github" {
				assertGolden(t, "start-ci-summary.md", readText(t, summary))
			} else {
				assert.NotContains(t, strings.ReplaceAll(got.stdout, "\x1b[0K", ""), "\x1b")
			}
		})
	}
}

// In CI nothing is drawn, even where there is a terminal.
func TestStartDrawsNothingInCI(t *testing.T) {
	t.Parallel()
	on := newTestTerminal(t, 100, 40)
	on.env["CI"] = "true"
	a := newRemoteWorld(t, canary, `{}`)
	status, raw, stderr := on.run(t, a.environment(), "start", "-f", writeFile(t, "deployment.json", canary), "--wait")
	assert.Equal(t, statusOK, status, stderr)
	assert.NotContains(t, raw, "\x1b")
	assert.Contains(t, raw, "Promoted")
}

// What others have written is neither a control sequence nor a command to the CI system, nor
// Markdown.
func TestWordsOfOthersAreOnlyTextInCI(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`)
	a.env = map[string]string{"CI": "true", "GITHUB_ACTIONS": "true"}
	said := false
	a.onSleep = func(_ context.Context, passed time.Duration) {
		if passed > time.Minute && !said {
			said = true
			got := a.run("abort", "orders", "--reason", "bad ##[error]x ::set-output name=a::b | <b>@all</b> [x](https://example.com) ```")
			require.Equal(t, statusOK, got.status, got.stderr)
		}
	}
	summary := filepath.Join(t.TempDir(), "summary.md")
	got := a.run("start", "-f", writeFile(t, "deployment.json", canary), "--wait", "--summary", summary)
	assert.Equal(t, statusFailed, got.status)
	var commands []string
	for line := range strings.Lines(got.stdout) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			commands = append(commands, strings.SplitAfter(line, " ")[0])
		}
	}
	assert.Equal(t, []string{"::group::Deployment ", "::endgroup::\n", "::error "}, commands)
	assert.NotContains(t, strings.SplitN(got.stdout, "::error", 2)[0], "##[")
	text := readText(t, summary)
	table, _, _ := strings.Cut(text, "````text")
	assert.NotEqual(t, table, text, "the fence is longer than any in the text: %s", text)
	assert.NotContains(t, table, "<b>")
	assert.NotContains(t, table, "](https")
	assert.NotContains(t, table, "@all")
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "| cause") {
			assert.Equal(t, 3, strings.Count(line, "|"), line)
		}
	}
}

func TestPlainLinesHaveNoControlCharacters(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	n, err := plainLines{&out}.Write([]byte("a\x1b[31mb\x07\u009b\r\n##[add-mask]c\n  ::error::d\n"))
	require.NoError(t, err)
	assert.Equal(t, len("a\x1b[31mb\x07\u009b\r\n##[add-mask]c\n  ::error::d\n"), n)
	assert.Equal(t, "a [31mb   \n# #[add-mask]c\n  : :error::d\n", out.String())
}

// An error quotes what others have written, too: AWS, or the author of a file.
func TestErrorsHaveNoControlCharacters(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`)
	a.intercept = func(_ string, w http.ResponseWriter) bool {
		return respondWithError(w, http.StatusBadRequest, "AccessDeniedException", "no\x1b[2J\r\n::error::\u009b31m")
	}
	for name, got := range map[string]result{
		"of AWS":    a.run("start", "-f", writeFile(t, "deployment.json", canary)),
		"of a file": a.run("start", "-f", writeFile(t, "deployment.json", `{"function": "orders", "\u001b[2J\r\n::error::\u009b31m": 1}`)),
		"of a flag": a.run("watch", "\x1b[2J\r\n::error::\u009b31m"),
	} {
		assert.NotEqual(t, statusOK, got.status, name)
		assert.Contains(t, got.stderr, "[2J", name)
		assert.NotRegexp(t, `[\x00-\x09\x0b-\x1f\x7f\x{80}-\x{9f}]|(?m)^\s*::`, got.stderr, name)
	}
}

// The link in the summary leads to the console.
func TestSummaryLinksToTheConsole(t *testing.T) {
	t.Parallel()
	run := picture.NewRun()
	end := ending{location: location{Execution: "arn:aws:states:eu-west-1:123456789012:execution:sluice:one", Name: "one", Console: "https://eu-west-1.console.aws.amazon.com/x"}, Outcome: shift.Promoted, Status: "SUCCEEDED"}
	run.End = end.pictureEnd()
	assert.Contains(t, summaryText(end, run, ""), "| execution | [one](https://eu-west-1.console.aws.amazon.com/x) |\n")
	outputs := filepath.Join(t.TempDir(), "outputs")
	require.NoError(t, runFiles{outputs: outputs}.write(end, run, ""))
	assert.Equal(t, "outcome=Promoted\nurl=https://eu-west-1.console.aws.amazon.com/x\nexecution=arn:aws:states:eu-west-1:123456789012:execution:sluice:one\n", readText(t, outputs))
	assert.Error(t, runFiles{outputs: filepath.Join(outputs, "no")}.write(end, run, ""))
	assert.Error(t, runFiles{summary: filepath.Join(outputs, "no")}.write(end, run, ""))
}

// outOfOrder makes AWS not answer, or answer with an error, for some time.
func (a *remoteWorld) outOfOrder(from, until time.Duration, answer func(w http.ResponseWriter) bool) {
	a.intercept = func(operation string, w http.ResponseWriter) bool {
		passed := a.Now().Sub(a.began)
		return passed >= from && passed < until && answer(w)
	}
}

func noAnswer(http.ResponseWriter) bool { panic(http.ErrAbortHandler) }

func expiredToken(w http.ResponseWriter) bool {
	return respondWithError(w, http.StatusBadRequest, "ExpiredTokenException", "The security token included in the request is expired")
}

// Minutes without AWS, or with a token that has expired, end neither the deployment nor the watching.
func TestStartSurvivesMinutesWithoutAWS(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		scenario string
		from     time.Duration
		status   int
		want     []string
	}{
		"while it bakes":           {`{}`, 90 * time.Second, statusOK, []string{"1:00 CheckAlarms", "2:00 CheckAlarms", "4:00 CheckAlarms", "outcome Promoted"}},
		"while it is put back":     {sick, 80 * time.Second, statusFailed, []string{"1:00 CheckAlarms", "1:30 SafetyNet", "outcome RolledBack"}},
		"while the safety net is":  {`{"events": [{"atSeconds": 90, "do": "stopExecution"}]}`, 80 * time.Second, statusFailed, []string{"1:00 CheckAlarms", "1:30 ExecutionAborted", "outcome RolledBack; the execution is ABORTED"}},
		"and only the ledger, too": {`{"events": [{"atSeconds": 90, "do": "stopExecution"}], "delivery": {"executions": {"lost": true}}}`, 92 * time.Second, statusFailed, []string{"1:30 ExecutionAborted", "outcome RolledBack; the execution is ABORTED"}},
	} {
		for kind, answer := range map[string]func(http.ResponseWriter) bool{"no answer": noAnswer, "an expired token": expiredToken} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				a := newRemoteWorld(t, canary, test.scenario)
				a.outOfOrder(test.from, test.from+8*time.Minute, answer)
				got := a.run("start", "-f", writeFile(t, "deployment.json", canary), "--wait")
				assert.Equal(t, test.status, got.status, got.stderr)
				assertInOrder(t, got.stdout, test.want)
				assert.Equal(t, 1, strings.Count(got.stderr, "The deployment goes on by itself, and the safety net watches it."), got.stderr)
				assert.Equal(t, 2, strings.Count(got.stderr, "\n"), "it says so once, and once that it is over: %s", got.stderr)
				assert.Contains(t, got.stderr, "sluice: AWS answers again, after ")
			})
		}
	}
}

// Somebody signs in again in another terminal, or a helper of the CI system writes new credentials.
func TestWatchReadsTheCredentialsAgain(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, canary, `{}`, time.Minute)
	env := a.environment()
	load, loads := env.load, 0
	env.load = func(ctx context.Context, options ...func(*config.LoadOptions) error) (aws.Config, error) {
		cfg, err := load(ctx, options...)
		if loads++; loads > 3 {
			a.intercept = nil
		}
		return cfg, err
	}
	reads := 0
	a.intercept = func(operation string, w http.ResponseWriter) bool {
		reads++
		return reads > 4 && expiredToken(w)
	}
	var stdout, stderr bytes.Buffer
	assert.Equal(t, statusOK, env.exec(t.Context(), []string{"watch", "one"}, strings.NewReader(""), &stdout, &stderr), stderr.String())
	assert.Contains(t, stderr.String(), "If you sign in again elsewhere, they are read again.")
	assert.Equal(t, 4, loads)
}

// A job that gives up says what it knows, and exits as nothing else does.
func TestStartThatGivesUpSaysThatTheDeploymentGoesOn(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`)
	a.env = map[string]string{"CI": "true", "GITHUB_ACTIONS": "true"}
	a.outOfOrder(90*time.Second, time.Hour, noAnswer)
	folder := t.TempDir()
	got := a.run("start", "-f", writeFile(t, "deployment.json", canary), "--wait", "--patience", "3m", "--summary", filepath.Join(folder, "s"), "--output-file", filepath.Join(folder, "o"))
	assert.Equal(t, statusUnknown, got.status)
	assert.Contains(t, got.stderr, "Trying again for up to 3m.\n")
	assert.Contains(t, got.stderr, "sluice: no answer from AWS for 3m: ")
	assert.Contains(t, got.stderr, "\nThe deployment goes on. To watch it again:  sluice watch orders-live-20260101T000000Z\n")
	assert.Contains(t, got.stdout, "::endgroup::\n")
	assert.Less(t, a.Now().Sub(a.began), 6*time.Minute)
	assert.Contains(t, readText(t, filepath.Join(folder, "o")), "outcome=\n")
	assert.Regexp(t, regexp.MustCompile(`## ❔ Sluice: outcome not known lambda&#58;orders&#58;live\n(.*\n)+\| watching \| .*sluice watch orders-live-20260101T000000Z`), readText(t, filepath.Join(folder, "s")))
}

// A start whose answer is lost is tried again, and finds the execution that it has started: while it
// runs, and when it has ended.
func TestStartIsTriedAgainAndStartsOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		deployment string
		lost       int
		status     int
		outcome    string
	}{
		"while it runs":     {canary, 2, statusOK, "outcome Promoted"},
		"when it has ended": {`{"function": "orders", "alarms": ["gone"]}`, 8, statusFailed, "outcome Rejected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newRemoteWorld(t, canary, `{}`)
			starts := 0
			a.onReply = func(operation string) bool {
				if operation != "StartExecution" {
					return true
				}
				starts++
				return starts > test.lost
			}
			got := a.run("start", "-f", writeFile(t, "deployment.json", test.deployment), "--wait")
			assert.Equal(t, test.status, got.status, got.stderr)
			assertInOrder(t, got.stdout, []string{test.outcome})
			assert.Len(t, a.Executions(), 1)
			assert.Equal(t, test.lost+1, starts)
			assert.Equal(t, 2, strings.Count(got.stderr, "\n"), got.stderr)
			assert.Contains(t, got.stderr, "Retrying is safe: Step Functions starts only one execution named ")
		})
	}
}

// The execution of somebody else that has the name is not taken for one's own.
func TestStartDoesNotTakeAnotherExecutionForItsOwn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		input string
		age   time.Duration
	}{
		"another input":                  {`{"function": "orders", "strategy": "AllAtOnce"}`, 0},
		"the same input, an hour before": {canary, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newRemoteWorld(t, canary, `{}`)
			_, err := a.Start("mine", json.RawMessage(test.input))
			require.NoError(t, err)
			require.NoError(t, a.Advance(test.age))
			starts := 0
			a.intercept = func(operation string, w http.ResponseWriter) bool {
				if operation == "StartExecution" {
					starts++
				}
				return operation == "StartExecution" && starts == 1 && noAnswer(w)
			}
			got := a.run("start", "-f", writeFile(t, "deployment.json", canary), "--wait", "--name", "mine")
			assert.Equal(t, statusFailed, got.status, "nothing was started")
			assert.Contains(t, got.stderr, "an execution with this name has ended, or has another input")
			assert.NotContains(t, got.stdout, "Promoted")
			assert.Len(t, a.Executions(), 1)
		})
	}
}

// The exit status tells of the deployment, also if a file cannot be written.
func TestAFileThatCannotBeWrittenHidesNoOutcome(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		scenario string
		from     time.Duration
		status   int
	}{
		"promoted":    {`{}`, 0, statusFailed},
		"rolled back": {sick, 0, statusFailed},
		"not known":   {`{}`, 90 * time.Second, statusUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newRemoteWorld(t, canary, test.scenario)
			if test.from > 0 {
				a.outOfOrder(test.from, time.Hour, noAnswer)
			}
			gone := filepath.Join(t.TempDir(), "gone", "o")
			require.NoError(t, os.Mkdir(filepath.Dir(gone), 0o700))
			a.onSleep = func(context.Context, time.Duration) { assert.NoError(t, os.RemoveAll(filepath.Dir(gone))) }
			got := a.run("start", "-f", writeFile(t, "deployment.json", canary), "--wait", "--patience", "1m", "--output-file", gone)
			assert.Equal(t, test.status, got.status)
			assert.Contains(t, got.stderr, "write the outputs: open "+gone)
			assert.Equal(t, test.status == statusUnknown, strings.Contains(got.stderr, "The deployment goes on."), got.stderr)
		})
	}
}

// A path that is wrong is found before anything is started, and before AWS is called.
func TestAFileThatCannotBeWrittenIsRefusedBeforeTheStart(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{"--output-file": "sluice: the outputs cannot be written, so nothing was done: open ", "--summary": "sluice: the summary cannot be written, so nothing was done: open "} {
		gone := filepath.Join(t.TempDir(), "gone", "file")
		for _, args := range [][]string{{"start", "-f", writeFile(t, "deployment.json", canary), "--wait"}, {"revert", "orders", "--wait"}, {"watch", "orders"}} {
			a := newRemoteWorld(t, canary, `{}`)
			got := a.run(append(args, flag, gone)...)
			assert.Equal(t, statusFailed, got.status, args)
			assert.Contains(t, got.stderr, want+gone, args)
			assert.Empty(t, a.operations(), args)
		}
	}
}

// The check of the files adds nothing to them.
func TestTheCheckOfTheFilesLeavesThemAsTheyAre(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "o", "before=1\n")
	require.NoError(t, runFiles{outputs: file, summary: os.DevNull}.check())
	assert.Equal(t, "before=1\n", readText(t, file))
	assert.Error(t, runFiles{summary: filepath.Dir(file)}.check(), "a folder")

	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	assert.NoError(t, runFiles{outputs: pipe}.check(), "it would wait for a reader")
}

func TestAValueOfAnOutputIsOneLine(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "o")
	end := ending{location: location{Execution: "arn:x\noutcome=Promoted", Console: "https://x\r\ny"}, Outcome: "RolledBack\nz=1"}
	require.NoError(t, runFiles{outputs: file}.write(end, picture.NewRun(), ""))
	assert.Equal(t, "outcome=RolledBackz=1\nurl=https://xy\nexecution=arn:xoutcome=Promoted\n", readText(t, file))
}

func TestStartThatIsNeverAnsweredSaysWhereToLook(t *testing.T) {
	t.Parallel()
	a := newRemoteWorld(t, canary, `{}`)
	a.intercept = func(operation string, w http.ResponseWriter) bool {
		return operation == "StartExecution" && noAnswer(w)
	}
	got := a.run("start", "-f", writeFile(t, "deployment.json", canary), "--patience", "90s")
	assert.Equal(t, statusUnknown, got.status)
	assert.Contains(t, got.stderr, "sluice: it is not known whether the deployment was started: ")
	assert.Contains(t, got.stderr, "\nTo see:  sluice watch arn:aws:states:us-east-1:123456789012:execution:sluice:orders-live-20260101T000000Z\n")
	assert.GreaterOrEqual(t, a.slept, 90*time.Second)

	expired := newRemoteWorld(t, canary, `{}`)
	expired.intercept = func(_ string, w http.ResponseWriter) bool { return expiredToken(w) }
	got = expired.run("start", "-f", writeFile(t, "deployment.json", canary), "--state-machine", expired.StateMachine())
	assert.Equal(t, statusFailed, got.status, "nothing was started, and a token that has expired before is not waited for")
	assert.Zero(t, expired.slept)
}

// The whole process gets the signal, so this test cannot run in parallel.
func TestInterruptedStartSaysWhereToLook(t *testing.T) {
	a := newRemoteWorld(t, canary, `{}`)
	a.intercept = func(operation string, w http.ResponseWriter) bool {
		return operation == "StartExecution" && noAnswer(w)
	}
	a.onSleep = func(ctx context.Context, _ time.Duration) {
		require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGINT))
		<-ctx.Done()
	}
	got := a.run("start", "-f", writeFile(t, "deployment.json", canary))
	assert.Equal(t, statusInterrupted, got.status)
	assert.Contains(t, got.stderr, "\nIt is not known whether the deployment was started. To see:  sluice watch arn:")
}

func TestFlagsForCIAreChecked(t *testing.T) {
	t.Parallel()
	for text, args := range map[string][]string{
		"--summary and --output-file need --wait":       {"start", "-f", "x", "--summary", "y"},
		"--summary and --output-file need --wait: they": {"revert", "orders", "--output-file", "y"},
		"--patience is 0s, but must be":                 {"watch", "orders", "--patience", "0s"},
		"--patience is 48h0m0s, but must be":            {"start", "-f", "x", "--patience", "48h"},
	} {
		got := run(t, "", args...)
		assert.Equal(t, statusInvalid, got.status, got.stderr)
		assert.Contains(t, got.stderr, text)
	}
}
