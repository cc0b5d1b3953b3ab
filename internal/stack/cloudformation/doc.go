// Package cloudformation reads the account's CloudFormation stacks, and sends the answers that they
// wait for. Stacks is the central type.
package cloudformation
