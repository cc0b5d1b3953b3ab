package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/stepfunctions"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	// defaultPatience is how long a command waits for an answer of AWS.
	defaultPatience = 10 * time.Minute
	maxPatience     = 24 * time.Hour
)

// patience is how long a command waits for an answer of AWS before it gives up.
type patience struct{ time.Duration }

func (p *patience) addTo(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&p.Duration, "patience", defaultPatience, "how long to wait for AWS when it cannot be\nreached; `TIME` is such as 30s or 10m")
}

func (p patience) check() error {
	if p.Duration < time.Second || p.Duration > maxPatience {
		return fmt.Errorf("--patience is %s, but must be between 1s and 24h", p.Duration)
	}
	return nil
}

// isPassing reports whether the same call may succeed later, although nobody changes anything in
// the account: AWS was busy or could not be reached, or the caller's credentials have expired.
func isPassing(err error) bool {
	if awserror.IsUntrusted(err) {
		return false
	}
	return errors.Is(err, operator.ErrUnavailable) || errors.Is(err, shift.ErrThrottled) ||
		awserror.IsTransient(err) || awserror.IsUnanswered(err) || awserror.IsExpired(err)
}

// isPassingAtFirst reports the same before AWS has answered a call. What has never worked is wrong
// rather than lost: credentials that have expired, or a host that does not exist. That is a region
// or an endpoint that is misspelled. A machine without a network cannot reach its name server
// either, which is another error. Once AWS has answered, the host is known to exist, and then
// isPassing takes the same error for a lost network.
func isPassingAtFirst(err error) bool {
	if !isPassing(err) || awserror.IsExpired(err) || awserror.IsUnknownHost(err) {
		return false
	}
	return errors.Is(err, operator.ErrUnavailable) || errors.Is(err, shift.ErrThrottled) ||
		awserror.IsTransient(err) || errors.Is(err, context.DeadlineExceeded) // of callTime
}

// outage is a time without answers from AWS.
type outage struct {
	environment
	patience time.Duration
	since    time.Time // zero while AWS answers
	pause    time.Duration
}

// lasts reports whether the outage has lasted too long.
func (o *outage) lasts() bool { return !o.since.IsZero() && o.now().Sub(o.since) > o.patience }

// begin notes an error. It returns what to tell the user, or "" if they know.
func (o *outage) begin(err error, meanwhile string) string {
	o.pause = min(2*o.pause, maxRetryPause)
	if !o.since.IsZero() {
		return ""
	}
	o.since, o.pause = o.now(), pollEvery
	what := "AWS cannot be reached at the moment (" + err.Error() + ")"
	advice := ""
	if awserror.IsExpired(err) {
		what = "the AWS credentials have expired (" + err.Error() + ")"
		advice = " If you sign in again elsewhere, they are read again."
	}
	return fmt.Sprintf("%s. %s Trying again for up to %s.%s", what, meanwhile, shortDuration(o.patience), advice)
}

// end notes an answer. It returns what to tell the user, or "" if there was no outage.
func (o *outage) end() string {
	if o.since.IsZero() {
		return ""
	}
	lasted := o.now().Sub(o.since).Round(time.Second)
	o.since = time.Time{}
	return fmt.Sprintf("AWS answers again, after %s.", shortDuration(lasted))
}

// shortDuration formats a time as a person writes it: 10m, and not 10m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if len(text) > len(zero) && text[len(text)-len(zero):] == zero {
			text = text[:len(text)-2]
		}
	}
	return text
}

// noAnswerError says that AWS has not answered for as long as the user's patience lasts.
type noAnswerError struct{ error }

func (e noAnswerError) Unwrap() error { return e.error }

// seek makes calls that change nothing, and makes them again while AWS cannot be reached. It returns
// a noAnswerError if it loses patience. meanwhile says what happens to the deployment.
func (s environment) seek(ctx context.Context, how patience, warn func(string), meanwhile string, calls func(context.Context) error) error {
	o := outage{environment: s, patience: how.Duration}
	for {
		err := inTime(ctx, calls)
		switch {
		case err == nil:
			if text := o.end(); text != "" {
				warn(text)
			}
			return nil
		case ctx.Err() != nil, !isPassingAtFirst(err):
			return err
		case o.lasts():
			return noAnswerError{fmt.Errorf("no answer from AWS for %s: %w", shortDuration(o.patience), err)}
		}
		if text := o.begin(err, meanwhile); text != "" {
			warn(text)
		}
		if err := s.sleep(ctx, o.pause); err != nil {
			return err
		}
	}
}

// inTime makes calls that may take no longer than a single call.
func inTime(ctx context.Context, calls func(context.Context) error) error {
	ctx, stop := context.WithTimeout(ctx, callTime)
	defer stop()
	return calls(ctx)
}

// warnOn returns a function that prints what the user should know on stderr.
func warnOn(cmd *cobra.Command) func(string) {
	return func(text string) { fmt.Fprintf(cmd.ErrOrStderr(), "sluice: %s\n", text) }
}

// untilInterrupted returns a command's context, which ends at an interrupt.
func untilInterrupted(cmd *cobra.Command) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
}

// beforeStart makes calls that a start needs. Nothing has been started yet, so they are made again
// while AWS cannot be reached.
func (a account) beforeStart(cmd *cobra.Command, how patience, calls func(context.Context) error) error {
	ctx, stop := untilInterrupted(cmd)
	defer stop()
	err := a.seek(ctx, how, warnOn(cmd), "Nothing has been started yet.", calls)
	switch {
	case err != nil && ctx.Err() != nil:
		return interruptedError{"Nothing was started."}
	case errors.As(err, &noAnswerError{}):
		return fmt.Errorf("nothing was started: %w", err)
	}
	return err
}

// unknownError says that the command has given up before the deployment ended.
type unknownError struct{ error }

func (e unknownError) Unwrap() error { return e.error }

// executionStarter starts executions, and reads what they were started with.
type executionStarter interface {
	historyReader
	Start(ctx context.Context, machineARN, name string, input []byte) (operator.Execution, error)
}

// starter starts an execution exactly once, even if the answer of AWS is lost: the execution has a
// name, and Step Functions gives a name to one execution only.
type starter struct {
	environment
	executions    executionStarter
	machine, name string
	input         []byte
	answered      bool // AWS has answered a call of the command
	patience      time.Duration
	warn          func(string)
	// began is when the first attempt was made, by this machine's clock.
	began time.Time
}

const (
	// callTime is how long a single call may take. A connection that was dropped without a word
	// would hold it for a quarter of an hour.
	callTime = time.Minute
	// maxSkew is how far this machine's clock may be from that of AWS.
	maxSkew = 5 * time.Minute
)

// start starts the execution. It tries again while AWS cannot be reached.
func (s starter) start(ctx context.Context) (operator.Execution, error) {
	o := outage{environment: s.environment, patience: s.patience}
	s.began = s.now()
	for {
		x, err := s.attempt(ctx, !o.since.IsZero())
		switch {
		case errors.Is(err, operator.ErrNameTaken): // by an execution that is not ours
			return "", err
		case err == nil:
			if text := o.end(); text != "" {
				s.warn(text)
			}
			return x, nil
		case ctx.Err() != nil, o.lasts(), !isPassing(err) && !o.since.IsZero():
			return "", s.unknown(ctx, err)
		case !isPassing(err), o.since.IsZero() && s.isWrong(err):
			return "", err // nothing was started
		}
		if text := o.begin(err, "It is not known yet whether the deployment was started. Retrying is safe: Step Functions starts only one execution named "+s.name+"."); text != "" {
			s.warn(text)
		}
		if err := s.sleep(ctx, o.pause); err != nil {
			return "", s.unknown(ctx, err)
		}
	}
}

// isWrong reports whether the first attempt failed for a reason that is not waited for: see
// isPassingAtFirst.
func (s starter) isWrong(err error) bool {
	return awserror.IsExpired(err) || awserror.IsUnknownHost(err) && !s.answered
}

// unknown returns the error for a start that was asked for and not answered.
func (s starter) unknown(ctx context.Context, err error) error {
	look := "To see:  sluice watch " + string(operator.NewExecution(s.machine, s.name))
	if ctx.Err() != nil {
		return interruptedError{"It is not known whether the deployment was started. " + look}
	}
	return unknownError{fmt.Errorf("it is not known whether the deployment was started: %w\n%s", err, look)}
}

// attempt makes one attempt. After one whose answer was lost, the name may be taken by the execution
// that it has started, which may even have ended. One that is older is not ours.
func (s starter) attempt(ctx context.Context, again bool) (operator.Execution, error) {
	ctx, stop := context.WithTimeout(ctx, callTime)
	defer stop()
	x, err := s.executions.Start(ctx, s.machine, s.name, s.input)
	if !again || !errors.Is(err, operator.ErrNameTaken) {
		return x, err
	}
	x = operator.NewExecution(s.machine, s.name)
	events, readErr := s.executions.Events(ctx, x, 0)
	if readErr != nil {
		return "", readErr
	}
	for _, e := range events {
		if e.EnteredType() != "" { // the first state's input is that of the execution
			if sameJSON(e.Data, s.input) && !e.At.Before(s.began.Add(-maxSkew)) {
				return x, nil
			}
			break
		}
	}
	return "", err
}

// launch is what is started.
type launch struct {
	cfg           aws.Config
	machine, name string
	input         []byte
	answered      bool // AWS has answered a call of the command
}

// startOnce starts an execution exactly once. If it is not known whether it was started, the files
// say so.
func (a account) startOnce(cmd *cobra.Command, l launch, how outputOptions) (operator.Execution, error) {
	ctx, stop := untilInterrupted(cmd)
	defer stop()
	s := starter{
		environment: a.environment, executions: stepfunctions.FromConfig(l.cfg), machine: l.machine, name: l.name, input: l.input,
		answered: l.answered, patience: how.patience.Duration, warn: warnOn(cmd),
	}
	x, err := s.start(ctx)
	if errors.As(err, &unknownError{}) || errors.As(err, &interruptedError{}) {
		end := ending{location: newLocation(operator.NewExecution(l.machine, l.name), l.cfg)}
		err = withFileError(err, how.files.write(end, picture.NewRun(), err.Error()))
	}
	return x, err
}
