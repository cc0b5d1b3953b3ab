package flow

import "time"

// Macro is the name of the Lambda behind the CloudFormation macro. MacroTimeout is its timeout.
// It reads one template and calls nobody.
const (
	Macro        = "macro"
	MacroTimeout = 20 * time.Second
)

// DefaultMacro is the macro's name in templates, as in Transform: [AWS::Serverless-2016-10-31,
// Sluice].
const DefaultMacro = "Sluice"

// What the macro writes into templates, by the names of its environment variables. A stack that
// lacks one of them leaves its variable out.
const (
	// StackShiftVariable has the ARN of StackShift.
	StackShiftVariable = "SLUICE_STACK_SHIFT"
	// HookURLVariable has the URL where hooks answer as they would answer CodeDeploy.
	HookURLVariable = "SLUICE_HOOK_URL"
	// HookLayerVariable has the ARN of the layer that tells the JavaScript SDK v2 of it.
	HookLayerVariable = "SLUICE_HOOK_LAYER"
)
