package shift_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/shift"
)

// reasons are Reasons as they were once written.
func reasons(texts ...string) []shift.Reason {
	list := make([]shift.Reason, len(texts))
	for i, text := range texts {
		list[i] = shift.ParseReason(text)
	}
	return list
}

func TestReasonThatWasATextIsReadWithItsNameAndItsSubject(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]shift.Reason{
		"AlarmFired: orders-5xx is in ALARM: 3 > 2":              {Name: shift.AlarmFired, Subject: "orders-5xx", Text: "orders-5xx is in ALARM: 3 > 2"},
		"AlarmFired: a: b is in ALARM: c is in ALARM: d":         {Name: shift.AlarmFired, Subject: "a: b", Text: "a: b is in ALARM: c is in ALARM: d"},
		"AlarmUnreadable: orders-5xx: throttled":                 {Name: shift.AlarmNotRead, Subject: "orders-5xx", Text: "orders-5xx: throttled"},
		"alarm a cannot be read (no), which is ignored as asked": {Name: shift.AlarmUnreadableIgnored, Subject: "a", Text: "alarm a cannot be read (no), which is ignored as asked"},
		"alarm a was firing at the start and is ignored until it has been OK": {
			Name: shift.AlarmIgnoredUntilOK, Subject: "a", Text: "alarm a was firing at the start and is ignored until it has been OK"},
		"alarm a has insufficient data": {Name: shift.AlarmWithoutData, Subject: "a", Text: "alarm a has insufficient data"},
		"held 3 times in a row":         {Name: shift.HeldTooLong, Text: "held 3 times in a row"},
		"held up: no":                   {Text: "held up: no"},
		"paused by hand: lunch":         {Name: shift.Paused, Text: "paused by hand: lunch"},
		"and 3 more":                    {Name: shift.MoreReasons, Text: "and 3 more"},
		"ExecutionEnded: the execution ended as ABORTED": {Name: shift.ExecutionEnded, Text: "the execution ended as ABORTED"},
		"DeployedBefore: version 2 was already deployed": {Name: shift.DeployedBefore, Text: "version 2 was already deployed"},
		"Lambda.ServiceException: boom: again":           {Name: "Lambda.ServiceException", Text: "boom: again"},
		"orders already points at 2":                     {Text: "orders already points at 2"},
		"lambda:orders:live: not a name":                 {Text: "lambda:orders:live: not a name"},
		"no name: none":                                  {Text: "no name: none"},
		"No name: none":                                  {Text: "No name: none"},
		"":                                               {},
	} {
		got := shift.ParseReason(text)
		assert.Equal(t, want, got, text)
		assert.Equal(t, text, got.String(), "people see what they saw")
	}
}

func TestANameOfAnErrorIsAWordThatBeginsWithACapital(t *testing.T) {
	t.Parallel()
	for name, is := range map[string]bool{
		strings.Repeat("A", 80): true, strings.Repeat("A", 81): false, "A": true, "Z.z": true, "a": false, "[": false, "@": false, "zA": false, "{A": false, "Ab c": false,
		"1A": false, "_A": false,
	} {
		got := shift.ParseReason(name + ": no")
		assert.Equal(t, is, got.Name == name, name)
	}
}

// Numbers stand in these texts. A reason of somebody else's that only begins like one stays
// what it is.
func TestATextThatOnlyBeginsLikeAReasonIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"held a few times in a row", "and some more", "and so on", "held up", "alarm a rings", "paused"} {
		assert.Equal(t, shift.Reason{Text: text}, shift.ParseReason(text))
	}
	for text, want := range map[string]string{
		"the pause has ended by itself": shift.PauseEnded, "promoted by hand: now": shift.PromotedByHand, "promoted by hand: ": shift.PromotedByHand,
		"the pause has ended by itself, late": shift.PauseEnded,
	} {
		assert.Equal(t, shift.Reason{Name: want, Text: text}, shift.ParseReason(text))
	}
}

func TestAReasonIsShownByWhatItHas(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "Broken", shift.Reason{Name: "Broken"}.String())
	assert.Equal(t, "Broken: no", shift.Reason{Name: "Broken", Text: "no"}.String())
	assert.Equal(t, "paused by hand", shift.Reason{Name: shift.Paused, Text: "paused by hand"}.String())
	assert.Equal(t, shift.Reason{Text: "Broken"}, shift.ParseReason("Broken"), "a name without a text is a text")
}
