package trial

import (
	"context"
	"runtime"
	"sync"
)

// Plan says how much is played.
type Plan struct {
	// Runs is how often each Cell whose versions are alike is played. One with a regression is
	// played a tenth as often: what is rare there is not counted.
	Runs int
	// Whole is how many of them are played with the handlers and the definition, too.
	Whole int
	// Progress is told how many of all deployments have been played. It may be nil.
	Progress func(done, of int)
}

// runsOf is how often a Cell is played.
func (p Plan) runsOf(c Cell) int {
	if c.Group == Regressed {
		return max(p.Runs/10, 1)
	}
	return p.Runs
}

// rounds is in how many parts all Cells are played. Play stops after whole ones.
const rounds = 20

// part is some runs of a Cell.
type part struct {
	cell     int
	from, to int
}

// Play plays the Cells on all cores. It returns one Result for each, in their order. If the
// context ends, it returns what was played by then, in which all Cells have had the same share
// of their runs. The results do not depend on the number of cores.
func Play(ctx context.Context, cells []Cell, p Plan) ([]Result, error) {
	results := make([]Result, len(cells))
	total := 0
	for i, c := range cells {
		results[i] = Result{Cell: c.Name(), Methods: map[Method]*Tally{}}
		total += p.runsOf(c)
	}
	done := 0
	for round := range rounds {
		var parts []part
		for i, c := range cells {
			runs := p.runsOf(c)
			parts = append(parts, part{i, runs * round / rounds, runs * (round + 1) / rounds})
		}
		played, err := playParts(ctx, cells, parts, p.Whole, func(runs int) {
			if done += runs; p.Progress != nil {
				p.Progress(done, total)
			}
		})
		switch {
		case ctx.Err() != nil:
			return results, nil
		case err != nil:
			return nil, err
		}
		for i, r := range played {
			results[i].merge(r)
		}
	}
	return results, nil
}

// playParts plays a part of each Cell. It tells about each that is done, one after the other.
func playParts(ctx context.Context, cells []Cell, parts []part, whole int, told func(runs int)) ([]Result, error) {
	results := make([]Result, len(parts))
	next := make(chan int)
	var workers sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				r, err := cells[parts[i].cell].play(parts[i].from, parts[i].to, whole)
				mu.Lock()
				if results[i] = r; err != nil {
					failed = err
				}
				told(parts[i].to - parts[i].from)
				mu.Unlock()
			}
		})
	}
	for i := range parts {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	return results, failed
}
