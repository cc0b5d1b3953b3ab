// Package proof attacks Sluice in the local world, and proves that its invariants hold.
//
// play is where to begin: it runs a base deployment with faults, and an observer that
// knows nothing of how Sluice works checks the world after every step. All of it is in
// test files: the invariants I1 to I9 of the design are a file each, beside the faults,
// the guards that are taken away to see that somebody notices, storms of many
// deployments, and the scenarios of testdata.
package proof
