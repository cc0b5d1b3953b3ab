package emf

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Next makes the announcement itself.
type Next interface {
	Announce(context.Context, shift.Announcement) error
}

// Announcer counts what Next announces.
type Announcer struct {
	next      Next
	namespace string
	out       io.Writer
	now       func() time.Time
}

// New returns an Announcer that counts what next announces. In AWS, out is the standard
// output, which Lambda writes into the function's log. The alarms and the dashboard of the
// same stack use the metrics' namespace. Each Sluice of an account has its own.
func New(next Next, namespace string, out io.Writer, now func() time.Time) *Announcer {
	return &Announcer{next: next, namespace: namespace, out: out, now: now}
}

// Announce announces, and then counts the announcement. It fails only if announcing fails.
func (a *Announcer) Announce(ctx context.Context, what shift.Announcement) error {
	if err := a.next.Announce(ctx, what); err != nil {
		return err
	}
	for _, m := range metricsOf(what) {
		if err := a.write(m); err != nil {
			slog.WarnContext(ctx, "metric not written", "metric", m.name, "deployment", what.DeploymentID, "error", err)
		}
	}
	return nil
}

// metric is one value with its one dimension.
type metric struct {
	name, unit                string
	dimension, dimensionValue string
	value                     any
}

func metricsOf(what shift.Announcement) []metric {
	var all []metric
	if weight, known := weightOf(what); known {
		for _, m := range what.Changes {
			all = append(all, metric{name: flow.WeightMetric, unit: "Percent", dimension: flow.TargetDimension, dimensionValue: string(m.Target), value: weight})
		}
	}
	switch shift.Outcome(what.State) {
	case shift.Promoted, shift.Unchanged, shift.Rejected, shift.RolledBack, shift.Stranded:
		all = append(all, metric{name: flow.DeploymentsMetric, unit: "Count", dimension: flow.OutcomeDimension, dimensionValue: string(what.State), value: 1})
	}
	return all
}

// weightOf returns the weight of the targets after an announcement. It is unknown for a
// Stranded Deployment. A Rejected or Unchanged one did not touch the targets.
func weightOf(what shift.Announcement) (shift.Weight, bool) {
	switch what.State {
	case shift.ShiftedTo, shift.Announced(shift.Promoted), shift.Announced(shift.RolledBack):
		return what.Weight, true
	}
	return shift.None, false
}

// write puts one line into the log (CloudWatch User Guide, Specification: Embedded
// metric format).
func (a *Announcer) write(m metric) error {
	line, err := json.Marshal(map[string]any{
		"_aws": map[string]any{
			"Timestamp": a.now().UnixMilli(),
			"CloudWatchMetrics": []any{map[string]any{
				"Namespace":  a.namespace,
				"Dimensions": [][]string{{m.dimension}},
				"Metrics":    []any{map[string]string{"Name": m.name, "Unit": m.unit}},
			}},
		},
		m.dimension: m.dimensionValue,
		m.name:      m.value,
	})
	if err != nil {
		return err
	}
	_, err = a.out.Write(append(line, '\n'))
	return err
}
