// Package forecast says what a plan will take: state transitions, history events,
// invocations, requests to the Lambda control plane, and what AWS asks for them. It
// only informs people. What decides whether a plan is accepted stands in package shift.
package forecast
