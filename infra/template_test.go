package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden template from the synthesis")

// golden is the template with the settings of cdk.json. byName is the template in which a pattern
// of names says which functions may be shifted, with PATTERN as a placeholder. frontEnd is the
// template with all front ends, and hooked that with the endpoint for hooks that were written for
// CodeDeploy, and with the buttons of the widget. Tests that do not use CDK read these files.
var (
	golden   = filepath.Join("testdata", "sluice.template.json")
	byName   = filepath.Join("testdata", "sluice-by-name.template.json")
	frontEnd = filepath.Join("testdata", "sluice-front-ends.template.json")
	hooked   = filepath.Join("testdata", "sluice-hook-endpoint.template.json")
)

// hookedSettings are the settings of hooked.
var hookedSettings = map[string]any{"hookEndpoint": "url", "panel": "on"}

// frontEndSettings are the settings of frontEnd. Their account is that of the local AWS.
var frontEndSettings = map[string]any{
	"cloudfrontStore": "arn:aws:cloudfront::123456789012:key-value-store/STORE", "releaseBuckets": "site-prod",
	"route53": "Z0123456789ABC/api.example.com Z0123456789ABC/*.example.com Z0DEF/shop.example.net", "distributions": "www.example.com/E1SWITCH/E2OTHER",
}

func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

func TestGoldenTemplateIsWhatCDKSynthesizes(t *testing.T) {
	for file, set := range map[string]map[string]any{golden: nil, byName: {"functions": "PATTERN"}, frontEnd: frontEndSettings, hooked: hookedSettings} {
		synthesized := canonical(t, synthesized(t, set))
		if *update {
			require.NoError(t, os.WriteFile(file, synthesized, 0o644))
		}
		kept, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(kept), string(synthesized),
			"the synthesis differs from %s; if it is meant to, run make golden, and read the difference", file)
	}
}

// contextOf returns the context of an app: cdk.json with additional settings.
func contextOf(t *testing.T, set map[string]any) *map[string]any {
	t.Helper()
	text, err := os.ReadFile("../cdk.json")
	require.NoError(t, err)
	var file struct{ Context map[string]any }
	require.NoError(t, json.Unmarshal(text, &file))
	all := map[string]any{}
	for name, value := range file.Context {
		all[name] = value
	}
	for name, value := range set {
		all[name] = value
	}
	return &all
}

// placeholder replaces what was built. A template depends only on the hash of the code.
func placeholder() built {
	return built{architecture: awslambda.Architecture_ARM_64(), code: func(string) awslambda.Code {
		return awslambda.Code_FromAsset(jsii.String("testdata/placeholder"), nil)
	}, preload: func() awslambda.Code { return awslambda.Code_FromAsset(jsii.String("preload"), nil) }}
}

// app makes an app with settings, and reads them.
func app(t *testing.T, set map[string]any) (awscdk.App, settings) {
	t.Helper()
	a := awscdk.NewApp(&awscdk.AppProps{AnalyticsReporting: jsii.Bool(false), Context: contextOf(t, set)})
	s, err := settingsOf(a)
	require.NoError(t, err)
	return a, s
}

// synthesized returns the template of Sluice's own stack.
func synthesized(t *testing.T, set map[string]any) map[string]any {
	t.Helper()
	a, s := app(t, set)
	return templateOf(t, newStack(a, s, placeholder()).stack)
}

// otherSettings are the settings of otherTemplate.
var otherSettings = map[string]any{
	"namePrefix": "team-a", "alias": "prod", "functions": "orders-*", "hooks": "smoke", "synthetic": "load", "logRetentionDays": "14", "onNewVersion": "false", "macro": "Shift", "panel": "on", "chat": "on",
	"notificationEmails": "a@example.com,b@example.com", "notifyOn": "Started",
}

var other map[string]any

// otherTemplate is a template in which no setting has its default. It is synthesized once.
func otherTemplate(t *testing.T) map[string]any {
	t.Helper()
	if other == nil {
		other = synthesized(t, otherSettings)
	}
	return other
}

func templateOf(t *testing.T, stack awscdk.Stack) map[string]any {
	t.Helper()
	return *assertions.Template_FromStack(stack, nil).ToJSON()
}

// assetHash matches the hash of a file in the name of its asset.
var assetHash = regexp.MustCompile(`[0-9a-f]{64}`)

func canonical(t *testing.T, template map[string]any) []byte {
	t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(template))
	return assetHash.ReplaceAllLiteral(text.Bytes(), []byte("CONTENT"))
}
