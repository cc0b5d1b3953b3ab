package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// questions asks a person on a terminal.
type questions struct {
	from *bufio.Scanner
	to   io.Writer
}

func newQuestions(from io.Reader, to io.Writer) *questions {
	return &questions{from: bufio.NewScanner(from), to: to}
}

// maxChoices is how many choices a question lists.
const maxChoices = 20

// errNoAnswer is returned by ask if the person ends the input (Ctrl-D).
var errNoAnswer = errors.New("the question was not answered: nothing was written")

// ask asks until an answer is right, and returns it. An empty line takes the proposal, and a number
// that of the list.
func (q *questions) ask(question, proposal string, choices []string, check func(string) error) (string, error) {
	for i, choice := range choices[:min(len(choices), maxChoices)] {
		fmt.Fprintf(q.to, "%s%2d  %s\n", gutter, i+1, choice)
	}
	if more := len(choices) - maxChoices; more > 0 {
		fmt.Fprintf(q.to, "%s    and %d more: write the name\n", gutter, more)
	}
	for {
		fmt.Fprintf(q.to, "%s%s%s: ", gutter, question, inBrackets(proposal))
		if !q.from.Scan() {
			fmt.Fprintln(q.to)
			if err := q.from.Err(); err != nil {
				return "", err
			}
			return "", errNoAnswer
		}
		answer := chosen(strings.TrimSpace(q.from.Text()), proposal, choices)
		err := check(answer)
		if answer != "" && err == nil {
			return answer, nil
		}
		if answer != "" {
			fmt.Fprintf(q.to, "%s%q %v\n", gutter, answer, err)
		}
	}
}

func inBrackets(proposal string) string {
	if proposal == "" {
		return ""
	}
	return " [" + proposal + "]"
}

// chosen returns what an answer stands for.
func chosen(answer, proposal string, choices []string) string {
	if answer == "" {
		return proposal
	}
	if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(choices) {
		return choices[n-1]
	}
	return answer
}
