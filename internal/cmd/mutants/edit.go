package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// mutated returns the text of a file with all its mutants, none of which is active.
func (f *sourceFile) mutated() []byte {
	slices.SortStableFunc(f.edits, func(a, b edit) int {
		if at := cmp.Compare(a.from, b.from); at != 0 {
			return at
		}
		if opens := cmp.Compare(openingRank(a), openingRank(b)); opens != 0 {
			return opens
		}
		return cmp.Compare(a.order, b.order)
	})
	var out bytes.Buffer
	at := 0
	for _, e := range f.edits {
		out.Write(f.text[at:e.from])
		out.WriteString(e.text)
		at = e.to
	}
	out.Write(f.text[at:])
	return out.Bytes()
}

// openingRank puts what closes before what opens.
func openingRank(e edit) int {
	if e.order < 0 {
		return 0
	}
	return 1
}

// The names of the environment variables by which the tests are told what to do.
const (
	activeVariable = "MUTANT"
	traceVariable  = "MUTANTS_TRACE"
)

// helper is the file that is added to each mutated package. Every function calls mutantIs
// only where its mutant would make a difference, so that a trace has only tests that may
// notice it.
const helper = `package %[1]s

import (
	"cmp"
	"os"
	"reflect"
	"slices"
	"strconv"
	"sync/atomic"
)

var (
	mutantActive = func() int {
		id, err := strconv.Atoi(os.Getenv(%[3]q))
		if err != nil {
			return -1
		}
		return id
	}()
	mutantTrace, _ = os.OpenFile(os.Getenv(%[4]q), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	mutantSeen     [%[2]d]atomic.Bool
)

func mutantIs(id int) bool {
	if mutantTrace != nil && mutantSeen[id].CompareAndSwap(false, true) {
		_, _ = mutantTrace.WriteString(strconv.Itoa(id) + "\n")
	}
	return id == mutantActive
}

func mutantNil(id int, err error) error {
	if err != nil && mutantIs(id) {
		return nil
	}
	return err
}

func mutantZero[T any](id int, v T) T {
	var zero T
	if value := reflect.ValueOf(&v).Elem(); !value.IsZero() && mutantIs(id) {
		return zero
	}
	return v
}

func mutantCase[T comparable](v, other T, id int, values ...T) T {
	if slices.Contains(values, v) && mutantIs(id) {
		return other
	}
	return v
}

func mutantCompare[T cmp.Ordered](id int, a T, op string, b T) bool {
	var holds bool
	switch op {
	case "<":
		holds = a < b
	case "<=":
		holds = a <= b
	case ">":
		holds = a > b
	case ">=":
		holds = a >= b
	}
	if a == b && mutantIs(id) {
		return !holds
	}
	return holds
}

type mutantNumber interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

func mutantSum[T mutantNumber](id int, a T, op string, b T) T {
	plus := op == "+"
	if b != 0 && mutantIs(id) {
		plus = !plus
	}
	if plus {
		return a + b
	}
	return a - b
}

var (
	_ = mutantNil
	_ = mutantZero[int]
	_ = mutantCase[int]
	_ = mutantCompare[int]
	_ = mutantSum[int]
)
`

func helperOf(s *source, mutants int) []byte {
	return fmt.Appendf(nil, helper, s.name, mutants, activeVariable, traceVariable)
}
