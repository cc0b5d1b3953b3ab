package main

import (
	"io"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// track sums up how the Candidates of a Target were compared in the deployments that have
// ended.
type track struct {
	Target      shift.Target `json:"target"`
	Deployments int          `json:"deployments"`
	Promoted    int          `json:"promoted"`
	// Judged is how many of them compared their versions at least once.
	Judged int `json:"judged"`
	// RolledBack is how many the comparison has put back.
	RolledBack int `json:"rolledBack"`
	// WouldHaveRolledBack is how many a comparison that only observes would have put back,
	// and PromotedInSpite how many of these were promoted.
	WouldHaveRolledBack int `json:"wouldHaveRolledBack"`
	PromotedInSpite     int `json:"promotedInSpite"`
	// CouldNotTell and NothingFound count what the last comparison said of the errors.
	CouldNotTell int `json:"couldNotTell"`
	NothingFound int `json:"nothingFound"`
	// InSpite are the deployments that WouldHaveRolledBack counts, the latest first.
	InSpite []pastDeployment `json:"wouldHaveRolledBackDeployments"`

	since, until time.Time
}

func newTrack(h targetHistory) track {
	s := track{Target: h.target, InSpite: []pastDeployment{}}
	for _, d := range h.deployments {
		if d.Outcome != "" {
			s.add(d)
		}
	}
	return s
}

// add counts a deployment that has ended. Older ones come later.
func (s *track) add(d pastDeployment) {
	s.Deployments++
	s.since = d.OpenedAt
	if s.until.IsZero() {
		s.until = d.OpenedAt
	}
	if d.Outcome == shift.Promoted {
		s.Promoted++
	}
	if d.Comparison != nil {
		s.compare(d, *d.Comparison)
	}
}

// compare counts what the comparison of a deployment found.
func (s *track) compare(d pastDeployment, c shift.Comparison) {
	s.Judged++
	if slices.ContainsFunc(d.Reasons, func(r shift.Reason) bool { return r.Name == shift.CandidateWorse && r.Subject == string(d.Target) }) {
		s.RolledBack++
	}
	if c.WouldRollBack != nil {
		s.WouldHaveRolledBack++
		s.InSpite = append(s.InSpite, d)
		if d.Outcome == shift.Promoted {
			s.PromotedInSpite++
		}
	}
	switch errorsIn(c) {
	case judge.NothingFound:
		s.NothingFound++
	case judge.CannotTell, judge.RequestsMissing, judge.BothSick:
		s.CouldNotTell++
	}
}

// errorsIn is what a comparison concludes from the errors.
func errorsIn(c shift.Comparison) judge.Conclusion {
	for _, s := range c.Signals {
		if s.Signal == judge.Errors {
			return s.Conclusion
		}
	}
	return ""
}

func writeTracks(to io.Writer, histories []targetHistory, asJSON bool) error {
	tracks := make([]track, len(histories))
	for i, h := range histories {
		tracks[i] = newTrack(h)
	}
	if asJSON {
		return writeJSON(to, tracks)
	}
	return writeText(to, func(to io.Writer) {
		for i, s := range tracks {
			if i > 0 {
				io.WriteString(to, "\n")
			}
			s.print(to)
		}
	})
}

func (s track) print(to io.Writer) {
	t := &table{indent: gutter}
	t.add("target", string(s.Target))
	deployments := picture.GroupDigits(s.Deployments) + " that have ended"
	if s.Deployments > 0 {
		deployments += ", " + picture.GroupDigits(s.Promoted) + " as Promoted; opened from " + s.since.UTC().Format(time.DateOnly) + " to " + s.until.UTC().Format(time.DateOnly)
	}
	t.add("deployments", deployments)
	t.add("compared", picture.GroupDigits(s.Judged))
	t.add("  rolled back", picture.GroupDigits(s.RolledBack)+", because the candidate was worse")
	t.add("  would have rolled back", picture.GroupDigits(s.WouldHaveRolledBack)+", but only observed; "+picture.GroupDigits(s.PromotedInSpite)+" of these promoted")
	t.add("  could not tell", picture.GroupDigits(s.CouldNotTell)+" at the last check")
	t.add("  nothing found", picture.GroupDigits(s.NothingFound)+" at the last check")
	t.write(to)
	if len(s.InSpite) == 0 {
		return
	}
	io.WriteString(to, "\n"+gutter+"These would have been rolled back:\n")
	list := &table{indent: gutter}
	list.add("OPENED (UTC)", "VERSION", "OUTCOME", "EXECUTION")
	for _, d := range s.InSpite {
		list.add(d.OpenedAt.UTC().Format(time.DateTime), versionsText(d.Stable, d.Candidate), d.state(), d.Execution.Name())
		list.addWide(wouldText(*d.Comparison.WouldRollBack))
	}
	list.write(to)
}
