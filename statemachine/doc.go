// Package statemachine defines the state machine in CDK. New builds it. The function define
// reads from top to bottom, like the path of a healthy deployment.
//
// Go decides and the definition routes. The definition has no arithmetic and no judgement: a
// task returns what comes next, and one Choice follows it. Each task state is made from its
// flow.Task, so that its name, its function, the field that it writes and that field's Go type
// are the same as in the handler.
//
// The golden file in the asl folder is the definition that CDK synthesizes.
package statemachine
