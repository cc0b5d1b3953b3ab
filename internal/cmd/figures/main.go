// Command figures prints the figures of the README, as tables in markdown. Some tables
// show what deployments take in the local world; these are the same on every machine.
// The others show what `go test -bench` has measured on this machine.
//
//	figures [-readme FILE] [BENCHMARKS]
//
// BENCHMARKS is a file with the output of go test -bench. With -readme, the tables
// replace those in FILE, each of which is between two comments.
package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
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
	readme := flags.String("readme", "", "replace the tables in this file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	tables, err := simulatedTables()
	if err != nil {
		return err
	}
	if file := flags.Arg(0); file != "" {
		measured, err := measuredTables(file)
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
		return fmt.Errorf("read the file with the tables: %w", err)
	}
	replaced, err := replaceTables(string(text), tables)
	if err != nil {
		return fmt.Errorf("%s: %w", *readme, err)
	}
	if err := os.WriteFile(*readme, []byte(replaced), 0o600); err != nil {
		return fmt.Errorf("write the tables: %w", err)
	}
	return nil
}

// simulatedTables returns the tables that are the same on every machine.
func simulatedTables() ([]table, error) {
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
