// Command sluice is the operator's: plan shows what a deployment would take,
// simulate plays it on this machine, and the others work with the Sluice that stands
// in an AWS account.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(exec(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
