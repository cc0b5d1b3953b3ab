package request_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
)

func TestTargetsAndAlarmsMustFitOneTransaction(t *testing.T) {
	t.Parallel()
	input := func(number int) string {
		alarms, err := json.Marshal(manyAlarms(number))
		require.NoError(t, err)
		return `{"function": "orders", "alarms": ` + string(alarms) + `}`
	}
	decode(t, input(96))
	assert.Equal(t, []string{
		"2 for each of the 1 targets and 1 for each of the 97 alarms are more than the 98 items that one deployment can open at once: split the deployment",
	}, problems(t, input(97)))
}

func TestADocumentOver96KiBIsRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 255)
	var alarms []string
	for i := range 75 {
		alarms = append(alarms, fmt.Sprintf("%03d%s", i, long[3:]))
	}
	var steps []string
	for i := 1; i < 480; i++ {
		steps = append(steps, fmt.Sprintf(`{"percent": %d.%02d, "bakeMinutes": 1}`, i/100, i%100))
	}
	names, err := json.Marshal(alarms)
	require.NoError(t, err)
	input := `{"function": "orders", "alarms": ` + string(names) + `, "strategy": {"steps": [` + strings.Join(steps, ",") + `, {"percent": 100}]}}`
	decode(t, input) // large, and just allowed

	wide := strings.ReplaceAll(input, "xxxx", "<<<<") // which JSON for the web writes with six letters
	got := problems(t, wide)
	require.Len(t, got, 1)
	assert.Contains(t, got[0], "document too large: settled, it has ")
	assert.Contains(t, got[0], "bytes, and at most 98304 fit: use fewer steps, targets, alarms or hooks")
}

func TestEveryProblemIsShortHoweverLongTheInput(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 50_000)
	for _, input := range []string{
		`{"` + long + `": 1}`,
		`{"function": "` + long + `"}`,
		`{"function": "` + long + `:function:` + long + `"}`,
		`{"function": "arn:` + long + `:lambda:` + long + `:` + long + `:function:a"}`,
		`{"function": "orders:` + long + `"}`,
		`{"function": "orders", "alias": "` + long + `"}`,
		`{"function": "orders", "version": "` + long + `"}`,
		`{"function": "orders", "strategy": "` + long + `"}`,
		`{"function": "orders", "strategy": "Canary` + strings.Repeat("9", 50_000) + `Percent5Minutes"}`,
		`{"function": "orders", "strategy": {"canary": {"percent": ` + strings.Repeat("9", 50_000) + `, "bakeMinutes": 1}}}`,
		`{"function": "orders", "alarms": ["` + long + `"]}`,
		`{"function": "orders", "hooks": {"beforeTraffic": [{"function": "` + long + `", "mode": "` + long + `", "timeoutSeconds": ` + strings.Repeat("9", 50_000) + `}]}}`,
		`{"function": "orders", "trigger": "` + long + `"}`,
	} {
		for _, problem := range problems(t, input) {
			assert.Less(t, len(problem), 900, "%.60s", input)
			assert.NotContains(t, problem, "\n")
		}
	}
}

func TestTheLargestHostileInputsAreJudgedFast(t *testing.T) {
	t.Parallel()
	const largest = 512 << 10 // twice what a state of Step Functions takes
	fill := func(head, tail string, item func(i int) string) []byte {
		var text strings.Builder
		text.WriteString(head)
		for i := 0; text.Len() < largest; i++ {
			if i > 0 {
				text.WriteByte(',')
			}
			text.WriteString(item(i))
		}
		return []byte(text.String() + tail)
	}
	tests := map[string][]byte{
		"unknown names": fill(`{`, `}`, func(i int) string { return fmt.Sprintf(`"%x":1`, i) }),
		"alarms":        fill(`{"function":"a","alarms":[`, `]}`, func(i int) string { return fmt.Sprintf(`"%05x"`, i) }),
		"targets":       fill(`{"targets":[`, `]}`, func(i int) string { return fmt.Sprintf(`{"function":"a%x"}`, i) }),
		"steps":         fill(`{"function":"a","strategy":{"steps":[`, `]}}`, func(int) string { return `{"percent":200}` }),
		"no steps":      fill(`{"function":"a","strategy":{"steps":[`, `]}}`, func(int) string { return `0` }),
		"hooks":         fill(`{"function":"a","hooks":{"beforeTraffic":[`, `]}}`, func(int) string { return `{"mode":0}` }),
	}
	for name, input := range tests {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			_, err := request.DecodeInput(input, "")
			require.ErrorIs(t, err, flow.ErrInvalidInput)
			assert.Less(t, time.Since(begin), 8*time.Second, "the time must grow with the length of the input only")
		})
	}
}
