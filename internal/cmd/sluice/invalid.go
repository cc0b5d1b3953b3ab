package main

import (
	"errors"
	"fmt"

	"sluice/internal/request"
	"sluice/internal/strictjson"
	"sluice/internal/world"
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

// add adds the problems that an error about an input lists. An error without a list is
// itself the problem.
func (e *invalidError) add(source string, err error) {
	if err == nil {
		return
	}
	for _, p := range problems(err) {
		e.lines = append(e.lines, source+": "+p.String())
	}
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

// invalid returns an invalidError about one input.
func invalid(source string, err error) error {
	e := &invalidError{}
	e.add(source, err)
	return e
}
