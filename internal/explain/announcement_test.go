package explain_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/explain"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

const orders = shift.Target("lambda:orders:live")

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// canary is a Deployment of one Target from version 1 to 2.
func canary(t *testing.T) shift.Deployment {
	t.Helper()
	d, err := shift.Open(shift.Opening{
		ID:      "execution",
		Release: shift.Release{Steps: []shift.Step{{Weight: 1000, Bake: 300}, {Weight: shift.All}}},
		Changes: []shift.Change{{Target: orders, Stable: "1", Candidate: "2", Revision: "r0"}},
	})
	require.NoError(t, err)
	return d
}

func TestAnAnnouncementOfProgressSaysWhereItStands(t *testing.T) {
	t.Parallel()
	d := canary(t)
	text, err := json.Marshal(explain.Announce(d, shift.ShiftedTo, d.AfterShift(d.Start(), nil, 0), noon))
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"id": "execution/Shifted/1", "deploymentId": "execution", "state": "Shifted", "weightPercent": 10, "step": 1,
		"targets": [{"target": "lambda:orders:live", "stable": "1", "candidate": "2"}], "reasons": [],
		"summary": "lambda:orders:live sends 10% to 2, the rest to 1.",
		"name": "execution", "markdown": "lambda:orders:live sends 10% to 2, the rest to 1.", "at": "2026-05-04T12:00:00Z"
	}`, string(text))
	assert.Equal(t, "execution/Started", explain.Announce(d, shift.Started, d.Start(), noon).ID)
}

// Whoever types the command may have another region as the default, and another Sluice.
func TestTheCommandsOfAnApprovalNameTheirSluice(t *testing.T) {
	t.Parallel()
	for id, options := range map[string]string{
		"arn:aws:states:eu-west-1:123456789012:execution:sluice:orders-1": " --region eu-west-1. ",
		"arn:aws:states:eu-west-1:123456789012:execution:team-b:orders-1": " --region eu-west-1 --name-prefix team-b. ",
		"execution": ". ",
	} {
		d := canary(t)
		d.ID, d.Plan.Steps[1].Approval.Wait = id, 3600
		got := explain.Announce(d, shift.ApprovalAsked, d.AfterShift(d.Start(), nil, 0), noon)
		assert.Contains(t, got.Summary, "To approve it: sluice approve lambda:orders:live --step 2 --reason '...'"+options)
		assert.Contains(t, got.Summary, "To put the traffic back: sluice reject lambda:orders:live --step 2 --reason '...'"+options)
	}
}

// The command can be typed as it was sent, however many targets there are and however long their
// names: a chat cuts the end.
func TestAnApprovalOfManyTargetsHasItsWholeCommands(t *testing.T) {
	t.Parallel()
	names := make([]shift.Target, 49) // as many as a deployment may have
	changes := make([]shift.Change, len(names))
	for i := range names {
		names[i] = shift.Target(fmt.Sprintf("lambda:%s%02d:%s", strings.Repeat("f", 62), i, strings.Repeat("a", 128)))
		changes[i] = shift.Change{Target: names[i], Stable: "1", Candidate: "2", Revision: "r0"}
	}
	prefix := strings.Repeat("p", 40)
	for step, test := range map[int]struct {
		then             shift.AfterWait
		rejects, follows string
	}{
		1: {shift.RollBackAfterWait, "To end the deployment, with no traffic moved", "the deployment ends, with no traffic moved"},
		2: {shift.RollBackAfterWait, "To put the traffic back", "the traffic is put back"},
		3: {shift.GoOnAfterWait, "To put the traffic back", "the step is taken"},
	} {
		d, err := shift.Open(shift.Opening{
			ID:      "arn:aws-us-gov:states:us-gov-west-1:123456789012:execution:" + prefix + ":orders-1",
			Release: shift.Release{Steps: []shift.Step{{Weight: 1000, Bake: 300}, {Weight: 5000, Bake: 300}, {Weight: shift.All}}}, Changes: changes,
		})
		require.NoError(t, err)
		d.Plan.Steps[step-1].Approval = shift.Approval{Wait: 3600, WhenNobodyAnswers: test.then}
		p := d.Start()
		for p.Step < step-1 {
			p = d.AfterShift(p, nil, 0)
		}
		got := explain.Announce(d, shift.ApprovalAsked, p, noon)
		options := fmt.Sprintf("%s --step %d --reason '...' --region us-gov-west-1 --name-prefix %s. ", names[0], step, prefix)
		for what, text := range map[string]string{"summary": got.Summary, "markdown": got.Markdown} {
			assert.Contains(t, text, fmt.Sprintf("Step %d of 3 waits for approval. To approve it: sluice approve %s%s: sluice reject %[2]sIf nobody answers within 1h, %[4]s. ", step, options, test.rejects, test.follows), what)
		}
		assert.True(t, strings.HasSuffix(got.Summary, string(names[2])+" and 46 more to the candidate."), got.Summary)
	}
}

// A chat would read these as mentions, links and formatting: Slack's <!channel> calls everybody.
func TestTextOfOthersIsPlainInAChat(t *testing.T) {
	t.Parallel()
	r := shift.Record{ID: "arn:aws:states:us-east-1:123456789012:execution:sluice:orders-1", Outcome: shift.Rejected, Cause: "InvalidInput: <!channel> [click](https://example.com) *bold* `code`" + strings.Repeat(" more", 1000)}
	a := explain.AnnounceOutcome(r, noon)
	assert.Equal(t, "orders-1", a.Name)
	assert.Contains(t, a.Markdown, "‹!channel› (click)(https://example.com) ∗bold∗ 'code'")
	assert.LessOrEqual(t, utf8.RuneCountInString(a.Markdown), 1500)
	assert.Contains(t, a.Summary, "<!channel>", "rules and people get what was written")
}

// I8: repeats carry the same id.
func TestARepeatedAnnouncementCarriesTheSameID(t *testing.T) {
	t.Parallel()
	d := canary(t)
	first := d.AfterShift(d.Start(), nil, 0)
	assert.Equal(t, explain.Announce(d, shift.ShiftedTo, first, noon).ID, explain.Announce(d, shift.ShiftedTo, first, noon.Add(time.Hour)).ID)
	assert.NotEqual(t, explain.Announce(d, shift.ShiftedTo, first, noon).ID, explain.Announce(d, shift.ShiftedTo, d.AfterShift(first, nil, 0), noon).ID)
	record := shift.Record{ID: "execution", Outcome: shift.RolledBack}
	assert.Equal(t, explain.AnnounceOutcome(record, noon).ID, explain.AnnounceOutcome(record, noon.Add(time.Hour)).ID)
}

func TestAnOutcomeIsAnnouncedWithItsWeightAndStep(t *testing.T) {
	t.Parallel()
	d := canary(t)
	arrivals := []shift.Arrival{{Target: orders, Candidate: "2"}}
	would := shift.WouldRollBack{At: noon, Reason: shift.Reason{Name: shift.CandidateWorseObserved, Text: "lambda:orders:live: the candidate fails 5% of 400 requests"}}
	compared := func(would *shift.WouldRollBack) []shift.Comparison {
		reason := shift.Reason{Name: shift.NothingFound, Text: "lambda:orders:live: up to 1.1% more could fail unseen"}
		return []shift.Comparison{{Judged: shift.Judged{Target: orders}, Reason: reason, WouldRollBack: would}}
	}
	tests := []struct {
		name   string
		record shift.Record
		want   shift.Announcement
	}{
		{
			"promoted", shift.Record{Deployment: &d, Intent: 2, Outcome: shift.Promoted},
			shift.Announcement{ID: "execution/Promoted", State: "Promoted", Changes: d.Moves(), Weight: shift.All, Step: 2, Reasons: []shift.Reason{}, Summary: "lambda:orders:live serves 2."},
		},
		{
			"promoted, compared", shift.Record{Deployment: &d, Intent: 2, Outcome: shift.Promoted, Comparisons: compared(nil)},
			shift.Announcement{
				ID: "execution/Promoted", State: "Promoted", Changes: d.Moves(), Weight: shift.All, Step: 2, Reasons: []shift.Reason{}, Comparisons: compared(nil),
				Summary: "lambda:orders:live serves 2. lambda:orders:live: up to 1.1% more could fail unseen.",
			},
		},
		{
			"promoted in spite of what was observed", shift.Record{Deployment: &d, Intent: 2, Outcome: shift.Promoted, Comparisons: compared(&would)},
			shift.Announcement{
				ID: "execution/Promoted", State: "Promoted", Changes: d.Moves(), Weight: shift.All, Step: 2, Reasons: []shift.Reason{}, Comparisons: compared(&would),
				Summary: "lambda:orders:live serves 2. What is only observed would have put the traffic back at 12:00 UTC: lambda:orders:live: the candidate fails 5% of 400 requests.",
			},
		},
		{
			"rolled back", shift.Record{Deployment: &d, Intent: 1, Outcome: shift.RolledBack, Reasons: reasons("AlarmFired: a"), Cause: "AlarmFired: \"a\"\nand \\ b."},
			shift.Announcement{ID: "execution/RolledBack", State: "RolledBack", Changes: d.Moves(), Step: 1, Reasons: reasons("AlarmFired: a"), Summary: "AlarmFired: 'a' and / b."},
		},
		{
			"rejected before stable was read", shift.Record{Arrivals: arrivals, Outcome: shift.Rejected, Reasons: reasons("TargetNotFound: x")},
			shift.Announcement{
				ID: "execution/Rejected", State: "Rejected", Reasons: reasons("TargetNotFound: x"),
				Changes: []shift.Move{{Target: orders, Candidate: "2"}},
			},
		},
		{
			"rejected before anything was known", shift.Record{Outcome: shift.Rejected},
			shift.Announcement{ID: "execution/Rejected", State: "Rejected", Changes: []shift.Move{}, Reasons: []shift.Reason{}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.record.ID, test.want.DeploymentID, test.want.Name, test.want.At = "execution", "execution", "execution", noon
			test.want.Markdown = cmp.Or(test.want.Summary, string(test.want.State))
			assert.Equal(t, test.want, explain.AnnounceOutcome(test.record, noon))
		})
	}
}

func TestANoteIsToldAtTheStartAndAfterARollback(t *testing.T) {
	t.Parallel()
	d := canary(t)
	d.Changes[0].Note = "a durable function: keep its version"
	assert.Equal(t, "lambda:orders:live goes from 1 to 2. lambda:orders:live is a durable function: keep its version.",
		explain.Announce(d, shift.Started, d.Start(), noon).Summary)
	assert.NotContains(t, explain.Announce(d, shift.ShiftedTo, d.AfterShift(d.Start(), nil, 0), noon).Summary, "durable")
	for outcome, told := range map[shift.Outcome]bool{shift.RolledBack: true, shift.Promoted: false, shift.Rejected: false} {
		record := shift.Record{ID: "execution", Outcome: outcome, Cause: "It was bad.", Deployment: &d}
		assert.Equal(t, told, strings.Contains(explain.AnnounceOutcome(record, noon).Summary, "durable"), outcome)
	}
	assert.Equal(t, "It was bad. lambda:orders:live is a durable function: keep its version.",
		explain.AnnounceOutcome(shift.Record{Outcome: shift.RolledBack, Cause: "It was bad.", Deployment: &d}, noon).Summary)
}

func TestAnAnnouncementHasTheWorstComparisons(t *testing.T) {
	t.Parallel()
	comparison := func(t shift.Target, name string) shift.Comparison {
		return shift.Comparison{Judged: shift.Judged{Target: t}, Reason: shift.Reason{Name: name, Text: string(t)}}
	}
	all := []shift.Comparison{
		comparison("nothing 1", shift.NothingFound), comparison("nothing 2", shift.NothingFound), comparison("cannot tell", shift.CannotTell),
		comparison("would", shift.CandidateWorseObserved), comparison("nothing 3", shift.NothingFound), comparison("worse", shift.CandidateWorse),
	}
	all[3].WouldRollBack, all[5].Conclusion = &shift.WouldRollBack{At: noon}, judge.Worse
	var announced []shift.Target
	for _, c := range explain.AnnounceOutcome(shift.Record{Outcome: shift.Promoted, Comparisons: all}, noon).Comparisons {
		announced = append(announced, c.Target)
	}
	assert.Equal(t, []shift.Target{"worse", "would", "cannot tell", "nothing 1", "nothing 2"}, announced)
}

// Whoever hears of the opening can still repair an alarm before the traffic depends on it.
func TestTheOpeningIsAnnouncedWithTheWarningsOfItsAlarms(t *testing.T) {
	t.Parallel()
	d := canary(t)
	d.Warnings = []shift.Reason{{Name: shift.AlarmOfNothing, Subject: "a", Text: "alarm a never fires"}, {Name: shift.AlarmTooSlow, Subject: "b", Text: `alarm "b" is too slow`}}
	started := explain.Announce(d, shift.Started, d.Start(), noon)
	assert.Equal(t, d.Warnings, started.Warnings)
	assert.Equal(t, "lambda:orders:live goes from 1 to 2. Warning: alarm a never fires. Warning: alarm 'b' is too slow.", started.Summary)
	shifted := explain.Announce(d, shift.ShiftedTo, d.AfterShift(d.Start(), nil, 0), noon)
	assert.Empty(t, shifted.Warnings)
	assert.NotContains(t, shifted.Summary, "Warning")
}
