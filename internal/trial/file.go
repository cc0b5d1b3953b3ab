package trial

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// line is a Result as a file has it. For each Method, in the order of Methods, it has a Tally's
// numbers in the order of their declaration, and the median in place of all minutes. A Method
// that was not played has none.
type line struct {
	Cell    string    `json:"cell"`
	Whole   int       `json:"whole,omitempty"`
	Alike   int       `json:"alike,omitempty"`
	Methods [][]int64 `json:"methods"`
}

func newLine(r Result) line {
	l := line{Cell: r.Cell, Whole: r.Whole, Alike: r.Alike}
	for _, m := range Methods {
		numbers := []int64{}
		if t := r.Methods[m]; t != nil && t.Runs > 0 {
			median, _ := t.Median()
			numbers = []int64{int64(t.Runs), int64(t.Undone), int64(t.Canary), t.Requests,
				int64(t.Baked), int64(t.Unsure), int64(t.Counted), int64(t.Prompt), int64(median)}
		}
		l.Methods = append(l.Methods, numbers)
	}
	return l
}

var errLine = errors.New("it is no line of a trial")

func (l line) result() (Result, error) {
	r := Result{Cell: l.Cell, Whole: l.Whole, Alike: l.Alike, Methods: map[Method]*Tally{}}
	if len(l.Methods) != len(Methods) {
		return r, errLine
	}
	for i, n := range l.Methods {
		switch len(n) {
		case 0:
		case 9:
			r.Methods[Methods[i]] = &Tally{Runs: int(n[0]), Undone: int(n[1]), Canary: int(n[2]), Requests: n[3],
				Baked: int(n[4]), Unsure: int(n[5]), Counted: int(n[6]), Prompt: int(n[7]), after: map[int]int{int(n[8]): int(n[1])}}
		default:
			return r, errLine
		}
	}
	return r, nil
}

// Write writes Results to a file, a line for each.
func Write(file string, results []Result) error {
	var text bytes.Buffer
	for _, r := range results {
		line, err := json.Marshal(newLine(r))
		if err != nil {
			return fmt.Errorf("write a trial: %w", err)
		}
		text.Write(append(line, '\n'))
	}
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write a trial: %w", err)
	}
	return nil
}

// Read reads the Results that Write has written.
func Read(file string) ([]Result, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read a trial: %w", err)
	}
	return decode(text)
}

func decode(text []byte) ([]Result, error) {
	var results []Result
	for written := range bytes.Lines(text) {
		var l line
		err := json.Unmarshal(written, &l)
		r, wrong := l.result()
		if err = cmp.Or(err, wrong); err != nil {
			return nil, fmt.Errorf("read a trial: line %d: %w", len(results)+1, err)
		}
		results = append(results, r)
	}
	return results, nil
}
