// Package proof attacks Sluice in the local world, and checks that its invariants hold.
//
// Start reading at play. It runs a base deployment with faults, while an observer that knows
// nothing about Sluice's implementation checks the world after every step. Everything is in test
// files. Each of the design's invariants I1 to I10 has a file. Other files contain the faults, the
// guards that are removed to see that the simulation notices, storms of many deployments, and
// the tests of the scenarios in testdata.
package proof
