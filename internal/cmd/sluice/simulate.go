package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/picture/screen"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

const aboutSimulate = `Simulate plays a deployment on this machine. It runs the definition and the
handlers that run in AWS, in a local world with traffic, metrics and alarms, on
a virtual clock. The scenario says how the versions behave, which alarms there
are, and what else happens. Without a scenario, both versions are healthy and
serve 600 requests a minute, every alarm that the deployment names stays OK, and
every hook succeeds. The same deployment and scenario always give the same
result.

On a terminal the run is drawn, and takes a few seconds. Otherwise, or with
--plain, it is printed at once.` + aboutFiles

const examplesOfSimulate = `  sluice simulate -f deployment.json
  sluice simulate -f deployment.json -s scenario.json
  sluice simulate -f deployment.json -s scenario.json --report report.html
  sluice simulate -f appspec.yaml --strategy AllAtOnce --hook-mode sync
  sluice simulate -f deployment.json -s scenario.json --json | jq .routes`

func newSimulate(env environment) *cobra.Command {
	var deployment, scenario, reportFile string
	var asJSON bool
	var spec appSpecFlags
	var d drawing
	cmd := &cobra.Command{
		Use:                   "simulate -f FILE [-s FILE] [--report FILE] [--plain | --json]",
		Short:                 "Play a deployment on this machine",
		Long:                  aboutSimulate,
		Example:               examplesOfSimulate,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if err := checkSimulateArgs(args, source(deployment), source(scenario)); err != nil {
				return err
			}
			return d.check(asJSON)
		},
		RunE: markFailed(func(cmd *cobra.Command, _ []string) error {
			s, err := readInputs(source(deployment), spec, source(scenario), cmd.InOrStdin())
			if err != nil {
				return err
			}
			played, err := s.play()
			if err != nil {
				return err
			}
			if reportFile != "" {
				if err := writeReport(reportFile, s.report(played)); err != nil {
					return err
				}
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), played.result)
			}
			if terminal := d.findTerminal(cmd.OutOrStdout(), env); terminal != nil {
				return played.draw(cmd.Context(), env, terminal, reportFile)
			}
			return writeText(cmd.OutOrStdout(), func(to io.Writer) {
				played.print(to)
				if reportFile != "" {
					fmt.Fprintln(to)
					reportTable(reportFile).write(to)
				}
			})
		}),
	}
	cmd.Flags().StringVarP(&deployment, "file", "f", "", "read the deployment from `FILE`; - is standard input")
	spec.addTo(cmd)
	cmd.Flags().StringVarP(&scenario, "scenario", "s", "", "read the scenario from `FILE`; - is standard input")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&reportFile, "report", "", "write an HTML page with plots to `FILE`")
	d.addFlag(cmd)
	return cmd
}

// checkSimulateArgs checks the arguments of simulate, before any file is read.
func checkSimulateArgs(args []string, deployment, scenario source) error {
	switch {
	case len(args) > 0:
		return fmt.Errorf("simulate takes no arguments, but got %q: give the deployment's file with -f", args[0])
	case deployment == "":
		return errors.New("simulate needs a deployment's file: -f FILE")
	case deployment == standardInput && deployment == scenario:
		return errors.New("the deployment and the scenario cannot both be standard input")
	}
	return nil
}

// inputs are a deployment and a scenario.
type inputs struct {
	deployment []byte
	scenario   world.Scenario
	// from is the scenario's file; its json is nil without one.
	from file
}

// readInputs reads both files. Its error lists the problems of both.
func readInputs(deployment source, spec appSpecFlags, scenario source, stdin io.Reader) (inputs, error) {
	s := inputs{scenario: world.DefaultScenario()}
	wrong := &invalidError{}
	d, err := spec.read(deployment, stdin)
	if err = wrong.take(err); err != nil {
		return inputs{}, err
	}
	if s.deployment = d.json; len(wrong.lines) == 0 {
		_, err = d.release("")
		wrong.add(d, err)
	}
	if scenario != "" {
		s.from, err = scenario.read(stdin)
		if err != nil {
			return inputs{}, cmp.Or(wrong.take(err), wrong.orNil())
		}
		s.scenario, err = world.DecodeScenario(s.from.json)
		wrong.add(s.from, err)
	}
	return s, wrong.orNil()
}

// simulation is a deployment that has been played.
type simulation struct {
	result world.Result
	run    *picture.Run
}

// play runs the deployment to its end.
func (s inputs) play() (simulation, error) {
	run := picture.NewRun()
	result, recording, err := world.Record(s.deployment, s.scenario, func(at time.Duration, x *asl.Execution, e asl.Event) {
		run.Add(x.Name(), at, simulatedEvent(e))
	})
	var wrong *world.ScenarioError
	if errors.As(err, &wrong) { // the scenario names something that the deployment lacks
		return simulation{}, s.from.invalid(wrong)
	}
	if err != nil {
		return simulation{}, fmt.Errorf("simulate: %w", err)
	}
	run.Observed = newObserved(recording, result.Routes, run.Changes)
	if closed := recording.Closed; closed != nil {
		run.Close(picture.NewClosing(*closed, recording.ClosedAt))
	}
	run.End = &picture.End{
		At: fromSeconds(result.VirtualSeconds), Outcome: shift.Outcome(result.Outcome),
		Status: result.Status, Error: result.Error, Cause: result.Cause,
	}
	return simulation{result: result, run: run}, nil
}

// draw plays it on a terminal.
func (s simulation) draw(ctx context.Context, env environment, terminal *screen.Terminal, reportFile string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := replay(ctx, env, terminal, s.run)
	switch {
	case ctx.Err() != nil:
		if err := terminal.Leave(); err != nil {
			return err
		}
		return interruptedError{"The simulation was interrupted. To print it all at once:  sluice simulate --plain"}
	case err != nil:
		return err
	}
	more := "--plain prints all counts. --report FILE writes a page with plots."
	if reportFile != "" {
		more = "The report is in " + reportFile
	}
	return terminal.Finish(s.run, "", more)
}

// newObserved converts a recording of the world for a picture of the deployment that
// makes the changes.
func newObserved(r world.Recording, routes []world.Routed, changes []shift.Move) *picture.Observed {
	o := &picture.Observed{Until: r.Until, Weights: candidateWeights(routes, changes)}
	for _, a := range r.Alarms {
		o.Alarms = append(o.Alarms, picture.AlarmChange{At: a.At, Name: a.Name, State: shift.AlarmState(a.State), Reason: a.Reason})
	}
	for _, m := range r.Traffic {
		o.Traffic = append(o.Traffic, picture.Minute{
			Begins: m.Begins, Target: m.Target, Candidate: m.Role == world.RoleCandidate, Other: m.Role == world.RoleOther,
			Requests: m.Requests, Errors: m.Errors,
		})
	}
	return o
}

// candidateWeights returns how the share of the Candidates changed. Traffic that
// somebody moves to another version is not theirs.
func candidateWeights(routes []world.Routed, changes []shift.Move) []picture.WeightChange {
	candidates, last := map[shift.Target]shift.Version{}, map[shift.Target]shift.Weight{}
	for _, c := range changes {
		candidates[c.Target] = c.Candidate
	}
	var list []picture.WeightChange
	for _, r := range routes {
		weight := shift.None
		switch candidates[r.Target] {
		case shift.Version(r.Candidate):
			weight = r.Percent
		case shift.Version(r.Stable): // somebody has made it the main version
			weight = shift.All - r.Percent
		}
		if weight != last[r.Target] {
			list = append(list, picture.WeightChange{At: fromSeconds(r.Seconds), Target: r.Target, Weight: weight})
		}
		last[r.Target] = weight
	}
	return list
}

func fromSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
