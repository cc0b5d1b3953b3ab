package dashboard

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/control"
	"github.com/sluice-aws/sluice/internal/shift"
)

// evil begins every text from outside. Nothing that follows it may reach a page as it is.
const evil = "EVIL"

// hostile is a text that breaks out of wherever it is put, if it can.
const hostile = evil + `"><img src=x onerror="document.title='taken'"><script>document.title='taken'</script>` + evil + `' onclick='x()' </script>` + evil + "</textarea><b>"

// hostileAccount is an account in which every text is hostile.
type hostileAccount struct{ at time.Time }

const hostileID = "arn:aws:states:us-east-1:123456789012:execution:sluice:EVIL<b>\"'"

func (a hostileAccount) Unannounced(context.Context) ([]shift.Listed, error) {
	return []shift.Listed{{ID: hostileID, Since: a.at}, {ID: hostileID + "2", Since: a.at}, {ID: hostileID + "3", Since: a.at}}, nil
}

func (a hostileAccount) Record(_ context.Context, id string) (shift.Record, error) {
	reasons := []shift.Reason{{Name: shift.AlarmFired, Subject: hostile, Text: hostile}, {Name: hostile, Subject: hostile, Text: hostile}}
	r := shift.Record{
		ID: id, Status: shift.StatusOpen, OpenedAt: a.at, Intent: 1, Reasons: reasons,
		Arrivals:   []shift.Arrival{{Target: hostile, Candidate: hostile, Detail: hostile}},
		Command:    &shift.Command{Order: hostile, Reason: hostile, At: a.at},
		Deployment: &shift.Deployment{ID: id, Changes: []shift.Change{{Target: hostile, Stable: hostile, Candidate: hostile}}, Plan: shift.Plan{Steps: []shift.Step{{Weight: 1000, Bake: 600}, {Weight: shift.All}}}, Alarms: []string{hostile}},
	}
	switch {
	case strings.HasSuffix(id, "2"):
		r.Status, r.Outcome, r.Cause, r.ClosedAt = shift.StatusClosed, hostile, hostile, a.at
	case strings.HasSuffix(id, "3"):
		return shift.Record{}, hostileError{}
	}
	return r, nil
}

type hostileError struct{}

func (hostileError) Error() string { return hostile }

func (a hostileAccount) History(context.Context, shift.Target) ([]shift.Arrived, error) {
	return nil, hostileError{}
}

func (a hostileAccount) Recent(context.Context, int) ([]operator.Listed, error) {
	return nil, hostileError{}
}

func (a hostileAccount) Freeze(context.Context) (shift.Freeze, error) {
	return shift.Freeze{Until: a.at.AddDate(90, 0, 0), Reason: hostile, By: hostile, At: a.at}, nil
}

func (a hostileAccount) Alarms(_ context.Context, known []string) ([]shift.Alarm, error) {
	alarms := make([]shift.Alarm, len(known))
	for i, name := range known {
		alarms[i] = shift.Alarm{Name: name, State: hostile, Reason: hostile}
	}
	return alarms, nil
}

func (a hostileAccount) Do(context.Context, control.Request) (control.Result, error) {
	return control.Result{Target: hostile, Outcome: hostile, Cause: hostile}, nil
}

func (a hostileAccount) Events(_ context.Context, _ operator.Execution, after int64) ([]operator.Event, error) {
	if after > 0 {
		return nil, nil
	}
	text := func(v any) json.RawMessage { out, _ := json.Marshal(v); return out }
	record, _ := a.Record(context.Background(), hostileID)
	document := map[string]any{
		"release":    map[string]any{"strategy": hostile, "alarms": []string{hostile}, "arrivals": []any{map[string]any{"target": hostile, "candidate": hostile}}},
		"deployment": record.Deployment,
		"progress": shift.Progress{Step: 1, Steps: 2, Weight: 1000, Checks: 1, Wait: 60, Verdict: shift.Hold, Reasons: []shift.Reason{{Name: hostile, Subject: hostile, Text: hostile}},
			Judged: []shift.Judged{{Target: hostile, Signals: []shift.JudgedSignal{{Signal: hostile, Conclusion: hostile}}}}},
		"hook": map[string]any{"function": hostile}, "failure": map[string]any{"Error": hostile, "Cause": hostile},
	}
	events := []operator.Event{
		{Type: "ExecutionStarted", At: a.at},
		{Type: "TaskStateEntered", State: "Publish", Data: text(map[string]string{"function": hostile, hostile: hostile}), At: a.at},
		{Type: "TaskStateExited", State: "Publish", Data: text(document), At: a.at},
		{Type: "TaskStateEntered", State: "CheckAlarms", Data: text(document), At: a.at},
		{Type: "TaskStateExited", State: "CheckAlarms", Data: text(document), At: a.at.Add(time.Second)},
		{Type: "TaskStateEntered", State: hostile, Data: text(document), At: a.at.Add(time.Second)},
		{Type: "LambdaFunctionFailed", At: a.at.Add(2 * time.Second), Failure: flow.Failure{Error: hostile, Cause: hostile}}, // a hook's message
	}
	for i := range events {
		events[i].ID = int64(i + 1)
	}
	return events, nil
}

// assertHarmless fails if a text from outside reaches a page as it is.
func assertHarmless(t *testing.T, where, body string) {
	t.Helper()
	assert.Contains(t, body, evil, "%s shows something of it", where)
	for _, raw := range []string{evil + `"`, evil + `'`, evil + "<", "<img", "<script>", "<b>\"", "</textarea><b>"} {
		if i := strings.Index(body, raw); i >= 0 {
			t.Errorf("%s has %q as it is: %s", where, raw, body[max(i-200, 0):min(i+200, len(body))])
		}
	}
}

func TestTextFromOutsideIsShownAndDoesNothing(t *testing.T) {
	t.Parallel()
	a := hostileAccount{at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s := newStage(t, `{}`, func(c *Config) {
		c.Ledger, c.Executions, c.Alarms, c.Control = a, a, a, a
		c.Place = hostile
	}, canary)
	_, body := s.get("/")
	assertHarmless(t, "the list", body)
	assert.Contains(t, body, "document.title", "it is shown as text")
	_, body = s.get("/?target=" + url.QueryEscape(hostile))
	assertHarmless(t, "a search", body)
	_, body = s.get("/?target=orders")
	assertHarmless(t, "a search that fails", body)
	for _, id := range []string{hostileID, hostileID + "2", hostileID + "3"} {
		_, body = s.get(deploymentPath(id))
		assertHarmless(t, "a deployment", body)
	}
	status, body := s.get("/ask?do=abort&id=" + url.QueryEscape(hostileID))
	require.Equal(t, http.StatusOK, status)
	assertHarmless(t, "a question", body)
	form := s.order("abort", hostileID, "")
	status, body = s.send(s.request(http.MethodPost, "/act", form))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	assertHarmless(t, "a question again", body)
	form.Set("reason", hostile)
	status, _ = s.send(s.request(http.MethodPost, "/act", form))
	require.Equal(t, http.StatusSeeOther, status)
	_, body = s.get(deploymentPath(hostileID))
	assertHarmless(t, "what came of it", body)
	assert.Contains(t, body, "Asked at")
	form.Set("id", hostileID+"2")
	status, body = s.send(s.request(http.MethodPost, "/act", form))
	require.Equal(t, http.StatusConflict, status)
	assertHarmless(t, "a refusal", body)

	for _, path := range []string{"/events?page=list", "/events?page=list&target=" + url.QueryEscape(hostile), "/events?page=deployment&id=" + url.QueryEscape(hostileID)} {
		u := s.firstUpdate(path)
		require.NotEmpty(t, u.Blocks)
		for key, html := range u.Blocks {
			if strings.Contains(html, evil) {
				assertHarmless(t, path+" "+key, html)
			}
		}
	}
}

// firstUpdate reads the first event of a stream.
func (s *stage) firstUpdate(path string) (u update) {
	s.t.Helper()
	ctx, stop := context.WithCancel(s.t.Context())
	defer stop()
	answer, err := http.DefaultClient.Do(s.request(http.MethodGet, path, nil).WithContext(ctx))
	require.NoError(s.t, err)
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 10<<20)
	for lines.Scan() {
		if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			require.NoError(s.t, json.Unmarshal([]byte(data), &u))
			return u
		}
	}
	s.t.Fatal("there was no event")
	return u
}

func TestReasonOfAPersonComesTheWholeWayAsText(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	id := s.start("one", canary)
	s.advance(7 * time.Minute)
	s.get("/")
	status, _ := s.send(s.request(http.MethodPost, "/act", s.order("pause", id, hostile)))
	require.Equal(t, http.StatusSeeOther, status)
	s.advance(7 * time.Minute)
	_, body := s.get("/")
	assertHarmless(t, "the list", body)
	assert.Contains(t, body, "paused by hand")
	_, body = s.get(deploymentPath(id))
	assertHarmless(t, "the deployment", body)
}
