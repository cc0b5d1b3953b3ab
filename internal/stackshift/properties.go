package stackshift

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// Protocol is the version of the properties. The macro writes it into templates, which are older
// than the Sluice that reads them.
const Protocol = "1"

// Limits of the properties.
const (
	// MaxTimeout is how long CloudFormation waits for a custom resource at most, and if nothing
	// else is said (AWS::CloudFormation::CustomResource, ServiceTimeout).
	MaxTimeout shift.Seconds = 3600
	minTimeout shift.Seconds = 60
)

// Properties are those of the custom resource.
type Properties struct {
	Targets []Target
	// DeploymentConfig names the strategy: a name of Sluice's, or a deployment configuration of
	// CodeDeploy.
	DeploymentConfig string
	Alarms           []string
	// IgnoreUnreadableAlarms goes on if an alarm cannot be read.
	IgnoreUnreadableAlarms      bool
	BeforeTraffic, AfterTraffic []string
	// HookMode is how hooks answer.
	HookMode shift.HookMode
	// Judge says whether the versions are compared; empty is Sluice's default.
	Judge string
	// WhenFrozen says whether an update fails or waits while the account is frozen; empty is Sluice's
	// default.
	WhenFrozen string
	// Handle is the URL of a wait condition, which waits longer than CloudFormation waits for a
	// custom resource. The resource itself is answered at once then.
	Handle string
	// NoWait answers at once, and leaves the alias's version in the stack as it was.
	NoWait bool
	// Timeout is how long CloudFormation waits.
	Timeout shift.Seconds
}

// Target is an alias, and the version that it has to serve.
type Target struct {
	// Key is the attribute (Fn::GetAtt) that gives the alias its version.
	Key                      string
	Function, Alias, Version string
}

// PropertiesError lists everything that is wrong with the properties.
type PropertiesError struct{ Problems []strictjson.Problem }

// Error lists the problems in one line.
func (e *PropertiesError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return "the properties are not valid: " + strings.Join(lines, "; ")
}

// propertyNames are all properties that a template may have.
var propertyNames = []string{
	"ServiceToken", "ServiceTimeout", "Protocol", "Targets", "DeploymentConfigName", "AlarmConfigurations",
	"BeforeTraffic", "AfterTraffic", "HookMode", "Judge", "WhenFrozen", "Handle", "Wait",
}

// DecodeProperties reads the properties of the custom resource. CloudFormation sends every number
// and boolean as a string, so both are read. It returns a *PropertiesError with all problems.
func DecodeProperties(raw []byte) (Properties, error) {
	var problems strictjson.Problems
	o := strictjson.Parse(raw, &problems).Object(propertyNames...)
	p := Properties{
		Targets:          decodeTargets(o.Require("Targets")),
		DeploymentConfig: scalar(o.Field("DeploymentConfigName")),
		BeforeTraffic:    texts(o.Field("BeforeTraffic")),
		AfterTraffic:     texts(o.Field("AfterTraffic")),
		HookMode:         shift.HookMode(o.Field("HookMode").OneOf(string(shift.CodeDeploy), string(shift.Callback), string(shift.Sync))),
		Handle:           scalar(o.Field("Handle")),
		NoWait:           !flag(o.Field("Wait"), true),
		Timeout:          seconds(o.Field("ServiceTimeout")),
	}
	if judge := o.Field("Judge"); judge.Present() {
		p.Judge = judge.OneOf("enforce", "observe", "off")
	}
	if frozen := o.Field("WhenFrozen"); frozen.Present() {
		p.WhenFrozen = frozen.OneOf(string(shift.FailWhenFrozen), string(shift.WaitWhenFrozen))
	}
	p.Alarms, p.IgnoreUnreadableAlarms = decodeAlarms(o.Field("AlarmConfigurations"))
	if protocol := o.Field("Protocol"); protocol.Present() && scalar(protocol) != Protocol {
		protocol.Problem("must be %q: deploy a Sluice that knows this protocol", Protocol)
	}
	if p.Handle != "" && p.NoWait {
		o.Field("Wait").Problem(`is "false" beside a Handle: leave one of them out`)
	}
	if list := problems.List(); len(list) > 0 {
		return Properties{}, &PropertiesError{list}
	}
	return p, nil
}

// isKey matches the logical ids of aliases (CloudFormation: alphanumeric).
var isKey = regexp.MustCompile(`^[A-Za-z0-9]{1,255}$`)

func decodeTargets(v strictjson.Value) []Target {
	var targets []Target
	keys, aliases := map[string]bool{}, map[string]bool{}
	values := v.Array()
	switch {
	case v.IsArray() && len(values) == 0:
		v.Problem("must not be empty")
	case len(values) > flow.MaxStackTargets:
		v.Problem("has %d targets, and one resource shifts at most %d: use several", len(values), flow.MaxStackTargets)
	}
	for _, item := range values {
		o := item.ObjectLike(`{"Key": "OrdersAlias", "Function": "orders", "Alias": "live", "Version": "42"}`, "Key", "Function", "Alias", "Version")
		t := Target{
			Key: scalar(o.Require("Key")), Function: scalar(o.Require("Function")),
			Alias: scalar(o.Require("Alias")), Version: scalar(o.Require("Version")),
		}
		if t.Key != "" && !isKey.MatchString(t.Key) {
			o.Field("Key").Problem("must be letters and digits, at most 255")
		}
		if keys[t.Key] && t.Key != "" {
			o.Field("Key").Problem("appears twice")
		}
		alias := t.Function + ":" + t.Alias
		if aliases[alias] && t.Function != "" {
			item.Problem("%s appears twice", alias)
		}
		keys[t.Key], aliases[alias] = true, true
		targets = append(targets, t)
	}
	checkKeys(v, targets)
	return targets
}

// checkKeys refuses keys that no answer to CloudFormation has room for.
func checkKeys(v strictjson.Value, targets []Target) {
	length := 0
	for _, t := range targets {
		length += len(t.Key)
	}
	if length > flow.MaxStackKeys {
		v.Problem("has Keys of %d characters, and CloudFormation takes an answer with %d: use shorter ones, or several resources", length, flow.MaxStackKeys)
	}
}

// decodeAlarms reads the AlarmConfigurations of deployment groups. Only alarms of an enabled one
// count.
func decodeAlarms(v strictjson.Value) (names []string, ignoreUnreadable bool) {
	if !v.Present() {
		return nil, false
	}
	seen := map[string]bool{}
	for _, item := range v.Array() {
		o := item.ObjectLike(`{"Enabled": true, "Alarms": [{"Name": "orders-errors"}]}`, "Enabled", "IgnorePollAlarmFailure", "Alarms")
		enabled, ignore := flag(o.Field("Enabled"), true), flag(o.Field("IgnorePollAlarmFailure"), false)
		if !o.Field("Alarms").Present() {
			continue
		}
		for _, alarm := range o.Field("Alarms").Array() {
			name := scalar(alarm.ObjectLike(`{"Name": "orders-errors"}`, "Name").Require("Name"))
			if enabled && !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
		ignoreUnreadable = ignoreUnreadable || enabled && ignore
	}
	return names, ignoreUnreadable
}

func texts(v strictjson.Value) []string {
	if !v.Present() {
		return nil
	}
	var list []string
	for _, item := range v.Array() {
		list = append(list, scalar(item))
	}
	return list
}

// scalar reads a text. A number counts as one.
func scalar(v strictjson.Value) string {
	switch {
	case !v.Present():
		return ""
	case v.IsNumber():
		return v.Decimal()
	}
	return v.Text()
}

// flag reads a boolean, or its text.
func flag(v strictjson.Value, other bool) bool {
	switch {
	case !v.Present():
		return other
	case !v.IsString():
		return v.Bool()
	}
	b, err := strconv.ParseBool(strings.ToLower(v.Text()))
	if err != nil {
		v.Problem("must be true or false, not %.40q", v.Text())
	}
	return b
}

// seconds reads how long CloudFormation waits.
func seconds(v strictjson.Value) shift.Seconds {
	if !v.Present() {
		return MaxTimeout
	}
	text := scalar(v)
	n, err := strconv.Atoi(text)
	if s := shift.Seconds(n); err == nil && s >= minTimeout && s <= MaxTimeout {
		return s
	}
	if text != "" {
		v.Problem("must be a number of seconds from %d to %d, not %.40q", minTimeout, MaxTimeout, text)
	}
	return MaxTimeout
}

// explained turns the problems of an input into those of the properties that it was made from.
func explained(err *request.InputError) error {
	list := make([]strictjson.Problem, len(err.Problems))
	for i, p := range err.Problems {
		list[i] = strictjson.Problem{Path: propertyOf(p.Path), Message: p.Message}
	}
	return &PropertiesError{list}
}

// propertyOf returns the property that a path of an input comes from.
func propertyOf(path string) string {
	for _, pair := range [][2]string{
		{"strategy", "DeploymentConfigName"}, {"alarms", "AlarmConfigurations"}, {"judge", "Judge"},
		{"hooks.beforeTraffic", "BeforeTraffic"}, {"hooks.afterTraffic", "AfterTraffic"},
		{"targets", "Targets"}, {".function", ".Function"}, {".alias", ".Alias"}, {".version", ".Version"},
	} {
		path = strings.Replace(path, pair[0], pair[1], 1)
	}
	return path
}

// String names a target in errors and logs.
func (t Target) String() string { return fmt.Sprintf("%s (%s:%s)", t.Key, t.Function, t.Alias) }
