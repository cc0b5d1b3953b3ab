package dashboard

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/gate/alarm"
	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/control"
	"github.com/sluice-aws/sluice/internal/operator/stepfunctions"
	"github.com/sluice-aws/sluice/internal/world"
)

// stage is a world, and a dashboard that reads it. Its time passes only by advance.
type stage struct {
	t      testing.TB
	mu     sync.Mutex // of the world
	world  *world.World
	aws    http.Handler
	dash   *Dashboard
	server *httptest.Server
	// refuse answers a call of AWS instead of the world, if it returns true.
	refuse func(w http.ResponseWriter, r *http.Request) bool
	// rest ends the polling by itself. The test calls poll then.
	rest func()
	// units counts the read units of DynamoDB.
	units int
}

// newStage makes the world of deployments and a scenario, and a dashboard.
func newStage(t testing.TB, scenario string, change func(*Config), inputs ...string) *stage {
	t.Helper()
	s := &stage{t: t}
	decoded, err := world.DecodeScenario([]byte(scenario))
	require.NoError(t, err)
	var all []json.RawMessage
	for _, input := range inputs {
		all = append(all, json.RawMessage(input))
	}
	s.world, err = world.New(decoded, all...)
	require.NoError(t, err)
	t.Cleanup(s.world.Close)
	s.aws, err = s.world.Outside()
	require.NoError(t, err)
	cfg := localaws.ClientConfig("somebody", s)
	cfg.BaseEndpoint = aws.String("http://aws.local")
	c := Config{
		Ledger: dynamo.FromConfig(cfg, world.LedgerTable), Alarms: alarm.FromConfig(cfg), Control: control.FromConfig(cfg, "sluice"),
		Executions: machine{stepfunctions.FromConfig(cfg), s.world.StateMachine()}, Place: "a test", Now: s.now,
		Clock: func() (time.Time, float64) { return s.now(), 1 },
	}
	if change != nil {
		change(&c)
	}
	s.server = httptest.NewUnstartedServer(nil)
	s.dash = New(c, s.server.Listener.Addr().String())
	s.server.Config.Handler = s.dash
	s.server.Start()
	ctx, stop := context.WithCancel(context.Background())
	polled := make(chan struct{})
	go func() { defer close(polled); s.dash.Poll(ctx) }()
	s.rest = func() { stop(); <-polled }
	t.Cleanup(func() { s.rest(); s.server.CloseClientConnections(); s.server.Close() })
	return s
}

// machine reads the executions of the world's state machine.
type machine struct {
	*stepfunctions.Machines
	arn string
}

func (m machine) Recent(ctx context.Context, ended int) ([]operator.Listed, error) {
	return m.Machines.Recent(ctx, m.arn, ended)
}

func (m machine) Start(ctx context.Context, name string, input []byte) (operator.Execution, error) {
	return m.Machines.Start(ctx, m.arn, name, input)
}

// withReverter gives a dashboard the button that reverts.
func withReverter(c *Config) { c.Reverter = c.Executions.(machine) }

// Do implements aws.HTTPClient.
func (s *stage) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil { // the SDK may close it early
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := r.Context().Err(); err != nil { // the test has ended the polling meanwhile
		return nil, err
	}
	answer := httptest.NewRecorder()
	if s.refuse == nil || !s.refuse(answer, r) {
		s.aws.ServeHTTP(answer, r)
	}
	if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB_") {
		s.units += max(1, (answer.Body.Len()+4095)/4096) // strongly consistent reads: a unit for 4 KB
	}
	return answer.Result(), nil
}

func (s *stage) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.world.Now()
}

// start starts a deployment.
func (s *stage) start(name, input string) string {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	x, err := s.world.Start(name, json.RawMessage(input))
	require.NoError(s.t, err)
	return x.ARN()
}

// advance lets time pass, and the dashboard read.
func (s *stage) advance(d time.Duration) {
	s.t.Helper()
	s.mu.Lock()
	err := s.world.Advance(d)
	s.mu.Unlock()
	require.NoError(s.t, err)
	s.dash.poller.wake()
}

// get reads a page.
func (s *stage) get(path string) (status int, body string) {
	s.t.Helper()
	return s.send(s.request(http.MethodGet, path, nil))
}

func (s *stage) request(method, path string, form url.Values) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, strings.NewReader(form.Encode()))
	require.NoError(s.t, err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", s.server.URL)
	}
	return r
}

// send sends a request, and follows no redirect.
func (s *stage) send(r *http.Request) (status int, body string) {
	s.t.Helper()
	client := http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	require.NoError(s.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(s.t, err)
	return answer.StatusCode, string(text)
}

// order is the form that asks for something.
func (s *stage) order(do, id, reason string) url.Values {
	return url.Values{"token": {s.dash.token}, "do": {do}, "id": {id}, "reason": {reason}}
}

const canary = `{"function": "orders", "judge": "off", "alarms": ["orders-5xx"], "strategy": "Canary10Percent60Minutes"}`

// functions returns inputs for so many deployments, each of a function of its own.
func functions(n int, strategy string) []string {
	inputs := make([]string, n)
	for i := range inputs {
		inputs[i] = fmt.Sprintf(`{"function": "service-%03d", "strategy": %q, "alarms": ["service-%03d-5xx", "site-5xx"]}`, i, strategy, i)
	}
	return inputs
}

func deploymentPath(id string) string { return "/deployment?id=" + url.QueryEscape(id) }
