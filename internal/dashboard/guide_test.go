package dashboard

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testGuide has two moments.
type testGuide struct {
	mu      sync.Mutex
	pressed []string
	err     error
}

func (g *testGuide) Now() GuideText {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.pressed) > 0 {
		return GuideText{Key: "two", Title: "Step 1 of 1: The end", Paragraphs: []string{"You pressed <b>it</b>."}, Look: "at this."}
	}
	return GuideText{Key: "one", Title: "Step 1 of 1: A button", Commands: []string{`{"a": 1}`}, Button: "Press it"}
}

func (g *testGuide) Next(_ context.Context, key string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pressed = append(g.pressed, key)
	return g.err
}

func (g *testGuide) Changed() <-chan struct{} { return nil }

func TestGuideStandsAboveTheListAndGoesOnByItsButton(t *testing.T) {
	t.Parallel()
	g := &testGuide{}
	s := newStage(t, `{}`, func(c *Config) { c.Guide = g }, canary)
	_, body := s.get("/")
	for _, want := range []string{`<span class="badge">Step 1 of 1</span> A button`, "{&#34;a&#34;: 1}", "Press it", `name="key" value="one"`} {
		assert.Contains(t, body, want)
	}
	status, _ := s.send(s.request(http.MethodPost, "/guide", url.Values{"token": {s.dash.token}, "key": {"one"}}))
	assert.Equal(t, http.StatusSeeOther, status)
	assert.Equal(t, []string{"one"}, g.pressed)
	_, body = s.get("/")
	assert.Contains(t, body, "You pressed &lt;b&gt;it&lt;/b&gt;.")
	assert.Contains(t, body, "<b>Look:</b> at this.")
	assert.NotContains(t, body, `action="/guide"`, "there is nothing to press")
	c := s.dash.compose(url.Values{"page": {"list"}})
	assert.Equal(t, 1, strings.Count(string(c.html("guide")), `<section id="guide"`), "it is updated in place")

	g.err = errors.New("no <i>account</i>")
	status, body = s.send(s.request(http.MethodPost, "/guide", url.Values{"token": {s.dash.token}, "key": {"two"}}))
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, body, "no &lt;i&gt;account&lt;/i&gt;")
}

// The button of the guide is as well guarded as the others.
func TestGuideGoesOnOnlyFromItsOwnPage(t *testing.T) {
	t.Parallel()
	g := &testGuide{}
	s := newStage(t, `{}`, func(c *Config) { c.Guide = g }, canary)
	status, _ := s.send(s.request(http.MethodPost, "/guide", url.Values{"key": {"one"}}))
	assert.Equal(t, http.StatusForbidden, status, "without the token")
	r := s.request(http.MethodPost, "/guide", url.Values{"token": {s.dash.token}, "key": {"one"}})
	r.Header.Set("Origin", "https://example.com")
	status, _ = s.send(r)
	assert.Equal(t, http.StatusForbidden, status, "from another page")
	status, _ = s.get("/guide?key=one")
	assert.Equal(t, http.StatusMethodNotAllowed, status)
	assert.Empty(t, g.pressed)

	plain := newStage(t, `{}`, nil, canary)
	_, body := plain.get("/")
	assert.NotContains(t, body, `id="guide"`)
	status, _ = plain.send(plain.request(http.MethodPost, "/guide", url.Values{"token": {plain.dash.token}}))
	require.Equal(t, http.StatusNotFound, status)
}
