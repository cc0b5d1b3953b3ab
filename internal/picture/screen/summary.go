package screen

import (
	"fmt"
	"strconv"
	"strings"

	"sluice/internal/picture"
)

// summary is what came of a Run.
func (p page) summary(r *picture.Run) []string {
	lines := []string{""}
	end := r.End
	if end == nil {
		return lines
	}
	mark, style := p.outcome(end.Outcome)
	head := string(end.Outcome)
	if head == "" {
		head = "no outcome: the execution is " + end.Status
	}
	lines = append(lines, p.between(margin+style.Render(mark+" "+head), p.faint.Render("in ")+picture.Clock(end.At)))
	lines = append(lines, p.title(r)...)
	lines = append(lines, "")
	lines = append(lines, p.steps(r)...)
	if live := r.At(forever); live.Counted {
		lines = append(lines, p.row("stable", p.served(live.Stable)), p.row("candidate", p.served(live.Candidate)))
	}
	why, next := r.Ended()
	if why != "" {
		lines = append(lines, p.wrapped(margin, "cause", plain(why, 4000))...)
	}
	if next != "" {
		lines = append(lines, p.wrapped(margin, "next", next)...)
	}
	return lines
}

// steps has a line for each Step of the Plan.
func (p page) steps(r *picture.Run) []string {
	steps := r.Steps()
	if len(steps) == 0 {
		return nil
	}
	lines := []string{p.cut(margin + p.faint.Render(p.stepCells("STEP", "WEIGHT", "BEGAN", "BAKED", "CHECKS")))}
	for _, s := range steps {
		began, baked, checks := "not taken", "", ""
		if s.Taken {
			began = picture.Clock(s.Began)
			if s.Bake > 0 {
				baked = fmt.Sprintf("%s of %s", picture.Clock(s.Baked), picture.Clock(s.Bake.Duration()))
			}
			checks = p.checks(s)
		}
		lines = append(lines, strings.TrimRight(p.cut(margin+p.stepCells(strconv.Itoa(s.Number), s.Weight.String(), began, baked, checks)), " "))
	}
	return append(many(lines), "")
}

func (p page) stepCells(step, weight, began, baked, checks string) string {
	if p.isNarrow() {
		return fmt.Sprintf("%4s %7s %9s  %s", step, weight, began, checks)
	}
	return fmt.Sprintf("%4s  %7s  %9s  %20s  %s", step, weight, began, baked, checks)
}

func (p page) checks(s picture.StepTaken) string {
	if s.Checks == 0 {
		return "0"
	}
	mark, style := p.verdict(s.Verdict)
	return picture.Grouped(s.Checks) + "  " + style.Render(mark+" "+s.Verdict.String())
}

// shownSteps is how many lines of a long table are shown.
const shownSteps = 14

// many leaves out the middle of a long table.
func many(lines []string) []string {
	left := len(lines) - shownSteps
	if left < 2 {
		return lines
	}
	head := lines[:shownSteps/2+1]
	return append(append(append([]string{}, head...), fmt.Sprintf("%s%s  %d more", margin, padLeft("…", 4), left)), lines[shownSteps/2+1+left:]...)
}
