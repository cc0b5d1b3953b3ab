// Command sluice is the operator's: plan shows what a deployment would take, and
// simulate plays it on this machine.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(exec(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
