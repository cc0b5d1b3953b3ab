package shift_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestARouteThatSluiceDidNotWriteFailsAtThePoll(t *testing.T) {
	t.Parallel()
	d := opened(t, canary(), shift.Hooks{})
	p := d.AfterShift(d.Start(), map[shift.Target]shift.Revision{orders: "r1"}, 0)
	all := d.AfterShift(p, map[shift.Target]shift.Revision{orders: "r2"}, 0)
	c, moving, created := d.Changes[0], d.Changes[0], d.Changes[0]
	moving.Settles = true
	created.Stable = ""
	tenth := shift.Route{Serving: "1", Additional: "2", Weight: 1000, Revision: "r9"}
	for _, test := range []struct {
		name   string
		p      shift.Progress
		c      shift.Change
		found  shift.Route
		exists bool
		want   shift.Verdict
	}{
		{"as written", p, c, shift.Route{Serving: "1", Additional: "2", Weight: 1000, Revision: "r1"}, true, shift.Pass},
		{"described anew", p, c, tenth, true, shift.Pass},
		{"answered otherwise than it was written", p, c, shift.Route{Serving: "1", Additional: "2", Weight: 1100, Revision: "r1"}, true, shift.Pass},
		{"another weight", p, c, shift.Route{Serving: "1", Additional: "2", Weight: 5500, Revision: "r9"}, true, shift.Fail},
		{"another version", p, c, shift.Route{Serving: "3", Revision: "r9"}, true, shift.Fail},
		{"back on stable, or not yet seen", p, c, shift.Route{Serving: "1", Revision: "r9"}, true, shift.Fail},
		{"the step before, or not yet seen", all, c, tenth, true, shift.Fail},
		{"promoted by hand", p, c, shift.Route{Serving: "2", Revision: "r9"}, true, shift.Fail},
		{"settling", all, moving, shift.Route{Serving: "2", Additional: "1", Weight: shift.All, Revision: "r9", Settling: true}, true, shift.Pass},
		{"the same, where nothing settles", all, c, shift.Route{Serving: "2", Additional: "1", Weight: shift.All, Revision: "r9", Settling: true}, true, shift.Fail},
		{"gone", p, c, shift.Route{}, false, shift.Fail},
		{"gone, or just created", all, created, shift.Route{}, false, shift.Fail},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := shift.Subject{Deployment: d, Progress: test.p}
			o := s.ObserveRoute(test.c, test.found, test.exists)
			assert.Equal(t, test.want, o.Verdict)
			if test.want == shift.Fail {
				assert.Equal(t, shift.RouteChanged, o.Reason.Name)
				assert.Equal(t, string(orders), o.Reason.Subject)
				assert.Equal(t, !test.exists, strings.Contains(o.Reason.Text, "does not exist any more"), o.Reason.Text)
			}
		})
	}
	assert.Equal(t, shift.Observation{Verdict: shift.Pass, Reason: shift.Reason{
		Name: shift.RouteUnread, Subject: string(orders), Text: "what lambda:orders:live serves could not be read: throttled",
	}}, shift.RouteNotRead(c, errors.New("throttled")))
	unknown := shift.Subject{Deployment: d, Progress: shift.Progress{Step: 1}}
	assert.Equal(t, shift.Fail, unknown.ObserveRoute(c, shift.Route{Serving: "3"}, true).Verdict, "two revisions that nobody knows are not the same")
}

func TestRoutesAreSeenEveryFiveMinutes(t *testing.T) {
	t.Parallel()
	for poll := shift.Seconds(10); poll <= 900; poll += 10 {
		unseen, longest := shift.Seconds(0), shift.Seconds(0)
		p := shift.Progress{Wait: poll}
		for ; p.Total < 48*3600; p.Total += poll {
			unseen += poll
			longest = max(longest, unseen)
			if (shift.Subject{Progress: p}).RoutesDue() {
				assert.GreaterOrEqual(t, p.Total+poll, shift.Seconds(300), "no sooner than 5 minutes after the start")
				unseen = 0
			}
		}
		assert.Less(t, longest, 300+poll, "polls %d s apart", poll)
		if poll >= 300 {
			assert.Equal(t, poll, longest, "polls that are far apart read each time")
		}
	}
	assert.False(t, shift.Subject{Progress: shift.Progress{Total: 300}}.RoutesDue(), "nothing was slept since")
}
