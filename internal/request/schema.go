package request

import (
	"slices"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/jsonschema"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
)

// SchemaURL is where editors find the JSON Schema of an input.
const SchemaURL = "https://raw.githubusercontent.com/sluice-aws/sluice/main/internal/request/deployment.schema.json"

// Patterns of the texts of an input. Each allows whatever the function allows that reads it.
const (
	functionPattern = `^([A-Za-z0-9-]+:)*[A-Za-z0-9_-]{1,64}(:(\$LATEST|[A-Za-z0-9_-]{1,128}))?$`
	aliasPattern    = `^[0-9]*[A-Za-z_-][A-Za-z0-9_-]*$`
	versionPattern  = `^[1-9][0-9]{0,17}$`
	strategyPattern = `^(CodeDeployDefault\.Lambda)?(AllAtOnce|Canary[0-9.]+Percent[0-9.]+Minutes?|Linear[0-9.]+PercentEvery[0-9.]+Minutes?)$`
	dayTimePattern  = `^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`
	capitalsPattern = `^[A-Z0-9]{1,32}$`
	releasePattern  = `^[.]*[A-Za-z0-9_-][A-Za-z0-9._-]*$`
	hostPattern     = `^[a-z0-9_-]+([.][a-z0-9_-]+)*$`
	dnsNamePattern  = `^([*][.])?[a-z0-9_-]+([.][a-z0-9_-]+)*$`
	switchedPattern = `^[a-z0-9_-]+([.][a-z0-9_-]+){2,}$`
	bucketPattern   = `^[a-z0-9][a-z0-9.-]+[a-z0-9]$`
	executionARN    = `^arn:[^:]+:states:[^:]*:[^:]*:execution:[^:]+:[^:]+$`
)

const maxMinutes = float64(shift.MaxDuration) / 60

// Schema returns the JSON Schema of an input. It allows every input that Input accepts, except an
// AppSpec that is the whole input: its format is CodeDeploy's. It refuses unknown names, values of
// another type, words that are not known, and numbers out of range; it does not compare fields.
func Schema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Draft: jsonschema.Draft7, ID: SchemaURL,
		Title:       "A deployment with Sluice",
		Description: "The input of a deployment: what to shift, by which strategy, and what may stop it.",
		Type:        "object",
		If:          has(fieldAppSpec), Then: appSpecSchema(),
		Else: &jsonschema.Schema{
			If: has(fieldRevert), Then: revertSchema(),
			Else: &jsonschema.Schema{If: isEvent(), Then: eventSchema(), Else: deploymentSchema()},
		},
	}
}

// has is the schema of objects with a name.
func has(name string) *jsonschema.Schema { return &jsonschema.Schema{Required: []string{name}} }

func isEvent() *jsonschema.Schema {
	return &jsonschema.Schema{
		Required:   []string{"trigger"},
		Properties: jsonschema.Properties{jsonschema.Field("trigger", &jsonschema.Schema{Const: string(shift.Event)})},
	}
}

func schemaField() jsonschema.Property {
	return jsonschema.Field("$schema", jsonschema.Text("Where editors find this schema. Sluice ignores it."))
}

func deploymentSchema() *jsonschema.Schema {
	properties := slices.Concat([]jsonschema.Property{schemaField()}, targetFields(), []jsonschema.Property{jsonschema.Field("targets", targetsSchema())}, choiceFields())
	s := jsonschema.Object("", properties...)
	s.AnyOf = append(namesTarget(), has("targets"))
	return s
}

func revertSchema() *jsonschema.Schema {
	return jsonschema.Object("", schemaField(),
		jsonschema.Field(fieldRevert, jsonschema.Text("The ARN of the execution whose promoted deployment is taken back. 'sluice revert' writes it.").Matching(executionARN, maxARN)),
		jsonschema.Field(fieldReason, jsonschema.Text("Why. People see it in the announcements.")),
	)
}

func eventSchema() *jsonschema.Schema {
	return jsonschema.Object("", schemaField(),
		jsonschema.Required("function", functionSchema("The function of which a version was published.")),
		jsonschema.Field("version", versionSchema("The version that was published.")),
		jsonschema.Field("trigger", triggerSchema()),
	)
}

func appSpecSchema() *jsonschema.Schema {
	properties := []jsonschema.Property{
		schemaField(),
		jsonschema.Field(fieldAppSpec, jsonschema.Either("An AppSpec of CodeDeploy: its text in JSON or YAML, or the object.", &jsonschema.Schema{Type: "string"}, &jsonschema.Schema{Type: "object"})),
		jsonschema.Field(fieldHookMode, jsonschema.Choice("How the AppSpec's hooks answer.", shift.CodeDeploy, shift.Sync, shift.Callback)),
	}
	for _, p := range choiceFields() {
		if slices.Contains(besideAppSpec, p.Name) {
			properties = append(properties, p)
		}
	}
	return jsonschema.Object("", properties...)
}

func functionSchema(description string) *jsonschema.Schema {
	return jsonschema.Text(description, "orders").Matching(functionPattern, 0)
}

func versionSchema(description string) *jsonschema.Schema {
	return jsonschema.Text(description, "42").Matching(versionPattern, 0)
}

func triggerSchema() *jsonschema.Schema {
	return jsonschema.Choice(`"event" if a published version has started the deployment: then the function's tags say the rest.`, shift.Explicit, shift.Event)
}

// namesTarget are the schemas of objects that name a Target, one for each kind.
func namesTarget() []*jsonschema.Schema {
	return []*jsonschema.Schema{has("function"), has(flow.CloudFront.Field), has(flow.Route53.Field), has(flow.Switch.Field)}
}

func targetsSchema() *jsonschema.Schema {
	target := jsonschema.Object("", targetFields()...)
	target.AnyOf = namesTarget()
	s := jsonschema.List("What to shift, all together, in this order. A single target may stand at the top instead.", target)
	s.MinItems = 1
	return s
}

func targetFields() []jsonschema.Property {
	return []jsonschema.Property{
		jsonschema.Field("function", functionSchema("The function to shift: its name, or any form of its ARN. A version or an alias may be its qualifier.")),
		jsonschema.Field("alias", jsonschema.Text("The alias whose traffic is shifted. If it is missing, the alias of Sluice's settings is used: live, unless they say otherwise.", "live").Matching(aliasPattern, 128)),
		jsonschema.Field("version", versionSchema("The published version to introduce. If it is missing, $LATEST is published.")),
		jsonschema.Field("expectStable", versionSchema("The version that the alias has to serve before. If it serves another one, the deployment is Rejected.")),
		jsonschema.Field(flow.CloudFront.Field, jsonschema.Object("A release of a site behind a CloudFront distribution.",
			jsonschema.Required("distribution", jsonschema.Text("The id of the distribution.", "E1ABCDEF234567").Matching(capitalsPattern, 0)),
			jsonschema.Required("release", jsonschema.Text("The id of the release to introduce.", "2026-11-29.1").Matching(releasePattern, flow.MaxRelease)),
			jsonschema.Field("bucket", jsonschema.Text("The bucket in which the release is looked for.").Matching(bucketPattern, 63)),
			jsonschema.Field("domain", hostSchema("The domain of the site.")),
		)),
		jsonschema.Field(flow.Route53.Field, jsonschema.Object("A name in a hosted zone of Route 53.",
			jsonschema.Required("zone", jsonschema.Text("The id of the hosted zone.", "Z0123456789ABC").Matching(capitalsPattern, 0)),
			jsonschema.Required("name", jsonschema.Text("The name, in lower case and without a dot at the end.", "api.example.com").Matching(dnsNamePattern, 253)),
			jsonschema.Required("candidate", endpointSchema()),
		)),
		jsonschema.Field(flow.Switch.Field, jsonschema.Object("A name that is switched between two CloudFront distributions.",
			jsonschema.Required("name", jsonschema.Text("The name, with at least three labels.", "www.example.com").Matching(switchedPattern, 253)),
			jsonschema.Required("candidate", jsonschema.Text("The id of the distribution that is to serve the name.", "E2GREEN").Matching(capitalsPattern, 0)),
		)),
	}
}

func hostSchema(description string) *jsonschema.Schema {
	return jsonschema.Text(description, "www.example.com").Matching(hostPattern, 253)
}

func endpointSchema() *jsonschema.Schema {
	addresses := func(description string) *jsonschema.Schema {
		s := jsonschema.List(description, &jsonschema.Schema{Type: "string"})
		s.MaxItems = flow.MaxAddresses
		return s
	}
	s := jsonschema.Object("What the name is to lead to: exactly one of alias, values and cname.",
		jsonschema.Field("alias", jsonschema.Object("An alias record.",
			jsonschema.Required("dnsName", hostSchema("The DNS name of the distribution, load balancer or API.")),
			jsonschema.Required("zone", jsonschema.Text("The id of the hosted zone that AWS names for it.").Matching(capitalsPattern, 0)),
		)),
		jsonschema.Field("values", jsonschema.Object("Addresses.", jsonschema.Field("A", addresses("IPv4 addresses.")), jsonschema.Field("AAAA", addresses("IPv6 addresses.")))),
		jsonschema.Field("cname", hostSchema("The name of another host.")),
	)
	s.MinProperties, s.MaxProperties = 1, 1
	return s
}

// choiceFields are the fields of an input beside its Targets, in the order of importance.
func choiceFields() []jsonschema.Property {
	alarms := jsonschema.List("CloudWatch alarms: metric, composite or log. Any of them in ALARM puts the traffic back. An alarm of another region is named by its ARN.",
		jsonschema.Text("", "orders-5xx"))
	alarms.Items.MinLength = 1
	alarms.UniqueItems = true
	return []jsonschema.Property{
		jsonschema.Field("strategy", strategySchema()),
		jsonschema.Field("alarms", alarms),
		jsonschema.Field("judge", judgeSchema()),
		jsonschema.Field("hooks", hooksSchema()),
		jsonschema.Field("window", windowSchema("When steps may be taken. A step may have a window of its own.")),
		jsonschema.Field(fieldWatch, jsonschema.Above("For how many minutes the candidate is watched at 100 % before the deployment is promoted.", 0, maxMinutes)),
		jsonschema.Field(fieldKeep, jsonschema.Whole("Delete old versions of the functions when the deployment is promoted. So many of the newest stay, and all that something needs.", 1, maxKept)),
		jsonschema.Field("createAlias", jsonschema.Flag("Make an alias that does not exist, when the hooks have passed.")),
		jsonschema.Field("unchanged", jsonschema.Choice("What it means if there is nothing to shift.", shift.SucceedUnchanged, shift.FailUnchanged)),
		jsonschema.Field("whenHeld", jsonschema.Choice("What to do if another deployment holds a target: fail, wait for it, or replace it.", shift.FailWhenHeld, shift.WaitWhenHeld, shift.ReplaceWhenHeld)),
		jsonschema.Field("whenFrozen", jsonschema.Choice("What to do during a freeze: fail, or wait for its end with all traffic on stable.", shift.FailWhenFrozen, shift.WaitWhenFrozen)),
		jsonschema.Field("alarmsAtStart", jsonschema.Choice("What to do if an alarm fires at the start: reject the deployment, or ignore the alarm until it has been OK, so that a fix can ship.", shift.RejectFiring, shift.IgnoreUntilOK)),
		jsonschema.Field("ignoreUnreadableAlarms", jsonschema.Flag("Go on when an alarm cannot be read. Otherwise three times in a row put the traffic back.")),
		jsonschema.Field("pauseLimitMinutes", jsonschema.Above("For how many minutes a person may pause the deployment.", 0, maxMinutes).With(int(shift.DefaultPause/60))),
		jsonschema.Field("whenPauseEnds", jsonschema.Choice("What happens when a pause reaches its limit.", shift.RollBackAfterWait, shift.GoOnAfterWait)),
		jsonschema.Field("trigger", triggerSchema()),
	}
}

// commonStrategies are those that editors propose.
var commonStrategies = []string{shift.DefaultStrategy, "Canary10Percent30Minutes", "Linear10PercentEvery1Minute", "Linear10PercentEvery10Minutes", "AllAtOnce"}

// CommonStrategies are the names of strategies that are worth proposing: any numbers may stand in
// them. The first one is the default.
func CommonStrategies() []string { return slices.Clone(commonStrategies) }

func strategySchema() *jsonschema.Schema {
	share := func() *jsonschema.Schema {
		s := jsonschema.Above("The candidate's share of the traffic, in percent.", 0, 100)
		s.Maximum, s.ExclusiveMaximum = nil, 100
		return s
	}
	every := func() *jsonschema.Schema {
		return jsonschema.Above("For how many minutes each share is kept.", 0, maxMinutes)
	}
	steps := jsonschema.List("The steps, with growing shares. The last one is at 100 %.", jsonschema.Object("",
		jsonschema.Required("percent", jsonschema.Above("The candidate's share of the traffic, in percent.", 0, 100)),
		jsonschema.Field("bakeMinutes", jsonschema.Number("For how many minutes the share is kept.", 0, maxMinutes)),
		jsonschema.Field("approval", approvalSchema()),
		jsonschema.Field("window", windowSchema("When this step may be taken.")),
	))
	steps.MinItems = 1
	object := jsonschema.Object("One of canary, linear, exponential and steps.",
		jsonschema.Field("canary", jsonschema.Object("One share first, then the rest.", jsonschema.Required("percent", share()), jsonschema.Required("bakeMinutes", every()))),
		jsonschema.Field("linear", jsonschema.Object("The same share more, again and again.", jsonschema.Required("percent", share()), jsonschema.Required("everyMinutes", every()))),
		jsonschema.Field("exponential", jsonschema.Object("A share that grows by a factor.", jsonschema.Required("startPercent", share()),
			jsonschema.Required("factor", &jsonschema.Schema{Description: "By how much the share is multiplied.", Type: "number", Minimum: 1.01}), jsonschema.Required("everyMinutes", every()))),
		jsonschema.Field("steps", steps),
	)
	object.MinProperties, object.MaxProperties = 1, 1
	common := &jsonschema.Schema{Enum: commonStrategies}
	s := jsonschema.Either("By which steps the traffic is shifted: a name in the style of CodeDeploy with any numbers, or an object.",
		common, jsonschema.Text("").Matching(strategyPattern, 0), object)
	return s.With(shift.DefaultStrategy)
}

func approvalSchema() *jsonschema.Schema {
	return jsonschema.Object("The step is taken only if a person approves it.",
		jsonschema.Field("waitMinutes", jsonschema.Above("For how many minutes an answer is waited for.", 0, float64(shift.MaxApprovalWait/60)).With(int(shift.DefaultApprovalWait/60))),
		jsonschema.Field("whenNobodyAnswers", jsonschema.Choice("What happens if nobody answers.", string(shift.RollBackAfterWait), promoteUnanswered)),
	)
}

func windowSchema(description string) *jsonschema.Schema {
	days := jsonschema.List("The days.", &jsonschema.Schema{Type: "string", Enum: shift.WeekdayNames()})
	days.MinItems, days.UniqueItems = 1, true
	return jsonschema.Object(description,
		jsonschema.Required("days", days),
		jsonschema.Required("from", jsonschema.Text("The time of day at which it opens.", "09:00").Matching(dayTimePattern, 0)),
		jsonschema.Required("to", jsonschema.Text("The time of day at which it closes.", "16:00").Matching(dayTimePattern, 0)),
		jsonschema.Required("timeZone", jsonschema.Text("A time zone's name.", "Europe/Berlin", "UTC")),
	)
}

func hooksSchema() *jsonschema.Schema {
	point := func(description string) *jsonschema.Schema {
		hook := jsonschema.Object("",
			jsonschema.Required("function", functionSchema("The function that is asked.")),
			jsonschema.Field("mode", jsonschema.Choice("How it answers: by returning (sync), with a task token (callback), or as a hook that was written for CodeDeploy.", shift.Sync, shift.Callback, shift.CodeDeploy)),
			jsonschema.Field("timeoutSeconds", jsonschema.Whole("How long its answer is waited for, in seconds.", 1, int64(shift.MaxCallbackHook))),
		)
		hook.If = &jsonschema.Schema{Properties: jsonschema.Properties{jsonschema.Field("mode", &jsonschema.Schema{Const: string(shift.Sync)})}}
		hook.Then = &jsonschema.Schema{Properties: jsonschema.Properties{jsonschema.Field("timeoutSeconds", &jsonschema.Schema{Maximum: int64(shift.MaxSyncHook)})}}
		s := jsonschema.List(description, hook)
		s.MaxItems = shift.MaxHooks
		return s
	}
	return jsonschema.Object("Your own Lambda functions that are asked whether the deployment may go on.",
		jsonschema.Field("beforeTraffic", point("Asked before the candidate gets any traffic.")),
		jsonschema.Field("afterTraffic", point("Asked when the candidate has all traffic.")),
	)
}

func judgeSchema() *jsonschema.Schema {
	mode := func(description string, first judge.Mode) *jsonschema.Schema {
		return jsonschema.Choice(description, judge.Enforce, judge.Observe, judge.Off).With(string(first))
	}
	evidence := jsonschema.Object("How much must be known before a step is taken.",
		jsonschema.Field("excludesPercent", jsonschema.Number("The increase of failing requests, in percent of all, that must be ruled out.", percentOf(minExcluded), 100)),
		jsonschema.Field("patience", jsonschema.Whole("For how many times its bake a step waits for more requests.", 0, maxPatience)),
		jsonschema.Field("whenUnsure", jsonschema.Choice("What happens if it is still not known.", shift.ProceedUnsure, shift.RollBackUnsure)),
	)
	synthetic := jsonschema.Object("A function of yours that sends requests while too few arrive.",
		jsonschema.Required("function", functionSchema("The function that sends them.")),
		jsonschema.Field("perMinute", jsonschema.Whole("How many requests it is asked for in a minute.", minPerMinute, shift.MaxPerMinute).With(shift.DefaultPerMinute)),
	)
	object := jsonschema.Object("",
		jsonschema.Field("mode", mode("enforce: a worse candidate is rolled back. observe: it is only reported. off: nothing is compared.", judge.Enforce)),
		jsonschema.Field("slow", mode("The same for requests that are slower.", judge.Observe)),
		jsonschema.Field("throttles", mode("The same for requests that are throttled.", judge.Observe)),
		jsonschema.Field("tolerates", jsonschema.Object("How much worse the candidate may be.",
			jsonschema.Field("times", jsonschema.Number("By how many times stable's share of failing requests.", minTimes, maxTimes)),
			jsonschema.Field("percent", jsonschema.Number("And by how many percent of all requests.", 0, 100)),
		)),
		jsonschema.Field("evidence", evidence),
		jsonschema.Field("controlPercent", jsonschema.Number("The share that stays on stable while the last step bakes, to compare with.", 0, percentOf(maxControl))),
		jsonschema.Field("synthetic", synthetic),
	)
	word := jsonschema.Choice("", judge.Enforce, judge.Observe, judge.Off)
	word.Default = nil
	return jsonschema.Either("Whether the candidate is compared with stable by its errors, and what follows.", word, object).With(string(judge.Enforce))
}

func percentOf(w shift.Weight) float64 { return float64(w) / float64(shift.All) * 100 }
