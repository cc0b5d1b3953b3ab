package main

import (
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// settings are the options of the stack. Each has a context key of the same name, in cdk.json or
// with -c name=value.
type settings struct {
	// NamePrefix is the prefix of the functions' names, and the name of the state machine, the
	// table, the topic and the stack.
	NamePrefix string
	// Alias is the alias that is shifted if an input names none.
	Alias string
	// NotificationEmails are subscribed to the topic. Each must confirm the subscription once.
	NotificationEmails []string
	// NotifyOn are the announced states that are sent to the topic.
	NotifyOn []string
	// LogRetentionDays is how long the logs are kept.
	LogRetentionDays int
	// Functions says which functions may be shifted, Hooks which may be invoked as hooks, and
	// Synthetic which may be asked for synthetic requests.
	Functions, Hooks, Synthetic reach
	// ConfigParameters is the folder of the SSM parameters that a function's tag
	// sluice:config may name.
	ConfigParameters string
	// RevertHours is for how many hours a promoted deployment can be reverted.
	RevertHours int
	// OnNewVersion says whether every newly published version starts an execution.
	OnNewVersion bool
	// Macro is the name of the CloudFormation macro, or empty for none.
	Macro string
	// HookEndpoint says whether the stack has the public endpoint for hooks that were written for
	// CodeDeploy.
	HookEndpoint bool
	// Panel says whether the stack's dashboard has the widget with the deployments: flow.PanelOff,
	// flow.PanelReadOnly, or flow.PanelOn with buttons.
	Panel string
	// Chat says whether announcements are also sent to a topic for AWS's chat service.
	Chat bool
	// FrontEnds say which Targets other than functions may be shifted.
	FrontEnds frontEnds
	// Pipeline configures the optional pipeline. It is nil for none.
	Pipeline *pipelineSettings
}

// pipelineSettings are the settings of the optional pipeline.
type pipelineSettings struct {
	Owner, Repository, Branch string
	// Connection is the ARN of the CodeConnections connection to the repository.
	Connection string
	// Input is the file in the build's output with the execution's input.
	Input string
	// Buildspec is the path of the application's buildspec in its repository.
	Buildspec string
	// BuildPolicies are the ARNs of managed policies that the build needs.
	BuildPolicies []string
}

// reach says which functions Sluice may access: those with a tag, or those whose names match a
// pattern.
type reach struct {
	tag     string // empty with a pattern
	pattern string
}

// byTag is the value of a setting that selects functions by tag.
const byTag = "tag"

// noMacro is the value of the setting macro for none.
const noMacro = "off"

// mayCollide says whether another Sluice in the account, if there is one, would start a
// deployment for the same published version. Both would react to the same tag, and neither sees
// the other's locks.
func (s settings) mayCollide() bool {
	return s.NamePrefix != flow.DefaultNamePrefix && s.OnNewVersion && s.Functions.tag != ""
}

// hasPanel reports whether the stack's dashboard has the widget with the deployments.
func (s settings) hasPanel() bool { return s.Panel != flow.PanelOff }

// setting returns the value for the Lambdas' environment: the pattern, or byTag.
func (r reach) setting() string {
	if r.tag != "" {
		return byTag
	}
	return r.pattern
}

// context returns the value of a setting, or nil if it is not set. A value from -c is always
// text.
type context func(name string) any

// The length of a prefix. It is the name of a table, which must have at least 3 characters
// (DynamoDB, TableName). The longest function name, such as sluice-close-deployment, may have
// at most 64 (Lambda, FunctionName).
const (
	minPrefix = 3
	maxPrefix = 40
)

var (
	prefixShape = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	anything    = regexp.MustCompile(``)
	macroShape  = regexp.MustCompile(`^(off|[A-Z][A-Za-z0-9]{0,63})$`)
	switchShape = regexp.MustCompile(`^(on|off)$`)
	panelShape  = regexp.MustCompile(`^(off|read-only|on)$`)
	sourceShape = regexp.MustCompile(`^([^/@\s]+)/([^/@\s]+)@(\S+)$`)
)

// retentions are the days that CloudWatch Logs accepts (PutRetentionPolicy, retentionInDays).
var retentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// announced are the states that notifyOn accepts.
var announced = []string{
	string(shift.Started), string(shift.ShiftedTo), string(shift.ApprovalAsked),
	string(shift.Promoted), string(shift.Unchanged), string(shift.Rejected), string(shift.RolledBack), string(shift.Stranded),
}

// defaultNotifyOn are the states that are announced unless a setting names others.
var defaultNotifyOn = []string{
	string(shift.ApprovalAsked), string(shift.Promoted), string(shift.Rejected), string(shift.RolledBack), string(shift.Stranded),
}

// settingNames are the names of all settings. Other keys in cdk.json contain a colon, a slash or
// an @.
var settingNames = []string{
	"namePrefix", "alias", "notificationEmails", "notifyOn", "logRetentionDays", "functions", "hooks", "synthetic", "configParameters",
	"revertHours", "onNewVersion", "macro", "hookEndpoint", "panel", "chat", "cloudfrontStore", "releaseBuckets", "route53", "distributions", "pipeline", "pipelineConnection", "pipelineInput", "pipelineBuildspec", "pipelineBuildPolicies",
}

// reader reads settings and collects all problems.
type reader struct {
	find     context
	problems []error
}

// readSettings reads all settings, or returns an error that lists all problems.
func readSettings(find context, keys []string) (settings, error) {
	r := &reader{find: find}
	r.checkNames(keys)
	s := settings{
		NamePrefix:         r.text("namePrefix", flow.DefaultNamePrefix, prefixShape, "lowercase letters, digits and hyphens, beginning with a letter"),
		Alias:              r.text("alias", "live", anything, "text"),
		NotificationEmails: r.list("notificationEmails"),
		NotifyOn:           r.list("notifyOn", defaultNotifyOn...),
		LogRetentionDays:   r.number("logRetentionDays", 90),
		Functions:          r.reach("functions", flow.TagAlias),
		Hooks:              r.reach("hooks", flow.TagHook),
		Synthetic:          r.reach("synthetic", flow.TagSynthetic),
		RevertHours:        r.number("revertHours", int(shift.DefaultRevertWindow/3600)),
		OnNewVersion:       r.bool("onNewVersion", true),
		HookEndpoint:       r.hookEndpoint(),
		Panel:              r.text(flow.PanelSetting, flow.PanelReadOnly, panelShape, "off, read-only, or on with buttons for whoever may invoke the function"),
		Chat:               r.onOrOff("chat"),
	}
	s.ConfigParameters = r.text("configParameters", "/"+s.NamePrefix+"/", anything, "text")
	s.FrontEnds = r.frontEnds()
	if macro := r.text("macro", noMacro, macroShape, "off, or the macro's name in templates, such as "+flow.DefaultMacro+": an uppercase letter, and then letters and digits"); macro != noMacro {
		s.Macro = macro
	}
	s.Pipeline = r.pipeline()
	r.checkPrefix(s.NamePrefix)
	r.checkNotifications(s.NotificationEmails, s.NotifyOn)
	if !request.IsParameterFolder(s.ConfigParameters) {
		r.wrong("configParameters", "%q must be a folder of parameters, such as %s", s.ConfigParameters, request.DefaultParameters)
	}
	if !request.IsAlias(s.Alias) {
		r.wrong("alias", "%q %s", s.Alias, request.NoAlias)
	}
	if !slices.Contains(retentions, s.LogRetentionDays) {
		r.wrong("logRetentionDays", "%d is not one of the days that CloudWatch accepts: %s", s.LogRetentionDays, strings.Trim(fmt.Sprint(retentions), "[]"))
	}
	if most := int(shift.MaxRevertWindow / 3600); s.RevertHours < 0 || s.RevertHours > most {
		r.wrong("revertHours", "%d must be from 0, which allows no revert, to %d: the ledger keeps for so long what a revert needs", s.RevertHours, most)
	}
	if len(r.problems) > 0 {
		return settings{}, fmt.Errorf("the settings are not valid (cdk.json, or -c name=value):\n%w", errors.Join(r.problems...))
	}
	return s, nil
}

func (r *reader) checkPrefix(prefix string) {
	switch {
	case len(prefix) < minPrefix:
		r.wrong("namePrefix", "%q is too short for the name of a DynamoDB table; it must have at least %d characters", prefix, minPrefix)
	case len(prefix) > maxPrefix:
		r.wrong("namePrefix", "%q has %d characters; it may have at most %d, so that every function's name fits into Lambda's 64", prefix, len(prefix), maxPrefix)
	}
}

func (r *reader) checkNotifications(emails, states []string) {
	for _, address := range emails {
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			r.wrong("notificationEmails", "%q is not an e-mail address", address)
		}
	}
	for _, state := range states {
		if !slices.Contains(announced, state) {
			r.wrong("notifyOn", "%q is not an announced state; use one of %s", state, strings.Join(announced, ", "))
		}
	}
}

func (r *reader) wrong(name, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("  %s: %s", name, fmt.Sprintf(format, args...)))
}

// checkNames refuses unknown names, because a misspelled setting must not silently keep its
// default.
func (r *reader) checkNames(keys []string) {
	for _, key := range slices.Sorted(slices.Values(keys)) {
		if !strings.ContainsAny(key, ":@/") && !slices.Contains(settingNames, key) {
			r.wrong(key, "there is no such setting; the settings are %s", strings.Join(settingNames, ", "))
		}
	}
}

func (r *reader) text(name, otherwise string, shape *regexp.Regexp, wanted string) string {
	found := r.find(name)
	if found == nil {
		return otherwise
	}
	text, ok := found.(string)
	if !ok || !shape.MatchString(text) {
		r.wrong(name, "%v must be %s", found, wanted)
		return otherwise
	}
	return text
}

// list reads an array in cdk.json, or text with commas between.
func (r *reader) list(name string, otherwise ...string) []string {
	switch found := r.find(name).(type) {
	case nil:
		return otherwise
	case string:
		return strings.FieldsFunc(found, func(c rune) bool { return c == ',' || c == ' ' })
	case []any:
		list := []string{}
		for _, item := range found {
			text, ok := item.(string)
			if !ok {
				r.wrong(name, "%v must be text", item)
			}
			list = append(list, text)
		}
		return list
	default:
		r.wrong(name, "%v must be a list, or text with commas between", found)
		return otherwise
	}
}

func (r *reader) number(name string, otherwise int) int {
	switch found := r.find(name).(type) {
	case nil:
		return otherwise
	case float64:
		if found == float64(int(found)) {
			return int(found)
		}
	case string:
		if number, err := strconv.Atoi(found); err == nil {
			return number
		}
	}
	r.wrong(name, "%v must be a whole number", r.find(name))
	return otherwise
}

func (r *reader) bool(name string, otherwise bool) bool {
	switch found := r.find(name); found {
	case nil:
		return otherwise
	case true, "true":
		return true
	case false, "false":
		return false
	default:
		r.wrong(name, "%v must be true or false", found)
		return otherwise
	}
}

// hookEndpoint reads whether there is an endpoint. It is text, because an endpoint may have another
// form than a function's URL one day.
func (r *reader) hookEndpoint() bool {
	switch given := r.text(flow.HookEndpointSetting, flow.HookEndpointOff, anything, "text"); given {
	case flow.HookEndpointOff, flow.HookEndpointURL:
		return given == flow.HookEndpointURL
	default:
		r.wrong(flow.HookEndpointSetting, "%q must be %s, or %s for a public URL to which hooks that were written for CodeDeploy answer", given, flow.HookEndpointOff, flow.HookEndpointURL)
		return false
	}
}

// onOrOff reads a switch that is off unless it is set.
func (r *reader) onOrOff(name string) bool {
	return r.text(name, "off", switchShape, "on or off") == "on"
}

func (r *reader) reach(name, tag string) reach {
	pattern := r.text(name, byTag, anything, "text")
	allowed, err := request.ParseAllowed(pattern)
	switch {
	case err != nil:
		r.wrong(name, "%v", err)
	case allowed.ByTag():
		return reach{tag: tag}
	}
	if strings.Trim(pattern, "*") == "" {
		r.wrong(name, "%q would let Sluice access every function in the account; name some of them, such as orders-*, or tag them", pattern)
	}
	return reach{pattern: pattern}
}

// pipeline reads the settings of the optional pipeline.
func (r *reader) pipeline() *pipelineSettings {
	source, ok := r.find("pipeline").(string)
	if !ok {
		for _, name := range settingNames {
			if strings.HasPrefix(name, "pipeline") && r.find(name) != nil {
				r.wrong(name, "this also needs pipeline=owner/repository@branch")
			}
		}
		return nil
	}
	parts := sourceShape.FindStringSubmatch(source)
	if parts == nil {
		r.wrong("pipeline", "%q must be owner/repository@branch", source)
		parts = make([]string, 4)
	}
	p := &pipelineSettings{
		Owner: parts[1], Repository: parts[2], Branch: parts[3],
		Connection: r.text("pipelineConnection", "", regexp.MustCompile(`^arn:[^:]+:code(connections|star-connections):[^:]+:[0-9]{12}:connection/.+$`),
			"the ARN of a CodeConnections connection"),
		Input:         r.text("pipelineInput", "deployment.json", regexp.MustCompile(`^[^/\s:][^\s:]*$`), "the path of a file in the build's output"),
		Buildspec:     r.text("pipelineBuildspec", "buildspec.yml", regexp.MustCompile(`^[^/\s][^\s]*$`), "the path of a file in the repository"),
		BuildPolicies: r.list("pipelineBuildPolicies"),
	}
	if p.Connection == "" {
		r.wrong("pipelineConnection", "a pipeline needs the ARN of a connection to its repository; make one in the console: Developer Tools, Settings, Connections")
	}
	for _, arn := range p.BuildPolicies {
		if !strings.HasPrefix(arn, "arn:") || !strings.Contains(arn, ":policy/") {
			r.wrong("pipelineBuildPolicies", "%q is not the ARN of a managed policy", arn)
		}
	}
	return p
}
