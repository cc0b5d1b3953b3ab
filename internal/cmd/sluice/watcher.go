package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"sluice/internal/ledger/dynamo"
	"sluice/internal/operator"
	"sluice/internal/operator/stepfunctions"
	"sluice/internal/picture"
	"sluice/internal/picture/screen"
	"sluice/internal/shift"
)

// How often is asked: Step Functions lets an account read some ten histories a
// second, whoever reads them (Step Functions quotas, throttling).
const (
	askEvery       = 2 * time.Second
	askQuietEvery  = 5 * time.Second
	askRefused     = 30 * time.Second // at most, when it cannot be asked
	askPatience    = 15 * time.Minute // without any answer
	startsWithin   = 15 * time.Second // after which a new execution is known everywhere
	restoresWithin = 3 * time.Minute  // I7: two sweeps of the safety net, and some more
)

// histories are what a watcher reads of executions.
type histories interface {
	Events(ctx context.Context, x operator.Execution, after int64) ([]operator.Event, error)
}

// records are what it reads of the Ledger.
type records interface {
	Record(ctx context.Context, id string) (shift.Record, error)
}

// watcher tells of an execution until it has ended.
type watcher struct {
	surroundings
	histories histories
	records   records
	where     location
	account   account
	fresh     bool // it was started just now, and may not be known everywhere yet
	asJSON    bool
	out, err  io.Writer

	terminal  *screen.Terminal // nil where plain lines are printed
	narration narration
	run       *picture.Run
	told      int // moments that the narration has told
	began     time.Time
	last      operator.Event
	latest    time.Time // that is known of, by the clock there
	seen      time.Time // when that was learnt, by the clock here
	// closed is the deployment's record once it is closed.
	closed *shift.Record
	blind  error // why the Ledger cannot be read
	// restoring is how often in a row the traffic was seen on its way back.
	restoring int
}

// telling is how a person wants to be told.
type telling struct {
	drawing
	asJSON bool
}

func newWatcher(cmd *cobra.Command, a account, cfg aws.Config, x operator.Execution, how telling) *watcher {
	out := cmd.OutOrStdout()
	var terminal *screen.Terminal
	if !how.asJSON {
		terminal = how.on(out, a.surroundings)
	}
	return &watcher{
		surroundings: a.surroundings, histories: stepfunctions.FromConfig(cfg), records: dynamo.FromConfig(cfg, a.tableName()),
		where: newLocation(x, cfg), account: a, asJSON: how.asJSON, out: out, err: cmd.ErrOrStderr(),
		terminal: terminal, narration: narration{to: out}, run: picture.NewRun(),
	}
}

// watch watches until the execution has ended and its Outcome is known. It returns an
// endedError for one that asks something of a person.
func (w *watcher) watch(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := w.introduce(); err != nil {
		return err
	}
	err := w.follow(ctx)
	var end ended
	if err == nil {
		end, err = w.conclude(ctx)
	}
	if err == nil && ctx.Err() == nil {
		return w.finish(end)
	}
	if w.terminal != nil {
		if err := w.terminal.Leave(); err != nil {
			return err
		}
	}
	switch {
	case ctx.Err() != nil:
		stop() // a second interrupt is obeyed at once
		return interruptedError{w.goesOn()}
	case errors.As(err, &noExecutionError{}), w.last.Ends():
		return err
	}
	return fmt.Errorf("%w\n%s", err, w.goesOn())
}

// introduce says what is watched.
func (w *watcher) introduce() error {
	if w.asJSON {
		return nil
	}
	return writeText(w.out, func(to io.Writer) { w.where.text(to); fmt.Fprintln(to) })
}

// finish says how it ended.
func (w *watcher) finish(end ended) error {
	var err error
	w.run.End = end.drawn()
	switch {
	case w.asJSON:
		err = writeJSON(w.out, end)
	case w.terminal != nil:
		err = w.terminal.Finish(w.run, "", "A page about it:  sluice report "+w.where.Name+" --out FILE")
	default:
		err = writeText(w.out, func(to io.Writer) { fmt.Fprintln(to); end.text(to, w.run) })
	}
	if err == nil && !end.well() {
		return endedError{}
	}
	return err
}

// follow tells the story until its end.
func (w *watcher) follow(ctx context.Context) error {
	for pause := askEvery; ; {
		if !w.asJSON {
			w.look(ctx)
		}
		events, err := w.ask(ctx)
		if err != nil {
			return err
		}
		if err := w.tell(events); err != nil {
			return err
		}
		if w.last.Ends() {
			return nil
		}
		if pause = askEvery; len(events) == 0 {
			pause = askQuietEvery
		}
		if err := w.wait(ctx, pause); err != nil {
			return err
		}
	}
}

// look asks the Ledger whether the deployment is closed: the safety net does not wait
// for the execution, whose next poll may be minutes away. It is asked before the
// history, so that all that was before its answer is known when it is told.
func (w *watcher) look(ctx context.Context) {
	if w.closed != nil {
		return
	}
	record, err := w.records.Record(ctx, string(w.where.Execution))
	switch {
	case err == nil && record.Status == shift.StatusClosed:
		w.closed = &record
	case err == nil && record.Status == shift.StatusRestoring:
		if w.restoring++; w.restoring == slowly {
			w.say(fmt.Sprintf("the traffic is on its way back, and not yet there (%s)", strings.Join(shift.Texts(record.Reasons), "; ")))
		}
	case err == nil, errors.Is(err, shift.ErrDeploymentUnknown), errors.Is(err, shift.ErrThrottled), ctx.Err() != nil:
	case w.blind == nil:
		w.blind = err
		w.say(fmt.Sprintf("the ledger's table %s cannot be read (%v), so that what the safety net does is seen only when the execution learns of it", w.account.tableName(), err))
	}
}

// slowly is how often the traffic is seen on its way back before that is told: it takes
// a second mostly.
const slowly = 2

// redrawn is how often a terminal shows that time passes.
const redrawn = time.Second

// wait lets time pass, and shows that it does.
func (w *watcher) wait(ctx context.Context, pause time.Duration) error {
	if w.terminal == nil {
		return w.sleep(ctx, pause)
	}
	for ; pause > 0; pause -= redrawn {
		if err := w.sleep(ctx, min(pause, redrawn)); err != nil {
			return err
		}
		if err := w.draw(); err != nil {
			return err
		}
	}
	return nil
}

// draw shows where the deployment stands by now.
func (w *watcher) draw() error {
	if w.began.IsZero() {
		return nil
	}
	now := w.now()
	switch {
	case w.last.Ends():
		now = w.latest
	case now.Before(w.latest): // the clock there is ahead
		now = w.latest.Add(now.Sub(w.seen))
	}
	return w.terminal.Show(w.run, now.Sub(w.began))
}

// say tells a person of something that is no part of the story.
func (w *watcher) say(text string) {
	if w.terminal == nil {
		fmt.Fprintf(w.err, "sluice: %s\n", text)
		return
	}
	w.terminal.Say(text)
}

// ask reads what is new, for as long as it takes while AWS cannot be asked.
func (w *watcher) ask(ctx context.Context) ([]operator.Event, error) {
	since, said := w.now(), false
	for pause := askEvery; ; pause = min(2*pause, askRefused) {
		events, err := w.histories.Events(ctx, w.where.Execution, w.last.ID)
		waited := w.now().Sub(since)
		switch {
		case err == nil:
			w.fresh = false
			return events, nil
		case w.fresh && errors.Is(err, shift.ErrExecutionUnknown) && waited < startsWithin:
		case errors.Is(err, shift.ErrExecutionUnknown):
			return nil, noExecutionError{w.where.Execution}
		case !errors.Is(err, operator.ErrUnavailable) || waited > askPatience:
			return nil, err
		case !said:
			said = true
			w.say(err.Error() + "; trying on")
		}
		if err := w.wait(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// tell prints what the events tell a person.
func (w *watcher) tell(events []operator.Event) error {
	for _, e := range events {
		if w.began.IsZero() {
			w.began = e.At
		}
		w.last = e
		w.learn(e.At)
		w.run.Add(w.where.Name, e.At.Sub(w.began), e)
	}
	w.close()
	moments := w.run.Moments[w.told:]
	w.told = len(w.run.Moments)
	switch {
	case w.asJSON:
		return nil
	case w.terminal != nil:
		return w.draw()
	}
	return w.narration.tell(moments)
}

// close takes in that the deployment is closed. What was told stays told: by another
// clock than that of Step Functions it may have been closed before that.
func (w *watcher) close() {
	if w.closed == nil || w.began.IsZero() || w.run.Closed != nil {
		return
	}
	at := w.closed.ClosedAt.Sub(w.began)
	if w.told > 0 {
		at = max(at, w.run.Moments[w.told-1].At)
	}
	w.run.Close(picture.NewClosing(*w.closed, at))
	w.learn(w.began.Add(at))
}

// learn takes in that something is known of a time.
func (w *watcher) learn(at time.Time) {
	if at.After(w.latest) {
		w.latest, w.seen = at, w.now()
	}
}

// goesOn says what becomes of a deployment that nobody watches any more.
func (w *watcher) goesOn() string {
	if w.last.Ends() {
		return "The execution has ended, and the safety net puts the traffic back. See how it ends:  sluice watch " + w.where.Name
	}
	text := "The deployment goes on. Watch it again:  sluice watch " + w.where.Name
	if targets := w.run.Targets(); len(targets) > 0 {
		text += fmt.Sprintf("\nTo put the traffic back:  sluice abort %s --reason '...'", targets[0])
	}
	return text
}
