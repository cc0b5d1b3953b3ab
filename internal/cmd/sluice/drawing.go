package main

import (
	"context"
	"io"
	"sort"
	"time"

	"github.com/spf13/cobra"

	"sluice/internal/picture"
	"sluice/internal/picture/screen"
)

// drawing is whether a run is drawn, or told in plain lines.
type drawing struct{ plain bool }

func (d *drawing) addFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&d.plain, "plain", false, "print plain lines, as into a file")
}

// on finds the terminal to draw on, if there is one and nobody wants plain lines.
func (d drawing) on(out io.Writer, around surroundings) *screen.Terminal {
	if d.plain {
		return nil
	}
	terminal, found := screen.Find(out, around.getenv)
	if !found {
		return nil
	}
	return terminal
}

// How fast a simulation is played: three of them within ten seconds.
const (
	frame         = 40 * time.Millisecond
	playedMoment  = 90 * time.Millisecond
	playedTime    = 1200 * time.Millisecond
	playedAtMost  = 2800 * time.Millisecond
	lingersAtLast = 300 * time.Millisecond
)

// replay draws a run as it went, in a few seconds, and returns early when the context
// is done.
func replay(ctx context.Context, around surroundings, terminal *screen.Terminal, run *picture.Run) error {
	knots := tempo(run)
	if len(knots) == 0 {
		return nil
	}
	for played := time.Duration(0); played < knots[len(knots)-1].played+lingersAtLast; played += frame {
		told, at := scene(knots, played)
		if err := terminal.Show(run.Until(told), at); err != nil {
			return err
		}
		if err := around.sleep(ctx, frame); err != nil {
			return err
		}
	}
	return nil
}

// knot is when a moment is played that happened at some time.
type knot struct{ played, happened time.Duration }

// tempo gives every moment that is told some time, and the rest to the time that passed
// between them.
func tempo(run *picture.Run) []knot {
	ends := time.Duration(0)
	for _, m := range run.Moments {
		ends = max(ends, m.At)
	}
	told, knots := 0, make([]knot, len(run.Moments))
	for i, m := range run.Moments {
		if i == 0 || !m.IsRepeatedPoll(run.Moments[i-1]) {
			told++
		}
		knots[i] = knot{played: time.Duration(told) * playedMoment, happened: m.At}
	}
	stretch := min(1, float64(playedAtMost-playedTime)/float64(time.Duration(told)*playedMoment+1))
	for i := range knots {
		knots[i].played = time.Duration(float64(knots[i].played) * stretch)
		if ends > 0 {
			knots[i].played += time.Duration(float64(playedTime) * float64(knots[i].happened) / float64(ends))
		}
	}
	return knots
}

// scene is how many moments have been played by a time, and which time it was then.
func scene(knots []knot, played time.Duration) (told int, at time.Duration) {
	told = sort.Search(len(knots), func(i int) bool { return knots[i].played > played })
	switch told {
	case 0:
		return 0, 0
	case len(knots):
		return told, knots[told-1].happened
	}
	before, next := knots[told-1], knots[told]
	part := float64(played-before.played) / float64(next.played-before.played)
	return told, before.happened + time.Duration(part*float64(next.happened-before.happened))
}
