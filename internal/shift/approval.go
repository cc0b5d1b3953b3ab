package shift

import (
	"fmt"
	"strconv"
	"time"
)

// Approval says that a Step is taken only if a person agrees. The zero value asks nobody.
type Approval struct {
	// Wait is how long the Deployment waits for an answer. WhenNobodyAnswers says what
	// follows.
	Wait              Seconds   `json:"waitSeconds"`
	WhenNobodyAnswers AfterWait `json:"whenNobodyAnswers"`
}

// DefaultApprovalWait is how long a Deployment waits for an answer if its input does not say.
const DefaultApprovalWait Seconds = 24 * 3600

// MaxApprovalWait is how long a Deployment waits for an answer at most.
const MaxApprovalWait Seconds = 30 * 24 * 3600

// IsAsked says whether anybody is asked at all.
func (a Approval) IsAsked() bool { return a.Wait > 0 }

// Follows says what follows for a Step about which nobody answers in time.
func (a Approval) Follows(step int) string {
	switch {
	case a.WhenNobodyAnswers == GoOnAfterWait:
		return "the step is taken"
	case step == 1:
		return "the deployment ends, with no traffic moved"
	}
	return "the traffic is put back"
}

// AnswerLeft is for how long an answer about a Step is still waited for, and whether that time
// runs: it stands still while something else keeps the Step out. It is 0 if nobody is waited for.
func (d Deployment) AnswerLeft(p Progress, step int) (left Seconds, runs bool) {
	for _, w := range p.Waits {
		if w.Name == AwaitingApproval && w.Of == strconv.Itoa(step) && !w.Over && step <= d.Plan.Len() {
			return max(d.Plan.Step(step).Approval.Wait-w.Seconds, 0), p.Waiting && !w.Standing
		}
	}
	return 0, false
}

// AskedStep is the Step about which people were asked last, and since when they are.
type AskedStep struct {
	Step int       `json:"step"`
	At   time.Time `json:"at"`
}

// Answer is what a person has said about a Step.
type Answer struct {
	Step    int     `json:"step"`
	Command Command `json:"command"`
}

// CheckAnswer returns ErrNotAsked for an answer to no question that stands: nobody was
// asked, or about another Step, or only later, or somebody has answered already. An Answer counts for one Step, and once. step is the one that the answer names, or 0.
//
// Some senders give the time in whole seconds, rounded down, so an answer from the same second
// counts.
func (r Record) CheckAnswer(step int, c Command) error {
	asked := r.Asked
	given, answered := r.AnswerFor(asked.Step)
	switch {
	case r.CheckOpen() != nil:
		return r.CheckOpen()
	case asked.Step == 0:
		return fmt.Errorf("%w: nobody was asked to approve a step of %s", ErrNotAsked, r.ID)
	case step != 0 && step != asked.Step:
		return fmt.Errorf("%w: the answer is about step %d, and step %d was asked about last", ErrNotAsked, step, asked.Step)
	case asked.At.Truncate(time.Second).After(c.At):
		return fmt.Errorf("%w: step %d is asked about since %s, after the answer was given at %s; give it again if it means this step", ErrNotAsked,
			asked.Step, asked.At.UTC().Format(time.RFC3339), c.At.UTC().Format(time.RFC3339))
	case answered && given.Order == c.Order && given.At.Equal(c.At):
		return nil // the same one, again
	case answered:
		return fmt.Errorf("%w: step %d was answered already, at %s: %s", ErrNotAsked, asked.Step, given.At.UTC().Format(time.RFC3339), given.Tell(string(given.Order)))
	case r.Intent >= asked.Step:
		return fmt.Errorf("%w: step %d is taken already", ErrNotAsked, asked.Step)
	}
	return nil
}

// Question is the Step about which people are asked, and about which nobody has answered yet, or 0.
func (r Record) Question() int {
	if _, answered := r.AnswerFor(r.Asked.Step); answered || r.Status != StatusOpen || r.Asked.Step <= r.Intent {
		return 0
	}
	return r.Asked.Step
}

// AnswerFor returns the answer that a person has given about a Step.
func (r Record) AnswerFor(step int) (Command, bool) {
	for _, a := range r.Answers {
		if a.Step == step {
			return a.Command, true
		}
	}
	return Command{}, false
}

// RejectionReason is the Reason of a Deployment of which a person has rejected a Step.
func (c Command) RejectionReason(step int) Reason {
	return Reason{Name: ApprovalRejected, Subject: strconv.Itoa(step), Text: c.Tell(fmt.Sprintf("step %d was rejected", step))}
}

// observe says that a Step waits for a person, or that a person has rejected it. It is nil
// when a person has approved it.
func (a Approval) observe(step int, found Poll) []Observation {
	if !a.IsAsked() {
		return nil
	}
	if given, answered := found.AnswerFor(step); answered {
		if given.Order == Reject {
			return []Observation{{Verdict: Fail, Reason: given.RejectionReason(step)}}
		}
		return nil
	}
	of := strconv.Itoa(step)
	return []Observation{{
		Verdict: Wait,
		Reason:  Reason{Name: AwaitingApproval, Subject: of, Text: fmt.Sprintf("step %d is taken only if a person approves it; if nobody does within %s, %s", step, a.Wait, a.Follows(step))},
		Limit: Limit{
			Of: of, Length: a.Wait, Then: a.WhenNobodyAnswers, Person: true,
			Expired: Reason{Name: ApprovalExpired, Subject: of, Text: fmt.Sprintf("nobody approved step %d within %s", step, a.Wait)},
			Ended:   Reason{Name: ApprovalEnded, Subject: of, Text: fmt.Sprintf("nobody rejected step %d within %s, and it is taken", step, a.Wait)},
		},
	}}
}
