package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// journal prints what happens in a local account, while it happens. It prints nothing
// before it is opened.
type journal struct {
	mu     sync.Mutex
	to     io.Writer
	opened bool
	// runs are the executions that have not ended, by name.
	runs map[string]*picture.Run
	last picture.Moment
}

func newJournal(to io.Writer) *journal { return &journal{to: to, runs: map[string]*picture.Run{}} }

// open prints the heading. What happens from then on is printed.
func (j *journal) open() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.opened = true
	return writeText(j.to, func(to io.Writer) {
		fmt.Fprintf(to, "\nWhat happens, by the account's own clock:\n\n")
		journalTable([]string{"TIME", "WHERE", "WHAT", "WEIGHT", ""}).write(to)
	})
}

// journalWidths are the columns' widths at least: rows are printed one by one.
var journalWidths = []int{len("9:59:59"), len("lambda:orders:live"), len("BeforeTraffic"), len("WEIGHT")}

func journalTable(rows ...[]string) *table {
	return &table{indent: gutter, right: map[int]bool{0: true, 3: true}, minWidths: journalWidths, rows: rows}
}

// add prints news. An error of the terminal is not worth ending the account for.
func (j *journal) add(n world.News) {
	j.mu.Lock()
	defer j.mu.Unlock()
	rows := j.rows(n)
	if j.opened && len(rows) > 0 {
		_ = writeText(j.to, journalTable(rows...).write)
	}
}

func (j *journal) rows(n world.News) [][]string {
	at := picture.Clock(n.At)
	switch {
	case n.Event != nil:
		return j.momentRows(n)
	case n.Alarm != nil:
		return [][]string{{at, shift.AlarmTitle(n.Alarm.Name), n.Alarm.State, "", n.Alarm.Reason}}
	case n.Route != nil:
		return [][]string{{at, string(n.Route.Target), "traffic", n.Route.Percent.String(), routeText(*n.Route)}}
	case n.Announcement != nil && n.Announcement.State != shift.Started && n.Announcement.State != shift.ShiftedTo:
		return [][]string{{at, "announcement", string(n.Announcement.State), "", n.Announcement.Summary}}
	}
	return nil // the execution's own moments tell of a start and a shift
}

// momentRows are the moments that an event of an execution adds, without repeated polls.
func (j *journal) momentRows(n world.News) [][]string {
	run := j.runs[n.Execution]
	if run == nil {
		run = picture.NewRun()
		j.runs[n.Execution] = run
	}
	e := simulatedEvent(*n.Event)
	known := len(run.Moments)
	run.Add(n.Execution, n.At, e)
	if e.Ends() {
		delete(j.runs, n.Execution)
	}
	var rows [][]string
	for _, m := range run.Moments[known:] {
		if !m.IsRepeatedPoll(j.last) {
			rows = append(rows, []string{picture.Clock(m.At), m.Execution, m.State, m.Weight.String(), judgedText(m)})
		}
		j.last = m
	}
	return rows
}

// judgedText returns the verdict of a moment and its notes.
func judgedText(m picture.Moment) string {
	notes := joinNotes(m)
	if m.Verdict == "" || notes == "" {
		return m.Verdict + notes
	}
	return m.Verdict + ": " + notes
}
