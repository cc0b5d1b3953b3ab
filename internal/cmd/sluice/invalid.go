package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/strictjson"
	"github.com/sluice-aws/sluice/internal/world"
)

// invalidError lists all problems of the user's input. Each line begins with the place
// of the problem.
type invalidError struct{ lines []string }

func (e *invalidError) Error() string { return fmt.Sprintf("%d problems", len(e.lines)) }

// orNil returns nil if there are no problems.
func (e *invalidError) orNil() error {
	if len(e.lines) == 0 {
		return nil
	}
	return e
}

// add adds the problems that an error about a file lists. An error without a list is
// itself the problem.
func (e *invalidError) add(f file, err error) {
	if err == nil {
		return
	}
	for _, p := range problems(err) {
		e.lines = append(e.lines, f.line(p))
	}
}

// take adds the problems that another invalidError lists. It returns any other error.
func (e *invalidError) take(err error) error {
	var other *invalidError
	if !errors.As(err, &other) {
		return err
	}
	e.lines = append(e.lines, other.lines...)
	return nil
}

func problems(err error) []strictjson.Problem {
	var input *request.InputError
	var scenario *world.ScenarioError
	switch {
	case errors.As(err, &input):
		return input.Problems
	case errors.As(err, &scenario):
		return scenario.Problems
	}
	return []strictjson.Problem{{Message: err.Error()}}
}

// line shows a problem as compilers do: deployment.yaml:12:5: targets[0].version: …
func (f file) line(p strictjson.Problem) string {
	if f.appSpec {
		rest, within := strings.CutPrefix(p.Path, "appSpec")
		if flag := flagOf(p.Path); flag != "" && !within {
			return flag + ": " + p.Message
		}
		p.Path = strings.TrimPrefix(rest, ".")
	}
	if at, found := f.positions.Find(p.Path); found && p.Path != "" { // one of the whole text says by itself where it is
		return fmt.Sprintf("%s:%d:%d: %s", f.name, at.Line, at.Column, p)
	}
	return f.name + ": " + p.String()
}

// invalid returns an invalidError about a file.
func (f file) invalid(err error) error {
	e := &invalidError{}
	e.add(f, err)
	return e
}

// invalid returns an invalidError about a text that is no file of Sluice's.
func (s source) invalid(err error) error { return file{name: s.String()}.invalid(err) }
