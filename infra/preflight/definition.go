package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// patience is how long an account is waited for. Without a network, the search for credentials
// alone could take longer.
const patience = 10 * time.Second

// checkDefinition asks Step Functions about the definition in a template. It needs no state
// machine. Without an account, or if the account does not answer, it skips that with a note.
func checkDefinition(ctx context.Context, l load, args []string, notes io.Writer) error {
	if len(args) != 1 {
		return errors.New("preflight definition takes one file, a template")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return fmt.Errorf("read the template: %w", err)
	}
	definition, err := definitionOf(text)
	if err != nil {
		return fmt.Errorf("find the state machine's definition in %s: %w", args[0], err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cfg, err := l.account(ctx)
	if err != nil {
		fmt.Fprintf(notes, "skipped: what Step Functions says about the definition, as there is no account to ask (%s)\n", oneLine(err.Error()))
		return nil
	}
	out, err := sfn.NewFromConfig(cfg).ValidateStateMachineDefinition(ctx, &sfn.ValidateStateMachineDefinitionInput{
		Definition: &definition, Type: types.StateMachineTypeStandard, Severity: types.ValidateStateMachineDefinitionSeverityWarning,
	})
	if err != nil {
		fmt.Fprintf(notes, "skipped: what Step Functions says about the definition, as it does not answer (%s)\n", oneLine(err.Error()))
		return nil
	}
	return judge(out, notes)
}

// judge returns an error for a definition that Step Functions would refuse. Only the result
// counts (ValidateStateMachineDefinition: its diagnostics may change).
func judge(out *sfn.ValidateStateMachineDefinitionOutput, notes io.Writer) error {
	var found []string
	for _, d := range out.Diagnostics {
		found = append(found, "  "+oneLine(fmt.Sprintf("%s %s: %s (%s)", d.Severity, aws.ToString(d.Location), aws.ToString(d.Message), aws.ToString(d.Code))))
	}
	said := strings.Join(found, "\n")
	if out.Result == types.ValidateStateMachineDefinitionResultCodeFail {
		return fmt.Errorf("the definition would be refused by Step Functions:\n%s\nFix it in statemachine/definition.go", said)
	}
	if said != "" {
		said = "; it remarks:\n" + said
	}
	fmt.Fprintf(notes, "Step Functions accepts the definition%s\n", said)
	return nil
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// definitionOf returns the definition of a template's state machine. What CloudFormation would
// fill in is replaced by an ARN of the same shape: of the definition only its syntax is
// checked.
func definitionOf(template []byte) (string, error) {
	var t struct {
		Resources map[string]struct {
			Type       string
			Properties struct{ DefinitionString json.RawMessage }
		}
	}
	if err := json.Unmarshal(template, &t); err != nil {
		return "", fmt.Errorf("it is not JSON: %w", err)
	}
	for _, r := range t.Resources {
		if r.Type == "AWS::StepFunctions::StateMachine" {
			return join(r.Properties.DefinitionString)
		}
	}
	return "", errors.New("it has no state machine")
}

// join evaluates the text of a template: a string, or Fn::Join of strings and references.
func join(value json.RawMessage) (string, error) {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text, nil
	}
	var function struct {
		Ref  string
		Join []json.RawMessage `json:"Fn::Join"`
	}
	if err := json.Unmarshal(value, &function); err != nil {
		return "", fmt.Errorf("%s is neither text nor a function: %w", value, err)
	}
	if function.Ref != "" {
		return stand(function.Ref), nil
	}
	var separator string
	var parts []json.RawMessage
	if len(function.Join) != 2 || json.Unmarshal(function.Join[0], &separator) != nil || json.Unmarshal(function.Join[1], &parts) != nil {
		return "", fmt.Errorf("%s is no Fn::Join", value)
	}
	texts := make([]string, len(parts))
	for i, part := range parts {
		var err error
		if texts[i], err = join(part); err != nil {
			return "", err
		}
	}
	return strings.Join(texts, separator), nil
}

// stand returns a stand-in for a reference: of the resources, the definition names only
// versions of functions.
func stand(reference string) string {
	switch reference {
	case "AWS::Partition":
		return "aws"
	case "AWS::Region":
		return "us-east-1"
	case "AWS::AccountId":
		return "111122223333"
	}
	return "arn:aws:lambda:us-east-1:111122223333:function:" + reference[:min(len(reference), 64)] + ":1"
}
