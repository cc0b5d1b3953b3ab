// Package asl runs state machines written in the Amazon States Language, on a
// clock that is not its own.
//
// Parse reads a definition and refuses, with every problem listed by its JSON
// path, whatever AWS would refuse and whatever this package does not implement.
// NewMachine binds the definition to a Host: its clock, its Lambda functions,
// its dice. Machine.Start starts an Execution, and from then on everything
// happens inside calls that the Host makes: into Machine's methods, into the
// functions given to Host.After, and into the done function of an Invocation.
//
// There are no goroutines and no locks. The Host serialises all calls, so a
// thousand executions, their timeouts and the Lambda functions that outlive
// them run in one order, the same each time.
//
// # What is implemented
//
// Query language JSONPath, reference paths only, no intrinsic functions. States
// Task (by function ARN, and lambda:invoke.waitForTaskToken), Choice, Wait, Map
// (inline), Pass, Succeed and Fail; Retry with backoff, MaxDelaySeconds and
// jitter; Catch; timeouts and heartbeats, fixed or by path; the context object;
// stop and redrive. Parallel, activities, other service integrations, JSONata,
// variables and distributed maps are refused by Parse.
//
// # Faithfulness
//
// Histories have the events, the numbering and the previousEventId links that
// executions in AWS have, as recorded by LocalStack's snapshot tests against
// AWS and by the AWS Step Functions developer guide. Executions fail where AWS
// fails them: at 25,000 events, and at 256 KiB for any input or output.
//
// A document is kept as the JSON text it arrived as, without insignificant
// space: numbers keep their digits, objects their order. Only the fields that
// a path names are looked for, and only when it is evaluated.
package asl
