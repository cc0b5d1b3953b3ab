package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

// oneByAnyName are the ways to name the deployment of the execution one.
var oneByAnyName = map[string]string{
	"a function": "orders", "a target": "lambda:orders:live", "an alias's ARN": "arn:aws:lambda:us-east-1:123456789012:function:orders:live",
	"an execution's name": "one", "an execution's ARN": "arn:aws:states:us-east-1:123456789012:execution:sluice:one",
}

func TestEveryCommandTakesATargetANameOrAnARN(t *testing.T) {
	t.Parallel()
	for name, text := range oneByAnyName {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, x := startDeployment(t, canary, `{}`, 90*time.Second)
			for _, order := range []string{"pause", "resume", "promote", "abort"} {
				got := a.run(order, text)
				require.Equal(t, statusOK, got.status, got.stderr)
				assertInOrder(t, got.stdout, []string{"target lambda:orders:live", "execution " + x.ARN()})
			}
			watched := a.run("watch", text)
			assert.Equal(t, statusFailed, watched.status)
			assertInOrder(t, watched.stdout, []string{"execution " + x.ARN(), "outcome RolledBack"})
			file := filepath.Join(t.TempDir(), "report.html")
			reported := a.run("report", text, "--out", file)
			require.Equal(t, statusOK, reported.status, reported.stderr)
			page, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Contains(t, string(page), x.ARN())
			listed := a.run("history", text)
			require.Equal(t, statusOK, listed.status, listed.stderr)
			assert.Contains(t, normalizeSpaces(listed.stdout), "1 to 2 1:30 RolledBack one")
		})
	}
}

func TestTargetStandsForItsLatestDeployment(t *testing.T) {
	t.Parallel()
	a, first := startDeployment(t, canary, `{}`, time.Hour)
	_, err := a.Start("two", json.RawMessage(`{"function": "orders", "version": "1"}`))
	require.NoError(t, err)
	require.NoError(t, a.Advance(time.Minute))
	assertInOrder(t, a.run("watch", "orders").stdout, []string{"execution arn:aws:states:us-east-1:123456789012:execution:sluice:two"})
	assert.Equal(t, asl.Succeeded, first.Status())
}

// A person who names an execution means no other one, even if another holds its target.
func TestOrderForAnExecutionIsForNoOther(t *testing.T) {
	t.Parallel()
	a, first := startDeployment(t, canary, `{}`, time.Hour)
	second, err := a.Start("two", json.RawMessage(`{"function": "orders", "version": "1", "strategy": "Canary10Percent60Minutes"}`))
	require.NoError(t, err)
	require.NoError(t, a.Advance(time.Minute))
	for _, text := range []string{"one", first.ARN()} {
		got := a.run("abort", text)
		assert.Equal(t, statusFailed, got.status)
		assert.Equal(t, "sluice: the deployment of "+text+" has ended as Promoted, so there is nothing to abort: 'sluice report "+text+" --out FILE' writes a page about it\n", got.stderr)
	}
	require.NoError(t, a.Advance(time.Minute))
	assert.Equal(t, asl.Running, second.Status())
	// Between the look at its record and the order, it ends and another one begins.
	var third *asl.Execution
	a.intercept = func(operation string, _ http.ResponseWriter) bool {
		if operation == "" && third == nil {
			require.NoError(t, a.Advance(2*time.Hour))
			third, err = a.Start("three", json.RawMessage(`{"function": "orders", "version": "2", "strategy": "Canary10Percent60Minutes"}`))
			require.NoError(t, err)
			require.NoError(t, a.Advance(time.Minute))
		}
		return false
	}
	got := a.run("abort", second.ARN())
	assert.Equal(t, statusFailed, got.status)
	assert.Equal(t, "sluice: the deployment that held lambda:orders:live has ended: 'sluice history lambda:orders:live' shows how\n", got.stderr)
	assert.Equal(t, asl.Succeeded, second.Status())
	require.NoError(t, a.Advance(10*time.Minute))
	assert.Equal(t, asl.Running, third.Status())
}

func TestWhatNamesNothingIsRefusedInOurWords(t *testing.T) {
	t.Parallel()
	a, _ := startDeployment(t, canary, `{}`, time.Minute)
	nobody := "arn:aws:states:us-east-1:123456789012:execution:sluice:nobody"
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"watch", "lambda:nobody:live"}, "sluice: the ledger's table sluice in us-east-1 has no deployment of lambda:nobody:live: 'sluice status' lists those that are open\n"},
		{[]string{"report", "lambda:nobody:live", "--out", "x"}, "sluice: the ledger's table sluice in us-east-1 has no deployment of lambda:nobody:live: 'sluice status' lists those that are open\n"},
		{[]string{"abort", nobody}, "sluice: the ledger's table sluice in us-east-1 has no deployment of an execution " + nobody + ": 'sluice status' lists those that are open\n"},
		{[]string{"history", nobody}, "sluice: the ledger's table sluice in us-east-1 has no deployment of an execution " + nobody + ": 'sluice status' lists those that are open\n"},
		{[]string{"abort", "nobody"}, "sluice: no deployment holds lambda:nobody:live, so there is nothing to abort: 'sluice history lambda:nobody:live' lists the earlier ones\n"},
		{[]string{"status", "--table", "nowhere"}, "sluice: there is no table nowhere in us-east-1: deploy Sluice there, or choose another --table, --name-prefix, --region or --profile\n"},
		{[]string{"watch", "lambda:orders:live", "--table", "nowhere"}, "sluice: there is no table nowhere in us-east-1: deploy Sluice there, or choose another --table, --name-prefix, --region or --profile\n"},
	} {
		got := a.run(tt.args...)
		assert.Equal(t, result{status: statusFailed, stderr: tt.want}, got, tt.args)
	}
}

// Who may read executions and not the ledger can still name them.
func TestExecutionIsFoundByItsNameIfTheLedgerCannotBeRead(t *testing.T) {
	t.Parallel()
	a, x := startDeployment(t, canary, `{}`, time.Hour)
	a.intercept = func(operation string, w http.ResponseWriter) bool {
		return (operation == "Query" || operation == "GetItem") && respondWithError(w, 400, "AccessDeniedException", "no")
	}
	got := a.run("watch", "one")
	assert.Equal(t, statusOK, got.status, got.stderr)
	assert.Contains(t, got.stdout, x.ARN())
}
