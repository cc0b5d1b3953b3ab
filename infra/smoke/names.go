package main

import (
	"regexp"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/cdksettings"
)

// runTag is on each function, with the run's id. It does not begin with sluice: as Sluice's own
// tags do, since Sluice takes an unknown one of those for a mistake.
const runTag = "sluice-smoke"

// base begins or contains the names of everything that runs make. An id follows: when the run
// began, and a random number.
const base = "sluice-smoke-"

// stamp is the layout of an id's time.
const stamp = "20060102t150405"

var idPattern = regexp.MustCompile(base + `(\d{8}t\d{6})-[0-9a-f]{4}`)

// names are the names of what a run makes. The queue, the role, the rule, the alarm and the mute
// rule are called alike.
type names struct {
	id      string
	own     string
	main    string // the function that is shifted
	probe   string // a function that Sluice may not shift
	empty   string // a function whose tag has no value
	hook    string
	refuses string
	// byTag says that the stack allows functions by their tags.
	byTag bool
}

// newNames returns the names of a run. If the stack allows functions or hooks by their names,
// they fit its patterns.
func newNames(id string, settings cdksettings.Settings) names {
	own := base + id
	functions, hooks := settings.Find("functions", byTag), settings.Find("hooks", byTag)
	return names{
		id: id, own: own, byTag: functions == byTag,
		main: fit(functions, own), empty: fit(functions, own+"-empty"), probe: own + "-probe",
		hook: fit(hooks, own+"-hook"), refuses: fit(hooks, own+"-refuses"),
	}
}

// byTag is the value of the settings functions and hooks that allows functions by tags.
const byTag = "tag"

// fit returns a name that fits a pattern and contains the wanted one.
func fit(pattern, name string) string {
	if pattern == byTag {
		return name
	}
	return strings.ReplaceAll(strings.Replace(pattern, "*", name, 1), "*", "")
}

// idIn returns the id and the time of the run that has made a thing with this name, or false if
// no run has.
func idIn(name string) (id string, began time.Time, ok bool) {
	parts := idPattern.FindStringSubmatch(name)
	if parts == nil {
		return "", time.Time{}, false
	}
	began, err := time.Parse(stamp, parts[1])
	return strings.TrimPrefix(parts[0], base), began, err == nil
}
