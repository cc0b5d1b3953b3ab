// Package assembly has the Settings that Sluice's Lambdas are built from, and a package
// below it for each Lambda, with its one constructor. The Lambdas in AWS and the local
// world use the same constructors, so that they cannot drift apart.
//
// They are packages of their own because the clients of AWS's services set up tables
// when a process starts. A binary must not carry, nor wait for, those of services that
// its function does not use.
package assembly
