package explain_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/flow"
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

func back(t shift.Target, stable shift.Version) shift.Undone {
	return shift.Change{Target: t, Stable: stable, Candidate: "9"}.Undo(shift.Route{Serving: stable, Additional: "9", Weight: 1000})
}

func TestACauseSaysWhyWhatWasUndoneAndWhatToDo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		outcome shift.Outcome
		reasons []shift.Reason
		undone  []shift.Undone
		want    string
	}{
		{
			shift.Rejected, reasons("TargetHeld: lambda:orders:live is held"), nil,
			"TargetHeld: lambda:orders:live is held. No traffic was moved. Fix this and start a new execution.",
		},
		{
			shift.RolledBack, reasons("AlarmFired: orders-5xx", "alarm b has insufficient data"), []shift.Undone{back("a", "1"), back("b", "7")},
			"AlarmFired: orders-5xx; alarm b has insufficient data. a is back on 1 (it had 10% on 9, the rest on 1); b is back on 7 (it had 10% on 9, the rest on 7). " +
				"Look at the candidate's logs, fix it, and start a new execution with the fixed candidate.",
		},
		{
			shift.Stranded, reasons("RouteChanged: it has 100% on 3"), []shift.Undone{back("a", "1"), {Target: "b", Fate: shift.LeftAlone, Found: "100% on 3"}},
			"RouteChanged: it has 100% on 3. b was left alone: it has 100% on 3, which Sluice did not write; a is back on 1 (it had 10% on 9, the rest on 1). " +
				"A person must look: see what the target should serve, set it by hand, then start a new execution.",
		},
		{shift.Promoted, reasons("Unexpected: boom"), nil, "Unexpected: boom"},
	}
	for _, test := range tests {
		t.Run(string(test.outcome), func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, explain.Cause(test.outcome, test.reasons, test.undone))
		})
	}
}

func TestOnlyATargetThatServesItsCandidateIsExplainedByCloudFormation(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `a already points at 9; if CloudFormation sets the FunctionVersion of an alias, see "Adoption" in the README of Sluice`,
		explain.Unchanged(shift.Reason{Name: shift.AlreadyServed, Text: "a already points at 9"}, moves("cloudfront:E1", "lambda:a:live")))
	assert.Equal(t, "cloudfront:E1 already points at r42",
		explain.Unchanged(shift.Reason{Name: shift.AlreadyServed, Text: "cloudfront:E1 already points at r42"}, moves("cloudfront:E1")))
	late := shift.Reason{Name: shift.DeployedBefore, Text: "a had 9 before"}
	assert.Equal(t, late.String(), explain.Unchanged(late, moves("lambda:a:live")))
}

func TestALongCauseStillBeginsWithTheErrorAndEndsWithWhatToDo(t *testing.T) {
	t.Parallel()
	var (
		why    []shift.Reason
		undone []shift.Undone
	)
	for i := range 49 {
		why = append(why, shift.Reason{Name: shift.AlarmFired, Text: fmt.Sprintf("%d %s", i, strings.Repeat("é", 256))})
		undone = append(undone, back(shift.Target("lambda:"+strings.Repeat("x", 64)+":"+strings.Repeat("y", 126)+strconv.Itoa(i)), shift.Version(strconv.Itoa(i))))
	}
	for _, undone := range [][]shift.Undone{nil, undone, append(undone, back("a", "1"))} {
		for _, why := range [][]shift.Reason{why, why[:1]} {
			got := explain.Cause(shift.Stranded, why, undone)
			assert.LessOrEqual(t, utf8.RuneCountInString(got), 3000)
			assert.True(t, strings.HasPrefix(got, "AlarmFired: 0 "))
			assert.True(t, strings.HasSuffix(got, " A person must look: see what the target should serve, set it by hand, then start a new execution."), "what a person can do is never cut off")
			assert.NotContains(t, got, "….", "nothing goes on after what was cut as if it were whole")
			if undone != nil {
				assert.Regexp(t, `\d+ (more )?targets are as they were before\. A person`, got)
			}
		}
	}
	assert.NotContains(t, explain.Cause(shift.Rejected, reasons("X: a\nForged: b"), nil), "\n")
}

func TestTargetsThatFaredAlikeAreToldOfTogether(t *testing.T) {
	t.Parallel()
	var many []shift.Undone
	for i := range 30 {
		many = append(many, back(shift.Target(fmt.Sprint("t", i)), "1"))
	}
	apart := []shift.Undone{back("a", "1"), back("b", "2"), back("c", "3"), back("d", "4"), back("e", "5"), back("f", "6"), back("g", "7"), back("h", "7")}
	for _, test := range []struct {
		list []shift.Undone
		want string
	}{
		{nil, ""},
		{many[:2], "t0 and t1 are back on 1 (they had 10% on 9, the rest on 1)"},
		{many[:3], "t0, t1 and t2 are back on 1 (they had 10% on 9, the rest on 1)"},
		{many, "t0, t1 and 28 more are back on 1 (they had 10% on 9, the rest on 1)"},
		{append(many[:2:2], shift.Undone{Target: "x", Fate: shift.BackBefore}, shift.Undone{Target: "y", Fate: shift.LeftAlone, Found: "nothing"}),
			"y was left alone: it does not exist any more; t0 and t1 are back on 1 (they had 10% on 9, the rest on 1); x is as it was before, as an earlier try has made sure"},
		{[]shift.Undone{{Target: "x", Fate: shift.LeftAlone, Found: "nothing"}, {Target: "y", Fate: shift.LeftAlone, Found: "nothing"}},
			"x and y were left alone: they do not exist any more"},
		{apart[:4], "a is back on 1 (it had 10% on 9, the rest on 1); b is back on 2 (it had 10% on 9, the rest on 2); c is back on 3 (it had 10% on 9, the rest on 3); " +
			"d is back on 4 (it had 10% on 9, the rest on 4)"},
		{apart, "a is back on 1 (it had 10% on 9, the rest on 1); b is back on 2 (it had 10% on 9, the rest on 2); c is back on 3 (it had 10% on 9, the rest on 3); " +
			"5 more targets are as they were before"},
		{[]shift.Undone{shift.Change{Target: "a", Stable: "1", Candidate: "2"}.Undo(shift.Route{Serving: "1"})}, "a is on 1"},
		{[]shift.Undone{shift.Change{Target: "a", Candidate: "2"}.Undo(shift.Route{Serving: "2"})}, "a does not exist, as before"},
	} {
		assert.Equal(t, test.want, strings.Join(explain.Undone(test.list, 3000), "; "))
	}
	assert.Equal(t, []string{"30 targets are as they were before"}, explain.Undone(many, 40), "where there is no room for more")
}

func TestViewersWhoLagAreToldOfForAllWhoLagAlike(t *testing.T) {
	t.Parallel()
	late := func(t shift.Target) shift.Undone {
		return shift.Undone{Target: t, Fate: shift.WasBack, Stable: "r41", Candidate: "r42", Until: time.Date(2026, 5, 4, 12, 3, 30, 0, time.UTC)}
	}
	assert.Equal(t, []string{"a and b are on r41, and viewers may still see r42 until 12:03:30 UTC", "c is back on 1 (it had 10% on 9, the rest on 1)"},
		explain.Undone([]shift.Undone{late("a"), late("b"), back("c", "1")}, 3000))
}

func TestAdviceFitsWhatHasHappened(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		outcome         shift.Outcome
		reason          shift.Reason
		says, saysNever string
	}{
		{shift.RolledBack, shift.AlarmFiredReason("orders-5xx", "because"), "Look at the candidate's logs, fix it", "Nothing says"},
		{shift.RolledBack, shift.ParseReason("Aborted: customers call"), "Start a new execution when this version, or a fixed one, is to be tried again.", "candidate's logs"},
		{shift.RolledBack, shift.ExecutionEndedReason("ABORTED"), "See why the execution ended", "candidate's logs"},
		{shift.RolledBack, shift.ExecutionEndedReason(""), "See why the execution ended", "candidate's logs"},
		{shift.RolledBack, shift.ParseReason("PauseExpired: nobody resumed within 24h"), "pauseLimitMinutes", "candidate's logs"},
		{shift.RolledBack, shift.ParseReason("HookFailed: smoke said no"), "hook's logs", "Nothing says"},
		{shift.RolledBack, shift.ParseReason("AccessDenied: not authorized: lambda:UpdateAlias"), "Nothing says that the candidate is at fault. Fix this", "candidate's logs"},
		{shift.RolledBack, shift.ParseReason("no name: none"), "Nothing says that the candidate is at fault. Fix this", "candidate's logs"},
		{shift.Rejected, shift.ParseReason("Aborted: not today"), "No traffic was moved. Start a new execution when", "Fix"},
		{shift.Rejected, shift.ParseReason("HookTimedOut: smoke"), "No traffic was moved. See in the hook's logs", "Fix this"},
		{shift.Rejected, shift.ParseReason("AlarmFiring: orders-5xx"), "No traffic was moved. Fix this", "logs"},
		{shift.Stranded, shift.AlarmFiredReason("orders-5xx", "because"), "A person must look", "candidate's logs"},
	} {
		reasons := []shift.Reason{test.reason}
		cause := explain.Cause(test.outcome, reasons, nil)
		why, next := explain.SplitCause(test.outcome, reasons, cause)
		assert.Equal(t, test.reason.String(), why)
		assert.Contains(t, next, test.says, cause)
		assert.NotContains(t, next, test.saysNever, cause)
	}
}

func TestCauseIsToldApartFromItsAdvice(t *testing.T) {
	t.Parallel()
	for _, o := range []shift.Outcome{shift.Rejected, shift.RolledBack, shift.Stranded} {
		fired := reasons("AlarmFired: a")
		cause := explain.Cause(o, fired, []shift.Undone{{Target: "b", Fate: shift.BackBefore}})
		why, next := explain.SplitCause(o, fired, cause)
		assert.NotEmpty(t, next)
		assert.Equal(t, "AlarmFired: a. b is as it was before, as an earlier try has made sure", why)
		assert.Equal(t, cause, why+". "+next)

		cut := explain.Cause(o, reasons("AlarmFired: "+strings.Repeat("a", 4000)), nil)
		why, next = explain.SplitCause(o, fired, cut)
		assert.Equal(t, cut, why+" "+next, "of a text that was cut, too")
	}
	why, next := explain.SplitCause(shift.Unchanged, nil, "it serves 3 already")
	assert.Equal(t, "it serves 3 already", why)
	assert.Equal(t, "No traffic was moved. Nothing needs to be done.", next)
	why, next = explain.SplitCause(shift.RolledBack, nil, "AlarmFired: a. Do as an earlier version said.")
	assert.Equal(t, "AlarmFired: a. Do as an earlier version said.", why)
	assert.Empty(t, next)
	why, next = explain.SplitCause(shift.Promoted, nil, "as it is")
	assert.Equal(t, "as it is", why)
	assert.Empty(t, next)
}

// A Target may be of any kind. Only Lambda has aliases.
func TestAdviceIsAboutAnyKindOfTarget(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]shift.Outcome{flow.NothingToShift: shift.Rejected, shift.RouteChanged: shift.RolledBack} {
		got := explain.Advice(o, []shift.Reason{{Name: name}})
		assert.Contains(t, got, "the target", name)
		assert.NotContains(t, got, "alias", name)
	}
}

func moves(targets ...shift.Target) (list []shift.Move) {
	for _, t := range targets {
		list = append(list, shift.Move{Target: t})
	}
	return list
}
