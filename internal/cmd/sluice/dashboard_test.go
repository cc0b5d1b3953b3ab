package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// readPage reads a page of a dashboard.
func readPage(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, string(body))
	return string(body)
}

var pageURL = regexp.MustCompile(`(?i)dashboard (?:.*)is on (http://127\.0\.0\.1:[0-9]+/)`)

func TestDashboardShowsTheAccountUntilItIsInterrupted(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, canary, `{}`, 90*time.Second)
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- a.environment().exec(ctx, []string{"dashboard", "--port", "0", "--read-only"}, strings.NewReader(""), in, io.Discard)
		_ = in.Close()
	}()
	said, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	found := pageURL.FindStringSubmatch(said)
	require.NotNil(t, found, said)
	assert.Contains(t, said, "The dashboard of sluice in us-east-1 is on")
	body := readPage(t, found[1])
	assert.Contains(t, body, "lambda:orders:live 1 → 2")
	assert.NotContains(t, body, "/ask?do=")
	stop()
	assert.Equal(t, statusOK, <-status)
}

func TestDashboardRefusesInvalidArguments(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	a := newRemoteWorld(t, canary, `{}`)
	for _, tt := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"orders"}, statusInvalid, `but got "orders": search for a target on the page`},
		{[]string{"--port", "70000"}, statusInvalid, "--port is 70000"},
		{[]string{"--port", port}, statusFailed, "another sluice dashboard may have it; choose another with --port"},
	} {
		got := a.run(append([]string{"dashboard"}, tt.args...)...)
		assert.Equal(t, tt.status, got.status)
		assert.Contains(t, got.stderr, tt.says)
		assert.Empty(t, got.stdout)
	}
}

func TestLocalHasADashboardOfItsAccount(t *testing.T) {
	s := startLocal(t, "--speed", "1000", "-s", writeFile(t, "scenario.json", `{"events": [
		{"atSeconds": 5, "do": "startExecution", "input": {"function": "orders", "judge": "off", "strategy": "Canary10Percent6000Minutes"}}]}`))
	found := pageURL.FindStringSubmatch(s.output)
	require.NotNil(t, found, s.output)
	require.Eventually(t, func() bool {
		return strings.Contains(readPage(t, found[1]), "lambda:orders:live 1 → 2")
	}, time.Minute, 20*time.Millisecond)
	s.stop()
	assert.Equal(t, statusOK, <-s.status)
	assert.Empty(t, s.stderr.String())
}
