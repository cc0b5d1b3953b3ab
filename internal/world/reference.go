package world

import (
	"slices"
	"strings"

	"sluice/internal/shift"
	"sluice/internal/strictjson"
)

// check refuses a scenario with hooks, alarms or Targets that no deployment in it uses, because
// a mistyped name would silently have no effect. It returns a *ScenarioError that lists all of
// them.
func (s Scenario) check(releases []shift.Release) error {
	var problems strictjson.Problems
	targets := targetsOf(releases)
	s.checkHooks(releases, &problems)
	for i, h := range s.Events {
		path := strictjson.Index("events", i)
		if h.Alarm != "" && !s.hasAlarm(h.Alarm, releases) {
			problems.Add(path+".alarm", "there is no alarm %q in this scenario, and no deployment names it", h.Alarm)
		}
		if h.Target != "" && !slices.Contains(targets, h.Target) {
			problems.Add(path+".target", "no deployment shifts %s; they shift %s", h.Target, listed(targets))
		}
	}
	for i, a := range s.Alarms {
		if a.Target != "" && !slices.Contains(targets, a.Target) {
			problems.Add(strictjson.Index("alarms", i)+".target", "no deployment shifts %s; they shift %s", a.Target, listed(targets))
		}
	}
	if list := problems.List(); len(list) > 0 {
		return &ScenarioError{Problems: list}
	}
	return nil
}

func (s Scenario) checkHooks(releases []shift.Release, problems *strictjson.Problems) {
	named := map[string]bool{}
	for _, r := range releases {
		for _, p := range []shift.Point{shift.BeforeTraffic, shift.AfterTraffic} {
			for _, h := range r.Hooks.At(p) {
				named[bareName(h.Function)] = true
			}
		}
	}
	for _, name := range sortedKeys(s.Hooks) {
		if !named[name] {
			problems.Add("hooks."+name, "no deployment has this hook")
		}
	}
}

func (s Scenario) hasAlarm(name string, releases []shift.Release) bool {
	if s.Alarms != nil {
		return slices.ContainsFunc(s.Alarms, func(a Alarm) bool { return a.Name == name })
	}
	return slices.ContainsFunc(releases, func(r shift.Release) bool { return slices.Contains(r.Alarms, name) })
}

func listed(targets []shift.Target) string {
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}
