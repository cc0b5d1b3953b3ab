package cloudformation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

const (
	// maxTemplate is the largest TemplateBody, in bytes (CloudFormation quotas). A template that
	// macros have processed may have no more (User Guide, Troubleshoot the processed template).
	maxTemplate = 51200
	// maxResources is how many resources a template has at most (CloudFormation quotas).
	maxResources = 500
)

// document is a JSON object.
type document = map[string]any

// template is a parsed template.
type template struct {
	body       string // as it was given, before macros processed it
	parameters map[string]parameter
	mappings   document
	conditions document
	resources  map[string]definition
	outputs    map[string]output
	transforms []transform
	raw        document
}

// parameter is a declaration in Parameters.
type parameter struct {
	Type          string
	Default       any
	AllowedValues []any
	NoEcho        bool
}

// definition is a resource in a template.
type definition struct {
	kind          string // its Type
	properties    document
	dependsOn     []string
	condition     string
	deletion      string // DeletionPolicy
	updateReplace string // UpdateReplacePolicy
}

// output is an entry of Outputs.
type output struct {
	value     any
	condition string
}

// transform is a macro that a template names, with its parameters.
type transform struct {
	name       string
	parameters document
}

// The policies of a resource.
const (
	policyDelete               = "Delete"
	policyRetain               = "Retain"
	policyRetainExceptOnCreate = "RetainExceptOnCreate"
)

func validationError(format string, args ...any) *protocol.Error {
	return protocol.NewError(http.StatusBadRequest, "ValidationError", format, args...)
}

func formatError(format string, args ...any) *protocol.Error {
	return validationError("Template format error: "+format, args...)
}

// parseTemplate parses a template in JSON. A template in YAML is not implemented: whoever has
// one converts it.
func parseTemplate(body string) (*template, error) {
	if len(body) == 0 || len(body) > maxTemplate {
		return nil, validationError("1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length between 1 and %d", maxTemplate)
	}
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	var raw any
	if err := decoder.Decode(&raw); err != nil {
		if !strings.HasPrefix(strings.TrimSpace(body), "{") {
			return nil, protocol.NotImplemented(Name, "a template in YAML")
		}
		return nil, formatError("JSON not well-formed. (%s)", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, formatError("JSON not well-formed. (data after the template)")
	}
	top, isObject := raw.(document)
	if !isObject {
		return nil, formatError("unsupported structure.")
	}
	if path, has := findNull(top, ""); has {
		return nil, formatError("[%s] 'null' values are not allowed in templates", path)
	}
	return buildTemplate(body, top)
}

// findNull returns the path of a null in a value.
func findNull(value any, path string) (string, bool) {
	switch v := value.(type) {
	case nil:
		return path, true
	case document:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if at, has := findNull(v[key], path+"/"+key); has {
				return at, true
			}
		}
	case []any:
		for i, item := range v {
			if at, has := findNull(item, fmt.Sprintf("%s/%d", path, i)); has {
				return at, true
			}
		}
	}
	return "", false
}

// sections are the members of a template. Rules is not implemented.
var sections = []string{"AWSTemplateFormatVersion", "Conditions", "Description", "Mappings", "Metadata", "Outputs", "Parameters", "Resources", "Transform"}

// section returns a member of a template that has to be an object.
func section(in document, key string) (document, error) {
	value, given := in[key]
	if !given {
		return nil, nil
	}
	o, isObject := value.(document)
	if !isObject {
		return nil, formatError("%s must be a map", key)
	}
	return o, nil
}

// buildTemplate reads the sections of a template. It does not check references, since a macro
// may resolve them.
func buildTemplate(body string, top document) (*template, error) {
	for _, key := range slices.Sorted(maps.Keys(top)) {
		if !slices.Contains(sections, key) {
			return nil, formatError("Invalid template property or properties [%s]", key)
		}
	}
	t := &template{body: body, raw: top, parameters: map[string]parameter{}, resources: map[string]definition{}, outputs: map[string]output{}}
	for _, read := range []func(document) error{t.readParameters, t.readTransforms, t.readConditions, t.readResources, t.readOutputs} {
		if err := read(top); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *template) readParameters(top document) error {
	declared, err := section(top, "Parameters")
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		o, isObject := declared[name].(document)
		kind, hasType := o["Type"].(string)
		if !isObject || !hasType {
			return formatError("Every Parameters object must contain a Type member.")
		}
		allowed, _ := o["AllowedValues"].([]any)
		t.parameters[name] = parameter{Type: kind, Default: o["Default"], AllowedValues: allowed, NoEcho: text(o["NoEcho"]) == "true"}
	}
	return nil
}

func (t *template) readTransforms(top document) error {
	value, given := top["Transform"]
	if !given {
		return nil
	}
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	for _, item := range list {
		switch v := item.(type) {
		case string:
			t.transforms = append(t.transforms, transform{name: v, parameters: document{}})
		case document:
			name, named := v["Name"].(string)
			parameters, _ := v["Parameters"].(document)
			if !named {
				return formatError("Key Name of transform definition must be a string.")
			}
			t.transforms = append(t.transforms, transform{name: name, parameters: parameters})
		default:
			return formatError("Transform must be a string, a map or a list of them")
		}
	}
	return nil
}

func (t *template) readConditions(top document) (err error) {
	if t.mappings, err = section(top, "Mappings"); err != nil {
		return err
	}
	t.conditions, err = section(top, "Conditions")
	return err
}

func (t *template) readResources(top document) error {
	declared, err := section(top, "Resources")
	if err != nil {
		return err
	}
	switch {
	case len(declared) == 0:
		return formatError("At least one Resources member must be defined.")
	case len(declared) > maxResources:
		return formatError("Number of resources, %d, is greater than maximum allowed, %d", len(declared), maxResources)
	}
	for _, logical := range slices.Sorted(maps.Keys(declared)) {
		d, err := readDefinition(logical, declared[logical])
		if err != nil {
			return err
		}
		t.resources[logical] = d
	}
	return nil
}

var (
	logicalPattern = regexp.MustCompile(`^[a-zA-Z0-9]{1,255}$`)
	attributes     = []string{"Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type", "UpdatePolicy", "UpdateReplacePolicy"}
)

// readDefinition reads a resource.
func readDefinition(logical string, value any) (definition, error) {
	o, isObject := value.(document)
	kind, typed := o["Type"].(string)
	switch {
	case !logicalPattern.MatchString(logical):
		return definition{}, formatError("Resource name %s is non alphanumeric.", logical)
	case !isObject || !typed:
		return definition{}, formatError("[/Resources/%s] Every Resources object must contain a Type member.", logical)
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(attributes, key) {
			return definition{}, validationError("Invalid template resource property '%s'", key)
		}
	}
	d := definition{kind: kind}
	var err error
	if d.properties, err = section(o, "Properties"); err != nil {
		return definition{}, err
	}
	if d.dependsOn, err = stringList(logical, o["DependsOn"]); err != nil {
		return definition{}, err
	}
	d.condition, _ = o["Condition"].(string)
	if d.deletion, err = policy(logical, "DeletionPolicy", o); err != nil {
		return definition{}, err
	}
	d.updateReplace, err = policy(logical, "UpdateReplacePolicy", o)
	return d, err
}

// policy reads a policy of a resource. RetainExceptOnCreate is a DeletionPolicy alone; Snapshot
// belongs to types that are not here.
func policy(logical, name string, o document) (string, error) {
	value, given := o[name]
	if !given {
		return policyDelete, nil
	}
	chosen, _ := value.(string)
	exceptOnCreate := chosen == policyRetainExceptOnCreate && name == "DeletionPolicy"
	if chosen == policyDelete || chosen == policyRetain || exceptOnCreate {
		return chosen, nil
	}
	return "", formatError("Unrecognized %s %s for resource %s", name, text(value), logical)
}

// stringList reads DependsOn: a logical id, or a list of them.
func stringList(logical string, value any) ([]string, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case []any:
		var list []string
		for _, item := range v {
			s, isString := item.(string)
			if !isString {
				return nil, formatError("DependsOn must be a string or list of strings.")
			}
			list = append(list, s)
		}
		return list, nil
	}
	return nil, formatError("[/Resources/%s/DependsOn] DependsOn must be a string or list of strings.", logical)
}

func (t *template) readOutputs(top document) error {
	declared, err := section(top, "Outputs")
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		o, isObject := declared[name].(document)
		value, given := o["Value"]
		if !isObject || !given {
			return formatError("Every Outputs member must contain a Value object")
		}
		condition, _ := o["Condition"].(string)
		t.outputs[name] = output{value: value, condition: condition}
	}
	return nil
}

// logicals returns the logical ids of the resources, sorted.
func (t *template) logicals() []string { return slices.Sorted(maps.Keys(t.resources)) }

// comparable returns the template without what alone is no update: "You can't update the
// DeletionPolicy, UpdateReplacePolicy, CreationPolicy or UpdatePolicy by itself" (User Guide,
// update behaviors), nor the description.
func (t *template) comparable() string {
	var copied document
	_ = json.Unmarshal([]byte(encode(t.raw)), &copied) // it was decoded from JSON
	delete(copied, "Description")
	resources, _ := copied["Resources"].(document)
	for _, value := range resources {
		if o, isObject := value.(document); isObject {
			for _, name := range []string{"DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy", "UpdatePolicy"} {
				delete(o, name)
			}
		}
	}
	return encode(copied)
}

// encode returns a value as JSON, with its keys sorted.
func encode(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // documents hold only what JSON has
	return strings.TrimSuffix(out.String(), "\n")
}

// text returns a scalar as CloudFormation writes it: the scalars of a custom resource are all
// strings.
func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	}
	return encode(value)
}

// stringify returns a value with all its scalars as strings.
func stringify(value any) any {
	switch v := value.(type) {
	case document:
		out := document{}
		for key, item := range v {
			out[key] = stringify(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = stringify(item)
		}
		return out
	}
	return text(value)
}
