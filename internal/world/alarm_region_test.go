package world

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

const (
	sluiceInIreland = `"function": "arn:aws:lambda:eu-west-1:111122223333:function:orders"`
	inVirginia      = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a"
	inIreland       = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a"
)

func worldOf(t *testing.T, scenario, input string) (*World, error) {
	t.Helper()
	s, err := DecodeScenario([]byte(scenario))
	require.NoError(t, err)
	w, err := New(s, json.RawMessage(input))
	if err == nil {
		t.Cleanup(w.Close)
	}
	return w, err
}

// The buses of a region receive the events of its own alarms alone.
func TestTheEventOfAnAlarmOfAnotherRegionIsLost(t *testing.T) {
	t.Parallel()
	w, err := worldOf(t, `{}`, fmt.Sprintf(`{%s, "alarms": ["a", %q]}`, sluiceInIreland, inVirginia))
	require.NoError(t, err)
	lost := map[string]bool{}
	w.OnParcel(func(p Parcel) bool { lost[fmt.Sprint(p.Detail["alarmName"])] = p.Delivery.Lost; return true })
	require.NoError(t, w.SetAlarm("a", localaws.AlarmAlarm, "here"))
	require.NoError(t, w.SetAlarm(inVirginia, localaws.AlarmAlarm, "there"))
	assert.Equal(t, map[string]bool{"a": false, inVirginia: true}, lost)
	last := w.alarmChanges[len(w.alarmChanges)-2:]
	assert.Equal(t, []string{"a", inVirginia}, []string{last[0].Name, last[1].Name})
}

func TestADeploymentIsPlayedElsewhereThanTheAlarmsThatARNsName(t *testing.T) {
	t.Parallel()
	tagged := `{"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "1"}}, "tags": {"sluice:alias": "live", "sluice:alarms": "` + inVirginia + `"}}}}`
	inParameter := `{"functions": {"orders": {"versions": 2, "aliases": {"live": {"version": "1"}}, "tags": {"sluice:alias": "live", "sluice:config": "/sluice/orders"}}},
		"parameters": {"/sluice/orders": {"alarms": ["` + inVirginia + `"]}}}`
	later := `{"events": [{"atSeconds": 5, "do": "startExecution", "input": {"function": "orders", "alarms": ["` + inVirginia + `"]}}]}`
	for name, test := range map[string]struct {
		scenario, input string
		want            place
	}{
		"no alarm":                {`{}`, `{"function": "orders"}`, defaultPlace},
		"one in Virginia":         {`{}`, `{"function": "orders", "alarms": ["` + inVirginia + `"]}`, place{"aws", "eu-west-1", "111122223333"}},
		"one in Ireland":          {`{}`, `{"function": "orders", "alarms": ["` + inIreland + `"]}`, place{"aws", "us-east-1", "111122223333"}},
		"one that a tag names":    {tagged, `{"trigger": "event", "function": "orders", "version": "2"}`, place{"aws", "eu-west-1", "111122223333"}},
		"one of a parameter":      {inParameter, `{"trigger": "event", "function": "orders", "version": "2"}`, place{"aws", "eu-west-1", "111122223333"}},
		"one that is named later": {later, `{"function": "orders"}`, place{"aws", "eu-west-1", "111122223333"}},
		"a function's own region": {`{}`, `{` + sluiceInIreland + `, "alarms": ["` + inIreland + `"]}`, place{"aws", "eu-west-1", "111122223333"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := worldOf(t, test.scenario, test.input)
			require.NoError(t, err)
			assert.Equal(t, test.want, w.place)
		})
	}
}

func TestAScenarioNamesAnAlarmAsAnInputDoes(t *testing.T) {
	t.Parallel()
	const event = `"events": [{"atSeconds": 1, "do": "setAlarmState", "alarm": %q, "state": "ALARM"}]`
	input := fmt.Sprintf(`{%s, "alarms": ["a", %q]}`, sluiceInIreland, inVirginia)
	for name, test := range map[string]struct{ scenario, wrong string }{
		"its ARN at home":     {`{"alarms": [{"name": "` + inIreland + `"}, {"name": "` + inVirginia + `"}], ` + fmt.Sprintf(event, inIreland) + `}`, ""},
		"one there":           {`{` + fmt.Sprintf(event, inVirginia) + `}`, ""},
		"one that nobody has": {`{` + fmt.Sprintf(event, "arn:aws:cloudwatch:ap-south-1:111122223333:alarm:a") + `}`, `events[0].alarm: there is no alarm "arn:aws:cloudwatch:ap-south-1:111122223333:alarm:a"`},
		"another account":     {`{` + fmt.Sprintf(event, "arn:aws:cloudwatch:us-east-1:999999999999:alarm:a") + `}`, `events[0].alarm: is in account 999999999999`},
		"no alarm's ARN":      {`{"alarms": [{"name": "arn:aws:sns:us-east-1:111122223333:a"}]}`, `alarms[0].name: is not the ARN of a CloudWatch alarm`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := worldOf(t, test.scenario, input)
			if test.wrong == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.wrong)
		})
	}
}
