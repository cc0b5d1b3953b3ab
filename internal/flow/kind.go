package flow

import "github.com/sluice-aws/sluice/internal/shift"

// Kind is what the parts of Sluice have to agree on about a kind of Target.
type Kind struct {
	// Name is the first part of a Target.
	Name string
	// Title is how people call it.
	Title string
	// Noun is what a Target of the kind is to people, and VersionNoun what serves it.
	Noun, VersionNoun string
	// Field is the field of an input that names such a Target.
	Field string
	// Setting is the setting of the stack that turns the kind on, and Variable the
	// environment variable that publish-version reads it from. Both are empty for Lambda
	// aliases, which are always shifted.
	Setting, Variable string
	// Rules are the limits of its router, but for what only the Target itself tells.
	Rules shift.Rules
	// LongestVersion is how many characters a version has at most.
	LongestVersion int
}

// The kinds of Targets.
var (
	// LambdaAlias : its control plane accepts 15 requests a second from an account, for all but a
	// few calls together (Lambda quotas).
	LambdaAlias = Kind{
		Name: shift.KindLambda, Title: "Lambda", Noun: "function", VersionNoun: "version", Field: "function", LongestVersion: 18,
		Rules: shift.Rules{Grain: 1, CallsPerSecond: 15, Settles: true, Creates: true, ComparesVersions: true},
	}
	// CloudFront : nobody promises how soon the edges read a new value of a KeyValueStore.
	// Seconds are usual, so a minute is assumed. Ten calls a second are assumed, too. A distribution
	// without a value has none yet, so a deployment may make it.
	CloudFront = Kind{
		Name: shift.KindCloudFront, Title: "CloudFront", Noun: "site", VersionNoun: "release", Field: "cloudfront", LongestVersion: MaxRelease,
		Setting: "cloudfrontStore", Variable: CloudFrontStoreVariable,
		Rules: shift.Rules{Grain: 1, CallsPerSecond: 10, ReadCalls: 2, WriteCalls: 3, Lag: 60, Creates: true},
	}
	// Route53 : two records share 200 parts of the answers, because a weight is at most 255
	// (Route 53 API, ResourceRecordSet, Weight). A change usually reaches all name servers
	// within a minute (Route 53 API, ChangeResourceRecordSets). A TTL comes on top: a minute of
	// aliases, and if it is longer the router tells it with the Route. An account has five requests
	// a second (Route 53 Developer Guide, Quotas).
	Route53 = Kind{
		Name: shift.KindRoute53, Title: "Route 53", Noun: "name", VersionNoun: "endpoint", Field: "route53", LongestVersion: maxEndpoint,
		Setting: "route53", Variable: Route53Variable,
		Rules: shift.Rules{Grain: 50, CallsPerSecond: 5, WriteCalls: 2, Lag: 120, KeepsDetail: true},
	}
	// Switch : a distribution usually takes minutes until all edges have its new configuration;
	// AWS promises nothing. AWS publishes no limit of calls per second, and throttles updates
	// early (community.aws issue 296); five are assumed. A write that takes the name away from
	// the switch looks at the other distribution first.
	Switch = Kind{
		Name: shift.KindSwitch, Title: "CloudFront's alternate names", Noun: "switch", VersionNoun: "distribution", Field: "cloudfrontSwitch", LongestVersion: maxID,
		Setting: "distributions", Variable: DistributionsVariable,
		Rules: shift.Rules{AllAtOnce: true, CallsPerSecond: 5, WriteCalls: 3, Lag: 300, Settles: true},
	}
)

// Kinds are all kinds of Targets that an input may name.
var Kinds = []Kind{LambdaAlias, CloudFront, Route53, Switch}

// Unpublished is Lambda's name for the code of a function that is not published yet.
const Unpublished shift.Version = "$LATEST"

// LimitedBy returns Targets with the Rules of their kinds. Targets of other kinds than Sluice's
// own have none.
func LimitedBy(targets []shift.Target) []shift.Limited {
	limited := make([]shift.Limited, len(targets))
	for i, t := range targets {
		kind, _ := KindOf(t)
		limited[i] = shift.Limited{Target: t, Rules: kind.Rules}
	}
	return limited
}

// VersionNoun returns what serves a Target, as people call it: a version, unless the Target is of
// another kind than functions.
func VersionNoun(t shift.Target) string {
	if kind, known := KindOf(t); known {
		return kind.VersionNoun
	}
	return LambdaAlias.VersionNoun
}

// KindOf returns the kind of a Target. It is known only for Sluice's own kinds.
func KindOf(t shift.Target) (kind Kind, known bool) {
	for _, k := range Kinds {
		if k.Name == t.Kind() {
			return k, true
		}
	}
	return Kind{}, false
}
