package world

import (
	"container/heap"
	"time"
)

// rank orders events of the same time.
type rank int

const (
	// nature is for events of the application: its traffic is measured, its alarms are
	// evaluated, somebody edits its alias.
	nature rank = iota
	// sluice is for events of Sluice. They come after those of nature, so that a poll in the
	// second in which an alarm fires sees the alarm.
	sluice
)

// clock is the virtual clock. It stands still during an event, and jumps to the next one.
type clock struct {
	now  time.Time
	due  agenda
	made int
	// onStep, if set, is called after every step.
	onStep func()
}

type appointment struct {
	at        time.Time
	rank      rank
	made      int // orders appointments of the same time and rank
	do        func()
	cancelled bool
}

// at schedules do at a time. A time in the past means now.
func (c *clock) at(t time.Time, r rank, do func()) *appointment {
	if t.Before(c.now) {
		t = c.now
	}
	c.made++
	a := &appointment{at: t, rank: r, made: c.made, do: do}
	heap.Push(&c.due, a)
	return a
}

// after schedules do after a duration.
func (c *clock) after(d time.Duration, r rank, do func()) *appointment {
	return c.at(c.now.Add(d), r, do)
}

// step runs the next event. It returns false when there is none.
func (c *clock) step() bool {
	for len(c.due) > 0 {
		a := heap.Pop(&c.due).(*appointment)
		if a.cancelled {
			continue
		}
		c.now = a.at
		a.do()
		if c.onStep != nil {
			c.onStep()
		}
		return true
	}
	return false
}

// next returns the time of the next event. It returns false when there is none.
func (c *clock) next() (time.Time, bool) {
	for len(c.due) > 0 && c.due[0].cancelled {
		heap.Pop(&c.due)
	}
	if len(c.due) == 0 {
		return time.Time{}, false
	}
	return c.due[0].at, true
}

type agenda []*appointment

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	x, y := a[i], a[j]
	if !x.at.Equal(y.at) {
		return x.at.Before(y.at)
	}
	if x.rank != y.rank {
		return x.rank < y.rank
	}
	return x.made < y.made
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(*appointment)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	(*a)[len(*a)-1] = nil
	*a = (*a)[:len(*a)-1]
	return last
}
