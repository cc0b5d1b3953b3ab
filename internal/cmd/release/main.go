// Command release prints the licences of everything that a release's binaries contain. They go
// into the archives. It is an error if one is not known or not allowed. It runs in the
// repository's folder.
//
// All else of a release is made as .goreleaser.yaml says. This package's tests look at that file,
// and at those that publish a release.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	modules, err := shippedModules(ctx, ".")
	if err != nil {
		return err
	}
	all, err := texts(modules)
	if err != nil {
		return err
	}
	_, err = out.Write(all)
	return err
}
