package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
)

// read reads settings from a context.
func read(set map[string]any) (settings, error) {
	return readSettings(func(name string) any { return set[name] }, slices.Collect(maps.Keys(set)))
}

func TestSettingsHaveDefaults(t *testing.T) {
	t.Parallel()
	s, err := read(nil)
	require.NoError(t, err)
	assert.Equal(t, settings{
		NamePrefix: flow.DefaultNamePrefix, Alias: "live", NotifyOn: []string{"AwaitingApproval", "Promoted", "Rejected", "RolledBack", "Stranded"}, LogRetentionDays: 90,
		Functions: reach{tag: flow.TagAlias}, Hooks: reach{tag: flow.TagHook}, Synthetic: reach{tag: flow.TagSynthetic}, ConfigParameters: "/sluice/", RevertHours: 72, OnNewVersion: true, Panel: flow.PanelReadOnly,
	}, s)
}

// Values from -c are text. Values in cdk.json have a type.
func TestSettingsAreTheSameAsTextAndTyped(t *testing.T) {
	t.Parallel()
	typed, err := read(map[string]any{
		"namePrefix": "team-a", "alias": "prod", "notificationEmails": []any{"a@example.com", "b@example.com"}, "notifyOn": []any{"Stranded"},
		"logRetentionDays": float64(365), "revertHours": float64(24), "functions": "orders-*", "hooks": "*-smoke", "synthetic": "*-load", "onNewVersion": false, "macro": "Sluice", "panel": "on", "chat": "on",
		"cloudfrontStore": "create", "releaseBuckets": []any{"site-a", "site-b"}, "route53": []any{"Z1/a.example.com", "Z1/b.example.com"}, "distributions": []any{"www.example.com/E1/E2"},
	})
	require.NoError(t, err)
	text, err := read(map[string]any{
		"namePrefix": "team-a", "alias": "prod", "notificationEmails": "a@example.com, b@example.com", "notifyOn": "Stranded",
		"logRetentionDays": "365", "revertHours": "24", "functions": "orders-*", "hooks": "*-smoke", "synthetic": "*-load", "onNewVersion": "false", "macro": "Sluice", "panel": "on", "chat": "on",
		"cloudfrontStore": "create", "releaseBuckets": "site-a,site-b", "route53": "Z1/a.example.com, Z1/b.example.com", "distributions": "www.example.com/E1/E2",
	})
	require.NoError(t, err)
	assert.Equal(t, typed, text)
	assert.Equal(t, settings{
		NamePrefix: "team-a", Alias: "prod", NotificationEmails: []string{"a@example.com", "b@example.com"}, NotifyOn: []string{"Stranded"},
		LogRetentionDays: 365, RevertHours: 24, Functions: reach{pattern: "orders-*"}, Hooks: reach{pattern: "*-smoke"}, Synthetic: reach{pattern: "*-load"}, ConfigParameters: "/team-a/", Macro: "Sluice", Panel: flow.PanelOn, Chat: true,
		FrontEnds: frontEnds{
			Store: "create", ReleaseBuckets: []string{"site-a", "site-b"},
			Records: []record{{"Z1", "a.example.com"}, {"Z1", "b.example.com"}}, Pairs: []flow.SwitchPair{{Name: "www.example.com", Switch: "E1", Other: "E2"}},
		},
	}, typed)
}

func TestAllProblemsOfTheSettingsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := read(map[string]any{
		"namePrefix": "Sluice", "alias": "7", "notificationEmails": "nobody", "notifyOn": "Failed", "logRetentionDays": "80",
		"functions": "*", "hooks": true, "synthetic": "a/b", "configParameters": "sluice", "onNewVersion": "perhaps",
		"pipeline": "orders", "pipelineBuildPolicies": "AdministratorAccess", "emails": "a@example.com",
		"cloudfrontStore": "make", "releaseBuckets": "Site", "route53": "a.example.com", "distributions": "E1 E2",
		"@aws-cdk/core:newStyle": true, "aws:cdk:enable-path-metadata": true,
	})
	require.Error(t, err)
	for _, problem := range []string{
		"namePrefix: Sluice must be lowercase", `alias: "7" is not the name of an alias: letters`, `"nobody" is not an e-mail address`, `"Failed" is not an announced state; use one of Started`,
		"80 is not one of the days that CloudWatch accepts: 1 3 5", "every function in the account; name some of them", "hooks: true must be text", `synthetic: "a/b" does not say`, `"sluice" must be a folder of parameters, such as /sluice/`,
		"perhaps must be true or false", "must be owner/repository@branch", "pipelineConnection: a pipeline needs", `"AdministratorAccess" is not the ARN`,
		`cloudfrontStore: "make" is not the ARN of a KeyValueStore, such as arn:aws:cloudfront::123456789012:key-value-store/a1b2c3; or create, to have`,
		`releaseBuckets: "Site" is not the name of a bucket: 3 to 63`, `route53: "a.example.com" is not of the form ZONE/NAME, such as Z0`, `distributions: "E1" is not of the form NAME/SWITCH/OTHER, such as www.example.com/E1SWITCH/E2OTHER`,
		"emails: there is no such setting; the settings are namePrefix",
	} {
		assert.Contains(t, err.Error(), problem)
	}
	assert.NotContains(t, err.Error(), "aws-cdk")
}

func TestSettingIsRefused(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string][]any{
		"namePrefix":            {strings.Repeat("a", 41), "", "a", "ab", "-ab", 7.0},
		"alias":                 {"", "a b", strings.Repeat("a", 129)},
		"notificationEmails":    {"Alice <a@example.com>", []any{7.0}, 7.0},
		"logRetentionDays":      {1.5, "", true},
		"functions":             {"orders/*", "**"},
		"hooks":                 {flow.TagHook, "*", 7.0},
		"synthetic":             {flow.TagSynthetic, "*", 7.0},
		"revertHours":           {-1.0, "2161", 1.5, "a day", true},
		"configParameters":      {"/a", "//", "/a b/", "/a*/", ""},
		"macro":                 {"on", "sluice", "true", true, "A-B", "", "AWS::Sluice", strings.Repeat("A", 65)},
		"cloudfrontStore":       {"arn:aws:cloudfront::111122223333:function/a", "Create", true},
		"releaseBuckets":        {"site-a"}, // without a store
		"route53":               {"Z1/A.example.com", "Z1/a.example.com Z1/a.example.com", "Z1/_sluice.a.example.com", 7.0},
		"distributions":         {"www.example.com/E1/E1", "example.com/E1/E2", "www.example.com/E1/E2,www.example.com/E3/E4", true},
		"pipelineConnection":    {"arn:aws:codeconnections:eu-west-1:111122223333:connection/a"}, // without a pipeline
		"pipelineBuildPolicies": {"arn:aws:iam::aws:policy/ReadOnlyAccess"},
	} {
		for _, value := range wrong {
			_, err := read(map[string]any{name: value})
			require.Error(t, err, "%s=%v", name, value)
			assert.Contains(t, err.Error(), name+": ")
		}
	}
}

func TestASecondSluiceWithTheSameTagGivesAWarning(t *testing.T) {
	for _, test := range []struct {
		why  string
		set  map[string]any
		want int
	}{
		{"the only one, for all that is known", nil, 0},
		{"another one, by the same tag", map[string]any{"namePrefix": "team-a"}, 1},
		{"another one, by names of its own", map[string]any{"namePrefix": "team-a", "functions": "a-*"}, 0},
		{"another one that is always asked", map[string]any{"namePrefix": "team-a", "onNewVersion": "false"}, 0},
	} {
		t.Run(test.why, func(t *testing.T) {
			a, s := app(t, test.set)
			warnings := assertions.Annotations_FromStack(newStack(a, s, placeholder()).stack).FindWarning(jsii.String("*"), assertions.Match_StringLikeRegexp(jsii.String("onNewVersion=false")))
			assert.Len(t, *warnings, test.want)
		})
	}
}

func TestEveryRetentionHasItsName(t *testing.T) {
	t.Parallel()
	for _, days := range retentions {
		assert.NotEmpty(t, retentionNames[days], days)
	}
	assert.Len(t, retentionNames, len(retentions))
}
