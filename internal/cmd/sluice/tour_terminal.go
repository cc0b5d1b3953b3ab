package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/picture/screen"
	"github.com/sluice-aws/sluice/internal/shift"
)

// terminalTour tells the tour in a terminal, or in plain lines.
type terminalTour struct {
	environment
	// draws returns a terminal for one drawing, or nil if plain lines are printed.
	draws func() *screen.Terminal
	out   io.Writer
	// enter receives whenever the person presses Enter, and is closed at the end of the input. It is
	// nil if nobody can press it.
	enter <-chan struct{}
}

// lines receives once for each line that is read.
func lines(from io.Reader) <-chan struct{} {
	read := make(chan struct{})
	go func() { // ends with the process, or the input
		defer close(read)
		for in := bufio.NewScanner(from); in.Scan(); {
			read <- struct{}{}
		}
	}()
	return read
}

// textWidth is how wide the tour's sentences are.
const textWidth = 76

// say prints paragraphs.
func (t terminalTour) say(paragraphs ...string) error {
	return writeText(t.out, func(to io.Writer) {
		for _, p := range paragraphs {
			for _, line := range wrap(p, textWidth) {
				fmt.Fprintf(to, "%s%s\n", gutter, line)
			}
			fmt.Fprintln(to)
		}
	})
}

// await waits until the person goes on.
func (t terminalTour) await(ctx context.Context, forWhat string) error {
	if t.enter == nil {
		return ctx.Err()
	}
	if err := write(t.out, []byte("  Press Enter: "+forWhat+" ")); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.enter:
	}
	return write(t.out, []byte("\n"))
}

// tell tells the whole tour.
func (t terminalTour) tell(ctx context.Context) error {
	err := t.say(tourWelcome...)
	for step := range tourSteps {
		if err == nil {
			err = t.tellStep(ctx, step)
		}
	}
	switch {
	case ctx.Err() != nil:
		if terminal := t.draws(); terminal != nil {
			_ = terminal.Leave() // the interrupt is what counts
		}
		return interruptedError{"\nThe tour was interrupted. Nothing is left of it."}
	case err != nil:
		return err
	}
	return writeText(t.out, func(to io.Writer) {
		fmt.Fprintf(to, "  %s\n\n", tourEnd[0])
		for _, line := range tourNext {
			fmt.Fprintf(to, "    %s\n", line)
		}
		fmt.Fprintln(to)
		printLines(to, wrap(tourReading, textWidth))
	})
}

func (t terminalTour) tellStep(ctx context.Context, step int) error {
	s := tourSteps[step]
	title := tourTitle(step)
	if err := t.say(append([]string{title + "\n" + gutter + strings.Repeat("─", len(title))}, s.before...)...); err != nil {
		return err
	}
	if err := t.say(tourDeployment); err != nil {
		return err
	}
	if err := write(t.out, []byte("    "+strings.ReplaceAll(s.deployment, "\n", "\n    ")+"\n\n")); err != nil {
		return err
	}
	if err := t.await(ctx, strings.ToLower(s.button[:1])+s.button[1:]); err != nil {
		return err
	}
	scenario, err := tourScenario([]tourStep{s}, true)
	if err != nil {
		return err
	}
	played, err := inputs{deployment: []byte(s.deployment), scenario: scenario}.play()
	if err != nil {
		return err
	}
	if err := t.show(ctx, s, played); err != nil {
		return err
	}
	return t.say(s.result(shift.Outcome(played.result.Outcome)))
}

// show shows a deployment that was played.
func (t terminalTour) show(ctx context.Context, s tourStep, played simulation) error {
	terminal := t.draws()
	if terminal == nil {
		return writeText(t.out, func(to io.Writer) {
			storyTable(played.run.Moments).write(to)
			fmt.Fprintln(to)
			played.shortSummary().write(to)
			fmt.Fprintln(to)
		})
	}
	keyframes := newKeyframes(played.run)
	from := time.Duration(0)
	aborted := slices.IndexFunc(played.run.Moments, func(m picture.Moment) bool { return s.abortAfter > 0 && m.At >= s.abortAfter })
	if aborted > 0 { // the virtual clock stands still until the person aborts
		from = keyframes[aborted].played - 1
		if err := replayPart(ctx, t.environment, terminal, played.run, keyframes, 0, from); err != nil {
			return err
		}
		if err := terminal.Leave(); err != nil {
			return err
		}
		if err := t.say("", "Customers complain. In an AWS account you would now type:  sluice abort search"); err != nil {
			return err
		}
		if err := t.await(ctx, "abort it"); err != nil {
			return err
		}
	}
	if err := replayPart(ctx, t.environment, terminal, played.run, keyframes, from, endOf(keyframes)); err != nil {
		return err
	}
	return terminal.Finish(played.run, "")
}

// shortSummary lists how a simulation has ended, without its counts.
func (s simulation) shortSummary() *table {
	t := &table{indent: gutter}
	t.add("outcome", outcomeText(s.result.Outcome, s.result.Status, s.result.Error))
	t.addCause(s.run.Explanation())
	t.add("requests")
	t.addRequests(s.result.Requests)
	return t
}
