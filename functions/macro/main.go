// Command macro is the Lambda behind the CloudFormation macro Sluice, which makes a template that
// shifts its aliases with CodeDeploy shift them with Sluice. It calls nobody.
package main

import (
	"github.com/sluice-aws/sluice/internal/assembly/macro"
	"github.com/sluice-aws/sluice/internal/boot"
	"github.com/sluice-aws/sluice/internal/flow"
)

func main() { boot.StartLambda(flow.Macro, macro.New) }
