package main

import (
	"cmp"
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

	"github.com/sluice-aws/sluice/internal/ledger/dynamo"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/stepfunctions"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/picture/screen"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Step Functions lets all callers of an account together read about ten histories a
// second (Step Functions quotas, throttling). So a watcher must not poll too often.
const (
	pollEvery      = 2 * time.Second
	pollQuietEvery = 5 * time.Second  // after a poll that found nothing new
	maxRetryPause  = 30 * time.Second // between retries while AWS is unavailable
	maxStartDelay  = 15 * time.Second // until a new execution is known everywhere
	maxRestoreTime = 3 * time.Minute  // I7: two sweeps of the safety net, and a margin
)

// historyReader reads the histories of executions.
type historyReader interface {
	Events(ctx context.Context, x operator.Execution, after int64) ([]operator.Event, error)
}

// recordReader reads deployments' records from the Ledger.
type recordReader interface {
	Record(ctx context.Context, id string) (shift.Record, error)
}

// watcher shows an execution until it has ended.
type watcher struct {
	environment
	histories   historyReader
	records     recordReader
	where       location
	account     account
	justStarted bool // the execution may not be known everywhere yet
	answered    bool // AWS has answered a call of this watcher
	asJSON      bool
	out, err    io.Writer
	log         ciLog
	files       runFiles

	terminal  *screen.Terminal // nil if plain lines are printed
	narration narration
	run       *picture.Run
	narrated  int // how many of the run's moments have been printed
	began     time.Time
	last      operator.Event
	clock     operator.Clock
	// closed is the deployment's record, once the deployment is closed.
	closed      *shift.Record
	ledgerError error // why the Ledger cannot be read
	outage      outage
	// restoringPolls counts the polls that found the traffic on its way back.
	restoringPolls int
}

// outputOptions say how a watcher prints.
type outputOptions struct {
	drawing
	asJSON bool
	patience
	files runFiles
}

// addWatchFlags adds the flags of a command that watches a deployment.
func (o *outputOptions) addWatchFlags(cmd *cobra.Command) {
	o.drawing.addFlag(cmd)
	o.patience.addTo(cmd)
	o.files.addTo(cmd)
}

// checkWatching checks the flags of a command that watches a deployment, or does not.
func (o outputOptions) checkWatching(watches bool) error {
	if o.files != (runFiles{}) && !watches {
		return errors.New("--summary and --output-file need --wait: they say how the deployment ended")
	}
	return cmp.Or(o.drawing.check(o.asJSON), o.patience.check())
}

func newWatcher(cmd *cobra.Command, a account, cfg aws.Config, x operator.Execution, how outputOptions) *watcher {
	out := cmd.OutOrStdout()
	var terminal *screen.Terminal
	if !how.asJSON {
		terminal = how.findTerminal(out, a.environment)
	}
	log := ciLog("")
	if terminal == nil && !how.asJSON {
		log = findCILog(a.getenv)
	}
	return &watcher{
		log: log, files: how.files, outage: outage{environment: a.environment, patience: cmp.Or(how.patience.Duration, defaultPatience)},
		environment: a.environment, histories: stepfunctions.FromConfig(cfg), records: dynamo.FromConfig(cfg, a.tableName()),
		where: newLocation(x, cfg), account: a, asJSON: how.asJSON, out: out, err: cmd.ErrOrStderr(),
		terminal: terminal, narration: narration{to: plainLines{out}, oneLine: isCI(a.getenv)}, run: picture.NewRun(),
	}
}

// watch watches until the execution has ended and its Outcome is known. It returns a
// badEndingError if a person has to do something about the Outcome, and an unknownError if it has
// given up before.
func (w *watcher) watch(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := w.introduce(); err != nil {
		return err
	}
	err := w.follow(ctx)
	end := ending{location: w.where}
	if err == nil {
		end, err = w.conclude(ctx)
	}
	if err == nil { // also if it was interrupted after the last poll: the outcome is known
		return w.finish(end)
	}
	err = w.giveUp(ctx, err)
	stop() // from now on, another interrupt ends the process
	return withFileError(err, w.files.write(end, w.run, err.Error()))
}

// giveUp ends the watching before the deployment ends. It returns an error that says what to do.
func (w *watcher) giveUp(ctx context.Context, err error) error {
	if w.terminal != nil {
		if err := w.terminal.Leave(); err != nil {
			return err
		}
	}
	if !w.asJSON {
		w.log.end(w.out, "The watching has ended", w.now())
	}
	switch {
	case ctx.Err() != nil && w.last.Type != operator.Succeeded: // what has succeeded needs no safety net
		return interruptedError{w.nextSteps()}
	case errors.As(err, &noExecutionError{}), w.last.Ends():
		return err
	}
	return unknownError{fmt.Errorf("%w\n%s", err, w.nextSteps())}
}

// introduce prints what is watched.
func (w *watcher) introduce() error {
	if w.asJSON {
		return nil
	}
	return writeText(w.out, func(to io.Writer) {
		w.where.print(to)
		fmt.Fprintln(to)
		w.log.begin(to, "Deployment "+w.where.Name, w.now())
	})
}

// finish prints how the execution ended.
func (w *watcher) finish(end ending) error {
	var err error
	w.run.End = end.pictureEnd()
	switch {
	case w.asJSON:
		err = writeJSON(w.out, end)
	case w.terminal != nil:
		err = w.terminal.Finish(w.run, "", "A page about it:  sluice report "+w.where.Name+" --out FILE")
	default:
		err = w.printEnd(end)
	}
	if err == nil && !end.isSuccess() {
		err = badEndingError{}
	}
	return withFileError(err, w.files.write(end, w.run, ""))
}

// filesError is how the watching ended, and what has kept its files from being written. The exit
// status is that of the ending.
type filesError struct {
	error
	ofFiles error
}

func (e filesError) Unwrap() error { return e.error }

func withFileError(err, ofFiles error) error {
	if err == nil || ofFiles == nil {
		return cmp.Or(err, ofFiles)
	}
	return filesError{err, ofFiles}
}

// printEnd prints in plain lines how the execution ended.
func (w *watcher) printEnd(end ending) error {
	return writeText(w.out, func(to io.Writer) {
		title := "Outcome: " + cmp.Or(string(end.Outcome), "none")
		w.log.end(to, title, w.now())
		_ = writeText(plainLines{to}, func(to io.Writer) { fmt.Fprintln(to); end.print(to, w.run) })
		if !end.isSuccess() {
			why, _ := w.run.Explanation()
			w.log.fail(to, "Sluice: "+cmp.Or(string(end.Outcome), "no outcome"), shift.BoundText(cmp.Or(why, end.Cause), maxCause))
		}
	})
}

// follow shows new events until the execution ends.
func (w *watcher) follow(ctx context.Context) error {
	for pause := pollEvery; ; {
		var ledgerError error
		if !w.asJSON {
			ledgerError = w.readRecord(ctx)
		}
		events, err := w.readEvents(ctx)
		if err != nil {
			return err
		}
		w.warnOfLedger(ledgerError)
		if err := w.show(events); err != nil {
			return err
		}
		if w.last.Ends() {
			return nil
		}
		if pause = pollEvery; len(events) == 0 {
			pause = pollQuietEvery
		}
		if err := w.wait(ctx, pause); err != nil {
			return err
		}
	}
}

// readRecord asks the Ledger whether the deployment is closed. The safety net can close
// it minutes before the execution's next poll. The Ledger is read before the history,
// so that the events before the closing are known when the closing is shown. It returns an error
// if the Ledger cannot be read for a reason that does not pass.
func (w *watcher) readRecord(ctx context.Context) error {
	if w.closed != nil {
		return nil
	}
	record, err := w.records.Record(ctx, string(w.where.Execution))
	switch {
	case err == nil && record.Status == shift.StatusClosed:
		w.closed = &record
	case err == nil && record.Status == shift.StatusRestoring:
		if w.restoringPolls++; w.restoringPolls == minRestoringPolls {
			w.warn(fmt.Sprintf("the traffic is being put back, but is not back yet (%s)", strings.Join(shift.Texts(record.Reasons), "; ")))
		}
	case err == nil, errors.Is(err, shift.ErrDeploymentUnknown), isPassing(err), ctx.Err() != nil:
	default:
		return err
	}
	return nil
}

// warnOfLedger says once that the Ledger cannot be read.
func (w *watcher) warnOfLedger(err error) {
	if err == nil || w.ledgerError != nil {
		return
	}
	w.ledgerError = err
	w.warn(fmt.Sprintf("the ledger's table %s cannot be read (%v), so an action of the safety net is shown only when the execution notices it", w.account.tableName(), err))
}

// minRestoringPolls is how many polls must find the traffic on its way back before the
// user is told. Usually it is back within a second.
const minRestoringPolls = 2

// redrawEvery is how often the terminal is redrawn to show that time passes.
const redrawEvery = time.Second

// wait waits, and redraws the terminal meanwhile.
func (w *watcher) wait(ctx context.Context, pause time.Duration) error {
	if w.terminal == nil {
		return w.sleep(ctx, pause)
	}
	for ; pause > 0; pause -= redrawEvery {
		if err := w.sleep(ctx, min(pause, redrawEvery)); err != nil {
			return err
		}
		if err := w.draw(); err != nil {
			return err
		}
	}
	return nil
}

// draw shows on the terminal where the deployment stands now.
func (w *watcher) draw() error {
	if w.began.IsZero() {
		return nil
	}
	now := w.clock.Latest()
	if !w.last.Ends() {
		now = w.clock.Tell(w.now())
	}
	return w.terminal.Show(w.run, now.Sub(w.began))
}

// warn prints a message that is not part of the deployment's story.
func (w *watcher) warn(text string) {
	if w.terminal == nil {
		fmt.Fprintf(w.err, "sluice: %s\n", text)
		return
	}
	w.terminal.Say(text)
}

// readEvents reads the new events. While AWS cannot be reached, it tries again until it loses
// patience.
func (w *watcher) readEvents(ctx context.Context) ([]operator.Event, error) {
	for since := w.now(); ; {
		events, err := w.readHistory(ctx)
		if err == nil {
			w.noteAnswer(ctx)
			return events, nil
		}
		pause, err := w.excuse(ctx, err, since)
		if err != nil {
			return nil, err
		}
		if err := w.wait(ctx, pause); err != nil {
			return nil, err
		}
	}
}

func (w *watcher) readHistory(ctx context.Context) ([]operator.Event, error) {
	ctx, stop := context.WithTimeout(ctx, callTime)
	defer stop()
	return w.histories.Events(ctx, w.where.Execution, w.last.ID)
}

// noteAnswer notes that the history was read.
func (w *watcher) noteAnswer(ctx context.Context) {
	w.justStarted, w.answered = false, true
	if w.endOutage() && !w.asJSON {
		_ = w.readRecord(ctx) // it could not be read either; the next round says if it still cannot
	}
}

// excuse returns how long to wait until the history is read again, after an error. It returns an
// error if that makes no sense.
func (w *watcher) excuse(ctx context.Context, err error, since time.Time) (pause time.Duration, _ error) {
	switch {
	case ctx.Err() != nil:
		return 0, err
	case w.justStarted && errors.Is(err, shift.ErrExecutionUnknown) && w.now().Sub(since) < maxStartDelay:
		return pollEvery, nil
	case errors.Is(err, shift.ErrExecutionUnknown):
		return 0, noExecutionError{w.where.Execution}
	}
	return w.endure(ctx, err)
}

// goesOn says what an outage means for a deployment that is watched.
const goesOn = "The deployment goes on by itself, and the safety net watches it."

// endure says that AWS cannot be reached, and returns how long to wait until the next try. It
// returns the error if that makes no sense, or the outage has lasted too long.
func (w *watcher) endure(ctx context.Context, err error) (pause time.Duration, _ error) {
	passes := isPassingAtFirst
	if w.answered || w.justStarted {
		passes = isPassing
	}
	if !passes(err) {
		return 0, err
	}
	if w.outage.lasts() {
		return 0, fmt.Errorf("no answer from AWS for %s: %w", shortDuration(w.outage.patience), err)
	}
	if text := w.outage.begin(err, goesOn); text != "" {
		w.warn(text)
	}
	w.renew(ctx)
	return w.outage.pause, nil
}

// endOutage notes an answer of AWS. It reports whether there was an outage.
func (w *watcher) endOutage() bool {
	text := w.outage.end()
	if text != "" {
		w.warn(text)
	}
	return text != ""
}

// renew reads the AWS configuration again: somebody may have signed in again meanwhile.
func (w *watcher) renew(ctx context.Context) {
	cfg, err := w.account.configure(ctx, w.where.Execution.Region())
	if err != nil {
		return // the next try fails with the reason
	}
	w.histories, w.records = stepfunctions.FromConfig(cfg), dynamo.FromConfig(cfg, w.account.tableName())
}

// show prints what new events mean.
func (w *watcher) show(events []operator.Event) error {
	for _, e := range events {
		if w.began.IsZero() {
			w.began = e.At
		}
		w.last = e
		w.clock.Learn(e.At, w.now())
		w.run.Add(w.where.Name, e.At.Sub(w.began), e)
	}
	w.addClosing()
	moments := w.run.Moments[w.narrated:]
	w.narrated = len(w.run.Moments)
	switch {
	case w.asJSON:
		return nil
	case w.terminal != nil:
		return w.draw()
	}
	return w.narration.print(moments)
}

// addClosing adds the closing to the run. It puts the closing after the moments that
// have been printed already. The Ledger and Step Functions have different clocks, so the
// Ledger's time may be earlier than theirs.
func (w *watcher) addClosing() {
	if w.closed == nil || w.began.IsZero() || w.run.Closed != nil {
		return
	}
	at := w.closed.ClosedAt.Sub(w.began)
	if w.narrated > 0 {
		at = max(at, w.run.Moments[w.narrated-1].At)
	}
	w.run.Close(picture.NewClosing(*w.closed, at))
	w.clock.Learn(w.began.Add(at), w.now())
}

// nextSteps says what happens to the deployment after the watching, and what to do.
func (w *watcher) nextSteps() string {
	if w.last.Ends() {
		return "The execution has ended without an outcome, and it is not known yet whether the traffic is back. The safety net puts it back. To see:  sluice watch " + w.where.Name
	}
	text := "The deployment goes on. To watch it again:  sluice watch " + w.where.Name
	if targets := w.run.Targets(); len(targets) > 0 {
		text += fmt.Sprintf("\nTo put the traffic back:  sluice abort %s --reason '...'", targets[0])
	}
	return text
}
