package codedeploy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// epoch formats a time as AWS JSON does: in seconds since 1970.
func epoch(at time.Time) json.Number {
	if at.IsZero() {
		return ""
	}
	return json.Number(fmt.Sprintf("%d.%03d", at.Unix(), at.Nanosecond()/int(time.Millisecond)))
}

// deploymentInfo has the members of CodeDeploy's that mean something here. There is no
// deploymentOverview: CodeDeploy counts instances there. Application and Group are known of a
// deployment that this process has started, the others also from the input of its execution.
type deploymentInfo struct {
	ID          string            `json:"deploymentId"`
	Application string            `json:"applicationName,omitempty"`
	Group       string            `json:"deploymentGroupName,omitempty"`
	Config      string            `json:"deploymentConfigName,omitempty"`
	Revision    *RevisionLocation `json:"revision,omitempty"`
	Platform    string            `json:"computePlatform"`
	Status      string            `json:"status"`
	Created     json.Number       `json:"createTime,omitempty"`
	Started     json.Number       `json:"startTime,omitempty"`
	Completed   json.Number       `json:"completeTime,omitempty"`
	Style       struct {
		Type   string `json:"deploymentType"`
		Option string `json:"deploymentOption"`
	} `json:"deploymentStyle"`
	Error *errorInformation `json:"errorInformation,omitempty"`
	// Messages has the execution, for whoever wants to look closer.
	Messages []string `json:"deploymentStatusMessages"`
}

type errorInformation struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// info tells how a deployment stands in the words of GetDeployment.
func (d standing) info() deploymentInfo {
	i := deploymentInfo{
		ID: d.id, Platform: "Lambda", Status: statusCreated,
		Application: d.given.application, Group: d.given.group, Config: d.given.config, Revision: d.given.revision,
		Created: epoch(d.began), Completed: epoch(d.ended),
		Messages: []string{"execution " + string(d.execution)},
	}
	i.Style.Type, i.Style.Option = "BLUE_GREEN", "WITH_TRAFFIC_CONTROL"
	if d.opened {
		i.Started = epoch(d.began)
		i.Status = statusInProgress
	}
	if !d.isOver() {
		return i
	}
	status, code := verdict(d.outcome, d.reasons)
	i.Status = status
	if code != "" {
		i.Error = &errorInformation{Code: code, Message: fmt.Sprintf("%s: %s", d.outcome, d.cause)}
	}
	return i
}

// deploymentTarget is one alias of a deployment.
type deploymentTarget struct {
	Type   string       `json:"deploymentTargetType"`
	Lambda lambdaTarget `json:"lambdaTarget"`
}

type lambdaTarget struct {
	Deployment string           `json:"deploymentId"`
	ID         string           `json:"targetId"`
	ARN        string           `json:"targetArn"`
	Status     string           `json:"status"`
	Updated    json.Number      `json:"lastUpdatedAt,omitempty"`
	Events     []lifecycleEvent `json:"lifecycleEvents"`
	Function   functionInfo     `json:"lambdaFunctionInfo"`
}

type functionInfo struct {
	Name    string `json:"functionName"`
	Alias   string `json:"functionAlias"`
	Current string `json:"currentVersion,omitempty"`
	Target  string `json:"targetVersion,omitempty"`
	// Weight is missing where nobody can say it, as after Stranded.
	Weight json.Number `json:"targetVersionWeight,omitempty"`
}

type lifecycleEvent struct {
	Name        string       `json:"lifecycleEventName"`
	Started     json.Number  `json:"startTime,omitempty"`
	Ended       json.Number  `json:"endTime,omitempty"`
	Status      string       `json:"status"`
	Diagnostics *diagnostics `json:"diagnostics,omitempty"`
}

type diagnostics struct {
	Code    string `json:"errorCode"`
	Message string `json:"message"`
}

// aliases returns the Targets of a deployment that are aliases. An execution of another door may
// have other ones too, which CodeDeploy has no words for.
func (d standing) aliases() []deploymentTarget {
	list := []deploymentTarget{}
	for _, m := range d.targets {
		function, alias, err := flow.SplitLambdaTarget(m.Target)
		if err != nil {
			continue
		}
		list = append(list, deploymentTarget{Type: "LambdaTarget", Lambda: lambdaTarget{
			Deployment: d.id, ID: function + ":" + alias, ARN: d.arn(function, alias),
			Status: d.targetStatus(), Updated: epoch(d.lastUpdate()), Events: d.events(),
			Function: functionInfo{Name: function, Alias: alias, Current: string(m.Stable), Target: string(m.Candidate), Weight: d.share()},
		}})
	}
	return list
}

// lastUpdate is when something has happened last.
func (d standing) lastUpdate() time.Time {
	if d.ended.After(d.updated) {
		return d.ended
	}
	return d.updated
}

// arn is the ARN of an alias, in the account of the execution.
func (d standing) arn(function, alias string) string {
	parts := strings.Split(string(d.execution), ":")
	return strings.Join([]string{parts[0], parts[1], "lambda", parts[3], parts[4], "function", function, alias}, ":")
}

func (d standing) targetStatus() string {
	switch {
	case d.outcome == shift.Promoted, d.outcome == shift.Unchanged:
		return statusSucceeded
	case d.isOver():
		return statusFailed
	case d.reached == beforeBegin:
		return eventPending
	}
	return statusInProgress
}

// share is the Candidate's share of the traffic, in percent.
func (d standing) share() json.Number {
	switch d.outcome {
	case "":
		return percent(d.weight)
	case shift.Promoted, shift.Unchanged:
		return percent(shift.All)
	case shift.Stranded:
		return ""
	}
	return percent(shift.None)
}

// percent formats a weight as a number that may have decimals: clients tell such from whole ones.
func percent(w shift.Weight) json.Number {
	text := w.Percent()
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return json.Number(text)
}

// The statuses of lifecycle events beside those of deployments (LifecycleEvent, status).
const (
	eventPending = "Pending"
	eventSkipped = "Skipped"
)

// lifecycle are the events of a deployment of a Lambda function, in their order.
var lifecycle = []struct {
	name  string
	stage stage
	hooks func(shift.Hooks) []shift.Hook // nil if it is no event of hooks
}{
	{"BeforeAllowTraffic", beforeAllowTraffic, func(h shift.Hooks) []shift.Hook { return h.BeforeTraffic }},
	{"AllowTraffic", allowTraffic, nil},
	{"AfterAllowTraffic", afterAllowTraffic, func(h shift.Hooks) []shift.Hook { return h.AfterTraffic }},
}

// events tells how far a deployment has come.
func (d standing) events() []lifecycleEvent {
	var list []lifecycleEvent
	for _, e := range lifecycle {
		event := lifecycleEvent{Name: e.name, Status: d.eventStatus(e.stage)}
		if e.hooks != nil && len(e.hooks(d.hooks)) == 0 && event.Status != eventPending {
			event.Status = eventSkipped
		}
		if event.Status != eventPending && event.Status != eventSkipped {
			event.Started = epoch(d.entered[e.stage])
		}
		if event.Status == statusSucceeded || event.Status == statusFailed {
			event.Ended = epoch(d.left(e.stage))
		}
		if event.Status == statusFailed {
			event.Diagnostics = &diagnostics{Code: d.diagnosis(), Message: d.cause}
		}
		list = append(list, event)
	}
	return list
}

// eventStatus is the status of an event that has hooks.
func (d standing) eventStatus(at stage) string {
	switch {
	case d.outcome == shift.Unchanged:
		return eventSkipped
	case at < d.reached, d.outcome == shift.Promoted:
		return statusSucceeded
	case at == d.reached && d.isOver():
		return statusFailed
	case at == d.reached:
		return statusInProgress
	case d.isOver():
		return eventSkipped
	}
	return eventPending
}

// left is when a stage was left: when the next one was entered, or at the end.
func (d standing) left(at stage) time.Time {
	for next := at + 1; next <= d.reached; next++ {
		if entered, known := d.entered[next]; known {
			return entered
		}
	}
	return d.ended
}

// diagnosis is the code of a lifecycle event that has failed (Diagnostics, errorCode).
func (d standing) diagnosis() string {
	switch shift.FirstReason(d.reasons).Name {
	case flow.HookTimedOut:
		return "ScriptTimedOut"
	case flow.HookFailed:
		return "ScriptFailed"
	}
	return "UnknownError"
}

// filter keeps the targets with one of these statuses; all if there are none.
func filter(list []deploymentTarget, statuses []string) []string {
	ids := []string{}
	for _, t := range list {
		if len(statuses) == 0 || slices.Contains(statuses, t.Lambda.Status) {
			ids = append(ids, t.Lambda.ID)
		}
	}
	return ids
}
