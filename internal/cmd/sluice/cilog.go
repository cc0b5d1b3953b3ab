package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// ciLog is the log of a CI system. It knows how this system groups lines. The zero ciLog is any
// other place where plain lines are printed.
type ciLog string

const (
	githubLog    ciLog = "GitHub Actions"
	gitlabLog    ciLog = "GitLab"
	buildkiteLog ciLog = "Buildkite"
)

// findCILog finds the CI system by the variables that it sets.
func findCILog(getenv func(string) string) ciLog {
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		return githubLog
	case getenv("GITLAB_CI") == "true":
		return gitlabLog
	case getenv("BUILDKITE") == "true":
		return buildkiteLog
	}
	return ""
}

// isCI reports whether a CI system has started the command. Nobody sees its terminal move, even
// where it has one.
func isCI(getenv func(string) string) bool {
	ci := strings.ToLower(getenv("CI"))
	return ci == "true" || ci == "1"
}

// section is the name of the group in GitLab's markers.
const section = "sluice_deployment"

// begin begins the group with the story of a deployment.
func (c ciLog) begin(to io.Writer, title string, now time.Time) {
	switch c {
	case githubLog:
		fmt.Fprintf(to, "::group::%s\n", escapeCommand(title))
	case gitlabLog:
		fmt.Fprintf(to, "\x1b[0Ksection_start:%d:%s\r\x1b[0K%s\n", now.Unix(), section, title)
	case buildkiteLog:
		fmt.Fprintf(to, "--- %s\n", title)
	}
}

// end ends the group. What follows is about the outcome.
func (c ciLog) end(to io.Writer, title string, now time.Time) {
	switch c {
	case githubLog:
		fmt.Fprint(to, "::endgroup::\n")
	case gitlabLog:
		fmt.Fprintf(to, "\x1b[0Ksection_end:%d:%s\r\x1b[0K\n", now.Unix(), section)
	case buildkiteLog:
		fmt.Fprintf(to, "+++ %s\n", title)
	}
}

// fail marks the job's page with an error, where the CI system has such marks.
func (c ciLog) fail(to io.Writer, title, text string) {
	if c == githubLog {
		fmt.Fprintf(to, "::error title=%s::%s\n", escapeProperty(title), escapeCommand(text))
	}
}

// escapeCommand escapes the text of a command for GitHub's runner (actions/toolkit, escapeData).
func escapeCommand(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

// escapeProperty escapes the value of a property of such a command (actions/toolkit,
// escapeProperty).
func escapeProperty(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(escapeCommand(text))
}

// plainLines is a writer for a text of lines in which others have words, such as the reason of an
// alarm. None of them is taken for a control sequence, or for a command to the CI system.
type plainLines struct{ to io.Writer }

// commandLine matches the beginning of a line that GitHub's runner takes for a command.
var commandLine = regexp.MustCompile(`(?m)^([ \t]*)::`)

// Write implements io.Writer. A text is written in one piece.
func (p plainLines) Write(text []byte) (int, error) {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return ' '
		}
		return r
	}, string(text))
	// GitHub's runner also takes the old form of commands, anywhere in a line.
	clean = strings.ReplaceAll(commandLine.ReplaceAllString(clean, "$1: :"), "##[", "# #[")
	if _, err := io.WriteString(p.to, clean); err != nil {
		return 0, err
	}
	return len(text), nil
}
