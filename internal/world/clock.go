package world

import (
	"container/heap"
	"time"
)

// rank orders what happens at the same time.
type rank int

const (
	// nature is what happens to an application: its traffic is measured, its
	// alarms are evaluated, somebody edits its alias.
	nature rank = iota
	// sluice is what Sluice does about it. It comes after: a poll that falls on
	// the second in which an alarm fires sees it.
	sluice
)

// clock is virtual time: it stands still while something happens, and jumps to
// the next thing that is due.
type clock struct {
	now  time.Time
	due  agenda
	made int
	// stepped, when set, is told of every step that was made.
	stepped func()
}

type appointment struct {
	at        time.Time
	rank      rank
	made      int // breaks ties, first come first served
	do        func()
	cancelled bool
}

// at has something done at a time. Times that are over are now.
func (c *clock) at(t time.Time, r rank, do func()) *appointment {
	if t.Before(c.now) {
		t = c.now
	}
	c.made++
	a := &appointment{at: t, rank: r, made: c.made, do: do}
	heap.Push(&c.due, a)
	return a
}

// after has something done once a time has passed.
func (c *clock) after(d time.Duration, r rank, do func()) *appointment {
	return c.at(c.now.Add(d), r, do)
}

// step does what is due next. It returns false when nothing is.
func (c *clock) step() bool {
	for len(c.due) > 0 {
		a := heap.Pop(&c.due).(*appointment)
		if a.cancelled {
			continue
		}
		c.now = a.at
		a.do()
		if c.stepped != nil {
			c.stepped()
		}
		return true
	}
	return false
}

// next is when something is due next, and false if nothing is.
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
