package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/sluice-aws/sluice/internal/flow"
)

// rolePath is the path of the roles that runs make. It is not that of Sluice's own roles, whose
// versions start nothing.
const rolePath = "/sluice-smoke/"

// policyName is the name of the role's policy.
const policyName = "smoke"

// makeRole makes the functions' execution role, unless one was given. It may read aliases of
// functions that have the tag sluice:alias, by the condition that Sluice's own roles have, and
// nothing else.
func (d *demo) makeRole(ctx context.Context) error {
	if d.role != "" {
		return nil
	}
	trust := document(map[string]any{"Effect": "Allow", "Principal": map[string]string{"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
	d.made.roles = []string{d.own}
	made, err := d.iam.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: &d.own, Path: aws.String(rolePath), AssumeRolePolicyDocument: &trust,
		Description: aws.String("Sluice's smoke test. It removes this role."),
	})
	if err != nil {
		return err
	}
	d.role = aws.ToString(made.Role.Arn)
	allowed := document(map[string]any{
		"Effect": "Allow", "Action": "lambda:GetAlias", "Resource": d.functionARN("*"),
		"Condition": map[string]any{"Null": map[string]string{"aws:ResourceTag/" + flow.TagAlias: "false"}},
	})
	_, err = d.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &d.own, PolicyName: aws.String(policyName), PolicyDocument: &allowed})
	return err
}

// document returns a policy with one statement.
func document(statement map[string]any) string {
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{statement}})
	if err != nil {
		panic(err) // texts and maps of texts can always be encoded
	}
	return string(text)
}

// maxPolicyDelay is how long a new policy may take until it counts.
const maxPolicyDelay = 2 * time.Minute

// emptyTagInIAM asks IAM about a tag without a value, by a function whose role has the condition
// of Sluice's roles. Two other functions show that the condition works at all.
func emptyTagInIAM(ctx context.Context, d *demo) (finding, error) {
	if d.made.roles == nil {
		return skip("the functions' role was given, so its policy is not known")
	}
	_, ok, err := d.until(ctx, maxPolicyDelay, 3*time.Second, func() (bool, error) {
		tagged, err := d.mayRead(ctx, d.main)
		return tagged, err
	})
	if err != nil {
		return finding{}, err
	}
	untagged, err := d.mayRead(ctx, d.probe)
	if err != nil {
		return finding{}, err
	}
	if !ok || untagged {
		return found(differs, "the condition itself does not work: with a tag allowed is %t, without one %t", ok, untagged)
	}
	empty, err := d.mayRead(ctx, d.empty)
	switch {
	case err != nil:
		return finding{}, err
	case empty:
		return found(differs, "a tag without a value counts as a tag")
	}
	return found(held, "a tag without a value counts as none")
}

// mayRead asks the main function whether its role may read an alias of another function.
func (d *demo) mayRead(ctx context.Context, function string) (bool, error) {
	payload, err := json.Marshal(map[string]string{"getAliasOf": function})
	if err != nil {
		return false, err
	}
	out, err := d.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &d.main, Payload: payload})
	if err != nil {
		return false, err
	}
	var answer struct{ Code string }
	if json.Unmarshal(out.Payload, &answer) != nil || answer.Code == "" {
		_, err := skip("the function's own code does not run here: it answered %s", out.Payload)
		return false, err
	}
	switch answer.Code {
	case "allowed", "ResourceNotFoundException": // there is no such alias, and it was looked for
		return true, nil
	case "AccessDeniedException":
		return false, nil
	}
	return false, fmt.Errorf("the function could not ask: %s", answer.Code)
}
