// Package lambdaruntime runs a Lambda function's own bootstrap on this machine. A
// Sandbox starts the process as Lambda does, sends it one invocation after the other
// over the Runtime API, and restarts it when it has died or taken too long.
//
// It implements the four routes of the Runtime API (AWS Lambda developer guide, Using
// the Lambda runtime API for custom runtimes). Error types and texts are those of AWS's
// own Runtime Interface Emulator.
package lambdaruntime
