// Package shift is the domain of Sluice: moving the traffic of one or more
// Targets from a Stable version to a Candidate, a Step at a time, and judging
// on the way.
//
// A Deployment holds what was decided when it was opened: its Changes, its
// Plan and its alarms. Progress holds where it stands. Deployment.AfterShift and
// Deployment.AfterPoll are the central functions: they take what happened and
// return the next Progress, whose Next is the only thing that the state
// machine follows. Everything here is a value or a pure function; adapters read and
// write the world.
package shift
