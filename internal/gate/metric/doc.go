// Package metric reads what CloudWatch reports of the two versions that a Target serves.
// Gate.Observe is the central method. shift.Subject.ObserveMinutes judges what was read.
//
// Lambda reports its metrics by the dimensions FunctionName, Resource (function:alias) and
// ExecutedVersion for invocations through an alias that divides its traffic (Lambda
// Developer Guide, Types of metrics: Dimensions).
package metric
