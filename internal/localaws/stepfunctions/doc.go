// Package stepfunctions is the Step Functions API of the local AWS. Executions answers
// the API's requests. It does not run executions: that is the job of a StateMachines.
package stepfunctions
