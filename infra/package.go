package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"

	"github.com/sluice-aws/sluice/infra/package/merge"
)

// The package is one template with parameters, and a zip for each Lambda. It is deployed without
// CDK. There is no second definition of the stack: its template is made of several that CDK
// synthesizes from the same settings as make deploy. In one of them everything is on. In each of
// the others one thing is off, and where they differ, the template has a condition. Values are
// markers, in whose place it has a reference to a parameter.

// full returns the settings with which everything is on. Where a condition has functions chosen
// by tag, that is what is on.
func full(all []parameter) map[string]any {
	set := maps.Clone(allOn)
	for _, p := range all {
		if p.marker != nil {
			set[p.setting] = p.marker
		}
	}
	for _, byTags := range []string{"functions", "hooks", "synthetic"} {
		set[byTags] = byTag
	}
	return set
}

// packaged makes the package's template. synthesize returns the stack's template with some
// settings. hashes has those of the zips.
func packaged(synthesize func(set map[string]any) (merge.Template, error), hashes map[string]string) (merge.Template, error) {
	all := parameters()
	template, err := merged(all, synthesize)
	if err != nil {
		return nil, err
	}
	if template, err = merge.Parameters(template, markers(all)); err != nil {
		return nil, err
	}
	declare(template, all)
	return settleVersions(withZips(template).(map[string]any), all, hashes)
}

// merged synthesizes the stack with everything on, and once more for each thing that may be off.
func merged(all []parameter, synthesize func(set map[string]any) (merge.Template, error)) (merge.Template, error) {
	var templates []merge.Template
	var variants []merge.Variant
	add := func(set map[string]any) error {
		template, err := synthesize(set)
		if err != nil {
			return err
		}
		template, err = withoutHashes(template)
		templates = append(templates, template)
		return err
	}
	if err := add(full(all)); err != nil {
		return nil, err
	}
	for _, p := range all {
		for _, c := range p.conditions {
			if c.valueOnly {
				continue
			}
			set := full(all)
			set[p.setting] = c.without
			if err := add(set); err != nil {
				return nil, err
			}
			variants = append(variants, merge.Variant{Condition: c.name, Template: templates[len(templates)-1]})
		}
	}
	return merge.Merge(templates[0], variants)
}

// declare adds the parameters and their conditions to the template.
func declare(template merge.Template, all []parameter) {
	declared, conditions := map[string]any{}, template["Conditions"].(map[string]any)
	for _, p := range all {
		one := map[string]any{"Type": "String"}
		maps.Copy(one, p.declares)
		declared[p.name()] = one
		for _, c := range p.conditions {
			conditions[c.name] = c.expression
		}
	}
	template["Parameters"] = declared
}

// templateFile is the package's template, in the folder that has the zips too.
const templateFile = "sluice.template.json"

// zipBucket is a bucket that does not exist. It marks the code of which the package has the zip.
const zipBucket = "in-the-package"

// layerZip is the layer for hooks.
const layerZip = "hook-preload.zip"

// zipOf returns the name of a function's zip.
func zipOf(function string) string { return function + ".zip" }

// writePackage writes the package of what was built into a folder.
func writePackage(folder string) error {
	everything, err := readSettings(func(name string) any { return allOn[name] }, nil)
	if err != nil {
		return err
	}
	names := functionNames(everything)
	b, err := readBuilt(dist, names)
	if err != nil {
		return err
	}
	zips := map[string]string{layerZip: preloadFolder}
	for _, name := range names {
		zips[zipOf(name)] = filepath.Join(dist, name)
	}
	hashes, err := writeZips(folder, zips)
	if err != nil {
		return err
	}
	context, err := contextIn("cdk.json")
	if err != nil {
		return err
	}
	template, err := packaged(func(set map[string]any) (merge.Template, error) {
		return synthesizeForPackage(context, set, b.architecture)
	}, hashes)
	if err != nil {
		return fmt.Errorf("make the template of the package: %w", err)
	}
	text, err := canonicalText(template)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, templateFile), []byte(text), 0o644)
}

// canonicalText returns a template as a file. The same template has the same text.
func canonicalText(template merge.Template) (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(template)
	return text.String(), err
}

// contextIn returns the context that CDK's command would hand over.
func contextIn(file string) (map[string]any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var app struct{ Context map[string]any }
	if err := json.Unmarshal(text, &app); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return app.Context, nil
}

// synthesizeForPackage returns the stack's template with some settings. The code of each function
// is in zipBucket. Without CDK's assets nothing needs what cdk bootstrap makes.
func synthesizeForPackage(context, set map[string]any, architecture awslambda.Architecture) (merge.Template, error) {
	all := maps.Clone(context)
	maps.Copy(all, set)
	// CDK looks for mistakes when it synthesizes what make deploy deploys. These templates have the
	// same resources.
	all["@aws-cdk/core:validateAgainstDefaultRules"] = false
	app := awscdk.NewApp(&awscdk.AppProps{
		AnalyticsReporting: jsii.Bool(false), Context: &all,
		DefaultStackSynthesizer: awscdk.NewBootstraplessSynthesizer(&awscdk.BootstraplessSynthesizerProps{}),
	})
	s, err := settingsOf(app)
	if err != nil {
		return nil, err
	}
	code := codeInPackage(app)
	own := newStack(app, s, built{
		architecture: architecture,
		code:         func(function string) awslambda.Code { return code(zipOf(function)) },
		preload:      func() awslambda.Code { return code(layerZip) },
	})
	// The name of a zip is the same with other content (settleVersions), and the prefix is none.
	for _, known := range []string{"@aws-cdk/aws-lambda:codeFromBucketObjectVersionNotSpecified", secondSluice} {
		awscdk.Annotations_Of(own.stack).AcknowledgeWarning(jsii.String(known), nil)
	}
	text, err := json.Marshal(app.Synth(nil).GetStackByName(own.stack.StackName()).Template())
	if err != nil {
		return nil, err
	}
	var template merge.Template
	return template, json.Unmarshal(text, &template)
}

// codeInPackage returns code in zipBucket. The bucket is not made, but needs a stack.
func codeInPackage(app awscdk.App) func(zip string) awslambda.Code {
	var bucket awss3.IBucket
	return func(zip string) awslambda.Code {
		if bucket == nil {
			bucket = awss3.Bucket_FromBucketName(awscdk.Stack_Of(app.Node().FindChild(jsii.String(stackID))), jsii.String("Zips"), jsii.String(zipBucket))
		}
		return awslambda.Code_FromBucket(bucket, jsii.String(zip), nil)
	}
}
