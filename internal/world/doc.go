// Package world is an AWS account in which everything but AWS is real: the
// state machine's own definition, Sluice's own handlers and the SDK's own
// clients, with traffic, metrics and alarms around them, on a virtual clock.
//
// Simulate plays one deployment in it. A World runs one thing at a time: the
// clock takes the next event, and a Lambda runs on a goroutine of its own only
// while the clock stands still and waits for it. So a run depends on nothing but
// the input, the Scenario and its seed.
package world
