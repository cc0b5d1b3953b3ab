package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Place is where a stack is deployed.
type Place struct{ Partition, Region, Account string }

// Template holds the roles of a stack's template.
type Template struct {
	// Roles are the roles by their logical ids.
	Roles map[string]Role
	// Functions are the roles of the Lambda functions, by the functions' names.
	Functions map[string]Role
	// StateMachines are the roles of the state machines, by their names.
	StateMachines map[string]Role
}

// Role is a role of a template with the statements of its policies.
type Role struct {
	ID         string
	Statements []Statement
}

// Parse reads a template. It returns an error for a policy that it does not fully
// support.
func Parse(template []byte, at Place) (Template, error) {
	var stack struct {
		Resources map[string]struct {
			Type       string
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(template, &stack); err != nil {
		return Template{}, fmt.Errorf("read the template: %w", err)
	}
	t := Template{Roles: map[string]Role{}, Functions: map[string]Role{}, StateMachines: map[string]Role{}}
	for id, r := range stack.Resources {
		switch r.Type {
		case "AWS::IAM::Role":
			role, err := at.role(id, r.Properties)
			if err != nil {
				return Template{}, fmt.Errorf("read the role %s: %w", id, err)
			}
			t.Roles[id] = role
		case "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy":
			return Template{}, fmt.Errorf("the policy %s is defined outside of its role, which is not supported", id)
		}
	}
	for id, r := range stack.Resources {
		var err error
		switch r.Type {
		case "AWS::Lambda::Function":
			err = t.assignRole(t.Functions, r.Properties["FunctionName"], r.Properties["Role"])
		case "AWS::StepFunctions::StateMachine":
			err = t.assignRole(t.StateMachines, r.Properties["StateMachineName"], r.Properties["RoleArn"])
		}
		if err != nil {
			return Template{}, fmt.Errorf("find the role of %s: %w", id, err)
		}
	}
	return t, nil
}

func (p Place) role(id string, properties map[string]any) (Role, error) {
	if properties["ManagedPolicyArns"] != nil {
		return Role{}, fmt.Errorf("managed policies are not supported")
	}
	role := Role{ID: id}
	policies, _ := properties["Policies"].([]any)
	for _, policy := range policies {
		document, err := p.resolve(policy.(map[string]any)["PolicyDocument"])
		if err != nil {
			return Role{}, err
		}
		statements, err := decodeStatements(document)
		if err != nil {
			return Role{}, err
		}
		role.Statements = append(role.Statements, statements...)
	}
	return role, nil
}

// assignRole finds the role that a resource refers to, and stores it in to under the
// resource's name.
func (t Template) assignRole(to map[string]Role, name, reference any) error {
	resourceName, ok := name.(string)
	if !ok {
		return fmt.Errorf("it has no explicit name")
	}
	got, _ := reference.(map[string]any)
	path, _ := got["Fn::GetAtt"].([]any)
	if len(path) != 2 || path[1] != "Arn" {
		return fmt.Errorf("its role %v is not defined in the template", reference)
	}
	role, ok := t.Roles[fmt.Sprint(path[0])]
	if !ok {
		return fmt.Errorf("there is no role %v", path[0])
	}
	to[resourceName] = role
	return nil
}

// resolve replaces references as CloudFormation does: pseudo parameters and Fn::Join.
func (p Place) resolve(value any) (any, error) {
	switch v := value.(type) {
	case []any:
		filled := make([]any, len(v))
		for i, item := range v {
			var err error
			if filled[i], err = p.resolve(item); err != nil {
				return nil, err
			}
		}
		return filled, nil
	case map[string]any:
		if len(v) == 1 {
			for name, argument := range v {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					return p.intrinsic(name, argument)
				}
			}
		}
		filled := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			var err error
			if filled[name], err = p.resolve(v[name]); err != nil {
				return nil, err
			}
		}
		return filled, nil
	}
	return value, nil
}

func (p Place) intrinsic(name string, argument any) (any, error) {
	if name == "Ref" {
		switch argument {
		case "AWS::Partition":
			return p.Partition, nil
		case "AWS::Region":
			return p.Region, nil
		case "AWS::AccountId":
			return p.Account, nil
		}
	}
	parts, ok := argument.([]any)
	if name != "Fn::Join" || !ok || len(parts) != 2 {
		return nil, fmt.Errorf("%s of %v is not supported", name, argument)
	}
	filled, err := p.resolve(parts[1])
	if err != nil {
		return nil, err
	}
	var joined []string
	for _, part := range filled.([]any) {
		text, ok := part.(string)
		if !ok {
			return nil, fmt.Errorf("%v cannot be joined", part)
		}
		joined = append(joined, text)
	}
	return strings.Join(joined, fmt.Sprint(parts[0])), nil
}

// decodeStrict decodes JSON and rejects fields that the value does not have.
func decodeStrict(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
