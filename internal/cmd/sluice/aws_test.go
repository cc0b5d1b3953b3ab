package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/world"
)

// remoteWorld is a world that the command reaches over HTTP, through the SDK's clients.
// Its time passes while the command sleeps.
type remoteWorld struct {
	*world.World
	t     *testing.T
	began time.Time
	slept time.Duration
	// intercept answers a call instead of AWS if it returns true. It may be nil.
	intercept func(operation string, w http.ResponseWriter) bool
	// onReply returns false if the answer to a call gets lost. It may be nil.
	onReply func(operation string) bool
	// onSleep is called after each sleep, with the time since the beginning.
	onSleep func(context.Context, time.Duration)
	env     map[string]string
	url     string

	mu        sync.Mutex
	requested []string // the operations in their order; those of Lambda are ""
	signed    string   // the last signature
	caller    string   // the ARN of the caller, as AWS tells it
}

// newRemoteWorld creates the world of a deployment and a scenario.
func newRemoteWorld(t *testing.T, deployment, scenario string) *remoteWorld {
	t.Helper()
	s, err := world.DecodeScenario([]byte(scenario))
	require.NoError(t, err)
	w, err := world.New(s, json.RawMessage(deployment))
	require.NoError(t, err)
	t.Cleanup(w.Close)
	outside, err := w.Outside()
	require.NoError(t, err)
	a := &remoteWorld{World: w, t: t, began: w.Now(), env: map[string]string{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if strings.Contains(r.Header.Get("Authorization"), "/sts/aws4_request") {
			_, _ = io.WriteString(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>`+a.caller+`</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`)
			return
		}
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		a.requested, a.signed = append(a.requested, operation), r.Header.Get("Authorization")
		if a.intercept == nil || !a.intercept(operation, w) {
			outside.ServeHTTP(w, r)
		}
		if a.onReply != nil && !a.onReply(operation) {
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

// environment returns the environment of a person who has configured AWS for this
// world.
func (a *remoteWorld) environment() environment {
	return environment{
		getenv: func(name string) string { return a.env[name] },
		now:    a.Now,
		sleep: func(ctx context.Context, d time.Duration) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			a.slept += d
			require.NoError(a.t, a.Advance(d))
			if a.onSleep != nil {
				a.onSleep(ctx, a.Now().Sub(a.began))
			}
			return ctx.Err()
		},
		load: func(_ context.Context, options ...func(*config.LoadOptions) error) (aws.Config, error) {
			var asked config.LoadOptions
			for _, o := range options {
				require.NoError(a.t, o(&asked))
			}
			cfg := localaws.ClientConfig("somebody", bufferingClient{})
			cfg.BaseEndpoint = &a.url
			if asked.Region != "" {
				cfg.Region = asked.Region
			}
			return cfg, nil
		},
	}
}

// bufferingClient is an HTTP client for a server that may answer before net/http knows
// that the request was sent completely. The SDK closes a request's body as soon as
// there is an answer. Then net/http thinks that the request failed, and closes the
// connection while the answer is still being read (smithy-go, transport/http,
// ClientHandler). No server is that fast over a network.
type bufferingClient struct{}

func (bufferingClient) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		return http.DefaultClient.Do(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	sent := r.Clone(r.Context())
	sent.Body = io.NopCloser(bytes.NewReader(body))
	return http.DefaultClient.Do(sent)
}

// operations returns the operations that were called so far.
func (a *remoteWorld) operations() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.requested)
}

// run runs the command in this world's environment.
func (a *remoteWorld) run(args ...string) result { return a.runIn(a.t.Context(), args...) }

func (a *remoteWorld) runIn(ctx context.Context, args ...string) result {
	var stdout, stderr bytes.Buffer
	status := a.environment().exec(ctx, args, strings.NewReader(""), &stdout, &stderr)
	return result{status, stdout.String(), stderr.String()}
}

// respondWithError answers with an error in the format of Step Functions and DynamoDB.
func respondWithError(w http.ResponseWriter, status int, code, message string) bool {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	text, _ := json.Marshal(map[string]string{"__type": code, "message": message})
	_, _ = w.Write(text)
	return true
}
