package world

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// The world delivers the same alarm events to the safety net as the stack's rule would. The
// rule's pattern only selects states.
func TestAlarmEventsAreDeliveredAsTheRuleRequires(t *testing.T) {
	t.Parallel()
	text := readTemplates().Default
	type rule struct {
		Properties struct {
			Name    string `json:"Name"`
			Pattern struct {
				Detail map[string]map[string][]string `json:"detail"`
			} `json:"EventPattern"`
		} `json:"Properties"`
	}
	var template struct {
		Resources map[string]json.RawMessage `json:"Resources"`
	}
	require.NoError(t, json.Unmarshal(text, &template))
	var asked []string
	for _, resource := range template.Resources {
		var r rule
		if json.Unmarshal(resource, &r) == nil && r.Properties.Name == "sluice-alarm-fired" {
			require.Len(t, r.Properties.Pattern.Detail, 1)
			require.Len(t, r.Properties.Pattern.Detail["state"], 1)
			asked = r.Properties.Pattern.Detail["state"]["value"]
		}
	}
	require.NotEmpty(t, asked)

	w, err := New(DefaultScenario(), json.RawMessage(`{"function": "orders", "alarms": ["a"]}`))
	require.NoError(t, err)
	t.Cleanup(w.Close)
	told := 0
	w.OnParcel(func(Parcel) bool { told++; return true })
	states := []string{localaws.AlarmOK, localaws.AlarmAlarm, localaws.AlarmInsufficientData}
	for _, before := range states {
		for _, state := range states {
			require.NoError(t, w.SetAlarm("a", before, ""))
			told = 0
			require.NoError(t, w.SetAlarm("a", state, ""))
			assert.Equal(t, state != before && slices.Contains(asked, state), told == 1, "from %s to %s", before, state)
		}
	}
}
