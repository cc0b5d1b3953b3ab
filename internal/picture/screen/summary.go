package screen

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sluice-aws/sluice/internal/picture"
)

// summaryLines says how a Run ended.
func (p page) summaryLines(r *picture.Run) []string {
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
	lines = append(lines, p.justify(margin+style.Render(mark+" "+head), p.faint.Render("in ")+picture.Clock(end.At)))
	lines = append(lines, p.title(r)...)
	lines = append(lines, "")
	lines = append(lines, p.stepLines(r)...)
	live := r.At(endOfTime)
	if live.HasTraffic {
		lines = append(lines, p.trafficLines(live)...)
	}
	lines = append(lines, p.comparedLines(live.Compared)...)
	for _, text := range r.Warnings {
		lines = append(lines, p.wrap(margin, "warning", safeText(text, 600))...)
	}
	why, next := r.Explanation()
	if why != "" {
		lines = append(lines, p.wrap(margin, "cause", safeText(why, 4000))...)
	}
	if next != "" {
		lines = append(lines, p.wrap(margin, "next", next)...)
	}
	return lines
}

// stepLines has a line for each Step of the Plan.
func (p page) stepLines(r *picture.Run) []string {
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
			checks = p.checksText(s)
		}
		lines = append(lines, strings.TrimRight(p.cut(margin+p.stepCells(strconv.Itoa(s.Number), s.Weight.String(), began, baked, checks)), " "))
	}
	return append(cutTable(lines), "")
}

func (p page) stepCells(step, weight, began, baked, checks string) string {
	if p.isNarrow() {
		return fmt.Sprintf("%4s %7s %9s  %s", step, weight, began, checks)
	}
	return fmt.Sprintf("%4s  %7s  %9s  %20s  %s", step, weight, began, baked, checks)
}

func (p page) checksText(s picture.StepResult) string {
	if !s.Judged {
		return "0"
	}
	mark, style := p.verdict(s.Verdict)
	return picture.GroupDigits(s.Checks) + "  " + style.Render(mark+" "+s.Verdict.String())
}

// maxStepLines bounds the table of steps.
const maxStepLines = 14

// cutTable leaves out the middle of a long table.
func cutTable(lines []string) []string {
	left := len(lines) - maxStepLines
	if left < 2 {
		return lines
	}
	head := lines[:maxStepLines/2+1]
	return append(append(append([]string{}, head...), fmt.Sprintf("%s%s  %d more", margin, padLeft("…", 4), left)), lines[maxStepLines/2+1+left:]...)
}
