package shift

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// Synthetic is a function of the user's that sends requests to the Targets while evidence is
// missing. The zero value is none. Sluice only asks it: it alone knows which requests are
// valid.
type Synthetic struct {
	Function string `json:"function"`
	// PerMinute is how many requests it is asked for in a minute, for each Target.
	PerMinute int `json:"perMinute"`
}

const (
	// DefaultPerMinute is the PerMinute of an input that sets none.
	DefaultPerMinute = 60
	// MaxPerMinute is the highest PerMinute.
	MaxPerMinute = 1000
)

// On says whether there is such a function.
func (s Synthetic) On() bool { return s.Function != "" }

// requests is how many requests it is asked for in a time, rounded up.
func (s Synthetic) requests(within Seconds) int { return (s.PerMinute*int(within) + 59) / 60 }

// Load is what the Synthetic is asked for at a poll. It ends by itself at the next poll, so
// nobody has to stop it when the Deployment ends.
type Load struct {
	Function string
	// Changes are those whose Targets lack evidence. There are none if nothing is to be asked.
	Changes []Change
	// Requests is how many requests each of their Targets is to get Within this time.
	Requests int
	Within   Seconds
}

// Wanted says whether anything is to be asked.
func (l Load) Wanted() bool { return len(l.Changes) > 0 }

// WantedLoad is what the Synthetic is to be asked for after a poll: requests to every Target whose
// errors do not tell whether its Candidate is worse. Where both versions fail, or requests are
// missing, more of them would not help. next is the Progress after the poll.
func (d Deployment) WantedLoad(next Progress, found Poll) Load {
	s := d.Judging.Synthetic
	if !s.On() || next.Next != NextBake || next.Weight == All || next.isPaused(found.Command) {
		return Load{}
	}
	load := Load{Function: s.Function, Requests: s.requests(next.Wait), Within: next.Wait}
	for _, o := range found.Observations {
		if o.Judged == nil || !o.Judged.lacksEvidence() {
			continue
		}
		if i := slices.IndexFunc(d.Changes, func(c Change) bool { return c.Target == o.Judged.Target }); i >= 0 {
			load.Changes = append(load.Changes, d.Changes[i])
		}
	}
	return load
}

// lacksEvidence says whether more requests would help to judge the errors.
func (j Judged) lacksEvidence() bool {
	return slices.ContainsFunc(j.Signals, func(s JudgedSignal) bool {
		return s.Signal == judge.Errors && s.Conclusion == judge.CannotTell
	})
}

// isPaused says whether a person keeps the Deployment from going on.
func (p Progress) isPaused(c *Command) bool {
	return c != nil && c.Order == Pause && slices.ContainsFunc(p.Waits, func(w Waited) bool {
		return w.Name == Paused && w.Of == pauseID(c.At) && !w.Over
	})
}

// LoadRequest is what the Synthetic is invoked with.
type LoadRequest struct {
	DeploymentID string `json:"deploymentId"`
	// Seconds is the time in which the requests are to be sent.
	Seconds Seconds      `json:"seconds"`
	Targets []LoadTarget `json:"targets"`
}

// LoadTarget is a Target that needs requests.
type LoadTarget struct {
	// Described says what is shifted, in the words of the Target's kind, as a hook is told.
	// It encodes to a JSON object.
	Described any
	Requests  int
}

// MarshalJSON writes the description, with the requests as one more field.
func (t LoadTarget) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(t.Described)
	if err != nil {
		return nil, err
	}
	fields := map[string]any{}
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, fmt.Errorf("add the requests to %s: %w", text, err)
	}
	fields["requests"] = t.Requests
	return json.Marshal(fields)
}

// Request makes the request for a Load. targets describe its Changes.
func (l Load) Request(d Deployment, targets []any) LoadRequest {
	r := LoadRequest{DeploymentID: d.ID, Seconds: l.Within}
	for _, t := range targets {
		r.Targets = append(r.Targets, LoadTarget{Described: t, Requests: l.Requests})
	}
	return r
}

// Asked returns the Progress with what became of asking for a Load. Nothing is decided by
// it: err only becomes a Reason. It comes after the decisive one.
func (p Progress) Asked(l Load, err error) Progress {
	told := Reason{Name: SyntheticAsked, Subject: l.Function, Text: fmt.Sprintf("%s was asked for %s", l.Function, l.requestsText())}
	if err != nil {
		told = Reason{Name: SyntheticNotAsked, Subject: l.Function, Text: fmt.Sprintf("%s could not be asked for requests: %v", l.Function, err)}
	}
	p.Reasons = BoundReasons(slices.Insert(slices.Clone(p.Reasons), min(1, len(p.Reasons)), told))
	return p
}

func (l Load) requestsText() string {
	text := Thousands(int64(l.Requests)) + " requests"
	if l.Requests == 1 {
		text = "1 request"
	}
	if n := len(l.Changes); n > 1 {
		text += fmt.Sprintf(" to each of %d targets", n)
	}
	return text
}
