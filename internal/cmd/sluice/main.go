// Command sluice is the operator's command-line tool. plan shows what a deployment
// would take, simulate plays it on this machine, local plays an AWS account on this
// machine, and the other commands work with the Sluice in an AWS account.
package main

import (
	_ "time/tzdata" // Windows has no time zones of its own

	"context"
	"os"
)

func main() {
	os.Exit(exec(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
