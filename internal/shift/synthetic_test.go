package shift_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

func withSynthetic(j *shift.Judging) {
	j.Synthetic = shift.Synthetic{Function: "orders-load", PerMinute: 50}
}

// poll is what a poll of the stage finds, and the Progress after it.
func (s stage) poll(minutes int, served [4]int, command *shift.Command, more ...shift.Observation) (shift.Progress, shift.Poll) {
	subject := s.after(minutes)
	o := subject.ObserveMinutes(s.deployment.Changes[0], s.served(minutes, served[0], served[1], served[2], served[3]))
	found := shift.Poll{Observations: append(more, o), Command: command, Now: subject.Now}
	return s.deployment.AfterPoll(subject.Progress, found), found
}

func TestRequestsAreAskedForWhileEvidenceIsMissing(t *testing.T) {
	t.Parallel()
	quiet := [4]int{9, 0, 1, 0}
	observe := func(j *shift.Judging) { withSynthetic(j); j.Mode = judge.Observe }
	pause := &shift.Command{Order: shift.Pause, Reason: "lunch"}
	failing := shift.Observation{Verdict: shift.Fail, Reason: shift.Reason{Name: shift.AlarmFired, Text: "a"}}
	unread := shift.Observation{Verdict: shift.Hold, Reason: shift.Reason{Name: shift.AlarmNotRead, Text: "a"}}
	for _, tt := range []struct {
		name    string
		judging func(*shift.Judging)
		at      int // minutes after the first step; the bake takes 10, with a poll a minute
		served  [4]int
		command *shift.Command
		more    []shift.Observation
		asked   bool
	}{
		{"at the first poll", withSynthetic, 1, quiet, nil, nil, true},
		{"while it bakes", withSynthetic, 5, quiet, nil, nil, true},
		{"at the end of the bake, when it waits for evidence", withSynthetic, 10, quiet, nil, nil, true},
		{"only observed", observe, 5, quiet, nil, nil, true},
		{"only observed, at the end of the bake, when it shifts", observe, 10, quiet, nil, nil, false},
		{"while an alarm cannot be read", withSynthetic, 5, quiet, nil, []shift.Observation{unread}, true},
		{"no function", nil, 5, quiet, nil, nil, false},
		{"enough evidence", withSynthetic, 5, [4]int{900, 1, 100, 0}, nil, nil, false},
		{"a worse candidate", withSynthetic, 5, [4]int{900, 1, 100, 20}, nil, nil, false},
		{"both versions fail", withSynthetic, 5, [4]int{900, 300, 100, 33}, nil, nil, false},
		{"requests are missing", withSynthetic, 9, [4]int{900, 0, 1, 0}, nil, nil, false},
		{"an alarm has fired", withSynthetic, 5, quiet, nil, []shift.Observation{failing}, false},
		{"a person has paused it", withSynthetic, 5, quiet, pause, nil, false},
		{"a person has promoted it", withSynthetic, 5, quiet, &shift.Command{Order: shift.Promote}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := judgedCanary(t, tt.judging)
			s.deployment.PauseLimit, s.deployment.WhenPauseEnds = 600, shift.RollBackAfterWait
			next, found := s.poll(tt.at, tt.served, tt.command, tt.more...)
			load := s.deployment.WantedLoad(next, found)
			assert.Equal(t, tt.asked, load.Wanted())
			if tt.asked {
				assert.Equal(t, shift.Load{Function: "orders-load", Changes: s.deployment.Changes, Requests: 50, Within: 60}, load)
			}
		})
	}
}

// A pause that has reached its limit is over, though nobody has taken its command back.
func TestRequestsAreAskedForAgainAfterAPause(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, withSynthetic)
	s.deployment.PauseLimit, s.deployment.WhenPauseEnds = 60, shift.GoOnAfterWait
	command := &shift.Command{Order: shift.Pause, At: s.noon}
	next, found := s.poll(5, [4]int{9, 0, 1, 0}, command)
	require.True(t, next.Waiting)
	require.False(t, s.deployment.WantedLoad(next, found).Wanted())
	next = s.deployment.AfterPoll(next, found)
	require.False(t, next.Waiting, "the pause has ended by itself")
	assert.True(t, s.deployment.WantedLoad(next, found).Wanted())
}

// At 100% stable gets no request, so there is nothing to compare with.
func TestNoRequestsAreAskedForAtTheWholeTraffic(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, withSynthetic)
	next, found := s.poll(5, [4]int{9, 0, 1, 0}, nil)
	require.True(t, s.deployment.WantedLoad(next, found).Wanted())
	next.Weight = shift.All
	assert.False(t, s.deployment.WantedLoad(next, found).Wanted())
}

func TestRequestsCoverTheTimeUntilTheNextPollRoundedUp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		perMinute int
		wait      shift.Seconds
		want      int
	}{{60, 60, 60}, {60, 1, 1}, {1, 60, 1}, {1, 30, 1}, {1, 61, 2}, {7, 90, 11}, {shift.MaxPerMinute, 2400, 40_000}} {
		s := judgedCanary(t, func(j *shift.Judging) { j.Synthetic = shift.Synthetic{Function: "f", PerMinute: tt.perMinute} })
		next, found := s.poll(5, [4]int{9, 0, 1, 0}, nil)
		next.Wait = tt.wait
		assert.Equal(t, tt.want, s.deployment.WantedLoad(next, found).Requests, "%d a minute for %s", tt.perMinute, tt.wait)
	}
}

// Only the Targets that lack evidence get requests.
func TestRequestsAreAskedForTargetByTarget(t *testing.T) {
	t.Parallel()
	s := judgedCanary(t, withSynthetic)
	var observations []shift.Observation
	for i, conclusion := range []judge.Conclusion{judge.CannotTell, judge.NothingFound, judge.CannotTell, judge.RequestsMissing} {
		c := shift.Change{Target: shift.Target(fmt.Sprintf("lambda:f%d:live", i)), Judged: true}
		s.deployment.Changes = append(s.deployment.Changes, c)
		observations = append(observations, shift.Observation{Judged: &shift.Judged{
			Target: c.Target, Signals: []shift.JudgedSignal{{Signal: judge.Slow, Conclusion: judge.CannotTell}, {Signal: judge.Errors, Conclusion: conclusion}},
		}})
	}
	load := s.deployment.WantedLoad(shift.Progress{Next: shift.NextBake, Wait: 60, Weight: 1000}, shift.Poll{Observations: observations})
	assert.Equal(t, []shift.Change{s.deployment.Changes[1], s.deployment.Changes[3]}, load.Changes)
}

func TestTheRequestForRequests(t *testing.T) {
	t.Parallel()
	d := shift.Deployment{ID: "arn:first"}
	text, err := json.Marshal(shift.Load{Requests: 60, Within: 60}.Request(d, []any{
		struct {
			Function string `json:"function"`
			Alias    string `json:"alias"`
		}{"orders", "live"},
		map[string]string{"host": "www"},
	}))
	require.NoError(t, err)
	assert.JSONEq(t, `{"deploymentId": "arn:first", "seconds": 60, "targets": [
		{"function": "orders", "alias": "live", "requests": 60}, {"host": "www", "requests": 60}]}`, string(text))
	_, err = json.Marshal(shift.LoadTarget{Described: "orders"})
	assert.ErrorContains(t, err, `add the requests to "orders"`)
	_, err = json.Marshal(shift.LoadTarget{Described: func() {}})
	assert.Error(t, err)
}

// What became of asking is told after the decisive reason, however many there are, and decides
// nothing.
func TestWhatBecameOfAskingIsAReason(t *testing.T) {
	t.Parallel()
	load := shift.Load{Function: "orders-load", Changes: make([]shift.Change, 1), Requests: 1200}
	before := shift.Progress{Next: shift.NextBake, Reasons: []shift.Reason{{Name: shift.CannotTell, Text: "cannot tell"}}}
	asked := before.Asked(load, nil)
	assert.Equal(t, []string{"cannot tell", "orders-load was asked for 1,200 requests"}, shift.Texts(asked.Reasons))
	assert.Equal(t, shift.NextBake, asked.Next)
	assert.Len(t, before.Reasons, 1, "the Progress before it is not changed")

	load.Changes, load.Requests = make([]shift.Change, 3), 1
	assert.Equal(t, "orders-load was asked for 1 request to each of 3 targets", before.Asked(load, nil).Reasons[1].String())
	assert.Equal(t, shift.Reason{Name: shift.SyntheticNotAsked, Subject: "orders-load", Text: "orders-load could not be asked for requests: no"},
		before.Asked(load, errors.New("no")).Reasons[1])

	many := shift.Progress{Reasons: make([]shift.Reason, 10)}.Asked(load, errors.New(strings.Repeat("x", 1000)))
	assert.Len(t, many.Reasons, 10)
	assert.Equal(t, shift.SyntheticNotAsked, many.Reasons[1].Name)
	assert.LessOrEqual(t, len([]rune(many.Reasons[1].String())), 256)
	assert.Len(t, shift.Progress{}.Asked(load, nil).Reasons, 1)
}

// Documents that were written before have no such function, and those of others stay as they
// were.
func TestJudgingWithoutAFunctionIsWrittenAsBefore(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(shift.DefaultJudging())
	require.NoError(t, err)
	assert.NotContains(t, string(text), "synthetic")
	var read shift.Judging
	require.NoError(t, json.Unmarshal(text, &read))
	assert.False(t, read.Synthetic.On())
}
