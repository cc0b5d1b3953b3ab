// Package localaws is the AWS APIs that Sluice calls, and no others, behind one
// http.Handler. New makes a Cloud; the real SDK clients talk to it either in
// process (a Cloud is an aws.HTTPClient: its Do opens no socket and starts no
// goroutine) or over a loopback port (a Cloud is an http.Handler).
//
// It holds Lambda's functions, versions and aliases, CloudWatch's alarms, an
// EventBridge bus and DynamoDB's tables. Step Functions is only spoken here:
// whoever runs executions implements StateMachines. Functions are only
// routed to here: whoever plays them sets an Invoker.
//
// It keeps the rules that AWS documents or that were recorded against AWS,
// and where AWS does not say, it takes the less convenient answer and a
// comment says so. What it does not implement it refuses, in the shape that
// the protocol's clients understand.
//
// Nothing here reads a clock or sleeps: time is Config.Now, identifiers come
// from counters, so the same calls give the same answers.
package localaws
