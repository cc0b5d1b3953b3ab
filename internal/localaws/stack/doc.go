// Package stack runs the Lambda functions of a synthesized template as local processes.
// Each function runs its own bootstrap with the environment, the timeout and the memory
// from the template.
package stack
