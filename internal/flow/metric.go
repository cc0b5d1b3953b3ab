package flow

// The metrics that announcements are counted by, each with its one dimension.
const (
	// WeightMetric is the Weight of a Target's Candidate, in percent.
	WeightMetric    = "Weight"
	TargetDimension = "Target"
	// DeploymentsMetric counts the deployments that ended with an Outcome.
	DeploymentsMetric = "Deployments"
	OutcomeDimension  = "Outcome"
)
