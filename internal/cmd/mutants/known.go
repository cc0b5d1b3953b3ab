package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// mostSurvivors is how many mutants may survive, in percent.
const mostSurvivors = 5

// readKnown reads the mutants that survive on purpose, with their reasons. Each takes two
// lines: its name, as the command prints it without the number of the line, and the reason,
// which is indented. Lines that begin with # are comments.
func readKnown(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the mutants that survive on purpose: %w", err)
	}
	known, name := map[string]string{}, ""
	for number, line := range strings.Split(string(text), "\n") {
		reason, indented := strings.CutPrefix(line, "\t")
		reason = strings.TrimSpace(reason)
		_, twice := known[line]
		switch {
		case isComment(line):
		case indented != (name != "") || reason == "" || twice:
			return nil, fmt.Errorf("%s:%d: each mutant is named once, on a line, and its reason follows on the next line after a tab", file, number+1)
		case indented:
			known[name], name = reason, ""
		default:
			name = line
		}
	}
	if name != "" {
		return nil, fmt.Errorf("%s: %q has no reason", file, name)
	}
	return known, nil
}

func isComment(line string) bool {
	return strings.HasPrefix(line, "#") || line == ""
}

// report prints the survivors, and returns what is wrong with them.
func report(out io.Writer, known map[string]string, all, tried []mutant, survivors []survivor, most float64) error {
	var unlisted int
	alive := map[string]bool{}
	for _, s := range survivors {
		alive[s.key()] = true
		note := "survives"
		if !s.reached {
			note = "no test reaches it"
		}
		if reason, listed := known[s.key()]; listed {
			fmt.Fprintf(out, "%s\n\t%s, as listed: %s\n", s, note, reason)
			continue
		}
		unlisted++
		fmt.Fprintf(out, "%s\n\t%s; its name: %s\n", s, note, s.key())
	}
	share := 100 * float64(len(survivors)) / float64(max(len(tried), 1))
	fmt.Fprintf(out, "%d of %d mutants tried, of %d, survive: %.1f %%, %d of them without a listed reason\n", len(survivors), len(tried), len(all), share, unlisted)
	problems := outdated(known, all, tried, alive)
	if unlisted > 0 {
		problems = append(problems, fmt.Errorf("without a listed reason survive: %d; write a test that notices each, or take out what nothing depends on, or list it with a reason", unlisted))
	}
	if share > most {
		problems = append(problems, fmt.Errorf("%.1f %% survive, and at most %g %% may", share, most))
	}
	return errors.Join(problems...)
}

// outdated returns an error for each entry of the list whose mutant does not exist, or was
// tried and does not survive.
func outdated(known map[string]string, all, tried []mutant, alive map[string]bool) []error {
	has := func(list []mutant, name string) bool {
		return slices.ContainsFunc(list, func(m mutant) bool { return m.key() == name })
	}
	var problems []error
	for name := range known {
		switch {
		case !has(all, name):
			problems = append(problems, fmt.Errorf("listed, and there is no such mutant any more: %s", name))
		case has(tried, name) && !alive[name]:
			problems = append(problems, fmt.Errorf("listed, and a test notices it now: %s", name))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return problems
}
