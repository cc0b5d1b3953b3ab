package template_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/template"
)

// What follows reads templates by itself: a mistake in the package must not hide another one.

// options are those of a stack that has everything.
func options() template.Options {
	return template.Options{
		StackShift:   "arn:aws:lambda:eu-west-1:111122223333:function:sluice-stack-shift",
		HookEndpoint: "https://hooks.lambda-url.eu-west-1.on.aws/",
		HookLayer:    "arn:aws:lambda:eu-west-1:111122223333:layer:sluice-codedeploy:1",
	}
}

type members = map[string]json.RawMessage

func membersOf(source []byte) members {
	var m members
	if err := json.Unmarshal(source, &m); err != nil {
		panic(fmt.Sprintf("%v in %s", err, source))
	}
	return m
}

// keysOf returns the keys of an object in their order.
func keysOf(source []byte) []string {
	d := json.NewDecoder(bytes.NewReader(source))
	_, _ = d.Token()
	var keys []string
	for d.More() {
		key, _ := d.Token()
		keys = append(keys, key.(string))
		var skipped json.RawMessage
		_ = d.Decode(&skipped)
	}
	return keys
}

func typeOf(resource json.RawMessage) string {
	var r struct{ Type string }
	_ = json.Unmarshal(resource, &r)
	return r.Type
}

var placeholder = regexp.MustCompile(`\$\{([^!}.]+)[^}]*\}`)

// referred returns the names that a value refers to.
func referred(value any) []string {
	var all []string
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			all = append(all, referred(item)...)
		}
	case map[string]any:
		for key, item := range v {
			all = append(all, referredBy(key, item)...)
			all = append(all, referred(item)...)
		}
	}
	return all
}

func referredBy(key string, item any) []string {
	texts, isList := item.([]any)
	if !isList {
		texts = []any{item}
	}
	var all []string
	for _, t := range texts {
		if s, ok := t.(string); ok {
			all = append(all, s)
		}
	}
	switch {
	case key == "DependsOn", key == "Ref" && !isList:
		return all
	case key == "Fn::GetAtt" && len(all) > 0:
		return []string{strings.Split(all[0], ".")[0]}
	case key == "Fn::Sub" && len(all) > 0:
		return substituted(all[0], texts[len(texts)-1])
	}
	return nil
}

func substituted(s string, last any) []string {
	variables, _ := last.(map[string]any)
	var all []string
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		if variables[m[1]] == nil {
			all = append(all, m[1])
		}
	}
	return all
}

// edgesOf returns who refers to whom, and whether a name was left that nobody has.
func edgesOf(source []byte) (map[string][]string, error) {
	var t struct {
		Parameters map[string]any
		Resources  map[string]any
	}
	if err := json.Unmarshal(source, &t); err != nil {
		return nil, err
	}
	edges := map[string][]string{}
	for id, resource := range t.Resources {
		for _, to := range referred(resource) {
			_, isResource := t.Resources[to]
			_, isParameter := t.Parameters[to]
			switch {
			case isResource:
				edges[id] = append(edges[id], to)
			case !isParameter && !strings.HasPrefix(to, "AWS::"):
				return nil, fmt.Errorf("%s refers to %s, which is not there", id, to)
			}
		}
	}
	return edges, nil
}

// circle returns resources that need each other, or nil.
func circle(edges map[string][]string) []string {
	done, way := map[string]bool{}, []string{}
	var walk func(id string) []string
	walk = func(id string) []string {
		if i := slices.Index(way, id); i >= 0 {
			return slices.Clone(way[i:])
		}
		if done[id] {
			return nil
		}
		way = append(way, id)
		for _, to := range edges[id] {
			if found := walk(to); found != nil {
				return found
			}
		}
		way, done[id] = way[:len(way)-1], true
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(edges)) {
		if found := walk(id); found != nil {
			return found
		}
	}
	return nil
}

// violation says what is wrong with a rewritten template, or returns nil.
func violation(before, after []byte) error {
	edges, err := edgesOf(after)
	switch found := circle(edges); {
	case err != nil:
		return err
	case found != nil:
		return fmt.Errorf("these need each other: %v", found)
	case bytes.Contains(after, []byte("CodeDeployLambdaAliasUpdate")):
		return fmt.Errorf("an UpdatePolicy is left")
	}
	again, err := template.Rewrite(after, options())
	switch {
	case err != nil:
		return fmt.Errorf("the second time: %w", err)
	case !bytes.Equal(again.Text, after):
		return fmt.Errorf("the second time it changes again")
	}
	return touched(before, after)
}

// touched says what has changed that must not change.
func touched(before, after []byte) error {
	was, is := membersOf(before), membersOf(after)
	if !slices.Equal(keysOf(before), keysOf(after)) {
		return fmt.Errorf("the sections have changed")
	}
	for key := range was {
		if key != "Resources" && !bytes.Equal(was[key], is[key]) {
			return fmt.Errorf("the section %s has changed", key)
		}
	}
	order := slices.DeleteFunc(keysOf(is["Resources"]), func(id string) bool { return strings.HasPrefix(id, "Sluice") })
	if !slices.Equal(keysOf(was["Resources"]), order) {
		return fmt.Errorf("the order of the resources has changed")
	}
	resources := membersOf(is["Resources"])
	for id, resource := range membersOf(was["Resources"]) {
		if err := touchedResource(typeOf(resource), resource, resources[id]); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
	}
	return nil
}

// may are the members of resources, and of their properties, that may change.
var may = map[string][2][]string{
	"AWS::Lambda::Alias":    {{"DependsOn", "UpdatePolicy"}, {"FunctionVersion"}},
	"AWS::Lambda::Version":  {{"DeletionPolicy", "UpdateReplacePolicy"}, {}},
	"AWS::Lambda::Function": {{}, {"Tags", "Environment", "Layers"}},
}

func touchedResource(kind string, was, is json.RawMessage) error {
	if bytes.Equal(was, is) {
		return nil
	}
	of, from := membersOf(is), membersOf(was)
	if err := touchedMembers(from, of, append([]string{"Properties"}, may[kind][0]...)); err != nil {
		return err
	}
	if bytes.Equal(from["Properties"], of["Properties"]) {
		return nil
	}
	return touchedMembers(membersOf(from["Properties"]), membersOf(of["Properties"]), may[kind][1])
}

func touchedMembers(was, is members, may []string) error {
	for key := range is {
		if !slices.Contains(may, key) && !bytes.Equal(was[key], is[key]) {
			return fmt.Errorf("%s has changed from %s to %s", key, was[key], is[key])
		}
	}
	for key := range was {
		if _, ok := is[key]; !ok && !slices.Contains(may, key) {
			return fmt.Errorf("%s is gone", key)
		}
	}
	return nil
}
