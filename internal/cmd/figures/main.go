// Command figures prints the figures of the README, as tables in markdown: what
// deployments take in the local world, which is the same on every machine, and what
// `go test -bench` has measured on this one.
//
//	figures [-readme FILE] [BENCHMARKS]
//
// BENCHMARKS is the output of go test -bench. With -readme the tables replace those
// that stand in a file, each between its two comments.
package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
)

func main() {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the handlers tell what they do
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("figures", flag.ExitOnError)
	readme := flags.String("readme", "", "the file whose tables are replaced")
	if err := flags.Parse(args); err != nil {
		return err
	}
	tables, err := played()
	if err != nil {
		return err
	}
	if file := flags.Arg(0); file != "" {
		measured, err := measuredIn(file)
		if err != nil {
			return err
		}
		tables = append(tables, measured...)
	}
	for _, t := range tables {
		fmt.Fprintf(out, "\n%s\n", t.text)
	}
	if *readme == "" {
		return nil
	}
	text, err := os.ReadFile(*readme)
	if err != nil {
		return fmt.Errorf("read the tables' file: %w", err)
	}
	replaced, err := replace(string(text), tables)
	if err != nil {
		return fmt.Errorf("%s: %w", *readme, err)
	}
	if err := os.WriteFile(*readme, []byte(replaced), 0o600); err != nil {
		return fmt.Errorf("write the tables: %w", err)
	}
	return nil
}

// played are the tables that are the same on every machine.
func played() ([]table, error) {
	var tables []table
	for _, of := range []func() (table, error){strategiesTable, restoredTable, targetsTable} {
		t, err := of()
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}
