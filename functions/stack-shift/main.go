// Command stack-shift is the Lambda behind the custom resource of CloudFormation stacks whose
// aliases Sluice shifts.
package main

import (
	"github.com/sluice-aws/sluice/internal/assembly/stackshift"
	"github.com/sluice-aws/sluice/internal/boot"
	"github.com/sluice-aws/sluice/internal/flow"
)

func main() { boot.StartLambda(flow.StackShift, stackshift.New) }
