// Package asl runs state machines written in the Amazon States Language on a clock that
// the caller provides.
//
// Parse reads a definition. It rejects what AWS would reject and what this package does
// not implement, and lists every problem with its JSON path. NewMachine binds the
// definition to a Host, which provides the clock, the Lambda functions and the random
// numbers. Machine.Start starts an Execution. From then on everything happens inside
// calls that the Host makes: to Machine's methods, to the functions passed to
// Host.After, and to the done function of an Invocation.
//
// The package uses no goroutines and no locks. The Host serialises all calls. So a
// thousand executions, their timeouts and the Lambda functions that outlive them run in
// the same order each time.
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
// Histories have the same events, numbering and previousEventId links as in AWS,
// according to LocalStack's snapshot tests against AWS and the AWS Step Functions
// developer guide. Executions fail where AWS fails them: at 25,000 events, and at 256
// KiB for any input or output.
//
// A document is kept as its original JSON text without insignificant space. So numbers
// keep their digits, and objects keep their order. A document is not decoded:
// evaluating a path looks only for the fields that the path names.
package asl
