// Package operator is what a person has to do with Sluice in AWS: the executions
// that are started and watched from outside, and how they are named and found.
// Execution is where to begin. The packages below it ask AWS.
package operator
