// Command release makes what a release of Sluice consists of, and publishes nothing.
//
//	release -version 0.1.0 [-out FOLDER] [-platforms OS/ARCH,…]
//	release -trial [-only-archives] [-out FOLDER] [-platforms OS/ARCH,…]
//
// It works in a clone of the commit that is checked out, tagged with the version: so Go
// records version, commit and date in the binaries, and nothing that is not committed
// gets in. The same commit and the same Go give the same bytes, in any folder and at any
// time: files have the time of the commit.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// trialVersion is what a trial makes. No tag has it, and the changelog need not know it.
const trialVersion = "0.0.0-trial"

// allPlatforms are those that a release has archives for.
const allPlatforms = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("release", flag.ExitOnError)
	version := flags.String("version", "", "the version, such as 0.1.0; CHANGELOG.md must have a section about it")
	trial := flags.Bool("trial", false, "make what a release of this commit would be, as version "+trialVersion)
	only := flags.Bool("only-archives", false, "leave out the Lambdas and the bill of materials")
	out := flags.String("out", "dist/release", "the folder to write to; what it holds is removed")
	platforms := flags.String("platforms", allPlatforms, "what to build for, separated by commas")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *trial {
		*version = trialVersion
	} else if err := checkVersion(*version); err != nil {
		return err
	}
	targets, err := parsePlatforms(*platforms)
	if err != nil {
		return err
	}
	r, err := newRelease(ctx, *version, *out)
	if err != nil {
		return err
	}
	defer r.close()
	r.onlyArchives = *only
	return r.make(ctx, targets)
}

// checkVersion checks that CHANGELOG.md is about the version. It warns if it gives no day.
func checkVersion(version string) error {
	changelog, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return fmt.Errorf("read the changelog in the repository's folder: %w", err)
	}
	if err := check(version, string(changelog)); err != nil {
		return err
	}
	if !isDated(version, string(changelog)) {
		fmt.Fprintf(os.Stderr, "release: before you publish this, write the day behind [%s] in CHANGELOG.md\n", version)
	}
	return nil
}

// A platform is what Go calls GOOS and GOARCH.
type platform struct{ os, arch string }

func parsePlatforms(list string) ([]platform, error) {
	var platforms []platform
	for name := range strings.SplitSeq(list, ",") {
		system, arch, found := strings.Cut(name, "/")
		if !found {
			return nil, fmt.Errorf("the platform %q has no form like linux/amd64", name)
		}
		platforms = append(platforms, platform{system, arch})
	}
	return platforms, nil
}
