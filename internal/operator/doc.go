// Package operator models what a person works with in AWS: the executions of Sluice's
// state machine, their names and ARNs, and the events of their histories. Start at
// Execution. The packages below it call AWS.
package operator
