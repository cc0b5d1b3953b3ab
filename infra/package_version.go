package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/infra/package/merge"
)

// CDK ends the logical id of a version with a hash of its function's code and configuration, so
// that CloudFormation publishes a new version whenever one of them changes. The package's
// functions have their final configuration only when it is deployed. So the hash is made anew, and
// the version's description names the parameters' values: a version with another description is
// a new one, too (CloudFormation Template Reference, AWS::Lambda::Version).

// versionID matches the logical id of a version, and its hash.
var versionID = regexp.MustCompile(`(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}\b`)

// withoutHashes takes the hash from the logical ids of all versions.
func withoutHashes(template merge.Template) (merge.Template, error) {
	text, err := json.Marshal(template)
	if err != nil {
		return nil, err
	}
	var short merge.Template
	return short, json.Unmarshal(versionID.ReplaceAll(text, []byte("$1")), &short)
}

// settleVersions gives each version its description and its logical id. hashes has those of the
// zips.
func settleVersions(template merge.Template, all []parameter, hashes map[string]string) (merge.Template, error) {
	resources := template["Resources"].(map[string]any)
	var ids []string
	for id, r := range resources {
		resource := r.(map[string]any)
		if resource["Type"] != "AWS::Lambda::Version" {
			continue
		}
		properties := resource["Properties"].(map[string]any)
		function := resources[properties["FunctionName"].(map[string]any)["Ref"].(string)].(map[string]any)["Properties"]
		if values := usedBy(function, all); len(values) > 0 {
			properties["Description"] = map[string]any{"Fn::Join": []any{", ", values}}
		}
		hash, err := hashOf(function.(map[string]any), hashes)
		if err != nil {
			return nil, err
		}
		ids = append(ids, `"`+id+`"`, `"`+id+hash+`"`)
	}
	text, err := json.Marshal(template)
	if err != nil {
		return nil, err
	}
	var settled merge.Template
	return settled, json.Unmarshal([]byte(strings.NewReplacer(ids...).Replace(string(text))), &settled)
}

// hashOf returns the hash of a function's configuration and its code.
func hashOf(function map[string]any, zips map[string]string) (string, error) {
	zip := strings.TrimPrefix(fmt.Sprint(function["Code"]), here)
	code, known := zips[zip]
	if !known {
		return "", fmt.Errorf("the package has no %s", zip)
	}
	text, err := json.Marshal(function)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append(text, code...))
	return hex.EncodeToString(sum[:16]), nil
}

// usedBy returns references to the parameters that a value depends on, in their order. It leaves
// out the prefix: with another one there is another function.
func usedBy(value any, all []parameter) []any {
	names := map[string]bool{}
	collect(value, names)
	var used []any
	for _, p := range all {
		decides := slices.ContainsFunc(p.conditions, func(c choice) bool { return names[c.name] })
		if p.setting != "namePrefix" && (names[p.name()] || decides) {
			used = append(used, ref(p.name()))
		}
	}
	return used
}

// collect adds the names that a value refers to: of parameters and other resources, and of
// conditions.
func collect(value any, names map[string]bool) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			collect(item, names)
		}
	case map[string]any:
		for name, item := range v {
			if text, ok := item.(string); ok && name == "Ref" {
				names[text] = true
			}
			if branches, ok := item.([]any); ok && name == "Fn::If" {
				names[branches[0].(string)] = true
			}
			collect(item, names)
		}
	}
}

// here is the folder of the template, as aws cloudformation package understands it.
const here = "./"

// withZips names the zips in the place of what is in zipBucket.
func withZips(value any) any {
	switch v := value.(type) {
	case []any:
		all := make([]any, len(v))
		for i, item := range v {
			all[i] = withZips(item)
		}
		return all
	case map[string]any:
		if v["S3Bucket"] == zipBucket {
			return here + v["S3Key"].(string)
		}
		all := maps.Clone(v)
		for name, item := range v {
			all[name] = withZips(item)
		}
		return all
	}
	return value
}
