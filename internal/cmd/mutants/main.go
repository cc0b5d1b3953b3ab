// Command mutants changes the code in small ways, one at a time, and prints which of these
// changes no test notices.
//
//	mutants [-only REGEXP] [-sample N] [-seed N] [-known FILE] [-judges PACKAGE] [PACKAGE ...]
//
// Each PACKAGE is a folder of the module in the working directory. A mutant is tried on the
// tests of its own package, and then on those of the judges' package that are fast enough
// (-fast). -only chooses mutants by their names. What survives on purpose is listed in FILE,
// each with its reason. The command fails if something else survives, if more than 5 % survive,
// or if an entry of FILE is out of date.
//
// Log lines, and conditions that decide about nothing else, are left alone: they are for people.
// So are the errors of DynamoDB's expression builder, which cannot occur: see isBuilt.
//
// All mutants of a package are compiled into it at once, through the overlay of go build, so
// the working tree never changes. An environment variable chooses the active one. So a
// mutant costs only the time of the tests that reach it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		stop()
		os.Exit(1)
	}
}

// settings are what the flags say.
type settings struct {
	packages []string
	judges   string
	known    string
	only     *regexp.Regexp
	sample   int
	seed     uint64
	fast     time.Duration
	grace    time.Duration
	workers  int
}

// rooms are the packages that decide, and that write.
var rooms = []string{
	"./internal/shift", "./internal/shift/judge", "./internal/task", "./internal/gate/alarm", "./internal/gate/metric",
	"./internal/ledger/dynamo", "./internal/router", "./internal/router/lambdaalias",
}

func readSettings(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	only := flags.String("only", "", "try only mutants whose name this regular expression matches")
	flags.IntVar(&s.sample, "sample", 0, "try only so many mutants, chosen by -seed; 0 is all")
	flags.Uint64Var(&s.seed, "seed", 1, "chooses the sample")
	flags.StringVar(&s.known, "known", "internal/cmd/mutants/survivors.txt", "the file of the mutants that survive on purpose")
	flags.StringVar(&s.judges, "judges", "./internal/proof", "the package whose tests judge what a package's own tests let pass")
	flags.DurationVar(&s.fast, "fast", 5*time.Second, "leave out tests of the judges that take longer by themselves")
	flags.DurationVar(&s.grace, "grace", 15*time.Second, "how much longer than usual tests may take before a mutant counts as noticed")
	flags.IntVar(&s.workers, "workers", runtime.NumCPU(), "how many mutants are tried at the same time")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	var err error
	if s.only, err = regexp.Compile(*only); err != nil {
		return s, fmt.Errorf("-only is a regular expression: %w", err)
	}
	if s.packages = flags.Args(); len(s.packages) == 0 {
		s.packages = rooms
	}
	if s.sample < 0 || s.workers < 1 {
		return s, fmt.Errorf("-sample is 0 or more and -workers 1 or more, and not %d and %d", s.sample, s.workers)
	}
	return s, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	s, err := readSettings(args)
	if err != nil {
		return err
	}
	known, err := readKnown(s.known)
	if err != nil {
		return err
	}
	sources, err := load(ctx, s.packages)
	if err != nil {
		return err
	}
	all := findMutants(sources)
	folder, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	fmt.Fprintf(out, "%d mutants of %d packages; building their tests\n", len(all), len(sources))
	suites, err := build(ctx, folder, sources, len(all), s.judges)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "looking which test reaches which mutant")
	slow, err := trace(ctx, folder, suites, s)
	if err != nil {
		return err
	}
	if len(slow) > 0 {
		fmt.Fprintf(out, "left out, as they take longer than %s: %d tests of %s\n", s.fast, len(slow), s.judges)
	}
	tried := choose(matching(all, s.only), s.sample, s.seed)
	fmt.Fprintf(out, "trying %d mutants\n", len(tried))
	survivors, err := try(ctx, out, tried, suites, s)
	if err != nil {
		return err
	}
	most := float64(mostSurvivors)
	if s.only.String() != "" {
		most = 100 // the share of a few says nothing
	}
	return report(out, known, all, tried, survivors, most)
}

// matching returns the mutants whose name matches.
func matching(all []mutant, name *regexp.Regexp) []mutant {
	return slices.DeleteFunc(slices.Clone(all), func(m mutant) bool { return !name.MatchString(m.key()) })
}

// choose returns a sample of the mutants, in their order; 0 is all of them.
func choose(all []mutant, n int, seed uint64) []mutant {
	if n == 0 || n >= len(all) {
		return all
	}
	chosen := rand.New(rand.NewPCG(seed, 0)).Perm(len(all))[:n]
	slices.Sort(chosen)
	sample := make([]mutant, n)
	for i, number := range chosen {
		sample[i] = all[number]
	}
	return sample
}
