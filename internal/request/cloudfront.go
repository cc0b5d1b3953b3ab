package request

import (
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// readCloudFront reads a release for the distribution of a site.
func readCloudFront(v strictjson.Value) shift.Arrival {
	o := v.ObjectLike(`{"distribution": "E1ABCDEF234567", "release": "2026-11-29.1"}`, "distribution", "release", "bucket", "domain")
	distribution := identifier(o.Require("distribution"), flow.IsDistribution, flow.NoDistribution)
	release := identifier(o.Require("release"), flow.IsRelease, flow.NoRelease)
	var site flow.Site
	if b := o.Field("bucket"); b.Present() {
		site.Bucket = identifier(b, IsBucket, NoBucket)
	}
	if d := o.Field("domain"); d.Present() {
		site.Domain = identifier(d, flow.IsHost, flow.NoHost)
	}
	if distribution == "" {
		return shift.Arrival{}
	}
	return shift.Arrival{Target: flow.CloudFrontTarget(distribution), Candidate: shift.Version(release), Detail: site.Detail()}
}

// readSwitch reads a name, and the distribution that is to serve it.
func readSwitch(v strictjson.Value) shift.Arrival {
	o := v.ObjectLike(`{"name": "www.example.com", "candidate": "E2GREEN"}`, "name", "candidate")
	name := identifier(o.Require("name"), flow.IsSwitchedName, flow.NoSwitchedName)
	candidate := identifier(o.Require("candidate"), flow.IsDistribution, flow.NoDistribution)
	if name == "" {
		return shift.Arrival{}
	}
	return shift.Arrival{Target: flow.SwitchTarget(name), Candidate: shift.Version(candidate)}
}

// NoBucket says what is wrong with a text that IsBucket refuses.
const NoBucket = "is not the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens"

// IsBucket says whether a text can be the name of a bucket (S3 User Guide, Bucket naming rules).
func IsBucket(s string) bool {
	return shift.MadeOf(s, "abcdefghijklmnopqrstuvwxyz"+shift.Digits+".-") && len(s) >= 3 && len(s) <= 63 &&
		!strings.Contains(s, "..") && strings.Trim(s, ".-") == s
}

// identifier reads a text. It returns "" for one that is not right.
func identifier(v strictjson.Value, isRight func(string) bool, wrong string) string {
	text := v.Text()
	switch {
	case !v.IsString():
		return ""
	case !isRight(text):
		v.Problem("%s", wrong)
		return ""
	}
	return text
}
