// Command figures prints the figures of the project's pages, as tables in markdown. Some tables
// show what deployments take in the local world; these are the same on every machine.
// The others show what `go test -bench` has measured on this machine, and what a trial has
// counted: the one that is kept in package trial, or that of a file.
//
//	figures [-page FILE] [-frontends FILE] [-judge FILE] [-trial FILE] [-only-trial] [BENCHMARKS]
//
// BENCHMARKS is a file with the output of go test -bench. With -page, the tables
// replace those in FILE, each of which is between two comments; with -frontends, that of the page
// on front ends; with -judge, those of the page on the judgement.
package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
)

func main() {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // drop the logs of the handlers
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("figures", flag.ExitOnError)
	page := flags.String("page", "", "replace the tables in this file")
	frontEnds := flags.String("frontends", "", "replace the table about front ends in this file")
	judgement := flags.String("judge", "", "replace the tables about the judgement in this file")
	counted := flags.String("trial", "", "a trial that judgenight has written, in place of the one that is kept")
	only := flags.Bool("only-trial", false, "print the trial's tables, and no others")
	if err := flags.Parse(args); err != nil {
		return err
	}
	judged, err := judgedTables(*counted)
	if err != nil {
		return err
	}
	if *only {
		printTables(out, judged)
		return nil
	}
	tables, err := pageTables(flags.Arg(0))
	if err != nil {
		return err
	}
	routed, err := frontEndsTable()
	if err != nil {
		return err
	}
	printTables(out, slices.Concat(tables, []table{routed}, judged))
	if err := writeTables(*frontEnds, []table{routed}); err != nil {
		return err
	}
	if err := writeTables(*page, tables); err != nil {
		return err
	}
	return writeTables(*judgement, judged)
}

// pageTables returns the tables of the page on figures. Without a file of benchmarks these are
// the ones that are the same on every machine.
func pageTables(benchmarks string) ([]table, error) {
	tables, err := simulatedTables()
	if err != nil || benchmarks == "" {
		return tables, err
	}
	measured, err := measuredTables(benchmarks)
	return append(tables, measured...), err
}

func printTables(out io.Writer, tables []table) {
	for _, t := range tables {
		fmt.Fprintf(out, "\n%s\n", t.text)
	}
}

// writeTables replaces the tables in a file, if there is one.
func writeTables(file string, tables []table) error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the file with the tables: %w", err)
	}
	replaced, err := replaceTables(string(text), tables)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := os.WriteFile(file, []byte(replaced), 0o600); err != nil {
		return fmt.Errorf("write the tables: %w", err)
	}
	return nil
}

// simulatedTables returns the tables that are the same on every machine.
func simulatedTables() ([]table, error) {
	var tables []table
	for _, of := range []func() (table, error){strategiesTable, monthTable, restoredTable, targetsTable} {
		t, err := of()
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}
