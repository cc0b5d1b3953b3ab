package e2e_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/require"
)

// BenchmarkMemory reports the peak memory of each function's process after a canary with a hook
// was promoted and another canary was rolled back by its alarm (VmHWM of proc_pid_status(5), so
// only on Linux).
func BenchmarkMemory(b *testing.B) {
	a := play(b, "--speed", "60")
	const alarmed = `"alarms": ["orders-errors"], `
	a.start(b, "healthy", `{"function": "orders", "hooks": {"beforeTraffic": [{"function": "orders-smoke"}]}, `+alarmed+minute+`}`)
	require.Nil(b, a.end(b, "healthy").Error)
	a.newCode(b, "sick.zip")
	a.start(b, "sick", `{"function": "orders", `+alarmed+long+`}`)
	eventually(b, "10% of the traffic are on version 3", func() bool { return a.alias(b) == "2 and 10% on 3" })
	_, err := cloudwatch.NewFromConfig(a.config()).SetAlarmState(b.Context(), &cloudwatch.SetAlarmStateInput{
		AlarmName: aws.String("orders-errors"), StateValue: types.StateValueAlarm, StateReason: aws.String("by hand"),
	})
	require.NoError(b, err)
	require.Equal(b, "RolledBack", aws.ToString(a.end(b, "sick").Error))

	processes := a.children(b)
	slices.SortFunc(processes, func(x, y child) int { return strings.Compare(x.name, y.name) })
	for _, c := range processes {
		b.Run(c.name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op") // the memory is read once; there is nothing to repeat
			b.ReportMetric(float64(c.peakMemory(b))/1e6, "peak-MB")
		})
	}
}

// peakMemory returns the peak resident memory of a process, in bytes.
func (c child) peakMemory(t testing.TB) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.pid))
	require.NoError(t, err)
	_, after, found := strings.Cut(string(status), "VmHWM:")
	require.True(t, found)
	var kilobytes int64
	_, err = fmt.Sscan(after, &kilobytes)
	require.NoError(t, err)
	return kilobytes << 10
}
