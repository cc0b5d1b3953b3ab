// Package trial plays many deployments and counts how they are judged: how many healthy ones
// are put back, how many regressions are found and how soon, and how many requests fail until
// then.
//
// Play plays a Plan of Cells. A Cell is one kind of traffic with one kind of Candidate.
//
// There are two layers. The fast one takes the traffic of the local world and the decisions
// of package shift, and leaves out the calls of AWS between them: no Lambda, no state machine
// and no SDK. A deployment takes it some milliseconds. The other one plays the whole
// deployment, with the handlers and the definition that run in AWS, through the real SDK
// clients. It takes ten times as long, so it plays a sample. Both must end alike, at the same
// minute and after the same number of requests: a test holds that, and Play counts it.
//
// The other methods are models of how people judge without Sluice: alarms on an alias, on a
// version, a threshold, and two tests of statistics. They look at the same minutes.
package trial
