package screen

import (
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"

	"sluice/internal/picture"
)

// Terminal is where a Run is drawn.
type Terminal struct {
	out   io.Writer
	size  func() (width, height int)
	look  look
	story story
	// said are lines that others have to say above the block.
	said []string
	// block are the widths of the lines that stand below the story now.
	block []int
}

// Find says whether something can be drawn on what a command writes to, and returns
// the terminal that it is: not a file, not a pipe, and not a terminal that has no
// cursor to move.
func Find(out io.Writer, getenv func(string) string) (*Terminal, bool) {
	file, isFile := out.(*os.File)
	if !isFile || !term.IsTerminal(file.Fd()) {
		return nil, false
	}
	if kind := getenv("TERM"); kind == "" || kind == "dumb" {
		return nil, false
	}
	return newTerminal(out, getenv, func() (int, int) {
		width, height, err := term.GetSize(file.Fd())
		if err != nil || width == 0 || height == 0 {
			return usualWidth, usualHeight
		}
		return width, height
	}), true
}

// What a terminal has that does not say.
const (
	usualWidth  = 80
	usualHeight = 24
)

func newTerminal(out io.Writer, getenv func(string) string, size func() (int, int)) *Terminal {
	return &Terminal{out: out, size: size, look: newLook(out, getenv)}
}

// Show draws a Run as it was at a time: the story until then, and below it where
// it stood.
func (t *Terminal) Show(r *picture.Run, at time.Duration) error {
	width, height := t.size()
	page := newPage(t.look, width)
	block := page
	block.width = min(page.width, widestBlock)
	lines := fit(block.block(r, r.At(at)), height-1)
	above := append(t.said, page.story(&t.story, r, at)...)
	t.said = nil
	return t.draw(width, above, lines)
}

// Say has a text stand above the block the next time that something is shown.
func (t *Terminal) Say(text string) {
	width, _ := t.size()
	page := newPage(t.look, width)
	t.said = append(t.said, page.wrapped(margin+page.doubt.Render(markDoubt)+" ", "", plain(text, 600))...)
}

// Finish draws all of a Run that has ended, with what came of it and, at the very
// end, what the command adds.
func (t *Terminal) Finish(r *picture.Run, more ...string) error {
	width, _ := t.size()
	page := newPage(t.look, width)
	lines := append(t.said, page.story(&t.story, r, forever)...)
	lines = append(lines, page.summary(r)...)
	for _, text := range more {
		lines = append(lines, page.wrapped("  ", "", text)...)
	}
	err := t.draw(width, lines, nil)
	return t.leave(err)
}

// forever is later than everything.
const forever = time.Duration(1<<63 - 1)

// Leave lets go of the terminal as it stands.
func (t *Terminal) Leave() error { return t.leave(nil) }

func (t *Terminal) leave(err error) error {
	t.block = nil
	if _, shown := io.WriteString(t.out, ansi.ShowCursor); err == nil {
		err = shown
	}
	return err
}

// draw writes lines above the block and the block anew, in one go: a terminal that
// can shows nothing in between. Each line takes the place of what was there, and what
// is left below goes at the end: some terminals keep a screen in their scrollback that
// is erased from its top (tmux, scroll-on-clear).
func (t *Terminal) draw(width int, above, block []string) error {
	var out strings.Builder
	out.WriteString(ansi.SetSynchronizedOutputMode + ansi.HideCursor + "\r")
	if up := t.rows(width); up > 0 {
		out.WriteString(ansi.CursorUp(up))
	}
	t.block = t.block[:0]
	for i, line := range slices.Concat(above, block) {
		line = ansi.Truncate(line, max(width-1, 1), "…") // where it is too narrow for anything
		out.WriteString(line + ansi.EraseLineRight + "\r\n")
		if i >= len(above) {
			t.block = append(t.block, ansi.StringWidth(line))
		}
	}
	out.WriteString(ansi.EraseScreenBelow + ansi.ResetSynchronizedOutputMode)
	_, err := io.WriteString(t.out, out.String())
	return err
}

// rows are how many the block takes: terminals break lines anew when they have become
// too narrow for them.
func (t *Terminal) rows(width int) int {
	rows := 0
	for _, w := range t.block {
		rows += max((w+width-1)/width, 1)
	}
	return rows
}

// fit leaves out the last lines of a block that a terminal is too low for.
func fit(lines []string, height int) []string { return lines[:min(len(lines), max(height, 0))] }
