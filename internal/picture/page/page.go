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

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Report is the content of a page.
type Report struct {
	*picture.Run
	// Began is when the execution started; zero in a simulation.
	Began time.Time
	// Facts are additional figures. There must be few: the page shows them all.
	Facts []Fact
	// Texts are the files that the run was made from.
	Texts []Text
	// Missing says what could not be drawn, and where to find it.
	Missing []string
}

// Fact is a named figure.
type Fact struct{ Name, Value string }

// Text is a file that the page shows unchanged.
type Text struct{ Name, Content string }

// MaxBytes is the maximum size of a page, so that it can be sent to anybody.
const MaxBytes = 300_000

//go:embed page.html
var layout string

//go:embed page.css
var pageStyle string

// Style is the style sheet of a page, and of a Body.
func Style() string { return style + pageStyle }

var pages = template.Must(template.New("page").Funcs(template.FuncMap{
	"clock": picture.Clock, "join": strings.Join, "bound": shift.BoundText,
	"baked": func(s picture.StepResult) string {
		return fmt.Sprintf("%s of %s", picture.Clock(s.Baked), picture.Clock(s.Bake.Duration()))
	},
	"grouped": picture.GroupDigits[int], "verdict": VerdictClass,
	"changed": func(c shift.Move) string { return ChangeText(c, maxHeading) }, "tone": OutcomeClass, "style": func() template.CSS { return template.CSS(Style()) },
}).Parse(layout))

// Write writes the page. It leaves out the middle of very long tables and texts, and
// says so. It reduces the detail of a very large figure.
func Write(to io.Writer, r Report) error {
	text, err := contentOf(r).fit("page", MaxBytes)
	if err == nil {
		_, err = to.Write(text)
	}
	return err
}

// Body returns the part of the page below its head, for another page that has the Style: the
// cause, the plots and the tables. It is within MaxBytes as well.
func Body(r Report) (template.HTML, error) {
	text, err := contentOf(r).fit("body", MaxBytes-len(Style()))
	return template.HTML(text), err // the template escapes all text
}

// fit renders a template within a size, if it can.
func (c content) fit(name string, most int) ([]byte, error) {
	for rows, bytes := maxRows, maxText; ; rows, bytes = rows/2, bytes/2 {
		text, err := c.render(name, rows, bytes)
		if err != nil {
			return nil, fmt.Errorf("write the page: %w", err)
		}
		if len(text) <= most || rows == 0 {
			return text, nil
		}
	}
}

// Initial limits: rows of a table, bytes of a text, and bytes of the figure.
const (
	maxRows   = 400
	maxText   = 100_000
	maxFigure = MaxBytes / 2
)

// maxListed is how many targets the head of the page names.
const maxListed = 4

// content is a Report in the form that the template needs.
type content struct {
	Report
	Title    string
	Outcome  shift.Outcome
	Badge    string // the Outcome, or else the execution's status; empty while there is neither
	Duration string
	Why      string
	Next     string
	// ListTargets says that the targets are few enough to be named at the head, above the
	// plots.
	ListTargets bool
	// NoTraffic says that there is no traffic to draw.
	NoTraffic         bool
	Figure            template.HTML
	Moments           []row[picture.Moment]
	StepRows          []row[picture.StepResult]
	SeveralExecutions bool // the moments belong to several executions
}

// row is a row of a table, or the number of rows left out at that place.
type row[T any] struct {
	Value   T
	Omitted int
}

func contentOf(r Report) content {
	c := content{
		Report: r, Title: heading(r.Run, maxHeading), Duration: durationText(r.Run), NoTraffic: isEmpty(r.Run),
		ListTargets: len(r.Changes) > 1 && len(r.Changes) <= maxListed,
	}
	for _, m := range r.Run.Moments {
		c.SeveralExecutions = c.SeveralExecutions || m.Execution != r.Execution
	}
	c.Outcome, c.Badge = outcomeOf(r.Run)
	c.Why, c.Next = r.Explanation()
	if !c.NoTraffic {
		c.Figure = template.HTML(drawFigure(r.Run)) // drawFigure escapes all text
	}
	return c
}

// render renders a template with at most that many rows of a table and bytes of a text.
func (c content) render(name string, rows, bytesOfText int) ([]byte, error) {
	c.Moments, c.StepRows = cutTable(c.Story(), rows), cutTable(c.Steps(), rows)
	texts := make([]Text, len(c.Texts))
	for i, t := range c.Texts {
		texts[i] = Text{Name: t.Name, Content: cutText(t.Content, bytesOfText)}
	}
	c.Texts = texts
	var page bytes.Buffer
	err := pages.ExecuteTemplate(&page, name, c)
	return page.Bytes(), err
}

// durationText says how long the execution took, and when the traffic was back.
func durationText(r *picture.Run) string {
	text := "It has not ended yet"
	if r.End != nil {
		text = picture.Clock(r.End.At) + " from start to end"
	}
	return text + r.BackText()
}

// maxEmptyRun is how long a run may last that has nothing to draw.
const maxEmptyRun = 10 * time.Second

// isEmpty reports whether the run ended within maxEmptyRun without moving traffic.
func isEmpty(r *picture.Run) bool {
	if r.End == nil || r.Ends() > maxEmptyRun {
		return false
	}
	return !slices.ContainsFunc(r.WeightTracks(), func(t picture.WeightTrack) bool { return len(t.Changes) > 0 })
}

// cutTable leaves out the middle of a long table.
func cutTable[T any](list []T, most int) []row[T] {
	rows := make([]row[T], 0, min(len(list), most+1))
	for i, of := range list {
		switch left := len(list) - most; {
		case left <= 0 || i < most/2 || i >= most/2+left:
			rows = append(rows, row[T]{Value: of})
		case i == most/2:
			rows = append(rows, row[T]{Omitted: left})
		}
	}
	return rows
}

// cutText shortens a text to that many bytes of HTML.
func cutText(text string, most int) string {
	escaped := 0
	for i, r := range text {
		if escaped += len(html.EscapeString(string(r))); escaped > most {
			return text[:i] + fmt.Sprintf("\n… (%s more)", picture.Quantity(utf8.RuneCountInString(text[i:]), "character", "characters"))
		}
	}
	return text
}
