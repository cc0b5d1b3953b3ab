package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

const aboutVersion = `Version shows which Sluice this command is, from what Go has recorded in it: a
release or 'go install' has a version, a build in a clone has its commit and
the commit's date, too. "modified" means that the clone had changes that were
not committed.`

const examplesOfVersion = `  sluice version
  sluice version --json | jq -r .version`

// unknownVersion is the version that Go records if it knows none.
const unknownVersion = "(devel)"

// A build is the answer of sluice version.
type build struct {
	Version  string `json:"version"`          // without the v of the tag
	Commit   string `json:"commit,omitempty"` // unknown to go install, which has no clone
	Date     string `json:"date,omitempty"`   // of the commit, in RFC 3339
	Modified bool   `json:"modified"`         // the clone differed from the commit
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

func newVersion() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version [--json]",
		Short:   "Show which version of Sluice this command is",
		Long:    aboutVersion,
		Example: examplesOfVersion,
		Args:    cobra.NoArgs,
		RunE: markFailed(func(cmd *cobra.Command, _ []string) error {
			b := thisBuild()
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), b)
			}
			return writeText(cmd.OutOrStdout(), b.write)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// addVersionFlag adds --version, which many people try first.
func addVersionFlag(root *cobra.Command) {
	root.Version = thisBuild().Version
	root.SetVersionTemplate("sluice {{.Version}}\n")
	root.Flags().Bool("version", false, "show the version; 'sluice version' shows more")
}

// thisBuild describes the running binary.
func thisBuild() build {
	info, _ := debug.ReadBuildInfo() // without it, the version is unknown
	return newBuild(info)
}

// newBuild reads what Go has recorded in a binary; nil if it has recorded nothing.
func newBuild(info *debug.BuildInfo) build {
	b := build{Version: unknownVersion, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if info == nil {
		return b
	}
	if info.Main.Version != "" {
		b.Version = strings.TrimPrefix(info.Main.Version, "v")
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func (b build) write(to io.Writer) {
	fmt.Fprintf(to, "sluice %s\n", b.Version)
	commit := b.Commit
	if b.Modified {
		commit += ", modified"
	}
	for _, row := range [][2]string{{"commit", commit}, {"date", b.Date}, {"go", b.Go}, {"platform", b.OS + "/" + b.Arch}} {
		if row[1] != "" {
			fmt.Fprintf(to, "  %-8s  %s\n", row[0], row[1])
		}
	}
}
