// Package stack runs the Lambdas of a stack as the processes that they are in AWS: each
// function of a synthesized template with its own bootstrap, and with the
// environment, the timeout and the memory that the template gives it.
package stack
