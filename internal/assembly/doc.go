// Package assembly contains the Settings that Sluice's Lambdas are built from. Each Lambda has
// a package below it with one constructor. The Lambdas in AWS and the local world use the
// same constructors, so that they cannot drift apart.
//
// The constructors are in separate packages because the SDK's clients set up tables when a
// process starts. A binary must not contain, or wait for, the clients of services that its
// function does not use.
package assembly
