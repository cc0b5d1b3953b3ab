// Command safety-net is the Lambda outside of the state machine: it puts traffic
// back when the state machine cannot.
package main

import (
	"github.com/sluice-aws/sluice/internal/assembly/safetynet"
	"github.com/sluice-aws/sluice/internal/boot"
	"github.com/sluice-aws/sluice/internal/flow"
)

func main() { boot.StartLambda(flow.SafetyNet, safetynet.New) }
