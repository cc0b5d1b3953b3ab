package shift_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestAnEventOfAVersionThatAnotherDeploymentBroughtIsOld(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		history []shift.Arrived
		old     bool
	}{
		{"nothing", nil, false},
		{"its own entry", []shift.Arrived{{DeploymentID: "one"}}, false},
		{"one that found nothing to shift", []shift.Arrived{{DeploymentID: "two", Outcome: shift.Unchanged}}, false},
		{"one that goes on", []shift.Arrived{{DeploymentID: "one"}, {DeploymentID: "two"}}, true},
		{"one that promoted it", []shift.Arrived{{DeploymentID: "two", Outcome: shift.Promoted}}, true},
		{"one that was rolled back", []shift.Arrived{{DeploymentID: "two", Outcome: shift.RolledBack}}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, old := shift.FindEarlierDeployment(test.history, "one")
			assert.Equal(t, test.old, old)
		})
	}
}

func TestAWaiterIsOvertakenByANewerVersionThatWasPromotedMeanwhile(t *testing.T) {
	t.Parallel()
	waits := shift.Release{At: noon, Options: shift.Options{WhenHeld: shift.WaitWhenHeld}}
	older, newer := shift.Change{Target: orders, Stable: "3", Candidate: "2"}, shift.Change{Target: orders, Stable: "2", Candidate: "3"}
	assert.True(t, waits.MayBeOvertaken(older))
	assert.False(t, waits.MayBeOvertaken(newer))
	assert.False(t, shift.Release{}.MayBeOvertaken(older), "somebody who did not wait wants to go back")

	promoted := func(at time.Time) []shift.Arrived {
		return []shift.Arrived{{DeploymentID: "two", Outcome: shift.Promoted, ClosedAt: at}}
	}
	for name, test := range map[string]struct {
		history   []shift.Arrived
		overtaken bool
	}{
		"before":               {promoted(noon.Add(-time.Second)), false},
		"at the same time":     {promoted(noon), true},
		"since":                {promoted(noon.Add(time.Hour)), true},
		"and it is put back":   {[]shift.Arrived{{DeploymentID: "two", Outcome: shift.RolledBack, ClosedAt: noon}}, false},
		"by a person, perhaps": {nil, false},
	} {
		_, overtaken := waits.FindOvertaking(test.history)
		assert.Equal(t, test.overtaken, overtaken, name)
	}
}

func TestAnEventOfAnOlderVersionThanWhatServesIsLate(t *testing.T) {
	t.Parallel()
	older := shift.Change{Target: orders, Stable: "10", Candidate: "9"}
	assert.True(t, shift.Release{Trigger: shift.Event}.IsLate(older))
	assert.False(t, shift.Release{Trigger: shift.Explicit}.IsLate(older), "somebody wants to go back")
	assert.Equal(t, "lambda:orders:live already serves version 10, which is newer than version 9; start an execution yourself to go back",
		shift.LateReason(older).String())
}

func TestWhatWasDeployedBeforeIsTold(t *testing.T) {
	t.Parallel()
	before := shift.Arrived{DeploymentID: "two", Candidate: "2", Outcome: shift.RolledBack}
	found, old := shift.FindEarlierDeployment([]shift.Arrived{{DeploymentID: "one"}, before}, "one")
	assert.True(t, old)
	assert.Equal(t, before, found)
	assert.Equal(t, shift.Reason{
		Name: shift.DeployedBefore, Subject: string(orders), Text: "version 2 of lambda:orders:live was already deployed (RolledBack) by two; start an execution yourself to deploy it again",
	}, shift.DeployedBeforeReason(orders, found))

	newer := shift.Arrived{DeploymentID: "three", Outcome: shift.Promoted, ClosedAt: noon}
	found, overtaken := shift.Release{At: noon}.FindOvertaking([]shift.Arrived{{DeploymentID: "two"}, newer})
	assert.True(t, overtaken)
	assert.Equal(t, newer, found)
	c := shift.Change{Target: orders, Stable: "3", Candidate: "2"}
	assert.Equal(t, shift.Reason{
		Name: shift.Superseded, Subject: string(orders), Text: "the newer version 3 of lambda:orders:live was promoted by three while version 2 waited for its turn",
	}, shift.OvertakenReason(c, found))
	assert.Equal(t, string(orders), shift.LateReason(c).Subject)
	assert.Equal(t, shift.Superseded, shift.LateReason(c).Name)
}

func TestAnEventOfANewerVersionIsNotLate(t *testing.T) {
	t.Parallel()
	assert.False(t, shift.Release{Trigger: shift.Event}.IsLate(shift.Change{Target: orders, Stable: "9", Candidate: "10"}))
	assert.False(t, shift.Release{Trigger: shift.Event}.IsLate(shift.Change{Target: orders, Stable: "10", Candidate: "10"}))
}

// A person has chosen the names of releases. That 41 comes before 42 is no more than a guess.
func TestOnlyTheVersionsOfAFunctionHaveAnOrder(t *testing.T) {
	t.Parallel()
	waitingEvent := shift.Release{At: noon, Trigger: shift.Event, Options: shift.Options{WhenHeld: shift.WaitWhenHeld}}
	for target, ordered := range map[shift.Target]bool{
		orders: true, "cloudfront:E1": false, "route53:Z1:api.example.com": false, "switch:www.example.com": false, "store:site": false,
	} {
		back := shift.Change{Target: target, Stable: "42", Candidate: "41"}
		assert.Equal(t, ordered, waitingEvent.IsLate(back), target)
		assert.Equal(t, ordered, waitingEvent.MayBeOvertaken(back), target)
	}
}
