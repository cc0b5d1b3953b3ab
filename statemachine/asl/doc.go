// Package asl is the definition as CDK synthesizes it: Definition, for everybody
// who runs it without CDK and Node. Its text, sluice.asl.json, is compared with
// the synthesis by a test of the package above, and read in every change.
package asl
