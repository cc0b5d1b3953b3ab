package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/infra/package/merge"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// parameter is a setting of the stack that is chosen when the package is deployed.
type parameter struct {
	// setting is the name of the setting. The parameter's is the same in CloudFormation's
	// spelling, if it is not called otherwise.
	setting, called string
	// marker is the value of the setting with which the templates are synthesized. It is nil if
	// the setting only chooses between conditions.
	marker any
	// found is what the marker looks like in the templates, if it is not the marker itself.
	found any
	// whole says that the marker is not looked for within texts.
	whole bool
	// by is what stands in the marker's place. It is the parameter itself if it is nil.
	by any
	// declares are the attributes of the parameter, with what it checks and says.
	declares attributes
	// conditions are those that the parameter decides.
	conditions []choice
}

type attributes map[string]any

// choice is a condition, and the setting with which it does not hold. If it only chooses a value
// (parameter.by), there is no template without it.
type choice struct {
	name       string
	expression any
	without    string
	valueOnly  bool
}

// name returns the parameter's name.
func (p parameter) name() string {
	if p.called != "" {
		return p.called
	}
	return strings.ToUpper(p.setting[:1]) + p.setting[1:]
}

func ref(name string) map[string]any { return map[string]any{"Ref": name} }
func equals(name, value string) any  { return map[string]any{"Fn::Equals": []any{ref(name), value}} }
func not(condition any) any          { return map[string]any{"Fn::Not": []any{condition}} }

// allOn are the values of the settings that only choose, in the template in which everything is on.
var allOn = map[string]any{"panel": flow.PanelOn, "hookEndpoint": flow.HookEndpointURL, "chat": "on", "onNewVersion": "true"}

// A version's description has at most 256 characters (AWS::Lambda::Version), and names the values
// that its function was configured with (settleVersions). So these may not be as long as with make
// deploy.
const (
	maxPackagedAlias  = 64
	maxPackagedFolder = 100
)

// parameters returns all parameters, in the order in which people read them.
func parameters() []parameter {
	return slices.Concat(scopeParameters(), announcementParameters(), switchParameters(), keepingParameters())
}

// scopeParameters say what Sluice is called, and what it may shift and ask.
func scopeParameters() []parameter {
	return []parameter{
		{
			setting: "namePrefix", marker: "parameter-name-prefix",
			declares: attributes{
				"Description": "The prefix of the functions' names, and the name of the state machine, the table and the topic. Do not change it later: that makes another Sluice, and leaves the ledger behind.",
				"Default":     flow.DefaultNamePrefix, "AllowedPattern": prefixShape.String(), "MinLength": minPrefix, "MaxLength": maxPrefix,
				"ConstraintDescription": fmt.Sprintf("must be %d to %d lowercase letters, digits and hyphens, beginning with a letter", minPrefix, maxPrefix),
			},
		},
		reachParameter("functions", "FunctionsByTag", "Which functions may be shifted: tag for those with the tag "+flow.TagAlias+", or their names, with * for any characters, such as orders-*."),
		reachParameter("hooks", "HooksByTag", "Which functions may be hooks: tag for those with the tag "+flow.TagHook+", or their names, with * for any characters."),
		reachParameter("synthetic", "SyntheticByTag", "Which functions may be asked for synthetic requests: tag for those with the tag "+flow.TagSynthetic+", or their names, with * for any characters."),
		{
			setting: "alias", marker: "parameter-alias",
			declares: attributes{
				"Description": "The alias that is shifted if an input names none.",
				"Default":     "live", "AllowedPattern": `[A-Za-z0-9_-]*[A-Za-z_-][A-Za-z0-9_-]*`, "MaxLength": maxPackagedAlias,
				"ConstraintDescription": fmt.Sprintf("must be the name of an alias: at most %d letters, digits, hyphens and underscores, not digits alone", maxPackagedAlias),
			},
		},
		{
			setting: "onNewVersion",
			declares: attributes{
				"Description": "Whether every newly published version starts a deployment: true or false. If another Sluice stands in this account and region, give each a pattern of names of its own as Functions, or false to all but one.",
				"Default":     "true", "AllowedValues": []any{"true", "false"}, "ConstraintDescription": "must be true or false",
			},
			conditions: []choice{{name: "OnNewVersions", expression: equals("OnNewVersion", "true"), without: "false"}},
		},
	}
}

// announcementParameters say who hears of deployments.
func announcementParameters() []parameter {
	return []parameter{
		{
			setting: "notificationEmails", called: "NotificationEmail", marker: "notification@email.address",
			declares: attributes{
				"Description": "One e-mail address that hears of the end of deployments, or nothing. AWS asks it for a confirmation once. Subscribe others to the topic.",
				"Default":     "", "AllowedPattern": `([A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)?`,
				"ConstraintDescription": "must be one e-mail address, such as team@example.com, or nothing; subscribe others to the topic afterwards",
			},
			conditions: []choice{{name: "HasEmail", expression: not(equals("NotificationEmail", "")), without: ""}},
		},
		{
			setting: "notifyOn", marker: string(shift.Started), found: []any{string(shift.Started)},
			declares: attributes{
				"Type":        "CommaDelimitedList",
				"Description": "Which states are announced to the topic, with commas between.",
				"Default":     strings.Join(defaultNotifyOn, ","), "AllowedValues": asAny(announced),
				"ConstraintDescription": "must be some of " + strings.Join(announced, ", ") + ", with commas between",
			},
		},
		{
			setting: "chat",
			declares: attributes{
				"Description": "Whether announcements are also sent to a topic for Amazon Q Developer in chat applications: on or off.",
				"Default":     "off", "AllowedValues": []any{"off", "on"}, "ConstraintDescription": "must be on or off",
			},
			conditions: []choice{{name: "HasChat", expression: equals("Chat", "on"), without: "off"}},
		},
	}
}

// switchParameters are for parts of the stack that not everybody wants.
func switchParameters() []parameter {
	return []parameter{
		{
			setting: "panel",
			declares: attributes{
				"Description": "The widget with the deployments in the dashboard: off, read-only, or on with buttons for whoever may invoke the function.",
				"Default":     flow.PanelReadOnly, "AllowedValues": []any{flow.PanelOff, flow.PanelReadOnly, flow.PanelOn},
				"ConstraintDescription": "must be off, read-only, or on with buttons for whoever may invoke the function",
			},
			conditions: []choice{
				{name: "HasPanel", expression: not(equals("Panel", flow.PanelOff)), without: flow.PanelOff},
				{name: "HasButtons", expression: equals("Panel", flow.PanelOn), without: flow.PanelReadOnly},
			},
		},
		{
			setting: "hookEndpoint",
			declares: attributes{
				"Description": "Whether there is a public URL to which hooks answer that were written for CodeDeploy: url or off.",
				"Default":     "off", "AllowedValues": []any{"off", flow.HookEndpointURL}, "ConstraintDescription": "must be off, or url for a public URL",
			},
			conditions: []choice{{name: "HasHookEndpoint", expression: equals("HookEndpoint", flow.HookEndpointURL), without: "off"}},
		},
		{
			setting: "macro", called: "MacroName", marker: "ParameterMacro",
			declares: attributes{
				"Description": "The name of the CloudFormation macro, such as " + flow.DefaultMacro + ", or off. There can be only one of a name in an account and region.",
				"Default":     noMacro, "AllowedPattern": macroShape.String(),
				"ConstraintDescription": "must be off, or the macro's name in templates, such as " + flow.DefaultMacro + ": an uppercase letter, and then letters and digits, 64 in all",
			},
			conditions: []choice{{name: "HasMacro", expression: not(equals("MacroName", noMacro)), without: noMacro}},
		},
	}
}

// keepingParameters say where configurations are, and how long what is written is of use.
func keepingParameters() []parameter {
	return []parameter{
		{
			setting: "configParameters", marker: "/parameter-folder/",
			by: map[string]any{"Fn::If": []any{"HasConfigParameters", ref("ConfigParameters"), map[string]any{"Fn::Sub": "/${NamePrefix}/"}}},
			declares: attributes{
				"Description": "The folder of the SSM parameters that a function's tag sluice:config may name. Without one it is that of the prefix, such as /sluice/.",
				"Default":     "", "AllowedPattern": `(/([A-Za-z0-9_.-]+/)+)?`, "MaxLength": maxPackagedFolder,
				"ConstraintDescription": fmt.Sprintf("must be a folder of parameters, such as /sluice/, of at most %d characters, or nothing", maxPackagedFolder),
			},
			conditions: []choice{{name: "HasConfigParameters", expression: not(equals("ConfigParameters", "")), valueOnly: true}},
		},
		{
			setting: "revertHours", marker: "2159", whole: true,
			declares: attributes{
				"Description": "For how many hours a promoted deployment can be reverted. 0 allows no revert.",
				"Default":     fmt.Sprint(int(shift.DefaultRevertWindow / 3600)), "AllowedPattern": `[0-9]|[1-9][0-9]{1,2}|1[0-9]{3}|20[0-9]{2}|21[0-5][0-9]|2160`,
				"ConstraintDescription": fmt.Sprintf("must be a whole number from 0, which allows no revert, to %d: the ledger keeps for so long what a revert needs", int(shift.MaxRevertWindow/3600)),
			},
		},
		{
			setting: "logRetentionDays", marker: "2557", found: float64(2557),
			declares: attributes{
				"Type":        "Number",
				"Description": "For how many days the logs are kept.",
				"Default":     90, "AllowedValues": asAny(retentions),
				"ConstraintDescription": "must be one of the days that CloudWatch accepts: " + strings.Trim(fmt.Sprint(retentions), "[]"),
			},
		},
	}
}

// reachParameter is a setting that selects functions by tag, or by a pattern that is not of stars
// alone.
func reachParameter(setting, byTag, description string) parameter {
	p := parameter{setting: setting, marker: "parameter-" + setting}
	p.declares = attributes{
		"Description": description,
		"Default":     "tag", "AllowedPattern": `\**[A-Za-z0-9_-][A-Za-z0-9_*-]*`, "MaxLength": 64,
		"ConstraintDescription": "must be tag, or a function's name in which * stands for any characters, such as orders-*; stars alone would let Sluice access every function in the account",
	}
	p.conditions = []choice{{name: byTag, expression: equals(p.name(), "tag"), without: p.marker.(string)}}
	return p
}

func asAny[T any](list []T) []any {
	var all []any
	for _, item := range list {
		all = append(all, item)
	}
	return all
}

func markers(all []parameter) []merge.Marker {
	var markers []merge.Marker
	for _, p := range all {
		if p.marker == nil {
			continue
		}
		m := merge.Marker{Value: p.marker, By: p.by, Whole: p.whole}
		if p.found != nil {
			m.Value = p.found
		}
		if m.By == nil {
			m.By = ref(p.name())
		}
		markers = append(markers, m)
	}
	return markers
}
