package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// survivor is a mutant that no test has noticed. reached says whether one may have.
type survivor struct {
	mutant
	reached bool
}

// try runs the tests that reach each mutant, and returns those that survive. It prints each as
// soon as it is known.
func try(ctx context.Context, out io.Writer, mutants []mutant, all suites, s settings) ([]survivor, error) {
	var printing sync.Mutex
	survived, reached := make([]bool, len(mutants)), make([]bool, len(mutants))
	together(s.workers, len(mutants), func(i int) {
		if ctx.Err() == nil {
			survived[i], reached[i] = all.survives(ctx, mutants[i], s.grace)
		}
		if survived[i] && ctx.Err() == nil {
			printing.Lock()
			defer printing.Unlock()
			fmt.Fprintf(out, "survives: %s\n", mutants[i])
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("stopped: %w", err)
	}
	var survivors []survivor
	for i, m := range mutants {
		if survived[i] {
			survivors = append(survivors, survivor{m, reached[i]})
		}
	}
	return survivors, nil
}

func (s suites) survives(ctx context.Context, m mutant, grace time.Duration) (survives, reached bool) {
	for _, tests := range []*suite{s.own[m.pkg], s.judges} {
		for _, batch := range batches(tests.tests, m.id) {
			reached = true
			if tests.notice(ctx, m, batch, grace) {
				return false, true
			}
		}
	}
	return true, reached
}

// batchLength is how long the first tests that are run in one process take together. Each
// further batch is longer.
const batchLength = 2 * time.Second

// batches returns the tests that reach a mutant, the shortest first.
func batches(tests []test, id int) [][]test {
	var all [][]test
	length, most := time.Duration(0), batchLength
	for _, t := range tests {
		if !t.reaches[id] {
			continue
		}
		if len(all) == 0 || length+t.took > most {
			all = append(all, nil)
			length, most = 0, 3*most
		}
		all[len(all)-1] = append(all[len(all)-1], t)
		length += t.took
	}
	return all
}

// notice says whether tests fail with a mutant. A test that takes much longer than without it
// has noticed it, too: the mutant has made an endless loop, or a lock that nobody opens.
func (s *suite) notice(ctx context.Context, m mutant, tests []test, grace time.Duration) bool {
	limit := grace
	for _, t := range tests {
		limit += 2 * busy * t.took
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	failed, _, _ := s.run(ctx, tests, fmt.Sprintf("%s=%d", activeVariable, m.id))
	return failed
}
