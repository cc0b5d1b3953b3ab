package main

import (
	"errors"
	"fmt"

	"sluice/internal/request"
	"sluice/internal/strictjson"
	"sluice/internal/world"
)

// invalidError lists everything that is wrong with what the user wrote, each on
// a line that begins with where it stands.
type invalidError struct{ lines []string }

func (e *invalidError) Error() string { return fmt.Sprintf("%d problems", len(e.lines)) }

// orNil is the error, when there is something wrong.
func (e *invalidError) orNil() error {
	if len(e.lines) == 0 {
		return nil
	}
	return e
}

// add takes the problems out of an error about a text that was read. An error
// that lists none is a problem of the whole.
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

// invalid is an invalidError about one text.
func invalid(source string, err error) error {
	e := &invalidError{}
	e.add(source, err)
	return e
}
