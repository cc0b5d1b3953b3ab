package main

import (
	"context"
	"errors"
	"io"
	"sort"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/picture/screen"
)

// drawing says whether a run may be drawn, or is printed in plain lines.
type drawing struct{ plain bool }

func (d *drawing) addFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&d.plain, "plain", false, "print plain lines, even on a terminal")
}

// check checks the flag against that for JSON.
func (d drawing) check(asJSON bool) error {
	if d.plain && asJSON {
		return errors.New("--json and --plain exclude each other: --json prints JSON, and --plain lines for people")
	}
	return nil
}

// findTerminal returns the terminal to draw on. It returns nil if there is none, or if
// the user wants plain lines.
func (d drawing) findTerminal(out io.Writer, env environment) *screen.Terminal {
	if d.plain || isCI(env.getenv) {
		return nil
	}
	terminal, found := screen.Find(out, env.getenv)
	if !found {
		return nil
	}
	return terminal
}

// How fast a simulation is played. Three of them take less than ten seconds.
const (
	frameInterval = 40 * time.Millisecond
	timePerMoment = 90 * time.Millisecond
	timeForBakes  = 1200 * time.Millisecond
	maxPlayTime   = 2800 * time.Millisecond
	timeAfterLast = 300 * time.Millisecond
)

// replay draws a run from its beginning to its end, in a few seconds. It returns early
// if the context is done.
func replay(ctx context.Context, env environment, terminal *screen.Terminal, run *picture.Run) error {
	keyframes := newKeyframes(run)
	if len(keyframes) == 0 {
		return nil
	}
	return replayPart(ctx, env, terminal, run, keyframes, 0, endOf(keyframes))
}

// endOf returns when the playing ends.
func endOf(keyframes []keyframe) time.Duration {
	return keyframes[len(keyframes)-1].played + timeAfterLast
}

// replayPart draws a part of the playing.
func replayPart(ctx context.Context, env environment, terminal *screen.Terminal, run *picture.Run, keyframes []keyframe, from, until time.Duration) error {
	for played := from; played < until; played += frameInterval {
		shown, at := frameAt(keyframes, played)
		if err := terminal.Show(run.Until(shown), at); err != nil {
			return err
		}
		if err := env.sleep(ctx, frameInterval); err != nil {
			return err
		}
	}
	return nil
}

// keyframe says when a moment is played, and when it happened in the run.
type keyframe struct{ played, happened time.Duration }

// newKeyframes plans the playing. Each moment that is not a repeated poll takes the same
// time, and the time between moments is shortened to timeForBakes in all.
func newKeyframes(run *picture.Run) []keyframe {
	ends := time.Duration(0)
	for _, m := range run.Moments {
		ends = max(ends, m.At)
	}
	shown, keyframes := 0, make([]keyframe, len(run.Moments))
	for i, m := range run.Moments {
		if i == 0 || !m.IsRepeatedPoll(run.Moments[i-1]) {
			shown++
		}
		keyframes[i] = keyframe{played: time.Duration(shown) * timePerMoment, happened: m.At}
	}
	scale := min(1, float64(maxPlayTime-timeForBakes)/float64(time.Duration(shown)*timePerMoment+1))
	for i := range keyframes {
		keyframes[i].played = time.Duration(float64(keyframes[i].played) * scale)
		if ends > 0 {
			keyframes[i].played += time.Duration(float64(timeForBakes) * float64(keyframes[i].happened) / float64(ends))
		}
	}
	return keyframes
}

// frameAt returns how many moments have been played at a given time of the playing, and
// the time in the run.
func frameAt(keyframes []keyframe, played time.Duration) (shown int, at time.Duration) {
	shown = sort.Search(len(keyframes), func(i int) bool { return keyframes[i].played > played })
	switch shown {
	case 0:
		return 0, 0
	case len(keyframes):
		return shown, keyframes[shown-1].happened
	}
	before, next := keyframes[shown-1], keyframes[shown]
	part := float64(played-before.played) / float64(next.played-before.played)
	return shown, before.happened + time.Duration(part*float64(next.happened-before.happened))
}
