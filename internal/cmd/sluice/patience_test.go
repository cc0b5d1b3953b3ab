package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// client is an HTTP client whose requests fail while fail returns an error.
type client struct{ fail func() error }

func (c client) Do(r *http.Request) (*http.Response, error) {
	if err := c.fail(); err != nil {
		return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: err}
	}
	return bufferingClient{}.Do(r)
}

// runThrough runs the command in an environment whose configuration is changed.
func (a *remoteWorld) runThrough(change func(*aws.Config), args ...string) result {
	env := a.environment()
	load := env.load
	env.load = func(ctx context.Context, options ...func(*config.LoadOptions) error) (aws.Config, error) {
		cfg, err := load(ctx, options...)
		change(&cfg)
		return cfg, err
	}
	var stdout, stderr bytes.Buffer
	status := env.exec(a.t.Context(), args, strings.NewReader(""), &stdout, &stderr)
	return result{status, stdout.String(), stderr.String()}
}

// passed returns the time since the beginning.
func (a *remoteWorld) passed() time.Duration { return a.Now().Sub(a.began) }

const outageAtFirst = 3 * time.Minute

// failingCredentials changes a configuration so that the service of the credentials cannot be reached
// until a time.
func (a *remoteWorld) failingCredentials(until time.Duration) func(*aws.Config) {
	return func(cfg *aws.Config) {
		known := cfg.Credentials
		cfg.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			if a.passed() < until {
				return aws.Credentials{}, fmt.Errorf("assume the role: %w", &net.DNSError{Err: "server misbehaving", Name: "sts", IsTemporary: true})
			}
			return known.Retrieve(ctx)
		})
	}
}

// A network that is lost before the start costs only time.
func TestMinutesWithoutAWSBeforeTheStartAreWaitedFor(t *testing.T) {
	t.Parallel()
	for kind, answer := range map[string]func(http.ResponseWriter) bool{
		"no answer": noAnswer,
		"a fault":   func(w http.ResponseWriter) bool { return respondWithError(w, 500, "InternalFailure", "") },
		"throttled": func(w http.ResponseWriter) bool {
			return respondWithError(w, 400, "ThrottlingException", "Rate exceeded")
		},
		"no credentials": nil,
	} {
		for name, args := range map[string][]string{
			"start": {"start", "-f", writeFile(t, "deployment.json", canary), "--wait"},
			"watch": {"watch", "one"}, "watch a target": {"watch", "lambda:orders:live"},
			"watch an ARN": {"watch", "arn:aws:states:us-east-1:123456789012:execution:sluice:one"},
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				a := newRemoteWorld(t, canary, `{}`)
				meanwhile := "Nothing has been started yet."
				if name != "start" {
					a, _ = startDeployment(t, canary, `{}`, 0)
					meanwhile = "The deployment goes on by itself, and the safety net watches it."
				}
				change := func(*aws.Config) {}
				if answer == nil {
					change = a.failingCredentials(outageAtFirst)
				} else {
					a.outOfOrder(0, outageAtFirst, answer)
				}
				got := a.runThrough(change, args...)
				assert.Equal(t, statusOK, got.status, got.stderr)
				assertInOrder(t, got.stdout, []string{"outcome Promoted"})
				assert.Contains(t, got.stderr, "). "+meanwhile+" Trying again for up to 10m.\n")
				assert.Contains(t, got.stderr, "sluice: AWS answers again, after ")
				assert.Equal(t, 2, strings.Count(got.stderr, "\n"), got.stderr)
			})
		}
	}
}

func TestPatienceBeforeTheStartEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"start": {[]string{"start", "-f", writeFile(t, "deployment.json", canary), "--wait"}, statusFailed, "sluice: nothing was started: no answer from AWS for 1m: find the state machine sluice: "},
		"watch": {[]string{"watch", "orders"}, statusUnknown, "sluice: no answer from AWS for 1m: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newRemoteWorld(t, canary, `{}`)
			a.outOfOrder(0, time.Hour, noAnswer)
			got := a.run(append(test.args, "--patience", "1m")...)
			assert.Equal(t, test.status, got.status, got.stderr)
			assert.Contains(t, got.stderr, test.want)
			assert.GreaterOrEqual(t, a.slept, time.Minute)
			assert.Less(t, a.slept, 2*time.Minute)
			assert.Empty(t, a.Executions())
		})
	}
}

func TestInterruptBeforeTheStartSaysThatNothingWasStarted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"start": {[]string{"start", "-f", writeFile(t, "deployment.json", canary), "--wait"}, "\nNothing was started.\n"},
		"watch": {[]string{"watch", "orders"}, "\nOnly the watching has ended. To watch again:  sluice watch orders\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newRemoteWorld(t, canary, `{}`)
			a.outOfOrder(0, time.Hour, noAnswer)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			a.onSleep = func(context.Context, time.Duration) { interrupt() }
			got := a.runIn(ctx, test.args...)
			assert.Equal(t, statusInterrupted, got.status, got.stderr)
			assert.Contains(t, got.stderr, test.want)
		})
	}
}

// What does not heal is told at once: a certificate that is not trusted, and before AWS has ever
// answered also a host that does not exist, as in a region that is misspelled.
func TestWhatDoesNotHealIsToldAtOnce(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]error{
		"a certificate": x509.UnknownAuthorityError{},
		"a host":        &net.DNSError{Err: "no such host", Name: "states.eu-wset-1.amazonaws.com", IsNotFound: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, x := startDeployment(t, canary, `{}`, time.Minute)
			change := func(cfg *aws.Config) { cfg.HTTPClient = client{func() error { return lost }} }
			deployment := writeFile(t, "deployment.json", canary)
			for _, args := range [][]string{
				{"start", "-f", deployment, "--wait"}, {"start", "-f", deployment, "--state-machine", a.StateMachine()}, {"watch", "one"}, {"watch", x.ARN()},
			} {
				got := a.runThrough(change, args...)
				assert.Contains(t, []int{statusFailed, statusUnknown}, got.status, args)
				assert.Contains(t, got.stderr, lost.Error(), args)
				assert.NotContains(t, got.stderr, "Trying again", args)
			}
			assert.Zero(t, a.slept)
			assert.Len(t, a.Executions(), 1)
		})
	}
}

// Once AWS has answered, the host's name is right: only the network can be lost.
func TestAHostThatIsLostLaterIsWaitedFor(t *testing.T) {
	t.Parallel()
	lost := func(a *remoteWorld, err error) func(*aws.Config) {
		return func(cfg *aws.Config) {
			cfg.HTTPClient = client{func() error {
				if a.passed() > 90*time.Second && a.passed() < 4*time.Minute {
					return err
				}
				return nil
			}}
		}
	}
	a := newRemoteWorld(t, canary, `{}`)
	args := []string{"start", "-f", writeFile(t, "deployment.json", canary), "--wait"}
	got := a.runThrough(lost(a, &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}), args...)
	assert.Equal(t, statusOK, got.status, got.stderr)
	assert.Contains(t, got.stderr, "sluice: AWS answers again, after ")

	a = newRemoteWorld(t, canary, `{}`)
	got = a.runThrough(lost(a, x509.UnknownAuthorityError{}), args...)
	assert.Equal(t, statusUnknown, got.status)
	assert.Contains(t, got.stderr, "x509: ")
	assert.Less(t, a.slept, 100*time.Second, "a certificate does not heal")
}

// The next steps of a job learn also of a deployment of which nobody knows whether it was started.
func TestFilesTellOfAStartThatIsNotKnown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		interrupts bool
		status     int
	}{"given up": {false, statusUnknown}, "interrupted": {true, statusInterrupted}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newRemoteWorld(t, canary, `{}`)
			a.intercept = func(operation string, w http.ResponseWriter) bool {
				return operation == "StartExecution" && noAnswer(w)
			}
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			if test.interrupts {
				a.onSleep = func(context.Context, time.Duration) { interrupt() }
			}
			summary, outputs := filepath.Join(t.TempDir(), "s"), filepath.Join(t.TempDir(), "o")
			got := a.runIn(ctx, "start", "-f", writeFile(t, "deployment.json", canary), "--wait", "--patience", "1m", "--summary", summary, "--output-file", outputs)
			require.Equal(t, test.status, got.status, got.stderr)
			const x = "arn:aws:states:us-east-1:123456789012:execution:sluice:orders-live-20260101T000000Z"
			assert.Equal(t, "outcome=\nurl=\nexecution="+x+"\n", readText(t, outputs))
			page := render(t, readText(t, summary))
			assert.Contains(t, page, "<h2>❔ Sluice: outcome not known</h2>")
			assert.Contains(t, strings.ToLower(page), "it is not known whether the deployment was started")
			assert.Contains(t, page, "sluice watch "+x)
			assert.NotContains(t, page, "<pre>", "there is nothing to draw")
		})
	}
	// A file that cannot be written hides nothing.
	unwritable := withFileError(interruptedError{"x"}, errors.New("y"))
	assert.ErrorAs(t, unwritable, &interruptedError{})
}

// Of an execution that is named by its ARN, the next steps learn its name.
func TestFilesTellOfAWatchThatWasNeverAnswered(t *testing.T) {
	t.Parallel()
	for subject, execution := range map[string]string{"orders": "", "arn:aws:states:us-east-1:123456789012:execution:sluice:one": "arn:aws:states:us-east-1:123456789012:execution:sluice:one"} {
		a := newRemoteWorld(t, canary, `{}`)
		a.outOfOrder(0, time.Hour, noAnswer)
		outputs := filepath.Join(t.TempDir(), "o")
		got := a.run("watch", subject, "--patience", "1m", "--output-file", outputs)
		assert.Equal(t, statusUnknown, got.status, got.stderr)
		assert.Equal(t, "outcome=\nurl=\nexecution="+execution+"\n", readText(t, outputs))
	}
}
