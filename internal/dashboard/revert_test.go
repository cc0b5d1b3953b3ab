package dashboard

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// promoted returns a stage where a deployment has been promoted, and its ID.
func promoted(t *testing.T, change func(*Config)) (*stage, string) {
	t.Helper()
	s := newStage(t, `{}`, change, canary)
	id := s.start("one", canary)
	s.get("/")
	s.advance(70 * time.Minute)
	return s, id
}

func revertPath(id string) string { return "/revert?id=" + url.QueryEscape(id) }

func TestRevertIsOfferedAndSaysWhatWillHappen(t *testing.T) {
	t.Parallel()
	s, id := promoted(t, withReverter)
	_, body := s.get(deploymentPath(id))
	assert.Contains(t, body, `href="`+strings.ReplaceAll(revertPath(id), "&", "&amp;")+`"`)
	status, body := s.get(revertPath(id))
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, "lambda:orders:live goes from 2 back to 1, all of its traffic at once")
	assert.Contains(t, body, "It can be reverted until 2026-01-04")

	form := s.order("revert", id, " ")
	status, body = s.send(s.request(http.MethodPost, "/act", form))
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, body, "Say why: your reason is kept")
	form.Set("token", "guessed")
	status, _ = s.send(s.request(http.MethodPost, "/act", form))
	assert.Equal(t, http.StatusForbidden, status)

	status, _ = s.send(s.request(http.MethodPost, "/act", s.order("revert", id, hostile)))
	require.Equal(t, http.StatusSeeOther, status)
	s.advance(2 * time.Minute)
	all := s.world.Executions()
	require.Len(t, all, 2)
	assert.Contains(t, all[1].Name(), "revert-orders-live-")
	assert.Equal(t, "1", s.served())
	_, body = s.get(deploymentPath(all[1].ARN()))
	assertHarmless(t, "the revert", body)
	assert.Contains(t, body, "lambda:orders:live 2 → 1")
	_, body = s.get(deploymentPath(id))
	assertHarmless(t, "what was reverted", body)
	assert.Contains(t, body, "Reverted by revert-orders-live-")

	status, body = s.get(revertPath(id))
	assert.Equal(t, http.StatusConflict, status, "something newer was promoted")
	assert.Contains(t, body, "Nothing was done")
	assert.NotContains(t, body, "<form class=\"ask\"")
}

// served returns the version that the alias of orders serves.
func (s *stage) served() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.world.Division("lambda:orders:live").Serving
}

func TestRevertIsRefusedWhereItCannotBe(t *testing.T) {
	t.Parallel()
	s := newStage(t, `{}`, withReverter, canary)
	id := s.start("one", canary)
	s.advance(7 * time.Minute)
	_, body := s.get(deploymentPath(id))
	assert.NotContains(t, body, "/revert?id=", "it is open")
	status, body := s.get(revertPath(id))
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, body, "abort it, which puts the traffic back")
	status, _ = s.send(s.request(http.MethodPost, "/act", s.order("revert", id, "no")))
	assert.Equal(t, http.StatusConflict, status)
	status, _ = s.get(revertPath(id + "-unknown"))
	assert.Equal(t, http.StatusNotFound, status)
	assert.Len(t, s.world.Executions(), 1)
}

func TestRevertIsNotOfferedWithoutWhoDoesIt(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"nobody starts it": nil,
		"read-only":        func(c *Config) { withReverter(c); c.ReadOnly = true },
	} {
		s, id := promoted(t, change)
		_, body := s.get(deploymentPath(id))
		assert.NotContains(t, body, "/revert?id=", name)
		status, _ := s.get(revertPath(id))
		assert.Equal(t, http.StatusForbidden, status, name)
		status, _ = s.send(s.request(http.MethodPost, "/act", s.order("revert", id, "no")))
		assert.GreaterOrEqual(t, status, 400, name)
		assert.Len(t, s.world.Executions(), 1, name)
	}
}

func TestPersonReverts(t *testing.T) {
	t.Parallel()
	s, id := promoted(t, withReverter)
	b := s.openTab(deploymentPath(id), desktop)
	b.isLive()
	b.sees("Promoted")
	b.do(chromedp.Click(chromedp.CSS("#whole a.revert")))
	b.sees("goes from 2 back to 1")
	b.picture("revert")
	b.do(chromedp.SendKeys(chromedp.CSS("#reason"), "customers call"), chromedp.Click(chromedp.CSS("form.ask button")))
	b.awaits("location.search.includes('revert-orders-live')")
	s.advance(2 * time.Minute)
	b.sees("lambda:orders:live 2 → 1")
	b.sees("Promoted")
	assert.Equal(t, "1", s.served())
}

func TestPersonApproves(t *testing.T) {
	t.Parallel()
	const asks = `{"function": "orders", "judge": "off", "strategy": {"steps": [{"percent": 10, "bakeMinutes": 5}, {"percent": 100, "approval": {"waitMinutes": 600}}]}}`
	s := newStage(t, `{}`, nil, asks)
	s.start("one", asks)
	b := s.openTab("/", phone)
	b.isLive()
	s.advance(20 * time.Minute)
	b.sees("step 2 is taken only if a person approves it")
	b.fits(phone)
	b.picture("phone-asked")
	b.do(chromedp.Click(chromedp.CSS(".card a.approve")))
	b.sees("Approve lets the deployment that holds lambda:orders:live take the step that waits for a person")
	b.fits(phone)
	b.picture("approve")
	b.do(chromedp.SendKeys(chromedp.CSS("#reason"), "the numbers look good"), chromedp.Click(chromedp.CSS("form.ask button")))
	b.sees("Asked at")
	s.advance(10 * time.Minute)
	b.sees("Promoted")
}
