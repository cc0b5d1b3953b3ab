package shift_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestTheNewestAndTheNeededVersionsStay(t *testing.T) {
	t.Parallel()
	versions := []shift.Version{"$LATEST", "9", "10", "2", "1", "3"}
	assert.Equal(t, []shift.Pruned{
		{Version: "10", Stays: "it is one of the 2 newest"}, {Version: "9", Stays: "it serves"}, {Version: "3"}, {Version: "2", Stays: "it is old"}, {Version: "1"},
	}, shift.Prune(versions, 2, []shift.Need{{"2", "it is old"}, {"9", "it serves"}, {"77", "it is gone"}}))
	assert.Empty(t, shift.Prune(nil, 1, nil))
}

func TestWhatADeploymentNeeds(t *testing.T) {
	t.Parallel()
	isA := func(target shift.Target) bool { return target == "lambda:a:live" }
	for _, test := range []struct {
		name   string
		change func(*shift.Record)
		after  time.Duration
		why    string
	}{
		{"one that can be reverted", func(*shift.Record) {}, time.Hour, "the deployment first can be reverted until 2026-05-07 12:00:00"},
		{"one that cannot any more", func(*shift.Record) {}, 72 * time.Hour, ""},
		{"one that goes on", func(r *shift.Record) { r.Status, r.Outcome = shift.StatusOpen, "" }, 1000 * time.Hour, "the deployment first goes on with it"},
		{"one that is being put back", func(r *shift.Record) { r.Status, r.Outcome = shift.StatusRestoring, "" }, 0, "the deployment first goes on with it"},
		{"one that is stranded", func(r *shift.Record) { r.Outcome = shift.Stranded }, 0, "the deployment first is stranded, and whoever looks after it may need it until 2026-05-07 12:00:00"},
		{"one that is stranded where nothing can be reverted", func(r *shift.Record) { r.Outcome, r.Deployment.RevertWindow = shift.Stranded, shift.NoRevertWindow }, 71 * time.Hour, "the deployment first is stranded, and whoever looks after it may need it until 2026-05-07 12:00:00"},
		{"one that was stranded long ago", func(r *shift.Record) { r.Outcome = shift.Stranded }, 72 * time.Hour, ""},
		{"one that cannot be reverted at all", func(r *shift.Record) { r.Deployment.RevertWindow = shift.NoRevertWindow }, 0, ""},
		{"one that was put back", func(r *shift.Record) { r.Outcome = shift.RolledBack }, 0, ""},
	} {
		r := promoted()
		test.change(&r)
		needs := r.Needs(isA, noon.Add(test.after), shift.DefaultRevertWindow)
		if test.why == "" {
			assert.Empty(t, needs, test.name)
			continue
		}
		assert.Equal(t, []shift.Need{{"1", test.why}, {"2", test.why}}, needs, test.name)
	}
	w := waiting("arn:x:later", 0, "lambda:a:live", "lambda:b:live")
	w.Arrivals[0].Candidate, w.Arrivals[1].Candidate = "7", "8"
	assert.Equal(t, []shift.Need{{"7", "the deployment later waits with it"}}, w.Needs(isA))
}
