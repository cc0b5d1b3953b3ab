// Command macro is the Lambda behind the CloudFormation macro Sluice, which makes a template that
// shifts its aliases with CodeDeploy shift them with Sluice. It calls nobody.
package main

import (
	"sluice/internal/assembly/macro"
	"sluice/internal/boot"
	"sluice/internal/flow"
)

func main() { boot.StartLambda(flow.Macro, macro.New) }
