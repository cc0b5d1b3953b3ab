package proof

import "github.com/sluice-aws/sluice/internal/shift"

// I3: after Promoted every Target sends all traffic to Candidate, with no additional weights,
// and stays so. It is held with I2, when a Deployment ends, and by I1 from then on.

// promoted is what a Target has to serve once its Deployment is promoted.
func promoted(c *shift.Change) shift.Route { return c.At(shift.All) }

// atRest is the invariant about what a Target serves after an Outcome.
func atRest(o shift.Outcome) string {
	if o == shift.Promoted {
		return "I3"
	}
	return "I2"
}
