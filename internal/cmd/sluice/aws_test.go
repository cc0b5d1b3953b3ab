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

	"sluice/internal/localaws"
	"sluice/internal/world"
)

// abroad is a world that the command reaches over HTTP, with the SDK's clients.
// Its time passes while the command sleeps.
type abroad struct {
	*world.World
	t     *testing.T
	began time.Time
	slept time.Duration
	// meddle answers a call instead of AWS, by the operation's name; nil for none.
	meddle func(operation string, w http.ResponseWriter) bool
	// during is called as time passes, with all that has passed.
	during func(context.Context, time.Duration)
	env    map[string]string
	url    string

	mu     sync.Mutex
	asked  []string // the operations, in their order; Lambda's have no name here
	signed string   // the last signature
}

// newAbroad makes the world of a deployment and a scenario.
func newAbroad(t *testing.T, deployment, scenario string) *abroad {
	t.Helper()
	s, err := world.DecodeScenario([]byte(scenario))
	require.NoError(t, err)
	w, err := world.New(s, json.RawMessage(deployment))
	require.NoError(t, err)
	t.Cleanup(w.Close)
	outside, err := w.Outside()
	require.NoError(t, err)
	a := &abroad{World: w, t: t, began: w.Now(), env: map[string]string{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		a.asked, a.signed = append(a.asked, operation), r.Header.Get("Authorization")
		if a.meddle == nil || !a.meddle(operation, w) {
			outside.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

// surroundings are those of a person who has set AWS up for this world.
func (a *abroad) surroundings() surroundings {
	return surroundings{
		getenv: func(name string) string { return a.env[name] },
		now:    a.Now,
		sleep: func(ctx context.Context, d time.Duration) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			a.slept += d
			require.NoError(a.t, a.Advance(d))
			if a.during != nil {
				a.during(ctx, a.Now().Sub(a.began))
			}
			return ctx.Err()
		},
		load: func(_ context.Context, options ...func(*config.LoadOptions) error) (aws.Config, error) {
			var asked config.LoadOptions
			for _, o := range options {
				require.NoError(a.t, o(&asked))
			}
			cfg := localaws.ClientConfig("somebody", nearby{})
			cfg.BaseEndpoint = &a.url
			if asked.Region != "" {
				cfg.Region = asked.Region
			}
			return cfg, nil
		},
	}
}

// nearby is an HTTP client for a server that may answer before the request is known
// to be sent to its end. The SDK closes a request's body as soon as there is an
// answer, which net/http then takes for a failed request, and closes the connection
// under an answer that is still being read (smithy-go, transport/http, ClientHandler).
// No server is that fast over a network.
type nearby struct{}

func (nearby) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	sent := r.Clone(r.Context())
	sent.Body = io.NopCloser(bytes.NewReader(body))
	return http.DefaultClient.Do(sent)
}

// operations are what was asked so far.
func (a *abroad) operations() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

// run runs the command as the person does.
func (a *abroad) run(args ...string) ran { return a.runIn(a.t.Context(), args...) }

func (a *abroad) runIn(ctx context.Context, args ...string) ran {
	var stdout, stderr bytes.Buffer
	status := a.surroundings().exec(ctx, args, strings.NewReader(""), &stdout, &stderr)
	return ran{status, stdout.String(), stderr.String()}
}

// refuse answers as Step Functions and DynamoDB refuse.
func refuse(w http.ResponseWriter, status int, code, message string) bool {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	text, _ := json.Marshal(map[string]string{"__type": code, "message": message})
	_, _ = w.Write(text)
	return true
}
