// Package localaws is a local AWS for tests and simulations: one account in one
// region, behind one http.Handler. New makes a Cloud. The real SDK clients talk to
// it in process (a Cloud is an aws.HTTPClient: its Do opens no socket and starts no
// goroutine; ClientConfig returns the clients' configuration) or over a loopback
// port (a Cloud is an http.Handler).
//
// Each service has its own package, which answers its API: lambda, cloudwatch,
// eventbridge, stepfunctions, sqs, ssm, iam, s3, keyvaluestore, route53, cloudfront,
// cloudformation and dynamodb.
// The Cloud joins them. It finds the service that a call is signed for, applies the injected
// faults and the rate limits, and records the call. It does not run anything: a
// StateMachines runs executions, and an Invoker runs functions.
//
// It follows the rules that AWS documents or that were recorded against AWS. Where AWS
// does not say, it gives the less convenient answer, and a comment says so. It rejects
// what it does not implement, with an error in the shape that the protocol's clients
// understand.
//
// Nothing here reads a clock or sleeps: Config.Now is the only clock. Identifiers come
// from counters, so the same calls get the same answers.
package localaws
