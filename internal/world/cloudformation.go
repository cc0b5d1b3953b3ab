package world

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// announceToStacks delivers the Outcome of an execution that a stack of CloudFormation has started
// to stack-shift, as the stack's rule does.
func (w *World) announceToStacks(a shift.Announcement, detail json.RawMessage) {
	switch shift.Outcome(a.State) {
	case shift.Promoted, shift.Unchanged, shift.Rejected, shift.RolledBack, shift.Stranded:
	default:
		return
	}
	var fields map[string]any
	if !strings.Contains(a.DeploymentID, ":"+flow.StackExecutionPrefix) || json.Unmarshal(detail, &fields) != nil {
		return
	}
	w.deliverTo(flow.StackShift, Delivery{Delay: defaultDelay}, flow.OwnSource, flow.AnnouncementDetailType, fields)
}

// alarmType is the type of a metric alarm in a template.
const alarmType = "AWS::CloudWatch::Alarm"

// inertTypes are the types of resources that a stack may have in a Paced world although nothing
// there depends on them: there are no roles and no permissions for what is not Sluice's own, and no
// CodeDeploy. An alarm exists, and is evaluated by nobody.
var inertTypes = []string{
	alarmType,
	"AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentConfig", "AWS::CodeDeploy::DeploymentGroup",
	"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::Lambda::Permission", "AWS::Logs::LogGroup", "AWS::SNS::Topic",
}

// stackRunner lets CloudFormation go on by itself, one action after the other. Elsewhere a
// localaws.StackPlayer decides what comes next.
type stackRunner struct {
	world   *World
	next    *appointment
	running bool
}

// runStacks makes CloudFormation go on by itself after each call to it, and after each answer to a
// custom resource.
func (w *World) runStacks() {
	r := &stackRunner{world: w}
	w.cloud.OnCall(func(c localaws.Call) {
		if c.Service == "cloudformation" || c.Operation == "PutObject" {
			r.goOn(0)
		}
	})
}

// goOn lets CloudFormation go on after a while, and not later than it was to go on already.
func (r *stackRunner) goOn(after time.Duration) {
	at := r.world.clock.now.Add(after)
	if r.next != nil && !r.next.cancelled {
		if !r.next.at.After(at) {
			return
		}
		r.next.cancelled = true
	}
	r.next = r.world.clock.at(at, sluice, func() {
		r.next = nil
		if !r.running {
			r.running = true
			r.world.spawn(nil, 0, r.run)
		}
	})
}

// run takes the actions that are ready, and sets the time for those that will be.
func (r *stackRunner) run(ctx context.Context) {
	stacks := r.world.cloud.CloudFormation()
	for ready := stacks.Ready(); len(ready) > 0; ready = stacks.Ready() {
		if err := stacks.Do(ctx, ready[0]); err != nil {
			r.world.problem = err
			break
		}
	}
	r.running = false
	if at, more := stacks.Wakes(); more {
		r.goOn(at.Sub(r.world.clock.now))
	}
}

// changeResource makes the alarms of a stack. They begin without a fault, as one that treats
// missing data as not breaching does within minutes.
func (w *World) changeResource(c localaws.OpaqueChange) localaws.OpaqueResult {
	if c.Type != alarmType {
		return localaws.OpaqueResult{}
	}
	if c.Kind == "Delete" {
		_ = w.cloud.DeleteAlarm(c.Physical) // one that is gone already counts as deleted
		return localaws.OpaqueResult{}
	}
	w.cloud.PutMetricAlarm(alarmOf(c))
	if c.Kind == "Create" {
		if err := w.cloud.SetAlarmState(c.Physical, localaws.AlarmOK, "the stack has created it"); err != nil {
			return localaws.OpaqueResult{Failure: err.Error()}
		}
	}
	return localaws.OpaqueResult{}
}

// alarmOf reads the properties of an alarm. Numbers of a template may be texts.
func alarmOf(c localaws.OpaqueChange) localaws.MetricAlarm {
	text := func(name string) string { s, _ := c.Properties[name].(string); return s }
	m := localaws.MetricAlarm{
		Name: c.Physical, Description: text("AlarmDescription"), Namespace: text("Namespace"), Metric: text("MetricName"),
		Statistic: text("Statistic"), Extended: text("ExtendedStatistic"), Comparison: text("ComparisonOperator"), TreatMissingData: text("TreatMissingData"),
		Period:      time.Duration(numberOf(c.Properties["Period"])) * time.Second,
		Evaluations: int(numberOf(c.Properties["EvaluationPeriods"])), ToAlarm: int(numberOf(c.Properties["DatapointsToAlarm"])),
		Threshold: numberOf(c.Properties["Threshold"]),
	}
	list, _ := c.Properties["Dimensions"].([]any)
	for _, item := range list {
		dimension, _ := item.(map[string]any)
		name, _ := dimension["Name"].(string)
		value, _ := dimension["Value"].(string)
		if m.Dimensions == nil {
			m.Dimensions = map[string]string{}
		}
		m.Dimensions[name] = value
	}
	return m
}

// numberOf returns the number that a property of a template is, and 0 for what is none.
func numberOf(property any) float64 {
	n, _ := strconv.ParseFloat(fmt.Sprint(property), 64)
	return n
}
