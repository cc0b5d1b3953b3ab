package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// summary makes text safe to stand between the quotes of a rule's InputTemplate, where
// EventBridge inserts it without escaping (InputTransformer, InputTemplate).
func summary(text string) string {
	return strings.NewReplacer(`"`, "'", `\`, "/").Replace(shift.BoundText(text, maxExplanation))
}

// plain keeps what stands in a summary from being read as a link, a mention or formatting by a
// chat, such as Slack's <!channel> or the [text](URL) of Teams.
var plain = strings.NewReplacer("<", "‹", ">", "›", "[", "(", "]", ")", "*", "∗", "`", "'")

// maxMarkdown is how many characters of a summary a chat gets.
const maxMarkdown = 1500

// summarize adds the summary to an announcement, as it is for people and for chats.
func summarize(a shift.Announcement, text string) shift.Announcement {
	a.Summary = summary(text)
	a.Markdown = cmp.Or(plain.Replace(shift.BoundText(a.Summary, maxMarkdown)), string(a.State)) // a chat takes no empty text
	a.Name = a.DeploymentID[strings.LastIndex(a.DeploymentID, ":")+1:]
	return a
}

// Announce returns the announcement that a Deployment has started, or where its Progress
// stands.
func Announce(d shift.Deployment, state shift.Announced, p shift.Progress, at time.Time) shift.Announcement {
	id := fmt.Sprintf("%s/%s", d.ID, state)
	switch state {
	case shift.ShiftedTo:
		id = fmt.Sprintf("%s/%d", id, p.Step)
	case shift.ApprovalAsked:
		id = fmt.Sprintf("%s/%d", id, p.Step+1)
	}
	a := shift.Announcement{
		ID: id, DeploymentID: d.ID, State: state, Changes: d.Moves(),
		Weight: p.Weight, Step: p.Step, Reasons: shift.BoundReasons(p.Reasons), At: at,
	}
	if state == shift.Started {
		a.Warnings = d.Warnings
	}
	return summarize(a, describeProgress(d, state, p))
}

// describeProgress says where a running Deployment stands.
func describeProgress(d shift.Deployment, state shift.Announced, p shift.Progress) string {
	if state == shift.ApprovalAsked {
		return describeApproval(d, p)
	}
	var lines []string
	for _, c := range d.Changes {
		switch {
		case state == shift.Started:
			lines = append(lines, fmt.Sprintf("%s goes from %s to %s", c.Target, orNothing(c.Stable), c.Candidate))
		case p.Weight == shift.All:
			lines = append(lines, fmt.Sprintf("%s sends everything to %s", c.Target, c.Candidate))
		default:
			lines = append(lines, fmt.Sprintf("%s sends %s to %s, the rest to %s", c.Target, p.Weight, c.Candidate, orNothing(c.Stable)))
		}
	}
	if state == shift.Started {
		return join(lines) + "." + describeReasons(d.RevertReasons()) + describeNotes(d.Changes) + describeWarnings(d.Warnings)
	}
	return join(lines) + "."
}

// maxNames is how many Targets a question names. A chat cuts what is long, and whoever is asked
// needs the commands more.
const maxNames = 3

// describeApproval asks people about the next Step: what to type, what happens if nobody answers,
// and what the Step does. The names of the Targets come last, because only they can be long.
func describeApproval(d shift.Deployment, p shift.Progress) string {
	next := p.Step + 1
	step := d.Plan.Step(next)
	rejection := "put the traffic back"
	if next == 1 {
		rejection = "end the deployment, with no traffic moved"
	}
	options := fmt.Sprintf("%s --step %d --reason '...'%s", d.Changes[0].Target, next, CommandOptions(d.ID))
	return fmt.Sprintf("Step %d of %d waits for approval. To approve it: sluice approve %s. To %s: sluice reject %[3]s. ", next, d.Plan.Len(), options, rejection) +
		fmt.Sprintf("If nobody answers within %s, %s. ", step.Approval.Wait, step.Approval.Follows(next)) +
		fmt.Sprintf("The step sends %s of the traffic of %s to the candidate.", step.Weight, fewNames(d.Changes))
}

// fewNames names the first Targets, and says how many more there are.
func fewNames(changes []shift.Change) string {
	var names []string
	for _, c := range changes[:min(len(changes), maxNames)] {
		names = append(names, string(c.Target))
	}
	text := join(names)
	if more := len(changes) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// CommandOptions are the options by which a command about a Deployment reaches its Sluice, with a
// space before each: its region, and its name prefix if that is not the default. id is the ARN of
// its execution.
func CommandOptions(id string) string {
	parts := strings.Split(id, ":") // arn:PARTITION:states:REGION:ACCOUNT:execution:MACHINE:NAME
	if len(parts) != 8 {
		return ""
	}
	options := " --region " + parts[3]
	if machine := parts[6]; machine != flow.DefaultNamePrefix {
		options += " --name-prefix " + machine
	}
	return options
}

// describeNotes says what people should know of the Candidates, in a sentence for each Change
// that has a Note.
func describeNotes(changes []shift.Change) string {
	text := ""
	for _, c := range changes {
		if c.Note != "" {
			text += fmt.Sprintf(" %s is %s.", c.Target, c.Note)
		}
	}
	return text
}

// describeWarnings says in a sentence for each which alarms cannot fire as they are meant to.
func describeWarnings(warnings []shift.Reason) string {
	text := ""
	for _, w := range warnings {
		text += " Warning: " + w.Text + "."
	}
	return text
}

// orNothing returns the Stable version, or "nothing" for a Target that did not exist
// before.
func orNothing(v shift.Version) string {
	if v == "" {
		return "nothing"
	}
	return string(v)
}

// AnnounceOutcome returns the announcement of how the Deployment of a closed record ended.
func AnnounceOutcome(r shift.Record, at time.Time) shift.Announcement {
	a := shift.Announcement{
		ID: fmt.Sprintf("%s/%s", r.ID, r.Outcome), DeploymentID: r.ID, State: shift.Announced(r.Outcome),
		Changes: r.Moves(), Reasons: shift.BoundReasons(r.Reasons), Comparisons: worstComparisons(r.Comparisons), At: at,
	}
	switch {
	case r.Outcome == shift.Promoted:
		a.Weight, a.Step = shift.All, r.Intent
	case r.HasIntent():
		a.Step = r.Intent
	}
	return summarize(a, describeEnding(r)+describeComparisons(r))
}

// maxComparisons is how many Comparisons an announcement has. The Ledger has all.
const maxComparisons = 5

func worstComparisons(all []shift.Comparison) []shift.Comparison {
	return worstFirst(all)[:min(len(all), maxComparisons)]
}

// worstFirst sorts Comparisons by what a person should look at first.
func worstFirst(all []shift.Comparison) []shift.Comparison {
	calm := func(c shift.Comparison) int {
		switch {
		case c.Conclusion == judge.Worse:
			return 0
		case c.WouldRollBack != nil:
			return 1
		case c.Reason.Name != shift.NothingFound:
			return 2
		}
		return 3
	}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b shift.Comparison) int { return calm(a) - calm(b) })
	return sorted
}

// describeComparisons says what the comparisons found, in a sentence for each Target, where
// the cause does not say it: what one that only observes would have done, and else what a
// promoted Candidate could still hide.
func describeComparisons(r shift.Record) string {
	text := ""
	for _, c := range worstFirst(r.Comparisons) {
		switch would := c.WouldRollBack; {
		case would != nil:
			text += fmt.Sprintf(" What is only observed would have put the traffic back at %s: %s.", would.At.UTC().Format("15:04 UTC"), would.Reason.Text)
		case r.Outcome == shift.Promoted:
			text += " " + c.Reason.Text + "."
		}
	}
	return text
}

// describeEnding says how a Deployment ended.
func describeEnding(r shift.Record) string {
	switch {
	case r.Outcome == shift.RolledBack && r.Deployment != nil:
		return r.Cause + describeNotes(r.Deployment.Changes)
	case r.Outcome != shift.Promoted:
		return r.Cause
	}
	var lines []string
	for _, m := range r.Moves() {
		lines = append(lines, fmt.Sprintf("%s serves %s", m.Target, m.Candidate))
	}
	return join(lines) + "." + describeReasons(r.Reasons)
}

// describeReasons says each Reason in a sentence.
func describeReasons(reasons []shift.Reason) string {
	text := ""
	for _, sentence := range shift.Texts(reasons) {
		if sentence != "" {
			text += " " + strings.ToUpper(sentence[:1]) + sentence[1:] + "."
		}
	}
	return text
}
