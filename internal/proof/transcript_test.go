package proof

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
)

// transcript is the course of a run for people to read: a line for each event, with when
// it was, who did what, and what the Targets serve after it. Calls that only read are
// left out, unless they fail. What fails again and again is told once, until the traffic
// moves.
type transcript struct {
	bytes.Buffer
	r *run
	// failed are the calls that have failed while the Targets served what they serve.
	failed map[string]string
}

// record begins the transcript of a run that has not begun.
func (r *run) record() *transcript {
	r.transcript = &transcript{r: r, failed: map[string]string{}}
	return r.transcript
}

// add writes a line, if the run is recorded.
func (t *transcript) add(actor, format string, args ...any) {
	if t == nil {
		return
	}
	line := fmt.Sprintf("%9.2fs  %-16s %-72s %s", t.r.w.Elapsed().Seconds(), actor, fmt.Sprintf(format, args...), t.serving())
	fmt.Fprintln(t, strings.TrimRight(line, " "))
}

// serving is what every Target serves.
func (t *transcript) serving() string {
	targets := t.r.w.Targets()
	served := make([]string, len(targets))
	for i, target := range targets {
		served[i] = shares(t.r.target(target).alias)
	}
	return strings.Join(served, " | ")
}

// shares are the versions that an alias sends traffic to, each with its share.
func shares(a *localaws.Alias) string {
	if a == nil {
		return "none"
	}
	if len(a.Weights) == 0 {
		return a.FunctionVersion
	}
	text := fmt.Sprintf("%s %s", a.FunctionVersion, shareOf(a, shift.Version(a.FunctionVersion)))
	for version, share := range a.Weights {
		text += fmt.Sprintf(", %s %s", version, weightOf(share))
	}
	return text
}

// called adds a call that one of Sluice's Lambdas has made.
func (t *transcript) called(c localaws.Call, outcome string) {
	if t == nil || outcome == "" && isRead(c.Operation) {
		return
	}
	if outcome != "" {
		call, serving := c.Actor+c.Action()+outcome, t.serving()
		if t.failed[call] == serving {
			return
		}
		t.failed[call] = serving
	}
	t.add(c.Actor, "%s", strings.TrimSpace(c.Action()+" "+outcome))
}

func isRead(operation string) bool {
	return slices.ContainsFunc([]string{"Get", "List", "Describe", "Query"}, func(verb string) bool { return strings.HasPrefix(operation, verb) })
}

// struck adds a fault that strikes.
func (t *transcript) struck(where string, f fault) { t.add("FAULT", "%s%s", where, f.name) }

// history adds the states that an execution enters, and its end.
func (t *transcript) history(x *asl.Execution, e asl.Event) {
	switch {
	case e.StateEntered != nil:
		t.add(x.Name(), "enters %s", e.StateEntered.Name)
	case strings.HasPrefix(string(e.Type), "Execution"):
		t.add(x.Name(), "%s", e.Type)
	}
}
