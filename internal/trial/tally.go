package trial

import (
	"fmt"
	"time"
)

func timeOf(minutes int) time.Duration { return time.Duration(minutes) * time.Minute }

// Tally is how the deployments of a Cell went with a Method.
type Tally struct {
	Runs   int
	Undone int
	Canary int // undone at the first step
	// Requests is how many the Candidates served until then, or until the plan's end.
	Requests int64
	// Baked deployments came to the end of the first bake, and Unsure ones could not tell then.
	Baked, Unsure int
	// Counted deployments have shown 5 requests of the Candidate, and Prompt ones were undone
	// by the poll that showed them first.
	Counted, Prompt int
	// after counts the undone ones by the minute after which they were.
	after map[int]int
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

func (t *Tally) add(c course) {
	t.Runs++
	t.Undone += one(c.undone)
	t.Canary += one(c.canary)
	t.Requests += c.requests
	t.Baked, t.Unsure = t.Baked+one(c.baked), t.Unsure+one(c.unsure)
	t.Counted, t.Prompt = t.Counted+one(c.counted), t.Prompt+one(c.prompt)
	if c.undone {
		if t.after == nil {
			t.after = map[int]int{}
		}
		t.after[c.minute]++
	}
}

func (t *Tally) merge(other *Tally) {
	t.Runs, t.Undone, t.Canary = t.Runs+other.Runs, t.Undone+other.Undone, t.Canary+other.Canary
	t.Requests += other.Requests
	t.Baked, t.Unsure = t.Baked+other.Baked, t.Unsure+other.Unsure
	t.Counted, t.Prompt = t.Counted+other.Counted, t.Prompt+other.Prompt
	for minute, n := range other.after {
		if t.after == nil {
			t.after = map[int]int{}
		}
		t.after[minute] += n
	}
}

// UndoneShare is the share of deployments that were put back.
func (t Tally) UndoneShare() float64 { return shareOf(t.Undone, t.Runs) }

// CanaryShare is the share of those put back at the first step.
func (t Tally) CanaryShare() float64 { return shareOf(t.Canary, t.Runs) }

// UnsureShare is the share of those that could not tell at the end of the first bake.
func (t Tally) UnsureShare() float64 { return shareOf(t.Unsure, t.Baked) }

// PromptShare is the share of those put back by the first poll that showed 5 requests of the
// Candidate.
func (t Tally) PromptShare() float64 { return shareOf(t.Prompt, t.Counted) }

func shareOf(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// Median is the median minute of those that were put back, and false if none was.
func (t Tally) Median() (minute int, ok bool) {
	seen := 0
	for minute = 0; seen < t.Undone; minute++ {
		if seen += t.after[minute]; 2*seen >= t.Undone && seen > 0 {
			return minute, true
		}
	}
	return 0, false
}

// Result is how the deployments of a Cell went.
type Result struct {
	Cell    string
	Methods map[Method]*Tally
	// Whole is how many deployments were played with the handlers and the definition, and
	// Alike how many of them ended as without.
	Whole, Alike int
}

func (r *Result) merge(other Result) {
	for method, t := range other.Methods {
		if r.Methods[method] == nil {
			r.Methods[method] = &Tally{}
		}
		r.Methods[method].merge(t)
	}
	r.Whole, r.Alike = r.Whole+other.Whole, r.Alike+other.Alike
}

// play plays some runs of the Cell, and the first ones of them with the whole deployment, too.
func (c Cell) play(from, to, whole int) (Result, error) {
	r := Result{Cell: c.Name(), Methods: map[Method]*Tally{}}
	for _, m := range Methods {
		r.Methods[m] = &Tally{}
	}
	for run := from; run < to; run++ {
		if err := c.playRun(run, run < whole, &r); err != nil {
			return Result{}, fmt.Errorf("run %d of %s: %w", run, c.Name(), err)
		}
	}
	return r, nil
}

func (c Cell) playRun(run int, whole bool, r *Result) error {
	for method, judging := range judgings {
		if method == Impatient && c.Group != Regressed {
			continue // it differs from Sluice only by what it does not wait for
		}
		seen, err := c.deploy(run, judging)
		if err != nil {
			return err
		}
		r.Methods[method].add(seen)
		if whole && method == Sluice {
			played, err := c.deployWhole(run)
			if err != nil {
				return err
			}
			r.Whole, r.Alike = r.Whole+1, r.Alike+one(seen.isLike(played))
		}
	}
	minutes, late := c.withoutControl(run), int(c.lags[run%len(c.lags)]/time.Minute)
	for method, m := range models {
		r.Methods[method].add(m.watch(minutes, late))
	}
	return nil
}

// isLike says whether two deployments ended alike.
func (c course) isLike(other course) bool {
	return c.undone == other.undone && c.minute == other.minute && c.requests == other.requests
}
