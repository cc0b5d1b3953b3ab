package stack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/lambda"
)

// Place is where a stack is deployed. Endpoint is the URL where AWS answers there.
type Place struct{ Partition, Region, Account, Endpoint string }

// Function is a Lambda function in a template.
type Function struct {
	Name      string
	Timeout   time.Duration
	MemoryMB  int
	Variables map[string]string
	// Published means that the stack publishes a version of the function. The state
	// machine's definition names that version.
	Published bool
}

// template is the part of a stack's template that Read needs.
type template struct {
	Resources map[string]resource
}

type resource struct {
	Type       string
	Properties json.RawMessage
}

// Read reads the functions of a template, sorted by name. It resolves their environment
// variables as CloudFormation would at a place, and returns an error for a value that
// it cannot resolve.
func Read(text []byte, at Place) ([]Function, error) {
	var t template
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	published, err := t.publishedFunctions()
	if err != nil {
		return nil, err
	}
	var functions []Function
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		r := t.Resources[id]
		if r.Type != "AWS::Lambda::Function" {
			continue
		}
		f, err := t.function(r, at)
		if err != nil {
			return nil, fmt.Errorf("read the function %s: %w", id, err)
		}
		f.Published = published[id]
		functions = append(functions, f)
	}
	slices.SortFunc(functions, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return functions, nil
}

// publishedFunctions returns the logical ids of the functions that the template
// publishes a version of.
func (t template) publishedFunctions() (map[string]bool, error) {
	published := map[string]bool{}
	for id, r := range t.Resources {
		if r.Type != "AWS::Lambda::Version" {
			continue
		}
		var version struct {
			FunctionName struct{ Ref string }
		}
		if err := json.Unmarshal(r.Properties, &version); err != nil {
			return nil, fmt.Errorf("read the version %s: its FunctionName is not a reference: %w", id, err)
		}
		published[version.FunctionName.Ref] = true
	}
	return published, nil
}

func (t template) function(r resource, at Place) (Function, error) {
	var p struct {
		FunctionName string
		Timeout      int
		MemorySize   int
		Environment  struct{ Variables map[string]any }
	}
	if err := json.Unmarshal(r.Properties, &p); err != nil {
		return Function{}, err
	}
	if p.FunctionName == "" || p.Timeout == 0 {
		return Function{}, fmt.Errorf("it has no FunctionName or no Timeout")
	}
	f := Function{
		Name: p.FunctionName, Timeout: time.Duration(p.Timeout) * time.Second, MemoryMB: p.MemorySize,
		Variables: map[string]string{},
	}
	for name, value := range p.Environment.Variables {
		text, err := t.resolve(value, at)
		if err != nil {
			return Function{}, fmt.Errorf("resolve its variable %s: %w", name, err)
		}
		f.Variables[name] = text
	}
	return f, nil
}

// resolve returns the text that a value has after CloudFormation resolves it.
func (t template) resolve(value any, at Place) (string, error) {
	if text, ok := value.(string); ok {
		return text, nil
	}
	call, _ := value.(map[string]any)
	for name, argument := range call {
		switch name {
		case "Ref":
			return t.reference(fmt.Sprint(argument), at)
		case "Fn::Join":
			return t.join(argument, at)
		case "Fn::GetAtt":
			return t.attribute(argument, at)
		}
	}
	return "", fmt.Errorf("%v is not supported", value)
}

// attribute returns the value of a Fn::GetAtt: the URL of a function, as the local AWS answers it.
func (t template) attribute(argument any, at Place) (string, error) {
	parts, _ := argument.([]any)
	if len(parts) == 2 && parts[1] == "FunctionUrl" {
		if name := t.functionOf(fmt.Sprint(parts[0])); name != "" {
			return at.Endpoint + lambda.URLPrefix + name + "/", nil
		}
	}
	return "", fmt.Errorf("an attribute %v is not supported", argument)
}

// functionOf returns the name of the function that a URL leads to; empty for what is no URL.
func (t template) functionOf(url string) string {
	var to struct {
		TargetFunctionArn struct {
			Attribute []string `json:"Fn::GetAtt"`
		}
	}
	r := t.Resources[url]
	if r.Type != "AWS::Lambda::Url" || json.Unmarshal(r.Properties, &to) != nil || len(to.TargetFunctionArn.Attribute) != 2 {
		return ""
	}
	var function struct{ FunctionName string }
	if json.Unmarshal(t.Resources[to.TargetFunctionArn.Attribute[0]].Properties, &function) != nil {
		return ""
	}
	return function.FunctionName
}

// reference returns the value of a Ref: a pseudo parameter's value, a table's name, or the ARN of a
// state machine or of a layer's first version (CloudFormation, Return values of each resource
// type).
func (t template) reference(id string, at Place) (string, error) {
	switch id {
	case "AWS::Partition":
		return at.Partition, nil
	case "AWS::Region":
		return at.Region, nil
	case "AWS::AccountId":
		return at.Account, nil
	}
	return t.resourceReference(id, at)
}

func (t template) resourceReference(id string, at Place) (string, error) {
	r := t.Resources[id]
	var named struct{ TableName, StateMachineName, LayerName string }
	if len(r.Properties) > 0 {
		if err := json.Unmarshal(r.Properties, &named); err != nil {
			return "", err
		}
	}
	switch {
	case r.Type == "AWS::DynamoDB::Table" && named.TableName != "":
		return named.TableName, nil
	case r.Type == "AWS::StepFunctions::StateMachine" && named.StateMachineName != "":
		return fmt.Sprintf("arn:%s:states:%s:%s:stateMachine:%s", at.Partition, at.Region, at.Account, named.StateMachineName), nil
	case r.Type == "AWS::Lambda::LayerVersion" && named.LayerName != "":
		return fmt.Sprintf("arn:%s:lambda:%s:%s:layer:%s:1", at.Partition, at.Region, at.Account, named.LayerName), nil
	}
	return "", fmt.Errorf("a reference to %q is not supported", id)
}

func (t template) join(argument any, at Place) (string, error) {
	parts, _ := argument.([]any)
	if len(parts) != 2 {
		return "", fmt.Errorf("a join of %v is not supported", argument)
	}
	separator, _ := parts[0].(string)
	list, _ := parts[1].([]any)
	texts := make([]string, len(list))
	for i, part := range list {
		var err error
		if texts[i], err = t.resolve(part, at); err != nil {
			return "", err
		}
	}
	return strings.Join(texts, separator), nil
}
