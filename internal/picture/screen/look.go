package screen

import (
	"io"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"github.com/sluice-aws/sluice/internal/shift"
)

// look is the set of styles. Everything that a colour says is also said by a word or a
// mark.
type look struct {
	faint, strong, accent, good, doubt, bad lipgloss.Style
}

// newLook uses only the sixteen colours that the terminal's theme defines. It uses none
// if NO_COLOR is set or the terminal has none.
func newLook(out io.Writer, getenv func(string) string) look {
	r := lipgloss.NewRenderer(out, termenv.WithEnvironment(environment(getenv)), termenv.WithTTY(true))
	r.SetColorProfile(atMost16Colors(termenv.NewOutput(out, termenv.WithEnvironment(environment(getenv)), termenv.WithTTY(true)).EnvColorProfile()))
	r.SetHasDarkBackground(true) // skips a query to the terminal; no style here depends on it
	style := r.NewStyle
	return look{
		faint:  style().Faint(true),
		strong: style().Bold(true),
		accent: style().Foreground(lipgloss.Color("6")),
		good:   style().Foreground(lipgloss.Color("2")),
		doubt:  style().Foreground(lipgloss.Color("3")),
		bad:    style().Foreground(lipgloss.Color("1")).Bold(true),
	}
}

// atMost16Colors reduces a colour profile to the sixteen basic colours.
func atMost16Colors(p termenv.Profile) termenv.Profile {
	if p == termenv.Ascii {
		return p
	}
	return termenv.ANSI
}

// environment adapts a getenv function to termenv's interface.
type environment func(string) string

func (e environment) Getenv(name string) string { return e(name) }
func (e environment) Environ() []string         { return nil }

// Marks that say the same as the colours.
const (
	markDone  = "·"
	markShift = "▸"
	markGood  = "✓"
	markWait  = "‖"
	markDoubt = "!"
	markBad   = "✗"
	markBack  = "↺"
)

func (l look) verdict(v shift.Verdict) (mark string, style lipgloss.Style) {
	switch v {
	case shift.Pass:
		return markGood, l.good
	case shift.Wait:
		return markWait, l.strong
	case shift.Hold:
		return markDoubt, l.doubt
	}
	return markBad, l.bad
}

func (l look) alarm(s shift.AlarmState) (mark string, style lipgloss.Style) {
	switch s {
	case shift.AlarmOK:
		return markGood, l.good
	case shift.AlarmFiring:
		return markBad, l.bad
	case "":
		return markDone, l.faint
	}
	return markDoubt, l.doubt
}

func (l look) outcome(o shift.Outcome) (mark string, style lipgloss.Style) {
	switch o {
	case shift.Promoted:
		return markGood, l.good.Bold(true)
	case shift.Unchanged:
		return markDone, l.strong
	}
	return markBad, l.bad
}
