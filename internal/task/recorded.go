package task

import (
	"fmt"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// recordedDeployment returns the Deployment as the Ledger holds it. A function goes by that,
// and not by the Deployment in its payload: anybody who may invoke the function can write a
// payload, with Targets that no lock protects. Only the number of history events is taken
// from the payload, because the record has that of the try that described it.
//
// step is the Step that the payload speaks of. It must be one of the recorded Plan.
func recordedDeployment(record shift.Record, doc flow.Document, step int) (shift.Deployment, error) {
	if record.Deployment == nil {
		return shift.Deployment{}, fmt.Errorf("%w: %s", shift.ErrDeploymentOpening, record.ID)
	}
	d := *record.Deployment
	if step < 1 || step > d.Plan.Len() {
		return shift.Deployment{}, fmt.Errorf("%w: the document speaks of step %d, and the plan in the ledger has %d", shift.ErrInvalidPlan, step, d.Plan.Len())
	}
	d.EventsAtStart = doc.Deployment.EventsAtStart
	return d, nil
}
