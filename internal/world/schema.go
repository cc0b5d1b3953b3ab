package world

import (
	"slices"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/jsonschema"
)

// SchemaURL is where editors find the JSON Schema of a scenario.
const SchemaURL = "https://raw.githubusercontent.com/sluice-aws/sluice/main/internal/world/scenario.schema.json"

// Patterns of the texts of a scenario. Each allows whatever the function allows that reads it.
const (
	targetPattern   = `^(lambda|cloudfront|route53|switch):.+$`
	capitalsPattern = `^[A-Z0-9]{1,32}$`
	releasePattern  = `^[.]*[A-Za-z0-9_-][A-Za-z0-9._-]*$`
	recordPattern   = `^[A-Z0-9]{1,32}/([*][.])?[a-z0-9_-]+([.][a-z0-9_-]+)*$`
	switchedPattern = `^[a-z0-9_-]+([.][a-z0-9_-]+){2,}$`
	ofTraffic       = `^(|stable|candidate|[+]?0*[1-9][0-9]*)$`
	callPattern     = `^(|.*:.*)$`
)

// Schema returns the JSON Schema of a scenario. It allows every scenario that DecodeScenario
// accepts. It refuses unknown names, values of another type, words that are not known, and numbers
// out of range; it does not compare fields.
func Schema() *jsonschema.Schema {
	s := jsonschema.Object("What happens around a deployment on this machine: how the versions behave, which alarms there are, and what else happens.",
		jsonschema.Field("$schema", jsonschema.Text("Where editors find this schema. Sluice ignores it.")),
		jsonschema.Field("stable", jsonschema.Object("How the version behaves that serves before.", behaviourSchema()...)),
		jsonschema.Field("candidate", jsonschema.Object("How the version behaves that is introduced.", append(behaviourSchema(),
			jsonschema.Field("pendingSeconds", secondsSchema("How long the version cannot be invoked after it was published.")),
			jsonschema.Field("fails", jsonschema.Flag("The version never becomes active.")))...)),
		jsonschema.Field("targets", jsonschema.Map("Targets whose versions behave otherwise, such as lambda:orders:live.", jsonschema.Text("").Matching(targetPattern, 0),
			jsonschema.Object("", jsonschema.Field("stable", jsonschema.Object("", behaviourSchema()...)), jsonschema.Field("candidate", jsonschema.Object("", behaviourSchema()...))))),
		jsonschema.Field("traffic", jsonschema.Object("The requests to each target.",
			jsonschema.Field("requestsPerMinute", jsonschema.Whole("How many requests each target gets in a minute.", 0, maxRate).With(defaultRate)),
			jsonschema.Field("retries", jsonschema.Whole("How often a request that failed is sent again.", 0, maxRetries)))),
		jsonschema.Field("alarms", jsonschema.List("The alarms in CloudWatch. If it is missing, the alarms that the deployment names exist and stay OK.", alarmSchema())),
		jsonschema.Field("incidents", jsonschema.List("Times in which all versions fare worse.", incidentSchema())),
		jsonschema.Field("hooks", jsonschema.Map("What hooks do, by the name of the function.", nil, jsonschema.Object("",
			jsonschema.Field("result", jsonschema.Choice("How the hook ends.", hookResults...)),
			jsonschema.Field("afterSeconds", secondsSchema("After how many seconds."))))),
		jsonschema.Field("synthetic", jsonschema.Map("What functions for synthetic requests do, by their names.", nil, jsonschema.Object("",
			jsonschema.Field("result", jsonschema.Choice("How the function ends.", syntheticResults...))))),
		jsonschema.Field("events", jsonschema.List("What others do at some time.", eventsSchema())),
		jsonschema.Field("faults", jsonschema.List("Calls of AWS that fail for a while.", faultSchema())),
		jsonschema.Field("metrics", metricsSchema()),
		jsonschema.Field("functions", jsonschema.Map("Functions as they are before, by their names.", nil, setupSchema())),
		jsonschema.Field("sites", sitesSchema()),
		jsonschema.Field("names", namesSchema()),
		jsonschema.Field("switches", jsonschema.Map("The two distributions of switched names, by the name.", jsonschema.Text("").Matching(switchedPattern, 253), jsonschema.Object("",
			jsonschema.Field("switch", jsonschema.Text("The distribution that has the name to serve it.").Matching(capitalsPattern, 0)),
			jsonschema.Field("other", jsonschema.Text("The distribution that has the wildcard.").Matching(capitalsPattern, 0))))),
		jsonschema.Field("propagation", propagationSchema()),
		jsonschema.Field("parameters", jsonschema.Map("Parameters of Systems Manager, by name: a text, or an object that stands for its JSON.", nil,
			jsonschema.Either("", &jsonschema.Schema{Type: "string"}, &jsonschema.Schema{Type: "object"}))),
		jsonschema.Field("settings", jsonschema.Object("Sluice's settings.",
			jsonschema.Field("functions", jsonschema.Text(`Which functions may be shifted: "tag", or a pattern for their names.`, "tag", "orders-*").Matching(`^[A-Za-z0-9_*-]*$`, 64)),
			jsonschema.Field("alias", jsonschema.Text("The alias that is shifted where a deployment names none.", "live").Matching(`^([0-9]*[A-Za-z_-][A-Za-z0-9_-]*)?$`, 128)),
			jsonschema.Field(flow.HookEndpointSetting, jsonschema.Choice("Whether there is a URL to which hooks answer that were written for CodeDeploy.", hookEndpoints...)))),
		jsonschema.Field("delivery", deliverySchema()),
		jsonschema.Field("latencyMs", millisSchema("How long every call of AWS takes, in milliseconds.")),
		jsonschema.Field("seed", jsonschema.Whole("The seed of everything that is random. The same seed gives the same run.", 0, maxSeed)),
	)
	s.Draft, s.ID, s.Title = jsonschema.Draft7, SchemaURL, "A scenario of Sluice"
	return s
}

func secondsSchema(description string) *jsonschema.Schema {
	return jsonschema.Number(description, 0, maxSeconds)
}

// millisSchema has the bound of secondsSchema, as millis has that of seconds.
func millisSchema(description string) *jsonschema.Schema { return secondsSchema(description) }

func rateSchema(description string) *jsonschema.Schema {
	return jsonschema.Number(description+" 0.05 is 5 %.", 0, 1)
}

func percentSchema(description string) *jsonschema.Schema {
	return jsonschema.Number(description, 0, 100)
}

func latencySchema(description string) *jsonschema.Schema {
	return jsonschema.Either(description+" A number, or the median and the 99th percentile.", millisSchema(""),
		jsonschema.Object("", jsonschema.Required("p50", jsonschema.Above("The median.", 0, maxSeconds)), jsonschema.Required("p99", jsonschema.Above("The 99th percentile.", 0, maxSeconds))))
}

func behaviourSchema() []jsonschema.Property {
	return []jsonschema.Property{
		jsonschema.Field("errorRate", rateSchema("The share of requests that fail.")),
		jsonschema.Field("durationMs", latencySchema("How long a request takes, in milliseconds.").With(defaultMillis)),
		jsonschema.Field("coldStartMs", latencySchema("How much longer the first request of a sandbox takes, in milliseconds.")),
		jsonschema.Field("errorClump", jsonschema.Number("How many requests fail together, on average.", 1, maxClump)),
		jsonschema.Field("drift", jsonschema.Object("The error rate changes with time.",
			jsonschema.Required("toErrorRate", rateSchema("The error rate at the end.")),
			jsonschema.Field("fromSeconds", secondsSchema("When it begins to change, in seconds since the start.")),
			jsonschema.Required("untilSeconds", secondsSchema("When it stops to change.")))),
		jsonschema.Field("sandboxDeaths", jsonschema.Object("Sandboxes break, and fail all requests until Lambda replaces them.",
			jsonschema.Required("perHour", jsonschema.Number("How often each sandbox breaks in an hour.", 0, maxDeaths)),
			jsonschema.Required("deadSeconds", secondsSchema("For how many seconds it is broken.")))),
		jsonschema.Field("throttleRate", rateSchema("The share of requests that Lambda throttles.")),
		jsonschema.Field("maxConcurrency", jsonschema.Whole("How many requests are served at once. Lambda throttles those above. 0 means no bound.", 0, maxRate)),
	}
}

func versionOfTraffic(description string) *jsonschema.Schema {
	return jsonschema.Text(description+" stable, candidate or a number.", "stable", "candidate").Matching(ofTraffic, 0)
}

func alarmSchema() *jsonschema.Schema {
	metric := jsonschema.Choice("What it watches. Without a metric, the alarm changes by events alone.", metricNames...)
	metric.Default = nil
	s := jsonschema.Object("",
		jsonschema.Required("name", jsonschema.Text("Its name, or its ARN if it is of another region.")),
		jsonschema.Field("metric", metric),
		jsonschema.Field("threshold", jsonschema.Number("What the metric is compared with.", -maxThreshold, maxThreshold)),
		jsonschema.Field("statistic", jsonschema.Text("Any statistic of CloudWatch.", "Sum", "Average", "p99", "PR(:300)").With(string(Sum))),
		jsonschema.Field("comparison", jsonschema.Choice("How the metric is compared.", comparisonNames...)),
		jsonschema.Field("periodSeconds", jsonschema.Whole("The length of a period: a whole number of minutes.", minPeriod, maxPeriod).With(60)),
		jsonschema.Field("evaluationPeriods", jsonschema.Whole("How many periods it looks at.", 1, maxPeriods).With(1)),
		jsonschema.Field("datapointsToAlarm", jsonschema.Whole("How many of these must breach.", 1, maxPeriods)),
		jsonschema.Field("treatMissingData", jsonschema.Choice("What a period without data means.", missingData...)),
		jsonschema.Field("target", jsonschema.Text("The target whose metric it watches. If it is missing, that is the first one.", "lambda:orders:live")),
		jsonschema.Field("version", versionOfTraffic("The version whose metric it watches.")),
		jsonschema.Field("type", jsonschema.Choice("What kind of alarm it is.", alarmTypes...)),
	)
	s.If, s.Then = &jsonschema.Schema{Required: []string{"metric"}}, &jsonschema.Schema{Required: []string{"threshold"}}
	return s
}

func incidentSchema() *jsonschema.Schema {
	signed := func(description string) *jsonschema.Schema {
		return jsonschema.Number(description+" In seconds since the start; below 0 is before it.", -maxSeconds, maxSeconds)
	}
	return jsonschema.Object("",
		jsonschema.Required("fromSeconds", signed("When it begins.")),
		jsonschema.Required("untilSeconds", signed("When it ends.")),
		jsonschema.Field("errorRate", rateSchema("The share of requests that fail, of those that would do well.")),
		jsonschema.Field("throttleRate", rateSchema("The share of requests that are throttled, of those that would do well.")),
		jsonschema.Field("durationTimes", jsonschema.Number("By what every duration is multiplied.", minSlowdown, maxSlowdown).With(1)),
	)
}

// fieldsOfEvents are the schemas of the fields of events, which share them.
func fieldsOfEvents() map[string]*jsonschema.Schema {
	return map[string]*jsonschema.Schema{
		"alarm":      jsonschema.Text("The alarm."),
		"target":     jsonschema.Text("The target.", "lambda:orders:live").Matching(`^(|`+targetPattern[1:len(targetPattern)-1]+`)$`, 0),
		"version":    jsonschema.Text("The version, release, endpoint or distribution."),
		"additional": jsonschema.Text("The additional version."),
		"percent":    percentSchema("The share of the additional version or of the candidate, in percent."),
		"function":   jsonschema.Text("The function."),
		"reason":     jsonschema.Text("Why."),
		"input":      {Description: "The input of the execution."},
		"tags":       textsSchema("All tags of the function from then on."),
		"value":      jsonschema.Text("Any text."),
		"forSeconds": secondsSchema("For how many seconds."),
	}
}

// eventsSchema has an alternative for each action, with the fields of that action.
func eventsSchema() *jsonschema.Schema {
	shared := fieldsOfEvents()
	s := &jsonschema.Schema{}
	for _, do := range sortedKeys(fieldsOf) {
		properties := []jsonschema.Property{
			jsonschema.Required("atSeconds", secondsSchema("When, in seconds since the start.")),
			jsonschema.Required("do", &jsonschema.Schema{Description: "What happens.", Const: do}),
		}
		for _, name := range fieldsOf[do] {
			field := shared[name]
			required := slices.Contains(alwaysRequired, name)
			if name == "state" {
				words := map[string][]string{SetAlarmState: alarmStates, setEvaluation: evaluationStates}[do]
				field, required = jsonschema.Choice("The state.", words...), true
				field.Default = nil
			}
			if do == takeName && name == "version" {
				field, required = jsonschema.Text("The distribution.").Matching(capitalsPattern, 0), true
			}
			properties = append(properties, jsonschema.Property{Name: name, Schema: field, IsRequired: required})
		}
		s.AnyOf = append(s.AnyOf, jsonschema.Object("", properties...))
	}
	return s
}

func faultSchema() *jsonschema.Schema {
	return jsonschema.Object("",
		jsonschema.Required("call", jsonschema.Text("The service and the operation.", "lambda:UpdateAlias").Matching(callPattern, 0)),
		jsonschema.Field("actor", jsonschema.Text("The function whose calls fail. If it is missing, all do.", "set-weight")),
		jsonschema.Field("resource", jsonschema.Text("A part of the ARN that the call is about.")),
		jsonschema.Field("error", jsonschema.Choice("How the call fails: throttled, denied, without effect, or with the connection lost before or after its effect.", faultKinds...)),
		jsonschema.Field("fromSeconds", secondsSchema("From when on, in seconds since the start.")),
		jsonschema.Field("untilSeconds", secondsSchema("Until when. 0 means for ever.")),
		jsonschema.Field("skip", jsonschema.Whole("How many calls succeed first.", 0, maxCalls)),
		jsonschema.Field("times", jsonschema.Whole("How many calls fail then. 0 means all.", 0, maxCalls)),
	)
}

func metricsSchema() *jsonschema.Schema {
	lag := func() *jsonschema.Schema { return jsonschema.Whole("", 0, maxLagMinutes) }
	return jsonschema.Object("What CloudWatch shows of the traffic, and when.",
		jsonschema.Field("lagMinutes", jsonschema.Either("How long after its end the metrics of a minute can be read: a number, or one for the alias and one by version.", lag(),
			jsonschema.Object("", jsonschema.Required("alias", lag()), jsonschema.Required("version", lag()))).With(int(defaultLag.Minutes()))),
		jsonschema.Field("halfArrived", jsonschema.Flag("Show a part of a minute until then.")),
		jsonschema.Field("onlyWeighted", jsonschema.Flag("Show no metrics by version while the alias has no weights.")),
		jsonschema.Field("historyMinutes", jsonschema.Whole("For how long the alias has served before the start.", 0, maxHistory).With(int(defaultHistory.Minutes()))),
		jsonschema.Field("pageDatapoints", jsonschema.Whole("How many data points an answer has at most. 0 means all.", 0, maxDatapoints)),
		jsonschema.Field("incomplete", jsonschema.Object("Answers are incomplete for a while.",
			jsonschema.Required("status", &jsonschema.Schema{Description: "CloudWatch's status of the answer.", Type: "string", Enum: incompleteStatuses}),
			jsonschema.Field("version", versionOfTraffic("Only those of this version.")),
			jsonschema.Field("fromSeconds", secondsSchema("From when on, in seconds since the start.")),
			jsonschema.Field("untilSeconds", secondsSchema("Until when. 0 means for ever.")))),
	)
}

func textsSchema(description string) *jsonschema.Schema {
	return jsonschema.Map(description, nil, &jsonschema.Schema{Type: "string"})
}

func setupSchema() *jsonschema.Schema {
	times := func(description string) *jsonschema.Schema {
		return jsonschema.Map(description, nil, secondsSchema(""))
	}
	return jsonschema.Object("",
		jsonschema.Field("versions", jsonschema.Whole("How many versions are published.", 0, maxVersions)),
		jsonschema.Field("aliases", jsonschema.Map("All aliases, by name.", nil, jsonschema.Object("",
			jsonschema.Required("version", jsonschema.Text("The version that it serves.", "1")),
			jsonschema.Field("additional", jsonschema.Text("The additional version.", "2")),
			jsonschema.Field("percent", percentSchema("The share of the additional version, in percent."))))),
		jsonschema.Field("roles", textsSchema("Roles of versions that differ from the rest, by version.")),
		jsonschema.Field("deadLetters", textsSchema("Dead-letter targets of versions, by version.")),
		jsonschema.Field("durable", jsonschema.Flag("It is a durable function.")),
		jsonschema.Field("provisionedSeconds", times("Aliases with provisioned concurrency, and how long Lambda takes to move it.")),
		jsonschema.Field("inactiveSeconds", times("Versions that have not been invoked for weeks, and how long Lambda takes to make them ready.")),
		jsonschema.Field("updatingSeconds", secondsSchema("For how many seconds its last update is in progress.")),
		jsonschema.Field("published", jsonschema.Flag("$LATEST is the same as the last version.")),
		jsonschema.Field("absent", jsonschema.Flag("It does not exist.")),
		jsonschema.Field("tags", textsSchema("All tags. If it is missing, the function has the tags that it needs.")),
	)
}

func sitesSchema() *jsonschema.Schema {
	release := func(description string) *jsonschema.Schema {
		return jsonschema.Text(description).Matching(releasePattern, flow.MaxRelease)
	}
	return jsonschema.Map("Sites as they are before, by the id of the distribution.", jsonschema.Text("").Matching(capitalsPattern, 0), jsonschema.Object("",
		jsonschema.Field("release", release("The release that viewers get.")),
		jsonschema.Field("candidate", release("A release that gets a share, because somebody else is shifting.")),
		jsonschema.Field("percent", percentSchema("That share, in percent.")),
		jsonschema.Field("absent", jsonschema.Flag("The store does not have the key.")),
		jsonschema.Field("uploaded", jsonschema.List("The releases in the bucket.", release("")))))
}

func namesSchema() *jsonschema.Schema {
	endpoint := func(description string) *jsonschema.Schema {
		return jsonschema.Text(description, "CNAME shop.example.net", "A 203.0.113.7; AAAA 2001:db8::7")
	}
	return jsonschema.Map("Names in Route 53 as they are before, by ZONE/NAME.", jsonschema.Text("").Matching(recordPattern, 0), jsonschema.Object("",
		jsonschema.Field("to", endpoint("Where the name leads.")),
		jsonschema.Field("idle", endpoint("Where a second record with the weight 0 leads.")),
		jsonschema.Field("ttlSeconds", jsonschema.Whole("The TTL of the records.", 0, maxTTL))))
}

func propagationSchema() *jsonschema.Schema {
	p := defaultPropagation
	return jsonschema.Object("How long changes of front ends take.",
		jsonschema.Field("keysSeconds", secondsSchema("Until the last edge serves a new key.").With(p.Keys.Seconds())),
		jsonschema.Field("recordsSeconds", secondsSchema("Until all name servers have new records.").With(p.Records.Seconds())),
		jsonschema.Field("distributionsSeconds", secondsSchema("Until the last edge has a new configuration.").With(p.Distributions.Seconds())),
		jsonschema.Field("edges", jsonschema.Whole("How many edges there are.", 1, maxEdges).With(p.Edges)),
	)
}

func deliverySchema() *jsonschema.Schema {
	of := func(description string) *jsonschema.Schema {
		return jsonschema.Object(description,
			jsonschema.Field("delayMs", millisSchema("How late they come, in milliseconds.")),
			jsonschema.Field("lost", jsonschema.Flag("They are lost.")),
			jsonschema.Field("copies", jsonschema.Whole("How often each is delivered.", 1, maxCopies).With(1)))
	}
	return jsonschema.Object("How the events reach the safety net.",
		jsonschema.Field("alarms", of("Events of alarms.")),
		jsonschema.Field("executions", of("Events of executions that have ended.")),
		jsonschema.Field("sweeps", of("The sweeps of every minute.")),
		jsonschema.Field("commands", of("Commands of people.")))
}
