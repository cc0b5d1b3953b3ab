package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator/stepfunctions"
	"github.com/sluice-aws/sluice/internal/request"
)

const (
	// patienceOfCompletion bounds how long a person waits for a completion.
	patienceOfCompletion = 2 * time.Second
	// recentDeployments is of how many deployments that have ended the targets are proposed.
	recentDeployments = 10
)

// completeTargets completes the TARGET of a command: the targets of the deployments that are open,
// and of the latest ones that have ended if the command is about those, too. It says nothing of
// errors, because the shell would show them in the middle of a line.
func (a *account) completeTargets(alsoEnded bool) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, stop := context.WithTimeout(cmd.Context(), patienceOfCompletion)
		defer stop()
		found := make(chan []string, 1)
		go func() { found <- a.targets(ctx, alsoEnded) }()
		var targets []string
		select { // what does not heed the context must not hold up the shell
		case targets = <-found:
		case <-ctx.Done():
		}
		return beginning(begun, targets), cobra.ShellCompDirectiveNoFileComp
	}
}

// beginning returns the targets that begin with what was typed. A function may be typed without its
// kind.
func beginning(begun string, targets []string) []string {
	var fit []string
	for _, t := range targets {
		function, isFunction := strings.CutPrefix(t, "lambda:")
		switch {
		case strings.HasPrefix(t, begun):
			fit = append(fit, t)
		case isFunction && strings.HasPrefix(function, begun):
			fit = append(fit, function)
		}
	}
	return fit
}

// targets lists targets that the Ledger knows. It lists none if it cannot be read.
func (a account) targets(ctx context.Context, alsoEnded bool) []string {
	f, err := a.newFinder(ctx, subject{})
	if err != nil {
		return nil
	}
	var targets []string
	if listed, err := f.ledger.Unannounced(ctx); err == nil {
		for _, l := range listed {
			targets = append(targets, f.targetsOf(ctx, l.ID)...)
		}
	}
	if alsoEnded {
		targets = append(targets, f.recentTargets(ctx)...)
	}
	slices.Sort(targets)
	return slices.Compact(targets)
}

// recentTargets lists the targets of the latest deployments.
func (f finder) recentTargets(ctx context.Context) []string {
	machines := stepfunctions.FromConfig(f.cfg)
	machine, err := machines.ARN(ctx, f.stateMachine())
	if err != nil {
		return nil
	}
	recent, err := machines.Recent(ctx, machine, recentDeployments)
	if err != nil {
		return nil
	}
	var targets []string
	for _, x := range recent {
		targets = append(targets, f.targetsOf(ctx, string(x.Execution))...)
	}
	return targets
}

// targetsOf lists the targets of a deployment.
func (f finder) targetsOf(ctx context.Context, id string) []string {
	record, err := f.ledger.Record(ctx, id)
	if err != nil {
		return nil
	}
	var targets []string
	for _, a := range record.Arrivals {
		targets = append(targets, string(a.Target))
	}
	return targets
}

// completeStrategies completes the name of a strategy.
func completeStrategies(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return request.CommonStrategies(), cobra.ShellCompDirectiveNoFileComp
}

// completeFlags completes the flags of a command that take one of few words, or the file of a
// deployment or a scenario.
func completeFlags(cmd *cobra.Command) {
	words := map[string]cobra.CompletionFunc{
		"strategy":      completeStrategies,
		"hook-endpoint": cobra.FixedCompletions([]string{flow.HookEndpointURL, flow.HookEndpointOff}, cobra.ShellCompDirectiveNoFileComp),
		"hook-mode":     cobra.FixedCompletions([]string{"codedeploy", "sync", "callback"}, cobra.ShellCompDirectiveNoFileComp),
		"file":          ofFiles, "scenario": ofFiles, "output": ofFiles,
	}
	for _, name := range sortedKeys(words) {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, words[name]) // fails only for a flag that has one
		}
	}
	for _, below := range cmd.Commands() {
		completeFlags(below)
	}
}

func ofFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"json", "yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}
