// Package task holds what the Lambdas do: one file for each function, with its
// handler and the ports that it needs. The handlers put the domain's decisions
// (package shift) and the adapters' reading and writing into order; the order is
// what makes a shift safe, and each step of it says why it stands where it does.
package task
