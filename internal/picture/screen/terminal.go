package screen

import (
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"

	"github.com/sluice-aws/sluice/internal/picture"
)

// Terminal draws a Run.
type Terminal struct {
	out   io.Writer
	size  func() (width, height int)
	look  look
	story story
	// notices are lines to print above the block at the next draw.
	notices []string
	// blockWidths are the widths of the block's lines that are on the screen now.
	blockWidths []int
}

// IsTerminal says whether a reader or a writer is a terminal.
func IsTerminal(stream any) bool {
	file, isFile := stream.(*os.File)
	return isFile && term.IsTerminal(file.Fd())
}

// Find returns the terminal that out writes to. ok is false if out is a file, a pipe,
// or a terminal without cursor movement.
func Find(out io.Writer, getenv func(string) string) (*Terminal, bool) {
	if !IsTerminal(out) {
		return nil, false
	}
	file := out.(*os.File)
	if kind := getenv("TERM"); kind == "" || kind == "dumb" {
		return nil, false
	}
	return newTerminal(out, getenv, func() (int, int) {
		width, height, err := term.GetSize(file.Fd())
		if err != nil || width == 0 || height == 0 {
			return defaultWidth, defaultHeight
		}
		return width, height
	}), true
}

// The size of a terminal that does not report one.
const (
	defaultWidth  = 80
	defaultHeight = 24
)

func newTerminal(out io.Writer, getenv func(string) string, size func() (int, int)) *Terminal {
	return &Terminal{out: out, size: size, look: newLook(out, getenv)}
}

// Show draws a Run as it was at a time: the story until then, and the block below it.
func (t *Terminal) Show(r *picture.Run, at time.Duration) error {
	width, height := t.size()
	page := newPage(t.look, width)
	block := page
	block.width = min(page.width, maxBlockWidth)
	lines := firstLines(block.blockLines(r, r.At(at)), height-1)
	above := append(t.notices, page.storyLines(&t.story, r, at)...)
	t.notices = nil
	return t.draw(width, above, lines)
}

// Say prints a notice above the block at the next Show or Finish.
func (t *Terminal) Say(text string) {
	width, _ := t.size()
	page := newPage(t.look, width)
	t.notices = append(t.notices, page.wrap(margin+page.doubt.Render(markDoubt)+" ", "", safeText(text, 600))...)
}

// Finish draws the whole Run, a summary of it, and the additional texts. Then it
// releases the terminal.
func (t *Terminal) Finish(r *picture.Run, more ...string) error {
	width, _ := t.size()
	page := newPage(t.look, width)
	lines := append(t.notices, page.storyLines(&t.story, r, endOfTime)...)
	lines = append(lines, page.summaryLines(r)...)
	for _, text := range more {
		lines = append(lines, page.wrap("  ", "", text)...)
	}
	err := t.draw(width, lines, nil)
	return t.leave(err)
}

// endOfTime is later than any Moment.
const endOfTime = time.Duration(1<<63 - 1)

// Leave shows the cursor again and keeps what is on the screen.
func (t *Terminal) Leave() error { return t.leave(nil) }

func (t *Terminal) leave(err error) error {
	t.blockWidths = nil
	if _, shown := io.WriteString(t.out, ansi.ShowCursor); err == nil {
		err = shown
	}
	return err
}

// draw writes the lines above the block and then the block, in one write, so that
// terminals with synchronized output do not flicker. Each line overwrites the old one,
// and the rest is erased at the end. Erasing the screen from its top first would fill
// the scrollback of some terminals (tmux, scroll-on-clear).
func (t *Terminal) draw(width int, above, block []string) error {
	var out strings.Builder
	out.WriteString(ansi.SetSynchronizedOutputMode + ansi.HideCursor + "\r")
	if up := t.blockRows(width); up > 0 {
		out.WriteString(ansi.CursorUp(up))
	}
	t.blockWidths = t.blockWidths[:0]
	for i, line := range slices.Concat(above, block) {
		line = ansi.Truncate(line, max(width-1, 1), "…") // for a terminal that is narrower than minWidth
		out.WriteString(line + ansi.EraseLineRight + "\r\n")
		if i >= len(above) {
			t.blockWidths = append(t.blockWidths, ansi.StringWidth(line))
		}
	}
	out.WriteString(ansi.EraseScreenBelow + ansi.ResetSynchronizedOutputMode)
	_, err := io.WriteString(t.out, out.String())
	return err
}

// blockRows counts the rows that the block takes now. A terminal wraps lines when it
// has become narrower than they are.
func (t *Terminal) blockRows(width int) int {
	rows := 0
	for _, w := range t.blockWidths {
		rows += max((w+width-1)/width, 1)
	}
	return rows
}

// firstLines drops the last lines of a block that is higher than the terminal.
func firstLines(lines []string, height int) []string { return lines[:min(len(lines), max(height, 0))] }
