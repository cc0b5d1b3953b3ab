package stackshift

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Move is a target that an execution takes from one version to another.
type Move struct {
	Key      string `json:"key"`
	Function string `json:"function"`
	Alias    string `json:"alias"`
	Before   string `json:"before"`
	To       string `json:"to"`
}

// Memory is what the Ledger remembers of a custom resource: what its last request forward has
// done. A stack that rolls back goes by it.
type Memory struct {
	RequestID string `json:"requestId"`
	// Properties identify the properties of the request.
	Properties string `json:"properties"`
	// Execution is the name of the execution that has shifted, or shifts. It is empty, and there
	// are no Moves, if there was nothing to shift.
	Execution string `json:"execution,omitempty"`
	Moves     []Move `json:"moves,omitempty"`
	// Idle is what Execution would be, if there was nothing to shift.
	Idle string `json:"idle,omitempty"`
	// Signed is when the newest request was signed. See Request.Signed. For what is to be remembered,
	// it is what was read before that was decided.
	Signed string `json:"-"`
	// BackTo identifies the properties that the stack has gone back to since.
	BackTo string `json:"-"`
	// Recorded are the versions that the stack has recorded, by key, where they may be others than
	// its properties name.
	Recorded map[string]string `json:"recorded,omitempty"`
}

// ErrLate is returned for a request after which CloudFormation has sent a newer one of the same
// resource. Nobody waits for its answer, and it must not be done any more.
var ErrLate = errors.New("CloudFormation has sent a newer request")

// ErrDecided is returned for a request that another try has decided since this one has read what is
// remembered. The other try may have answered that nothing is shifted, so this one decides anew.
var ErrDecided = errors.New("another try has decided the request in the meantime")

// IsIdle says whether a request has come before, and there was nothing to shift.
func (m Memory) IsIdle(r Request) bool { return m.Idle == r.Execution() }

// IsOf says whether the request that is remembered had these properties.
func (m Memory) IsOf(properties json.RawMessage) bool {
	return m.Properties != "" && m.Properties == identify(properties)
}

// identify returns the same text for the same properties, in whatever order they are.
func identify(properties json.RawMessage) string {
	var sorted any
	if json.Unmarshal(properties, &sorted) != nil {
		return digest(string(properties))
	}
	text, _ := json.Marshal(sorted) // it was decoded from JSON
	return digest(string(text))
}

// keptOutcomes is how long the Ledger and Step Functions know how an execution has ended, at least.
const keptOutcomes = 90 * 24 * time.Hour

// StandsAt says whether it is known that the stack has reached these properties: by the last request
// forward, whose execution has ended with the Outcome, or by going back to them since. An execution
// may have ended so long ago that nobody knows how. Then it has succeeded, or the stack would have
// gone back.
func (m Memory) StandsAt(properties json.RawMessage, outcome shift.Outcome, now time.Time) bool {
	if m.BackTo != "" {
		return m.BackTo == identify(properties)
	}
	signed, err := time.Parse(signedFormat, m.Signed)
	forgotten := outcome == "" && err == nil && now.Sub(signed) > keptOutcomes
	return m.IsOf(properties) && (m.Execution == "" || outcome == shift.Promoted || outcome == shift.Unchanged || forgotten)
}

// ToUndo returns what a stack that rolls back has to undo by this request, which has the properties p.
// The stack goes back to them. If the last request forward had them, it belongs to the update before,
// which has succeeded. So it does if the request leads on from it: then that is the request of the
// update that is taken back, and has come late.
func (m Memory) ToUndo(r Request, p Properties) Memory {
	if m.IsOf(r.Properties) || m.leadsTo(p) {
		return Memory{Recorded: m.Recorded}
	}
	return m
}

// leadsTo says whether properties name for a target what the last shift has left there, or a version
// that is newer than those of the last shift. No way back from it does.
func (m Memory) leadsTo(p Properties) bool {
	wanted := p.Wanted()
	return slices.ContainsFunc(m.Moves, func(move Move) bool {
		version, before, to := shift.Version(wanted[move.Key]), shift.Version(move.Before), shift.Version(move.To)
		return version == to || to.Before(version) && before.Before(version)
	})
}

// Waiter is a request that waits until an execution has ended. The ResponseURL is in it, so it is
// deleted as soon as it is answered.
type Waiter struct {
	// Execution is the name of the execution.
	Execution string  `json:"execution"`
	Request   Request `json:"request"`
	// Recorded are the versions to answer, by key, that are not those of the request's properties.
	Recorded map[string]string `json:"recorded,omitempty"`
	// Forward is set if the answer is the Outcome of the execution. Otherwise the request is
	// decided anew when the execution has ended.
	Forward bool `json:"forward"`
}

// Serving is what an alias sends its traffic to.
type Serving struct {
	Version string
	// AtRest says that the whole traffic goes there.
	AtRest bool
}

// Standings are what the aliases serve, by function and alias. Aliases that do not exist are
// missing.
type Standings map[string]Serving

// Place is the key of an alias in Standings.
func Place(function, alias string) string { return function + ":" + alias }

// Of returns what a target's alias serves.
func (s Standings) Of(t Target) (Serving, bool) {
	found, exists := s[Place(t.Function, t.Alias)]
	return found, exists
}

// ToShift lists the targets whose alias exists and does not serve the version yet, with what they
// serve. An alias that does not exist is made by CloudFormation, with the version.
func (s Standings) ToShift(targets []Target) ([]Target, []Move) {
	var todo []Target
	var moves []Move
	for _, t := range targets {
		now, exists := s.Of(t)
		if !exists || now.AtRest && now.Version == t.Version {
			continue
		}
		todo = append(todo, t)
		moves = append(moves, Move{Key: t.Key, Function: t.Function, Alias: t.Alias, Before: now.Version, To: t.Version})
	}
	return todo, moves
}

// Without returns the targets and their moves without some of the targets.
func Without(targets []Target, moves []Move, some []Target) ([]Target, []Move) {
	return slices.DeleteFunc(slices.Clone(targets), func(t Target) bool { return slices.Contains(some, t) }),
		slices.DeleteFunc(slices.Clone(moves), func(m Move) bool {
			return slices.ContainsFunc(some, func(t Target) bool { return t.Key == m.Key })
		})
}

// ToTakeBack lists the moves of a shift that was promoted and whose alias still serves what it
// was shifted to. Whatever else an alias serves, somebody wants it there.
func (s Standings) ToTakeBack(moves []Move) []Move {
	var back []Move
	for _, move := range moves {
		now, exists := s[Place(move.Function, move.Alias)]
		if exists && now.Version == move.To && move.Before != move.To {
			back = append(back, move)
		}
	}
	return back
}

// Targets are the aliases of the last shift, without versions.
func (m Memory) Targets() []Target {
	var targets []Target
	for _, move := range m.Moves {
		targets = append(targets, Target{Key: move.Key, Function: move.Function, Alias: move.Alias})
	}
	return targets
}

// Wanted returns the versions that the properties name, by key.
func (p Properties) Wanted() map[string]string {
	data := map[string]string{}
	for _, t := range p.Targets {
		data[t.Key] = t.Version
	}
	return data
}

// Now returns what the aliases serve, by key. An alias that does not exist has the version that
// the properties name.
func (p Properties) Now(s Standings) map[string]string {
	data := p.Wanted()
	for _, t := range p.Targets {
		if now, exists := s.Of(t); exists {
			data[t.Key] = now.Version
		}
	}
	return data
}

// Answers returns the versions that a request forward answers, by key. kept are targets that the
// request does not shift although they serve other versions. What the stack has recorded of them
// stays, so that CloudFormation does not write their aliases. If it may have recorded another version
// than its properties name, the answer is what they serve: whatever CloudFormation writes then
// moves no traffic.
func (p Properties) Answers(kept []Target, s Standings, before Memory) map[string]string {
	data, now := p.Wanted(), p.Now(s)
	for _, t := range p.Targets {
		_, recorded := before.Recorded[t.Key]
		if is := slices.Contains(kept, t); p.NoWait && !is || recorded && is {
			data[t.Key] = now[t.Key]
		}
	}
	if p.NoWait {
		return before.RecordedOr(data)
	}
	return data
}

// Others returns the versions that are not those which the properties name, by key. It is nil if
// there are none.
func (p Properties) Others(data map[string]string) map[string]string {
	var others map[string]string
	for key, wanted := range p.Wanted() {
		if data[key] != wanted {
			if others == nil {
				others = map[string]string{}
			}
			others[key] = data[key]
		}
	}
	return others
}

// RollsBack says whether a stack with this status takes back an update or a creation.
func RollsBack(status string) bool { return strings.Contains(status, "ROLLBACK") }

// InProgress says whether CloudFormation works on a stack with this status. If it does not, it
// waits for no answer, and an event that still arrives is late.
func InProgress(status string) bool { return strings.HasSuffix(status, "_IN_PROGRESS") }

// Mirrors says whether properties take back what the last shift has done: each version of the
// properties is what served before, and each of the old ones what it was shifted to.
// CloudFormation does not tell whether an update is a rollback (custom-resource-helper issue 71).
// The status of the stack does. This is for when that cannot be read.
func (m Memory) Mirrors(now, old Properties) bool {
	if len(m.Moves) == 0 {
		return false
	}
	wanted, replaced := now.Wanted(), old.Wanted()
	for _, move := range m.Moves {
		if wanted[move.Key] != move.Before || replaced[move.Key] != move.To {
			return false
		}
	}
	return true
}

// RecordedOr returns the versions that the stack has recorded. Where none is remembered, the others
// are what it has.
func (m Memory) RecordedOr(others map[string]string) map[string]string {
	data := map[string]string{}
	for key, version := range others {
		data[key] = version
		if recorded, has := m.Recorded[key]; has {
			data[key] = recorded
		}
	}
	return data
}
