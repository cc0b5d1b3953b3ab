// Package world simulates an AWS account in which everything but AWS is real: the state
// machine's definition, Sluice's handlers and the SDK's clients. It adds traffic, metrics and
// alarms, and runs on a virtual clock.
//
// Simulate plays one deployment. A World runs one thing at a time. The clock takes the next
// event. A Lambda runs on its own goroutine, and the clock stands still until that waits or
// ends. So a run depends only on the input, the Scenario and its seed.
package world
