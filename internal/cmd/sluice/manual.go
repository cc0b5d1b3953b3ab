package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newManual returns a hidden command that writes the man pages of a release. It has to be
// here, where the commands are.
func newManual() *cobra.Command {
	return &cobra.Command{
		Use:    "manual FOLDER",
		Short:  "Write the man pages of all commands to a folder",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: markFailed(func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("make the folder of the man pages: %w", err)
			}
			b := thisBuild()
			root := cmd.Root()
			root.DisableAutoGenTag = true // it has the day of the build
			header := &doc.GenManHeader{Section: "1", Source: "Sluice " + b.Version, Manual: "Sluice"}
			if date, err := time.Parse(time.RFC3339, b.Date); err == nil {
				header.Date = &date
			}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return fmt.Errorf("write the man pages: %w", err)
			}
			return nil
		}),
	}
}
