package forecast

import "github.com/sluice-aws/sluice/internal/shift"

// How often the Lambda control plane is called for a Target if nothing goes wrong. An
// account has 15 of these requests a second, apart from GetFunction (Lambda quotas). Many
// simultaneous Deployments exhaust them first.
const (
	// ListTags, for the tag that permits the shift. Then PublishVersion, or GetFunction of
	// a given version. GetFunction of the alias.
	callsOfPublish = 3
	// GetFunction of Candidate and Stable, GetAlias, and
	// GetProvisionedConcurrencyConfig of the alias.
	callsOfOpen  = 4
	callsOfStep  = 1 // UpdateAlias
	callsOfRead  = 1 // GetAlias, at a poll that reads the Routes
	callsOfClose = 1 // GetAlias
)

// ControlCalls returns how many requests to the Lambda control plane a Deployment with this
// Plan makes for each of its existing Targets, if nothing goes wrong.
func ControlCalls(p shift.Plan) int {
	return callsOfPublish + callsOfOpen + callsOfStep*p.Len() + callsOfRead*p.RouteReads() + callsOfClose
}
