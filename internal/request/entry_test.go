package request_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/shift"
)

func TestAllThatIsWrongWithWhatKeepsAStepWaitingIsToldTogether(t *testing.T) {
	t.Parallel()
	assert.ElementsMatch(t, []string{
		`strategy.steps[0].approval.waitMinutes: -3 minutes are negative: write a positive number, such as 5`,
		`strategy.steps[0].approval.whenNobodyAnswers: must be one of rollback, promote, not "maybe"`,
		`strategy.steps[0].window.days[0]: "Mo" is no day: write one of Mon, Tue, Wed, Thu, Fri, Sat, Sun`,
		`strategy.steps[0].window.from: "9" is no time of a day: write one such as 09:00`,
		`strategy.steps[0].window.timeZone: "Mars" is no time zone: write a name of the IANA database, such as Europe/Berlin or UTC`,
		`window.to: is missing`,
		`whenFrozen: must be one of fail, wait, not "later"`,
	}, problems(t, `{"function": "orders", "whenFrozen": "later",
		"window": {"days": ["Mon"], "from": "09:00", "timeZone": "UTC"},
		"strategy": {"steps": [
			{"percent": 10, "bakeMinutes": 5, "approval": {"waitMinutes": -3, "whenNobodyAnswers": "maybe"},
				"window": {"days": ["Mo"], "from": "9", "to": "16:00", "timeZone": "Mars"}},
			{"percent": 100}]}}`))
}

func TestAStepHasTheWindowOfTheDeploymentUnlessItHasItsOwn(t *testing.T) {
	t.Parallel()
	got := decode(t, `{"function": "orders",
		"window": {"days": ["Mon", "Sun"], "from": "22:00", "to": "02:00", "timeZone": "Europe/Berlin"},
		"strategy": {"steps": [
			{"percent": 10, "bakeMinutes": 5, "window": {"days": ["Fri"], "from": "09:00", "to": "24:00", "timeZone": "UTC"}},
			{"percent": 100, "approval": {}}]}}`)
	assert.Equal(t, "Fri 09:00-24:00 UTC", got.Steps[0].Window.String())
	assert.Equal(t, "Mon, Sun 22:00-02:00 Europe/Berlin", got.Steps[1].Window.String())
	assert.False(t, got.Steps[0].Approval.IsAsked())
	assert.Equal(t, shift.Approval{Wait: shift.DefaultApprovalWait, WhenNobodyAnswers: shift.RollBackAfterWait}, got.Steps[1].Approval)
}
