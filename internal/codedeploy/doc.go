// Package codedeploy speaks CodeDeploy's API and means Sluice: scripts that use the aws command or
// an SDK go on as they are, and what they start is an execution of Sluice's state machine. Start
// at Server.
//
// It keeps no state. A deployment's id is made from the ARN of its execution, so that an execution
// can be found by the id among those that Step Functions lists; how it stands is read from its
// history and from the ledger.
package codedeploy
