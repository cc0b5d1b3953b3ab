package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/control"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestListShowsWhatIsOpenAndWhatHasEnded(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	s.start("first", canary)
	s.advance(70 * time.Minute)
	second := s.start("second", strings.Replace(canary, `"function"`, `"version": "1", "function"`, 1))
	s.advance(7 * time.Minute)
	status, body := s.get("/")
	require.Equal(t, http.StatusOK, status)
	open, ended, _ := strings.Cut(body, "<h2>Ended</h2>")
	for _, want := range []string{"1 deployment is open.", "lambda:orders:live 2 → 1", `aria-valuenow="10"`, "step 1 of 2", "baked 7:00 of 1:00:00", "next step in", "53:00", "orders-5xx", "Pass", "/ask?do=abort", "/ask?do=pause", "/ask?do=promote"} {
		assert.Contains(t, open, want)
	}
	assert.NotContains(t, open, "do=resume", "it is not paused")
	assert.Contains(t, ended, "lambda:orders:live 1 → 2")
	assert.Contains(t, ended, "Promoted")
	assert.NotContains(t, ended, "/ask?do=")

	_, body = s.get(deploymentPath(second))
	for _, want := range []string{`data-plot="weight"`, "What happened", "SetWeight", "orders-5xx", "/ask?do=abort", "Input"} {
		assert.Contains(t, body, want)
	}
}

// What was opened first may end last.
func TestWhatHasEndedLastIsListedFirst(t *testing.T) {
	t.Parallel()
	short := `{"function": "billing", "judge": "off", "strategy": "AllAtOnce"}`
	s := newStage(t, `{}`, nil, canary, short)
	s.start("opened-first", canary)
	s.advance(10 * time.Minute)
	for i := range maxPanelEnded + 1 {
		s.start(fmt.Sprintf("short-%02d", i), short)
		s.advance(time.Minute)
	}
	s.advance(time.Hour)
	_, list := s.get("/")
	for where, body := range map[string]string{"the list": list, "the widget": ask(t, s.newPanel(""), lookEvent)} {
		_, ended, _ := strings.Cut(body, ">Ended<")
		first := strings.Index(ended, "lambda:orders:live 1 → 2")
		require.Positive(t, first, where)
		assert.Less(t, first, strings.Index(ended, "lambda:billing:live"), where)
	}
}

func TestSearchFindsTheHistoryOfATarget(t *testing.T) {
	t.Parallel()
	other := `{"function": "billing", "judge": "off", "strategy": "AllAtOnce"}`
	s := newStage(t, `{}`, nil, canary, other)
	s.start("one", canary)
	s.start("two", other)
	s.advance(2 * time.Minute)
	for search, want := range map[string][2]bool{
		"orders": {true, false}, "lambda:billing:live": {false, true}, "BILL": {false, true}, "two": {false, true}, "": {true, true}, "nothing": {false, false}, "<b>": {false, false},
	} {
		status, body := s.get("/?target=" + url.QueryEscape(search))
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, want[0], strings.Contains(body, "lambda:orders:live 1 → 2"), search)
		assert.Equal(t, want[1], strings.Contains(body, "lambda:billing:live 1 → 2"), search)
		assert.NotContains(t, body, "<b>”")
	}
}

// longHistory is a Ledger that knows many deployments of each Target, a day between two of them.
type longHistory struct {
	Ledger
	deployments int
}

func (l longHistory) History(_ context.Context, t shift.Target) (list []shift.Arrived, _ error) {
	for i := range l.deployments {
		opened := time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -i)
		list = append(list, shift.Arrived{DeploymentID: fmt.Sprintf("arn:aws:states:us-east-1:123456789012:execution:sluice:%s-%03d", strings.Split(string(t), ":")[1], i), OpenedAt: opened})
	}
	return list, nil
}

func (l longHistory) Record(_ context.Context, id string) (shift.Record, error) {
	name, _, _ := strings.Cut(operator.Execution(id).Name(), "-")
	return shift.Record{
		ID: id, Status: shift.StatusClosed, Outcome: shift.Promoted, ClosedAt: time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC),
		Arrivals: []shift.Arrival{{Target: shift.Target("lambda:" + name + ":live"), Candidate: "2"}},
	}, nil
}

func TestSearchSaysHowManyItLeavesOut(t *testing.T) {
	t.Parallel()
	for deployments, says := range map[int]string{
		20: "", 21: "1 more is known that ended earlier and is not shown.", 60: "40 more are known that ended earlier and are not shown. <code>sluice history lambda:billing:live</code> lists all.",
	} {
		s := newStage(t, `{}`, func(c *Config) { c.Ledger = longHistory{c.Ledger, deployments} }, canary)
		_, body := s.get("/?target=billing")
		assert.Equal(t, 20, strings.Count(body, `class="card"`), "%d", deployments)
		if says == "" {
			assert.NotContains(t, body, "not shown")
		} else {
			assert.Contains(t, body, says)
		}
		_, body = s.get("/")
		assert.NotContains(t, body, "not shown", "the list is of the latest ones")
	}
}

// A page stays open for long, and is composed again from what its search has found.
func TestSearchKeepsItsResultsWhileOthersSearch(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, func(c *Config) { c.Ledger = longHistory{c.Ledger, 20} }, canary)
	cards := func(name string) (n int) {
		c := s.dash.compose(url.Values{"page": {"list"}, "target": {name}})
		return len(c.lists["ended"])
	}
	s.dash.poller.change(func() bool {
		for i := range maxKept { // others that have ended since
			s.dash.poller.find(fmt.Sprintf("arn:aws:states:us-east-1:123456789012:execution:sluice:other-%03d", i)).since = s.now()
		}
		return false
	})
	for i := range maxSearches + 1 {
		s.get(fmt.Sprintf("/?target=service%02d", i))
		s.advance(time.Second)
	}
	assert.Empty(t, s.dash.searched["lambda:service00:live"].ids, "the oldest one makes room")
	assert.Len(t, s.dash.searched, maxSearches)
	for i := 1; i <= maxSearches; i++ {
		assert.Equal(t, 20, cards(fmt.Sprintf("service%02d", i)), "search %d", i)
	}
}

func TestPersonIsToldWhatWillHappenBeforeAnythingDoes(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	id := s.start("one", canary)
	s.advance(5 * time.Minute)
	s.get("/")
	status, body := s.get("/ask?do=abort&id=" + url.QueryEscape(id))
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, "Abort puts all traffic of the deployment that holds lambda:orders:live back on the stable version at once, for every target of that deployment.", "the words of the command's help")
	assert.Contains(t, body, s.dash.token)

	status, body = s.send(s.request(http.MethodPost, "/act", s.order("abort", id, " ")))
	assert.Equal(t, http.StatusUnprocessableEntity, status, "it needs a reason")
	assert.Contains(t, body, "Say why")

	status, _ = s.send(s.request(http.MethodPost, "/act", s.order("abort", id, "customers call")))
	require.Equal(t, http.StatusSeeOther, status)
	record, err := s.dash.config.Ledger.Record(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, shift.RolledBack, record.Outcome)
	assert.Contains(t, record.Cause, "customers call")
	_, body = s.get(deploymentPath(id))
	assert.Contains(t, body, "RolledBack")
	assert.NotContains(t, body, "/ask?do=")

	status, body = s.send(s.request(http.MethodPost, "/act", s.order("abort", id, "again")))
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, body, "makes no sense to abort")
}

// asksTwice asks a person about its second step and about its third.
const asksTwice = `{"function": "orders", "judge": "off", "strategy": {"steps": [{"percent": 10, "bakeMinutes": 5},
	{"percent": 50, "bakeMinutes": 5, "approval": {"waitMinutes": 600}}, {"percent": 100, "approval": {"waitMinutes": 600}}]}}`

// newAskingStage returns a stage where a deployment asks about its second step, and its ID.
func newAskingStage(t *testing.T) (*stage, string) {
	s := newStage(t, `{}`, nil, asksTwice)
	id := s.start("one", asksTwice)
	s.advance(10 * time.Minute)
	s.get("/")
	return s, id
}

// tell gives an order to a deployment, as a colleague does elsewhere.
func (s *stage) tell(order, id string, step int) {
	s.t.Helper()
	a, _ := operator.FindAction(order)
	_, err := s.dash.config.Control.Do(s.t.Context(), control.Request{Action: a, Target: "lambda:orders:live", DeploymentID: id, Step: step, Reason: "a colleague"})
	require.NoError(s.t, err)
}

func TestPageSaysUntilWhenAnAnswerIsWaitedFor(t *testing.T) {
	t.Parallel()
	asks := func(before, then string) string {
		return `{"function": "orders", "judge": "off", "strategy": {"steps": [{"percent": 10, "bakeMinutes": 5` + before + `},
			{"percent": 100, "approval": {"waitMinutes": 600, "whenNobodyAnswers": "` + then + `"}}]}}`
	}
	for name, tt := range map[string]struct{ input, left, follows string }{
		"it goes back":      {asks(``, "rollback"), "9:55:00", "the traffic is put back"},
		"the step is taken": {asks(``, "promote"), "9:55:00", "the step is taken"},
		"before its first":  {asks(`, "approval": {"waitMinutes": 600}`, "rollback"), "9:50:00", "the deployment ends, with no traffic moved"},
	} {
		s := newStage(t, `{}`, nil, tt.input)
		id := s.start("one", tt.input)
		s.advance(10 * time.Minute)
		_, body := s.get("/")
		assert.Contains(t, body, "time for an answer: <b", name)
		assert.Contains(t, body, tt.left+"</b>, then "+tt.follows, name)
		assert.Contains(t, body, "if nobody does within 10h, "+tt.follows, name)
		s.tell("pause", id, 0)
		s.advance(10 * time.Minute)
		_, body = s.get("/")
		assert.NotContains(t, body, "time for an answer", "%s: it stands still", name)
		assert.Contains(t, body, "looks again in", name)
	}
}

func TestWhoWaitsInTheQueueIsShownAndCanBeAborted(t *testing.T) {
	t.Parallel()
	waits := `{"function": "orders", "version": "1", "judge": "off", "whenHeld": "wait"}`
	s := newStage(t, `{}`, nil, canary)
	s.start("one", canary)
	s.advance(10 * time.Minute)
	id := s.start("two", waits)
	s.advance(30 * time.Second)
	for _, path := range []string{"/", deploymentPath(id)} {
		_, body := s.get(path)
		assert.Contains(t, body, ">queued<", path)
		assert.Contains(t, body, "waits for its turn, held up by one · looks again in <b", path)
		assert.Contains(t, body, "/ask?do=abort&amp;id="+url.QueryEscape(id), path)
		assert.NotContains(t, body, "/ask?do=promote&amp;id="+url.QueryEscape(id), path)
	}
	status, body := s.send(s.request(http.MethodPost, "/act", s.order("abort", id, "not this one")))
	assert.Equal(t, http.StatusSeeOther, status, body)
	s.advance(2 * time.Minute)
	_, body = s.get(deploymentPath(id))
	assert.Contains(t, body, "Rejected")
	assert.NotContains(t, body, "/ask?do=")
}

// freeze freezes the account for an hour.
func (s *stage) freeze(reason string) {
	s.t.Helper()
	_, err := s.dash.config.Ledger.(*dynamo.Ledger).SetFreeze(s.t.Context(), shift.Freeze{Until: s.now().Add(time.Hour), Reason: reason, At: s.now()})
	require.NoError(s.t, err)
}

func TestFreezeIsShown(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	s.start("one", canary)
	_, body := s.get("/")
	assert.NotContains(t, body, "Deployments are frozen")
	s.freeze("the <b>sale")
	s.advance(5 * time.Minute)
	const told = "Deployments are frozen until Thu 1 Jan 01:00 UTC: the &lt;b&gt;sale"
	_, body = s.get("/")
	assert.Contains(t, body, told)
	s.advance(time.Hour)
	_, body = s.get("/")
	assert.NotContains(t, body, told, "it is over")
	s.freeze("again")
	p := s.newPanel("")
	assert.Contains(t, ask(t, p, lookEvent), "Deployments are frozen until Thu 1 Jan 02:05 UTC: again")
}

func TestAnswerIsForTheStepThatWasShown(t *testing.T) {
	t.Parallel()
	s, id := newAskingStage(t)
	_, body := s.get("/ask?do=approve&id=" + url.QueryEscape(id))
	assert.Contains(t, body, "Approve step 2 of lambda:orders:live?")
	assert.Contains(t, body, `name="step" value="2"`)
	s.tell("approve", id, 2)
	s.advance(20 * time.Minute)
	s.get("/")
	form := s.order("approve", id, " ")
	form.Set("step", "2")
	status, body := s.send(s.request(http.MethodPost, "/act", form))
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, body, `name="step" value="2"`, "who is asked for a reason still answers for the step that was shown")
	for _, order := range []string{"approve", "reject"} {
		form.Set("do", order)
		form.Set("reason", "I saw step 2")
		status, body = s.send(s.request(http.MethodPost, "/act", form))
		assert.Equal(t, http.StatusConflict, status)
		assert.Contains(t, body, "the answer is about step 2, and step 3 was asked about last")
	}
	_, body = s.get("/ask?do=reject&id=" + url.QueryEscape(id))
	assert.Contains(t, body, `name="step" value="3"`)
	form.Set("step", "3")
	status, _ = s.send(s.request(http.MethodPost, "/act", form))
	assert.Equal(t, http.StatusSeeOther, status)
	_, body = s.get("/ask?do=abort&id=" + url.QueryEscape(id))
	assert.NotContains(t, body, `name="step"`)
}

func TestPauseAndResumeAreOfferedInTurn(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	id := s.start("one", canary)
	s.advance(5 * time.Minute)
	s.get("/")
	status, _ := s.send(s.request(http.MethodPost, "/act", s.order("pause", id, "lunch")))
	require.Equal(t, http.StatusSeeOther, status)
	s.advance(10 * time.Minute)
	_, body := s.get(deploymentPath(id))
	for _, want := range []string{"paused by hand: lunch", "it stays at its weight from its next poll on", "/ask?do=resume", ">paused<"} {
		assert.Contains(t, body, want)
	}
	assert.NotContains(t, body, "/ask?do=pause")
}

// The record tells the end before the history does.
func TestClosingIsTheExecutionsIfItsHistorySaysSoLater(t *testing.T) {
	t.Parallel()
	const elsewhere = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:orders-5xx" // wakes no safety net
	for alarm, byNet := range map[string]bool{"orders-5xx": true, elsewhere: false} {
		input := strings.Replace(canary, "orders-5xx", alarm, 1)
		s := newStage(t, `{"events": [{"atSeconds": 400, "do": "setAlarmState", "alarm": "`+alarm+`", "state": "ALARM"}]}`, nil, input)
		id := s.start("one", input)
		s.advance(time.Hour)
		events, err := s.dash.config.Executions.Events(t.Context(), operator.Execution(id), 0)
		require.NoError(t, err)
		record, err := s.dash.config.Ledger.Record(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, shift.RolledBack, record.Outcome)
		end := slices.IndexFunc(events, func(e operator.Event) bool { return e.State == "Rollback" })

		d := newDeployment(id)
		d.learnEvents(events[:end])
		d.learnRecord(record, "")
		d.learnEvents(events[end:])
		found := slices.ContainsFunc(d.run.Moments, func(m picture.Moment) bool { return m.State == picture.SafetyNet })
		assert.Equal(t, byNet, found, alarm)
		assert.Equal(t, shift.RolledBack, d.run.End.Outcome)
	}
}

func TestWhatIsNotOfThisPageIsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	id := s.start("one", canary)
	s.advance(5 * time.Minute)
	s.get("/")
	form := s.order("abort", id, "an attack")
	without := func(name, value string) url.Values {
		f := url.Values{}
		for k, v := range form {
			f[k] = v
		}
		f.Del(name)
		if value != "" {
			f.Set(name, value)
		}
		return f
	}
	for _, tt := range []struct {
		name   string
		method string
		path   string
		form   url.Values
		change func(*http.Request)
		want   int
	}{
		{"a foreign host (DNS rebinding)", http.MethodGet, "/", nil, func(r *http.Request) { r.Host = "evil.example" }, http.StatusForbidden},
		{"a foreign host on this port", http.MethodPost, "/act", form, func(r *http.Request) {
			r.Host = "evil.example:" + r.URL.Port()
			r.Header.Set("Origin", "http://"+r.Host)
		}, http.StatusForbidden},
		{"this host on another port", http.MethodGet, "/", nil, func(r *http.Request) { r.Host = "127.0.0.1:1" }, http.StatusForbidden},
		{"a foreign origin", http.MethodPost, "/act", form, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, http.StatusForbidden},
		{"the origin of another port", http.MethodPost, "/act", form, func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") }, http.StatusForbidden},
		{"the origin with another scheme", http.MethodPost, "/act", form, func(r *http.Request) { r.Header.Set("Origin", "https://"+r.URL.Host) }, http.StatusForbidden},
		{"the origin null", http.MethodPost, "/act", form, func(r *http.Request) { r.Header.Set("Origin", "null") }, http.StatusForbidden},
		{"no origin", http.MethodPost, "/act", form, func(r *http.Request) { r.Header.Del("Origin") }, http.StatusForbidden},
		{"events for a foreign page", http.MethodGet, "/events?page=list", nil, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, http.StatusForbidden},
		{"events for a page of another port", http.MethodGet, "/events?page=list", nil, func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "same-site")
			r.Header.Set("Sec-Fetch-Mode", "no-cors")
		}, http.StatusForbidden},
		{"a form of a foreign page", http.MethodPost, "/act", form, func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Mode", "navigate")
		}, http.StatusForbidden},
		{"no token", http.MethodPost, "/act", without("token", ""), nil, http.StatusForbidden},
		{"a wrong token", http.MethodPost, "/act", without("token", strings.Repeat("A", 26)), nil, http.StatusForbidden},
		{"the token in the query", http.MethodPost, "/act?" + form.Encode(), without("token", ""), nil, http.StatusForbidden},
		{"GET for an action", http.MethodGet, "/act?" + form.Encode(), nil, nil, http.StatusMethodNotAllowed},
		{"HEAD for an action", http.MethodHead, "/act?" + form.Encode(), nil, nil, http.StatusMethodNotAllowed},
		{"PUT for an action", http.MethodPut, "/act", form, func(r *http.Request) { r.Header.Set("Origin", "http://"+r.URL.Host) }, http.StatusMethodNotAllowed},
		{"an unknown action", http.MethodPost, "/act", without("do", "delete"), nil, http.StatusBadRequest},
		{"an unknown deployment", http.MethodPost, "/act", without("id", "arn:aws:states:us-east-1:1:execution:sluice:x"), nil, http.StatusNotFound},
		{"a form that is too long", http.MethodPost, "/act", without("reason", strings.Repeat("x", maxForm)), nil, http.StatusBadRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := s.request(tt.method, tt.path, tt.form)
			if tt.change != nil {
				tt.change(r)
			}
			status, body := s.send(r)
			assert.Equal(t, tt.want, status, body)
			assert.NotContains(t, body, s.dash.token)
			record, err := s.dash.config.Ledger.Record(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, shift.StatusOpen, record.Status, "nothing was done")
		})
	}
	status, _ := s.send(s.request(http.MethodPost, "/act", form))
	assert.Equal(t, http.StatusSeeOther, status, "the page itself may")
}

// A browser leaves the port 80 out, and no other one.
func TestOnlyTheAddressOfTheDashboardIsItsHost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		address, host, origin string
		served                bool
	}{
		{"127.0.0.1:80", "127.0.0.1", "http://127.0.0.1", true},
		{"127.0.0.1:80", "127.0.0.1:80", "http://127.0.0.1:80", true},
		{"127.0.0.1:80", "127.0.0.1:80", "http://127.0.0.1", true},
		{"127.0.0.1:80", "localhost", "http://localhost", true},
		{"127.0.0.1:80", "localhost", "http://127.0.0.1", false},
		{"127.0.0.1:80", "127.0.0.1", "http://127.0.0.1:8080", false},
		{"127.0.0.1:80", "127.0.0.1", "https://127.0.0.1", false},
		{"127.0.0.1:80", "evil.example", "http://evil.example", false},
		{"127.0.0.1:80", "127.0.0.1:8080", "http://127.0.0.1:8080", false},
		{"127.0.0.1:80", "", "", false},
		{"127.0.0.1:4572", "127.0.0.1:4572", "http://127.0.0.1:4572", true},
		{"127.0.0.1:4572", "localhost:4572", "http://localhost:4572", true},
		{"127.0.0.1:4572", "127.0.0.1", "http://127.0.0.1", false},
		{"127.0.0.1:4572", "127.0.0.1:80", "http://127.0.0.1:80", false},
		{"127.0.0.1:8080", "127.0.0.1:80", "http://127.0.0.1:80", false},
		{"127.0.0.1:8080", "127.0.0.1", "http://127.0.0.1", false},
	} {
		d := New(Config{Now: time.Now}, tt.address)
		for method, served := range map[string]int{http.MethodGet: http.StatusOK, http.MethodPost: http.StatusMethodNotAllowed} {
			r := httptest.NewRequest(method, "/script.js", nil)
			r.Host = tt.host
			r.Header.Set("Origin", tt.origin)
			answer := httptest.NewRecorder()
			d.ServeHTTP(answer, r)
			want := http.StatusForbidden
			if tt.served {
				want = served
			}
			assert.Equal(t, want, answer.Code, "%s %s for %s at %s", method, tt.host, tt.origin, tt.address)
		}
	}
}

func TestEveryAnswerForbidsWhatAPageDoesNotNeed(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	for _, path := range []string{"/", "/script.js", "/nowhere", "/deployment?id=x"} {
		answer, err := http.DefaultClient.Do(s.request(http.MethodGet, path, nil))
		require.NoError(t, err)
		answer.Body.Close()
		h := answer.Header
		policy := h.Get("Content-Security-Policy")
		assert.Contains(t, policy, "default-src 'none'", path)
		assert.Contains(t, policy, "frame-ancestors 'none'", path)
		assert.NotContains(t, policy, "unsafe", path)
		assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		assert.NotEmpty(t, h.Get("Referrer-Policy"), path)
		assert.Empty(t, h.Get("Access-Control-Allow-Origin"), path)
		assert.Empty(t, h.Get("Set-Cookie"), path)
	}
}

func TestReadOnlyHasNoButtonsAndDoesNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, func(c *Config) { c.ReadOnly = true }, canary)
	id := s.start("one", canary)
	s.advance(5 * time.Minute)
	for _, path := range []string{"/", deploymentPath(id)} {
		_, body := s.get(path)
		assert.Contains(t, body, "lambda:orders:live 1 → 2")
		assert.NotContains(t, body, "/ask?do=")
		assert.NotContains(t, body, s.dash.token)
	}
	status, body := s.get("/ask?do=abort&id=" + url.QueryEscape(id))
	assert.Equal(t, http.StatusForbidden, status)
	assert.NotContains(t, body, s.dash.token)
	status, _ = s.send(s.request(http.MethodPost, "/act", s.order("abort", id, "x")))
	assert.Equal(t, http.StatusForbidden, status)
	record, err := s.dash.config.Ledger.Record(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, shift.StatusOpen, record.Status)
}

// The rest of the page is shown if something cannot be read.
func TestPageSaysWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, nil, canary)
	s.start("one", canary)
	s.advance(5 * time.Minute)
	s.mu.Lock()
	s.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.Header.Get("X-Amz-Target"), "ListExecutions") {
			return false
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type": "AccessDeniedException", "message": "<b>no</b>"}`))
		return true
	}
	s.mu.Unlock()
	_, body := s.get("/")
	assert.Contains(t, body, "the list of executions cannot be read")
	assert.Contains(t, body, "&lt;b&gt;no&lt;/b&gt;")
	assert.Contains(t, body, "lambda:orders:live 1 → 2")
}
