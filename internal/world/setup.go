package world

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// wanted says what the deployments need of one function.
type wanted struct {
	aliases     []string
	highest     int    // the highest Candidate in an input; 0 if there is none
	highestHook int    // the highest version that is invoked as a hook, or for synthetic requests
	target      string // the alias that is shifted; empty for a hook's function
	hook        bool
	synthetic   bool
}

// needs are the needs of the deployments, by function name.
type needs map[string]*wanted

func (n needs) of(name string) *wanted {
	if n[name] == nil {
		n[name] = &wanted{}
	}
	return n[name]
}

func (n *wanted) alias(name string) {
	if !slices.Contains(n.aliases, name) {
		n.aliases = append(n.aliases, name)
	}
}

// addArrival adds the needs of one Target of a release.
func (n needs) addArrival(a shift.Arrival) error {
	if a.Target.Kind() != shift.KindLambda {
		return nil // other kinds are not made here
	}
	name, alias, err := flow.SplitLambdaTarget(a.Target)
	if err != nil {
		return err
	}
	need := n.of(name)
	need.alias(alias)
	need.target = alias
	if given, err := strconv.Atoi(string(a.Candidate)); err == nil {
		need.highest = max(need.highest, given)
	}
	return nil
}

// addInvoked adds the needs of a function that Sluice invokes: the function, and the version or
// alias that qualifies it.
func (n needs) addInvoked(function string) *wanted {
	name, qualifier := splitName(function)
	need := n.of(name)
	if version, err := strconv.Atoi(qualifier); err == nil {
		need.highestHook = max(need.highestHook, version)
	} else if qualifier != "" && qualifier != "$LATEST" {
		need.alias(qualifier)
	}
	return need
}

// makeFunctions creates every function that the deployments name, including hooks and those for
// synthetic requests, with its versions and aliases.
func (w *World) makeFunctions(releases []shift.Release) error {
	all := needs{}
	for _, r := range releases {
		for _, a := range r.Arrivals {
			if err := all.addArrival(a); err != nil {
				return err
			}
		}
		for _, h := range slices.Concat(r.Hooks.BeforeTraffic, r.Hooks.AfterTraffic) {
			all.addInvoked(h.Function).hook = true
		}
		if s := r.Judging.Synthetic; s.On() {
			all.addInvoked(s.Function).synthetic = true
		}
	}
	for name := range w.scenario.Functions {
		all.of(name)
	}
	for _, name := range sortedKeys(all) {
		if err := w.makeFunction(name, *all[name], w.setup(name, *all[name])); err != nil {
			return fmt.Errorf("make the function %s: %w", name, err)
		}
	}
	return nil
}

// setup returns the state of a function before the deployment. By default, the alias serves the
// version before the Candidate.
func (w *World) setup(name string, need wanted) Setup {
	s := w.scenario.Functions[name]
	if s.Versions == 0 {
		s.Versions = min(max(need.highest, need.highestHook, 1), maxVersions)
		if need.highest == 1 {
			s.Versions = 2 // the Candidate is version 1, so the alias serves version 2
		}
	}
	if s.Aliases == nil {
		s.Aliases = map[string]AliasSetup{}
		serving := 1
		switch {
		case need.highest == 1:
			serving = 2
		case need.highest > 1:
			serving = need.highest - 1
		}
		for _, alias := range need.aliases {
			s.Aliases[alias] = AliasSetup{Version: strconv.Itoa(min(serving, s.Versions))}
		}
	}
	if s.Tags == nil {
		s.Tags = need.tags()
	}
	return s
}

// tags returns the tags that the function needs for the deployments.
func (n wanted) tags() flow.Tags {
	tags := flow.Tags{}
	if n.target != "" {
		tags[flow.TagAlias] = n.target
	}
	if n.hook {
		tags[flow.TagHook] = "true"
	}
	if n.synthetic {
		tags[flow.TagSynthetic] = "true"
	}
	return tags
}

func (w *World) makeFunction(name string, need wanted, s Setup) error {
	if s.Absent {
		return nil
	}
	err := w.cloud.AddFunction(localaws.Function{
		Name: name, Content: name + "@1", Role: w.role(s, name, "1"), DeadLetterTarget: s.DeadLetters["1"], Durable: s.Durable, Tags: s.Tags,
	})
	if err != nil {
		return err
	}
	if err := w.makeVersions(name, need, s); err != nil {
		return err
	}
	for _, alias := range sortedKeys(s.Aliases) {
		if err := w.makeAlias(name, alias, s.Aliases[alias]); err != nil {
			return err
		}
	}
	for _, alias := range sortedKeys(s.Provisioned) {
		err := w.cloud.ProvisionConcurrency(name, alias, localaws.ProvisionedConcurrency{Executions: 1, Settle: s.Provisioned[alias]})
		if err != nil {
			return err
		}
	}
	if err := w.makeUnready(name, s); err != nil {
		return err
	}
	return w.scheduleActivation(name, need)
}

// makeUnready lets versions of a function be idle, and its last update be in progress.
func (w *World) makeUnready(name string, s Setup) error {
	for _, version := range sortedKeys(s.Inactive) {
		if err := w.cloud.Idle(name, version, s.Inactive[version]); err != nil {
			return err
		}
	}
	if s.Updating == 0 {
		return nil
	}
	return w.cloud.SetUpdateInProgress(name, s.Updating)
}

// makeVersions publishes a function's versions. If a deployment is to publish a version, it
// leaves new code as $LATEST.
func (w *World) makeVersions(name string, need wanted, s Setup) error {
	for v := 1; v <= s.Versions; v++ {
		if err := w.makeVersion(name, strconv.Itoa(v), s); err != nil {
			return err
		}
	}
	if need.highest == 0 && !s.Published {
		return w.configure(name, "$LATEST", s)
	}
	return nil
}

func (w *World) makeVersion(name, version string, s Setup) error {
	if version != "1" {
		if err := w.configure(name, version, s); err != nil {
			return err
		}
	}
	_, err := w.cloud.Publish(name)
	return err
}

// configure gives $LATEST the code and configuration of a future version.
func (w *World) configure(name, version string, s Setup) error {
	if err := w.cloud.UpdateCode(name, name+"@"+version); err != nil {
		return err
	}
	return w.cloud.UpdateConfiguration(name, w.role(s, name, version), s.DeadLetters[version])
}

// role returns a version's execution role. By default it has the function's name.
func (w *World) role(s Setup, function, version string) string {
	if role, given := s.Roles[version]; given {
		return role
	}
	return w.place.roleARN(function)
}

func (w *World) makeAlias(function, name string, a AliasSetup) error {
	alias := localaws.Alias{Function: function, Name: name, FunctionVersion: a.Version}
	if a.Additional != "" {
		alias.Weights = map[string]float64{a.Additional: float64(a.Percent) / float64(shift.All)}
	}
	_, err := w.cloud.CreateAlias(alias)
	return err
}

// scheduleActivation keeps the Candidate pending as long as the scenario says. After that the
// Candidate becomes active or fails.
func (w *World) scheduleActivation(name string, need wanted) error {
	b := w.scenario.Candidate
	if b.Pending == 0 && !b.Fails {
		return nil
	}
	then := localaws.VersionState{State: localaws.StateActive}
	if b.Fails {
		then = localaws.VersionState{State: localaws.StateFailed, ReasonCode: "FunctionError", Reason: "the function failed to initialize"}
	}
	if need.highest == 0 {
		return w.cloud.PendingFor(name, b.Pending, then)
	}
	given := strconv.Itoa(need.highest)
	pending := localaws.VersionState{State: localaws.StatePending, ReasonCode: "Creating", Reason: "The function is being created."}
	if err := w.cloud.SetVersionState(name, given, pending); err != nil {
		return err
	}
	w.clock.after(b.Pending, nature, func() {
		if err := w.cloud.SetVersionState(name, given, then); err != nil {
			w.problem = err
		}
	})
	return nil
}

// metricAlarm is an alarm whose metric is evaluated every minute.
type metricAlarm struct {
	Alarm
	stream *stream
}

// makeAlarms creates the scenario's alarms, or those that the deployments name.
func (w *World) makeAlarms(releases []shift.Release, targets []shift.Target) error {
	alarms := w.scenario.Alarms
	if alarms == nil {
		named := map[string]bool{}
		for _, r := range releases {
			for _, name := range r.Alarms {
				named[name] = true
			}
		}
		for _, name := range slices.Sorted(maps.Keys(named)) {
			alarms = append(alarms, Alarm{Name: name, Period: time.Minute, Periods: 1})
		}
	}
	for _, a := range alarms {
		if err := w.makeAlarm(a, targets); err != nil {
			return err
		}
	}
	if len(w.alarms) > 0 {
		w.clock.at(w.began.Add(time.Minute), nature, w.evaluate)
	}
	return nil
}

// locateAlarms finds out which alarms of the scenario are of another region, as publish-version
// does for an input. It returns a *ScenarioError for those that cannot be in this account.
func (w *World) locateAlarms() error {
	var problems strictjson.Problems
	locate := func(path, alarm string) string {
		if !strings.HasPrefix(alarm, "arn:") {
			return alarm
		}
		known, err := w.reader().Alarm(alarm)
		if err != nil {
			problems.Add(path, "%v", err)
		}
		return known
	}
	w.scenario.Alarms, w.scenario.Events = slices.Clone(w.scenario.Alarms), slices.Clone(w.scenario.Events)
	for i, a := range w.scenario.Alarms {
		w.scenario.Alarms[i].Name = locate(strictjson.Index("alarms", i)+".name", a.Name)
	}
	for i, h := range w.scenario.Events {
		w.scenario.Events[i].Alarm = locate(strictjson.Index("events", i)+".alarm", h.Alarm)
	}
	if list := problems.List(); len(list) > 0 {
		return &ScenarioError{Problems: list}
	}
	return nil
}

func (w *World) makeAlarm(a Alarm, targets []shift.Target) error {
	target := a.watched(targets)
	there, name := w.cloudWatchOf(a.Name)
	m := localaws.MetricAlarm{
		Name: name, Namespace: lambdaNamespace, Metric: string(a.Metric), Statistic: string(a.Statistic), Period: a.Period,
		Evaluations: a.Periods, ToAlarm: a.ToAlarm, Threshold: a.Threshold, Comparison: a.Comparison, TreatMissingData: a.MissingData,
	}
	if a.Metric != "" && a.Statistic.extended() {
		m.Statistic, m.Extended = "", string(a.Statistic)
	}
	if a.Metric != "" {
		s, known := w.traffic.byTarget[target]
		if !known {
			return fmt.Errorf("the alarm %s watches %q, which no deployment shifts", a.Name, target)
		}
		m.Dimensions = dimensions(target, a.Version)
		if target.Kind() != shift.KindLambda {
			a.Version = w.distributionOf(target, a.Version)
			m.Namespace, m.Dimensions = cloudFrontNamespace, distributionDimensions(cmp.Or(a.Version, strings.TrimPrefix(string(target), shift.KindCloudFront+":")))
		}
		w.alarms = append(w.alarms, metricAlarm{a, s})
	}
	switch a.Type {
	case AlarmOnAlarms:
		there.PutCompositeAlarm(localaws.CompositeAlarm{Name: name})
	case AlarmOnLogs:
		there.PutLogAlarm(localaws.LogAlarm{Name: name})
	default:
		there.PutMetricAlarm(m)
	}
	return w.SetAlarm(a.Name, localaws.AlarmOK, "initial state")
}

// watched returns the Target that an alarm watches: by default, the first that has its metric.
func (a Alarm) watched(targets []shift.Target) shift.Target {
	if i := slices.IndexFunc(targets, a.Metric.isOf); a.Target == "" && i >= 0 {
		return targets[i]
	}
	return a.Target
}

// distributionOf returns the distribution that an alarm on a switched name watches: by default,
// the Candidate. It returns "" for other Targets, which have one distribution alone.
func (w *World) distributionOf(t shift.Target, version string) string {
	p, switched := w.fronts.pairs[t]
	candidate := string(w.fronts.first[t])
	switch {
	case !switched:
		return ""
	case version != "stable":
		return candidate
	case candidate == p.Switch:
		return p.Other
	}
	return p.Switch
}

// The namespaces of Lambda's and CloudFront's metrics.
const (
	lambdaNamespace     = "AWS/Lambda"
	cloudFrontNamespace = "AWS/CloudFront"
)

// distributionDimensions returns the dimensions of a distribution's metrics (CloudFront Developer
// Guide, viewing metrics through the CloudWatch API).
func distributionDimensions(id string) map[string]string {
	return map[string]string{"DistributionId": id, "Region": "Global"}
}

// dimensions returns the dimensions of a Target's metrics, and of those of one version.
func dimensions(t shift.Target, version string) map[string]string {
	function, alias, _ := flow.SplitLambdaTarget(t)
	d := map[string]string{"FunctionName": function, "Resource": function + ":" + alias}
	if version != "" {
		d["ExecutedVersion"] = version
	}
	return d
}

// evaluate evaluates every alarm each minute, as CloudWatch does for periods of a minute and
// more.
func (w *World) evaluate() {
	w.traffic.advance(w.clock.now)
	for _, a := range w.alarms {
		points, complete := w.traffic.points(a.Alarm, a.stream, w.versionOf(a.stream.target, a.Version), w.clock.now)
		verdict := a.evaluate(points, complete)
		if verdict.state == "" {
			continue
		}
		if err := w.SetAlarm(a.Name, verdict.state, verdict.reason); err != nil {
			continue // somebody has deleted it
		}
	}
	w.clock.after(time.Minute, nature, w.evaluate)
}

// versionOf returns the version of a Target that a scenario names: "stable", "candidate" or a
// number. It returns "" for "", which means all versions.
func (w *World) versionOf(t shift.Target, name string) string {
	last := w.routes.last[t]
	switch name {
	case "stable":
		return last.stable
	case "candidate":
		if last.introducing() == "" {
			return "none yet"
		}
		return last.introducing()
	}
	return name
}
