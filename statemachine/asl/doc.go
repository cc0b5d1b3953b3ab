// Package asl contains the definition that CDK synthesizes, for code that uses it without CDK
// and Node. Definition returns it. A test of package statemachine compares its text,
// sluice.asl.json, with the synthesis, and every change of it is reviewed.
package asl
