package forecast

import "sluice/internal/shift"

// How often the Lambda control plane is asked about a Target while nothing goes
// wrong. An account has 15 of these requests a second, GetFunction apart (Lambda
// quotas), so that they are what many Deployments at once run short of.
const (
	// ListTags for the tags that say whether the function may be shifted; then
	// PublishVersion, or GetFunction of a given version.
	callsOfPublish = 2
	// GetFunction of Candidate and Stable, GetAlias, and
	// GetProvisionedConcurrencyConfig of the alias.
	callsOfOpen  = 4
	callsOfStep  = 1 // UpdateAlias
	callsOfPoll  = 1 // GetAlias
	callsOfClose = 1 // GetAlias
)

// ControlCalls is how many requests to the Lambda control plane a healthy
// Deployment with this Plan makes for each of its Targets that exist.
func ControlCalls(p shift.Plan) int {
	return callsOfPublish + callsOfOpen + callsOfStep*p.Len() + callsOfPoll*Healthy(p, shift.Hooks{}).Polls + callsOfClose
}
