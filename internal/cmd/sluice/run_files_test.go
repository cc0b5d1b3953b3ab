package main

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/picture"
)

// render renders Markdown as GitHub does, with tables and with links that need no brackets.
func render(t testing.TB, markdown string) string {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote)).Convert([]byte(markdown), &page))
	return html.UnescapeString(page.String())
}

// wordJoiner has no width.
const wordJoiner = "\u2060"

// shown returns what a person reads of a text on the page.
func shown(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ReplaceAll(text, wordJoiner, ""))
	return strings.Join(strings.Fields(text), " ")
}

// trigger matches what makes a link or a mention, or begins a formula, without any brackets. GitHub
// looks for addresses and mentions only after the entities of the text are decoded.
var trigger, decodedTrigger = regexp.MustCompile(`(?i)www\.|://|[$@]`), regexp.MustCompile(`[@#][0-9A-Za-z]`)

// assertInert checks that a text stands in a heading and in a table as it is.
func assertInert(t *testing.T, text string) {
	t.Helper()
	page := func(text string) string {
		return render(t, fmt.Sprintf("## x %s y\n\n| | |\n|---|---|\n| cause | %[1]s |\n| next | y |\n", text))
	}
	const place = "PLACE"
	escaped := escapeMarkdown(text)
	assert.Equal(t, strings.ReplaceAll(page(place), place, shown(text)), strings.ReplaceAll(page(escaped), wordJoiner, ""))
	assert.NotRegexp(t, trigger, escaped)
	assert.NotRegexp(t, decodedTrigger, html.UnescapeString(escaped))
}

var outsideTexts = []string{
	"", "orders-5xx is in ALARM", "a | b \\| c \\\\| d", "`code` ``more`` ```", "<b>bold</b> <!-- x --> &lt;b&gt; &#60;", "[x](https://example.com) ![y](z) ]( )",
	"https://example.com/x?y=z#a", "see www.example.com, WWW.Example.Com/a_b_c", "ftp://example.com mailto:jane@example.com xmpp:a@b.c", "jane@example.com", "@all @org/team #12 org/repo#12",
	"*a* _b_ __c__ ~~d~~ ^e^ $x$ $$y$$", "# head\n\n- list\n1. one\n> quote\n---", "a\r\nb\tc\x1b[31m\x00d\u0085e\u009bf", "[^1] [^1]: note", "\ufeffa\u00a0b\u2028c", ":tada: \\", "  spaces  ", "bad \xff utf-8",
}

func TestOutsideTextIsInertInMarkdown(t *testing.T) {
	t.Parallel()
	for _, text := range outsideTexts {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			assertInert(t, strings.ToValidUTF8(text, "\ufffd"))
		})
	}
	assert.Equal(t, "bad \ufffd utf-8", escapeMarkdown("bad \xff utf-8"))
}

func FuzzEscapeMarkdown(f *testing.F) {
	for _, text := range outsideTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { assertInert(t, strings.ToValidUTF8(text, "\ufffd")) })
}

// Step Functions accepts brackets and quotes in a name.
func TestTheLinkInASummaryEndsWhereItShould(t *testing.T) {
	t.Parallel()
	x := operator.NewExecution("arn:aws:states:eu-west-1:123456789012:stateMachine:sluice", `a)b('c')!@=+é`)
	run, end := picture.NewRun(), ending{location: location{Execution: x, Name: x.Name(), Console: x.Console()}, Outcome: "[x](y) | z", Status: "SUCCEEDED"}
	run.End = end.pictureEnd()
	page := render(t, summaryText(end, run, ""))
	assert.Equal(t, 1, strings.Count(page, "<a "), page)
	assert.Contains(t, strings.ReplaceAll(page, wordJoiner, ""), `<td><a href="https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/arn:aws:states:eu-west-1:123456789012:execution:sluice:a%29b%28%27c%27%29!@=+%C3%A9">a)b('c')!@=+é</a></td>`)
	assert.Contains(t, page, "Sluice: [x](y) | z")
}
