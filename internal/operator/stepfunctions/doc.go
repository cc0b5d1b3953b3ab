// Package stepfunctions starts executions and reads their histories. FromConfig is
// where to begin.
package stepfunctions
