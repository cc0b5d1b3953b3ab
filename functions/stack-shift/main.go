// Command stack-shift is the Lambda behind the custom resource of CloudFormation stacks whose
// aliases Sluice shifts.
package main

import (
	"sluice/internal/assembly/stackshift"
	"sluice/internal/boot"
	"sluice/internal/flow"
)

func main() { boot.StartLambda(flow.StackShift, stackshift.New) }
