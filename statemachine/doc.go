// Package statemachine is the state machine in CDK. New builds it; define reads
// from top to bottom like the road that a healthy deployment takes.
//
// Go decides, the definition routes: there is no arithmetic and no judgement in
// it. A task returns what comes next, and one Choice follows it. Each task is
// made from its flow.Task, so that its name, its function, the field that it
// writes and that field's Go type are those that the handler was compiled with.
//
// What CDK makes of it is the golden file in the asl folder.
package statemachine
