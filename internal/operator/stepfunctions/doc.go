// Package stepfunctions starts executions and reads their histories. Start at
// FromConfig.
package stepfunctions
