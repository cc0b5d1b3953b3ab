// Command safety-net is the Lambda outside of the state machine: it puts traffic
// back when the state machine cannot.
package main

import (
	"sluice/internal/assembly/safetynet"
	"sluice/internal/boot"
	"sluice/internal/flow"
)

func main() { boot.StartLambda(flow.SafetyNet, safetynet.New) }
