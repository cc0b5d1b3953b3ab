// Package lambdaruntime runs a Lambda function's own bootstrap on this machine.
// A Sandbox starts the process as Lambda does, hands it one invocation after the
// other over the Runtime API, and starts it anew when it has died or taken too
// long.
//
// It speaks the four routes of the Runtime API (AWS Lambda developer guide, Using
// the Lambda runtime API for custom runtimes). Error types and their texts are
// those of AWS's own Runtime Interface Emulator.
package lambdaruntime
