package forecast

import (
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// MetricLag is how late CloudWatch's metrics are expected to be. AWS documents no bound.
const MetricLag = 2 * time.Minute

// Traffic is what a Target is expected to serve.
type Traffic struct {
	RequestsPerMinute float64
	ErrorRate         float64 // share of the requests that fail, 0 to 1
	Clump             float64 // how many errors count as one; 0 and 1 are the same
}

// HistoricTraffic is the Traffic of a Baseline that covers so much time.
func HistoricTraffic(b judge.Baseline, covers time.Duration) Traffic {
	return Traffic{RequestsPerMinute: float64(b.Errors.Requests) / covers.Minutes(), ErrorRate: b.Errors.Rate(), Clump: b.Errors.Clump}
}

// Outlook says for each Step of the Plan how soon a regression of one of its Targets would be
// found, and what would go unseen. The Deployment shifts so many Targets. Waits for evidence
// are left out.
func Outlook(p shift.Plan, j shift.Judging, t Traffic, targets int) []judge.StepOutlook {
	steps := make([]judge.Step, p.Len())
	for i, s := range p.Steps {
		steps[i] = judge.Step{Weight: judge.Weight(s.Weight), Bake: s.Bake.Duration()}
	}
	return judge.Outlook(j.Settings(), judge.Prospect{
		Steps: steps, RequestsPerMinute: t.RequestsPerMinute, ErrorRate: t.ErrorRate, Clump: t.Clump,
		MetricLag: MetricLag, Functions: targets,
	})
}
