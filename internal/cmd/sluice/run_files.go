package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/picture/screen"
	"github.com/sluice-aws/sluice/internal/shift"
)

// runFiles are files that a CI system reads about a deployment. What is written is appended.
type runFiles struct {
	// summary gets Markdown for people. outputs gets lines NAME=VALUE for the steps that follow.
	summary, outputs string
}

func (f *runFiles) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.summary, "summary", "", "append the outcome and a picture to `FILE`, as\nMarkdown")
	cmd.Flags().StringVar(&f.outputs, "output-file", "", "append outcome=, url= and execution= to `FILE`")
}

// check returns an error if a file cannot be written. It is called before anything is started: a
// path that is wrong is told while nothing depends on it.
func (f runFiles) check() error {
	for _, file := range []struct{ what, path string }{{"outputs", f.outputs}, {"summary", f.summary}} {
		if err := checkAppending(file.path); err != nil {
			return fmt.Errorf("the %s cannot be written, so nothing was done: %w", file.what, err)
		}
	}
	return nil
}

// checkAppending checks that a text can be appended to a file. It creates the file. It does not
// open pipes and devices: the reader of a pipe would take the closing for the end.
func checkAppending(path string) error {
	if path == "" {
		return nil
	}
	if found, err := os.Stat(path); err == nil && !found.Mode().IsRegular() && !found.IsDir() {
		return nil
	}
	return appendTo(path, "")
}

// write appends to the files. The ending may have no outcome yet; trouble says why the watching
// ended before.
func (f runFiles) write(end ending, run *picture.Run, trouble string) error {
	if f.outputs != "" {
		text := fmt.Sprintf("outcome=%s\nurl=%s\nexecution=%s\n", oneLine(string(end.Outcome)), oneLine(end.Console), oneLine(string(end.Execution)))
		if err := appendTo(f.outputs, text); err != nil {
			return fmt.Errorf("write the outputs: %w", err)
		}
	}
	if f.summary != "" {
		if err := appendTo(f.summary, summaryText(end, run, trouble)); err != nil {
			return fmt.Errorf("write the summary: %w", err)
		}
	}
	return nil
}

// oneLine takes the control characters out of a value, which would begin another output.
func oneLine(value string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, value)
}

func appendTo(file, text string) error {
	to, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.WriteString(to, text)
	return cmp.Or(err, to.Close())
}

// marksOf are the signs of the outcomes in a summary.
var marksOf = map[shift.Outcome]string{shift.Promoted: "✅", shift.Unchanged: "✅", shift.RolledBack: "↩️", shift.Rejected: "⛔", shift.Stranded: "🚨"}

// summaryText tells of a deployment in Markdown. All words of others are escaped: they can neither
// make a link nor end the table.
func summaryText(end ending, run *picture.Run, trouble string) string {
	var page bytes.Buffer
	outcome := cmp.Or(string(end.Outcome), "outcome not known")
	var targets []string
	for _, t := range run.Targets() {
		targets = append(targets, string(t))
	}
	title := escapeMarkdown(outcome + " " + shift.BoundText(strings.Join(targets, ", "), maxTitle))
	fmt.Fprintf(&page, "## %s Sluice: %s\n\n", cmp.Or(marksOf[end.Outcome], "❔"), title)
	why, next := run.Explanation()
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&page, "| %s | %s |\n", name, text)
		}
	}
	fmt.Fprint(&page, "| | |\n|---|---|\n")
	row("outcome", escapeMarkdown(cmp.Or(outcomeOf(end), outcome)))
	row("cause", escapeMarkdown(shift.BoundText(cmp.Or(why, end.Cause), maxCause)))
	row("next", escapeMarkdown(next))
	row("watching", escapeMarkdown(shift.BoundText(trouble, maxCause)))
	if end.Status != "" {
		row("time", picture.Clock(fromSeconds(end.Seconds))+escapeMarkdown(run.BackText()))
	}
	name := escapeMarkdown(end.Name)
	if end.Console != "" {
		name = fmt.Sprintf("[%s](%s)", name, escapeLink(end.Console))
	}
	row("execution", name)
	if len(run.Moments) == 0 {
		return page.String()
	}
	drawn := screen.Draw(run)
	fence := fenceFor(drawn)
	fmt.Fprintf(&page, "\n%stext\n%s%s\n", fence, drawn, fence)
	return page.String()
}

// maxTitle is how many characters of the targets stand in a heading.
const maxTitle = 200

// outcomeOf names the outcome, and how the execution ended; empty while it has not.
func outcomeOf(end ending) string {
	if end.Status == "" {
		return ""
	}
	return outcomeText(string(end.Outcome), end.Status, end.Error)
}

// special matches the characters that mean something in Markdown or in HTML, or make a link, a
// mention or a formula.
var special = regexp.MustCompile("[&<>\"'\\\\`*_{}\\[\\]#!|~@:/^$]")

// bareHost matches the beginning of a host's name that GitHub makes a link of.
var bareHost = regexp.MustCompile(`(?i)(www)\.`)

// decodedLate matches the characters that begin a mention, an address or an issue's number. GitHub
// looks for them in the text whose entities it has decoded already.
var decodedLate = regexp.MustCompile(`&#(64|35);`)

// escapeMarkdown escapes a text for a cell of a Markdown table, or a heading. Commands in it can be
// copied from the page: only after the characters of decodedLate stands one that is not visible.
func escapeMarkdown(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	text = special.ReplaceAllStringFunc(strings.Join(strings.Fields(text), " "), func(s string) string { return fmt.Sprintf("&#%d;", s[0]) })
	const wordJoiner = "&#8288;"
	return decodedLate.ReplaceAllString(bareHost.ReplaceAllString(text, "$1&#46;"), "$0"+wordJoiner)
}

// specialInLink matches the characters that could end a link's address in Markdown, or mean
// something in it.
var specialInLink = regexp.MustCompile(`[^0-9A-Za-z._~:/?#@!$&+,=%-]`)

// escapeLink escapes the address of a link in Markdown, as addresses are escaped.
func escapeLink(address string) string {
	return specialInLink.ReplaceAllStringFunc(address, func(s string) string {
		var text strings.Builder
		for _, b := range []byte(s) {
			fmt.Fprintf(&text, "%%%02X", b)
		}
		return text.String()
	})
}

// fenceFor returns a fence for a code block that the text cannot end.
func fenceFor(text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence
}

// sameJSON reports whether two texts are the same JSON.
func sameJSON(a, b []byte) bool {
	var first, second any
	return json.Unmarshal(a, &first) == nil && json.Unmarshal(b, &second) == nil && reflect.DeepEqual(first, second)
}
