package emf

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"time"

	"sluice/internal/flow"
	"sluice/internal/shift"
)

// Next is who announces.
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

// New counts what an announcer announces. In AWS the output is the standard output, which
// Lambda writes into the function's log. The namespace of the metrics is where the alarms
// and the dashboard of the same stack look: each Sluice of an account has its own.
func New(next Next, namespace string, out io.Writer, now func() time.Time) *Announcer {
	return &Announcer{next: next, namespace: namespace, out: out, now: now}
}

// Announce announces, and counts what was announced. Only announcing can fail it.
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
	name, unit    string
	dimension, of string
	value         any
}

func metricsOf(what shift.Announcement) []metric {
	var all []metric
	if weight, known := weightOf(what); known {
		for _, m := range what.Changes {
			all = append(all, metric{name: flow.WeightMetric, unit: "Percent", dimension: flow.TargetDimension, of: string(m.Target), value: weight})
		}
	}
	switch shift.Outcome(what.State) {
	case shift.Promoted, shift.Unchanged, shift.Rejected, shift.RolledBack, shift.Stranded:
		all = append(all, metric{name: flow.DeploymentsMetric, unit: "Count", dimension: flow.OutcomeDimension, of: string(what.State), value: 1})
	}
	return all
}

// weightOf is where an announcement says that the targets stand. Of a Stranded one
// nobody knows; a Rejected or an Unchanged one was not touched.
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
		m.dimension: m.of,
		m.name:      m.value,
	})
	if err != nil {
		return err
	}
	_, err = a.out.Write(append(line, '\n'))
	return err
}
