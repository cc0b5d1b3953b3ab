package page

import (
	"bytes"
	_ "embed"
	"fmt"
	"html"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sluice/internal/picture"
	"sluice/internal/shift"
)

// Report is everything that a page tells.
type Report struct {
	*picture.Run
	// Began is when the execution did; zero in a simulation.
	Began time.Time
	// Facts are further figures, by their names. They are few: a page has all of them.
	Facts []Fact
	// Texts are what the run was made from.
	Texts []Text
	// Missing says what could not be drawn, and where it is to be had.
	Missing []string
}

// Fact is a figure with its name.
type Fact struct{ Name, Value string }

// Text is a file that is shown as it is.
type Text struct{ Name, Content string }

// MaxBytes is the size of a page at most, whatever the run: it can be sent to anybody.
const MaxBytes = 300_000

//go:embed page.html
var layout string

var pages = template.Must(template.New("page").Funcs(template.FuncMap{
	"clock": picture.Clock, "join": strings.Join, "bound": shift.BoundText,
	"baked": func(s picture.StepTaken) string {
		return fmt.Sprintf("%s of %s", picture.Clock(s.Baked), picture.Clock(s.Bake.Duration()))
	},
	"grouped": picture.Grouped[int], "verdict": toneOf,
	"changed": func(c shift.Move) string { return changed(c, headings) }, "tone": tone, "style": func() template.CSS { return template.CSS(style) },
}).Parse(layout))

// Write writes the page. Of what is very long it leaves out the middle, and says so; of
// a figure that would be, it tells fewer points apart.
func Write(to io.Writer, r Report) error {
	c := contentOf(r)
	for rows, bytes := maxRows, maxText; ; rows, bytes = rows/2, bytes/2 {
		text, err := c.render(rows, bytes)
		if err != nil {
			return fmt.Errorf("write the page: %w", err)
		}
		if len(text) <= MaxBytes || rows == 0 {
			_, err = to.Write(text)
			return err
		}
	}
}

// What a page has at first of what may be long: rows of a table, and bytes of a text and
// of the figure.
const (
	maxRows   = 400
	maxText   = 100_000
	maxFigure = MaxBytes / 2
)

// maxListed is how many targets the head names.
const maxListed = 4

// content is a Report as the layout takes it.
type content struct {
	Report
	Title   string
	Outcome shift.Outcome
	Badge   string // the Outcome, or else the execution's status; empty while there is neither
	Lasted  string
	Why     string
	Next    string
	// Listed says that the targets are few enough to be named at the head, above the
	// plots.
	Listed bool
	// Unmoved says that there is no traffic to be drawn.
	Unmoved bool
	Figure  template.HTML
	Moments []row[picture.Moment]
	Taken   []row[picture.StepTaken]
	Several bool // executions are told of
}

// row is one of a table's, or how many stand for it that are left out.
type row[T any] struct {
	Of   T
	Left int
}

func contentOf(r Report) content {
	c := content{
		Report: r, Title: summed(r.Run, headings), Lasted: lasted(r.Run), Unmoved: unmoved(r.Run),
		Listed: len(r.Changes) > 1 && len(r.Changes) <= maxListed,
	}
	for _, m := range r.Run.Moments {
		c.Several = c.Several || m.Execution != r.Execution
	}
	c.Outcome, c.Badge = ended(r.Run)
	c.Why, c.Next = r.Ended()
	if !c.Unmoved {
		c.Figure = template.HTML(drawn(r.Run)) // which has escaped all text
	}
	return c
}

// render is the page with so many rows of a table, and bytes of a text.
func (c content) render(rows, bytesOfText int) ([]byte, error) {
	c.Moments, c.Taken = middle(c.Story(), rows), middle(c.Steps(), rows)
	texts := make([]Text, len(c.Texts))
	for i, t := range c.Texts {
		texts[i] = Text{Name: t.Name, Content: cut(t.Content, bytesOfText)}
	}
	c.Texts = texts
	var page bytes.Buffer
	err := pages.Execute(&page, c)
	return page.Bytes(), err
}

// lasted says how long it took, and when the traffic was back where that was earlier, or
// later: the safety net goes on when an execution has given up.
func lasted(r *picture.Run) string {
	text := "It has not ended yet"
	if r.End != nil {
		text = picture.Clock(r.End.At) + " from beginning to end"
	}
	if back, known := r.Back(); known && (r.End == nil || (r.End.At-back).Abs() >= time.Second) {
		text += ", the traffic was back at " + picture.Clock(back)
	}
	return text
}

// brief is how long a deployment lasts that has nothing to show over time.
const brief = 10 * time.Second

// unmoved says whether it has soon ended without moving traffic.
func unmoved(r *picture.Run) bool {
	if r.End == nil || r.Ends() > brief {
		return false
	}
	return !slices.ContainsFunc(r.WeightTracks(), func(t picture.WeightTrack) bool { return len(t.Changes) > 0 })
}

// middle leaves out the middle of a long table.
func middle[T any](list []T, most int) []row[T] {
	rows := make([]row[T], 0, min(len(list), most+1))
	for i, of := range list {
		switch left := len(list) - most; {
		case left <= 0 || i < most/2 || i >= most/2+left:
			rows = append(rows, row[T]{Of: of})
		case i == most/2:
			rows = append(rows, row[T]{Left: left})
		}
	}
	return rows
}

// cut is the beginning of a text that takes so many bytes on the page.
func cut(text string, most int) string {
	escaped := 0
	for i, r := range text {
		if escaped += len(html.EscapeString(string(r))); escaped > most {
			return text[:i] + fmt.Sprintf("\n… (%s more)", picture.Counted(utf8.RuneCountInString(text[i:]), "character", "characters"))
		}
	}
	return text
}
