package shift_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

const site = shift.Target("cloudfront:E1ABCDEF")

// lagging is a Deployment of a function and of a site whose viewers lag 90 seconds behind. It
// stands at its last Step.
func lagging(t *testing.T) (shift.Deployment, shift.Progress) {
	t.Helper()
	d, err := shift.Open(shift.Opening{
		Changes: []shift.Change{
			{Target: orders, Stable: "1", Candidate: "2"},
			{Target: site, Stable: "r41", Candidate: "r42", Lag: 90},
		},
		Release: shift.Release{Steps: []shift.Step{{Weight: 1000, Bake: 10 * minute}, {Weight: shift.All}}},
	})
	require.NoError(t, err)
	p := d.AfterShift(d.Start(), nil, 0).Taken(d, noon)
	for p.Next == shift.NextBake {
		require.Empty(t, p.Reasons, "the lag of other steps passes while they bake")
		p = d.AfterPoll(p, shift.Poll{Now: noon})
	}
	require.Equal(t, shift.NextShift, p.Next)
	return d, d.AfterShift(p, nil, 0).Taken(d, noon.Add(500*time.Millisecond))
}

func lagReason(until string) shift.Reason {
	return shift.Reason{Name: shift.ViewersLag, Subject: string(site), Text: "viewers of cloudfront:E1ABCDEF may still see r41 until " + until}
}

func TestTheLastStepSaysUntilWhenViewersMaySeeStable(t *testing.T) {
	t.Parallel()
	d, p := lagging(t)
	assert.Equal(t, shift.NextBake, p.Next)
	assert.Equal(t, shift.Wait, p.Verdict)
	assert.Equal(t, []shift.Reason{lagReason("12:01:31 UTC")}, p.Reasons, "rounded up")
	assert.False(t, p.Waiting, "it is a part of the bake, and is watched")

	p = d.AfterPoll(p, shift.Poll{Now: noon.Add(time.Minute)})
	assert.Equal(t, shift.NextBake, p.Next)
	assert.Equal(t, shift.Seconds(30), p.Wait)
	assert.Equal(t, []shift.Reason{lagReason("12:01:30 UTC")}, p.Reasons)

	p = d.AfterPoll(p, shift.Poll{Now: noon.Add(90 * time.Second)})
	assert.Equal(t, shift.NextFinish, p.Next)
	assert.Equal(t, shift.Pass, p.Verdict)
	assert.Empty(t, p.Reasons)
}

func TestAnAlarmThatFiresWhileViewersLagPutsTheTrafficBack(t *testing.T) {
	t.Parallel()
	d, p := lagging(t)
	p = d.AfterPoll(p, shift.Poll{Now: noon, Observations: []shift.Observation{{Verdict: shift.Fail, Reason: shift.Reason{Name: shift.AlarmFired, Subject: "a"}}}})
	assert.Equal(t, shift.NextRollback, p.Next)
	assert.NotContains(t, shift.Texts(p.Reasons), lagReason("12:01:30 UTC").Text)
}

// Whoever promotes does not want to wait for the plan. That viewers are on the Candidate is not
// the plan's choice.
func TestAPromotionStillWaitsForTheViewers(t *testing.T) {
	t.Parallel()
	d, p := lagging(t)
	promote := &shift.Command{Order: shift.Promote, At: noon}
	p = d.AfterPoll(p, shift.Poll{Now: noon.Add(time.Minute), Command: promote})
	require.Equal(t, shift.NextBake, p.Next)
	assert.Equal(t, shift.Seconds(30), p.Wait)
	assert.Equal(t, []string{"promoted by hand", lagReason("12:01:30 UTC").Text}, shift.Texts(p.Reasons))
	p = d.AfterPoll(p, shift.Poll{Now: noon.Add(90 * time.Second), Command: promote})
	assert.Equal(t, shift.NextFinish, p.Next)
}

// arriving is what a poll hears of the site.
func arriving(d shift.Deployment, p shift.Progress, arrived bool, unread error) []shift.Observation {
	s := shift.Subject{Deployment: d, Progress: p, Now: noon}
	var observations []shift.Observation
	for _, c := range s.ArrivalsDue() {
		observations = append(observations, s.ObserveArrival(c, arrived, unread))
	}
	return observations
}

func TestAStepThatHasBakedWaitsUntilViewersSeeIt(t *testing.T) {
	t.Parallel()
	d, p := lagging(t)
	assert.Empty(t, arriving(d, p, false, nil), "it still bakes")
	p = d.AfterPoll(p, shift.Poll{Now: noon.Add(time.Minute)})
	late := arriving(d, p, false, nil)
	require.Len(t, late, 1, "a function has no viewers that lag")
	var slept shift.Seconds
	for ; p.Next == shift.NextBake; p = d.AfterPoll(p, shift.Poll{Now: noon, Observations: arriving(d, p, false, nil)}) {
		slept += p.Wait
	}
	assert.Equal(t, shift.NextRollback, p.Next)
	assert.Equal(t, shift.Seconds(30+8*90), slept, "what was left of the bake, and eight lags")
	assert.Equal(t, []string{"AWS says that step 2 of cloudfront:E1ABCDEF has not reached all viewers yet, 12m after the step has baked"}, shift.Texts(p.Reasons))
}

func TestAStepGoesOnAsSoonAsViewersSeeIt(t *testing.T) {
	t.Parallel()
	d, p := lagging(t)
	p = d.AfterPoll(p, shift.Poll{Now: noon.Add(time.Minute)})
	p = d.AfterPoll(p, shift.Poll{Now: noon, Observations: arriving(d, p, false, nil)})
	require.True(t, p.Waiting)
	assert.Equal(t, shift.Wait, p.Verdict)
	p = d.AfterPoll(p, shift.Poll{Now: noon, Observations: arriving(d, p, true, nil)})
	assert.Equal(t, shift.NextFinish, p.Next)
}

// The lag has passed, so what AWS does not tell keeps nobody for ever, and puts nothing back.
func TestAStepGoesOnInTheEndIfAWSDoesNotTell(t *testing.T) {
	t.Parallel()
	d, p := lagging(t)
	p = d.AfterPoll(p, shift.Poll{Now: noon.Add(time.Minute)})
	for range 20 {
		if p.Next != shift.NextBake {
			break
		}
		p = d.AfterPoll(p, shift.Poll{Now: noon, Observations: arriving(d, p, false, errors.New("throttled"))})
	}
	assert.Equal(t, shift.NextFinish, p.Next)
	assert.Equal(t, []string{"AWS does not say whether step 2 of cloudfront:E1ABCDEF has reached all viewers: throttled, 12m after the step has baked; going on"}, shift.Texts(p.Reasons))
}

func TestAPromotionWaitsForViewersOnlyAtTheEnd(t *testing.T) {
	t.Parallel()
	promote := &shift.Command{Order: shift.Promote, At: noon}
	d, last := lagging(t)
	last.Baked = 90
	late := shift.Subject{Deployment: d, Progress: last}.ObserveArrival(d.Changes[1], false, nil)
	poll := shift.Poll{Now: noon, Command: promote, Observations: []shift.Observation{late}}
	assert.Equal(t, shift.NextBake, d.AfterPoll(last, poll).Next)
	first := d.AfterShift(d.Start(), nil, 0)
	assert.Equal(t, shift.NextShift, d.AfterPoll(first, poll).Next)
}

func TestADeploymentWithoutALagNeitherWaitsNorTells(t *testing.T) {
	t.Parallel()
	d, err := shift.Open(shift.Opening{Changes: []shift.Change{change}, Release: shift.Release{Steps: canary()}})
	require.NoError(t, err)
	p := d.AfterShift(d.Start(), nil, 0)
	assert.Equal(t, p, p.Taken(d, noon))
	text, err := json.Marshal(d)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "lagSeconds")
}

func TestWhatBecameOfATargetSaysUntilWhenViewersMaySeeTheCandidate(t *testing.T) {
	t.Parallel()
	d, _ := lagging(t)
	result := func() []shift.Undone {
		return []shift.Undone{
			{Target: orders, Fate: shift.Back, Stable: "1"}, {Target: site, Fate: shift.Back, Stable: "r41"},
			{Target: site, Fate: shift.WasBack}, {Target: site, Fate: shift.BackBefore}, {Target: site, Fate: shift.LeftAlone}, {Target: site, Fate: shift.Gone},
		}
	}
	told := shift.Record{Deployment: &d, Intent: 1}.WithLag(result(), noon.Add(time.Millisecond))
	texts := make([]string, len(told))
	for i, u := range told {
		texts[i] = u.UntilText()
	}
	const until = "viewers may still see r42 until 12:01:31 UTC"
	assert.Equal(t, []string{"", until, until, until, "", ""}, texts)

	assert.Equal(t, result(), shift.Record{Deployment: &d}.WithLag(result(), noon), "nothing was written")
	assert.Equal(t, result(), shift.Record{Intent: 1}.WithLag(result(), noon), "nor is it known what")
	text, err := json.Marshal(result()[0])
	require.NoError(t, err)
	assert.JSONEq(t, `{"target": "lambda:orders:live", "fate": "back", "stable": "1"}`, string(text))
}

func TestWhatARouteKeepsIsBounded(t *testing.T) {
	t.Parallel()
	require.NoError(t, shift.Route{Detail: strings.Repeat("x", 4096)}.CheckDetail(site))
	err := shift.Route{Detail: strings.Repeat("x", 4097)}.CheckDetail(site)
	require.ErrorIs(t, err, shift.ErrDocumentTooLarge)
	assert.ErrorContains(t, err, "to put cloudfront:E1ABCDEF back as it was, 4097 bytes would have to be kept, and at most 4096 are")
}

// Every write of a Deployment hands back what the Route had.
func TestTheDetailOfARouteIsHandedBackAndNotCompared(t *testing.T) {
	t.Parallel()
	c := shift.Change{Target: site, Stable: "r41", Candidate: "r42", RouteDetail: "templates"}
	for _, w := range []shift.Weight{shift.None, 1, 5000, shift.All} {
		assert.Equal(t, "templates", c.At(w).Detail)
		assert.True(t, c.At(w).Same(shift.Change{Stable: "r41", Candidate: "r42"}.At(w)))
	}
	plan := shift.Plan{Steps: canary()}
	way := c.Restoration(c.At(1000), true, plan, 1)
	require.NotNil(t, way.Write)
	assert.Equal(t, shift.Route{Serving: "r41", Detail: "templates"}, *way.Write)
}
