package conformance

import (
	"context"
	"maps"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// faultsOfMoto are the ledger's tests that moto cannot pass, and why.
var faultsOfMoto = map[string]string{
	"TestLongHistoryIsPagedByTheTable": "a transaction copies every table: 2,400 of them take minutes",
	"TestOfTwoOpeningsAtOnceOneWins":   "a transaction that fails puts every table back as it was, and with it what others have written meanwhile",
}

// The ledger's own tests pass on moto's DynamoDB: its conditions and transactions
// mean there what they mean in ours. (dynalite 4.0.0 is of no use for that: it has no
// TransactWriteItems.)
func TestTheLedgerOnAForeignDynamoDB(t *testing.T) {
	t.Parallel()
	tools(t)
	if _, err := exec.LookPath("moto_server"); err != nil {
		t.Skip("SKIPPED: moto_server is not there (pip install 'moto[server]')")
	}
	address := moto(t)
	left := slices.Sorted(maps.Keys(faultsOfMoto))
	for _, name := range left {
		t.Logf("KNOWN FAULT of moto, so %s is left out: %s", name, faultsOfMoto[name])
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "go", "test", "./internal/ledger/dynamo", "-count=1", "-v",
		"-parallel", "1", "-skip", "^("+strings.Join(left, "|")+")$") // one at a time, because of the same fault
	command.Dir = "../.."
	command.Env = append(os.Environ(), "LEDGER_ENDPOINT=http://"+address)
	output, err := command.CombinedOutput()
	passed := strings.Count(string(output), "\n--- PASS: ")
	t.Logf("%d tests of the ledger passed", passed)
	require.NoError(t, err, "%s", output)
	assert.Greater(t, passed, 30)
}

// moto starts moto's server on a free port, and ends it with the test.
func moto(t *testing.T) (address string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address = free.Addr().String()
	require.NoError(t, free.Close())
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	server := exec.CommandContext(t.Context(), "moto_server", "-H", "127.0.0.1", "-p", port)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			require.NoError(t, connection.Close())
			return address
		}
		require.True(t, time.Now().Before(deadline), "moto_server did not start: %v", err)
	}
}
