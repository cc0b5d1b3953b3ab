// Package stepfunctions is the Step Functions API of the local AWS. Executions
// answers the API's requests. It runs nothing: StateMachines is implemented by
// whoever runs the executions.
package stepfunctions
