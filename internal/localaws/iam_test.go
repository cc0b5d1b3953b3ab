package localaws_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	policies "github.com/sluice-aws/sluice/internal/localaws/iam"
)

// The tags of a resource count only if the request says them, as in AWS.
func TestASimulationKnowsOnlyWhatItIsTold(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.SetPolicies(func(arn string, r policies.Request) (policies.Decision, bool) {
		role := policies.Role{Statements: []policies.Statement{
			{Sid: "Tagged", Actions: []string{"lambda:Get*"}, Resources: []string{"*"}, Conditions: []policies.Condition{{Operator: "Null", Key: "aws:ResourceTag/team", Values: []string{"false"}}}},
			{Sid: "Never", Deny: true, Actions: []string{"lambda:Delete*"}, Resources: []string{"*"}},
		}}
		return role.Decide(r), strings.HasSuffix(arn, "/known")
	})
	const known = "arn:aws:iam::123456789012:role/sluice/known"
	team := []types.ContextEntry{{ContextKeyName: aws.String("aws:ResourceTag/team"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{"a"}}}
	for _, test := range []struct {
		name     string
		in       iam.SimulatePrincipalPolicyInput
		decision types.PolicyEvaluationDecisionType
		code     string
	}{
		{"with the tag", iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(known), ActionNames: []string{"lambda:GetAlias"}, ContextEntries: team}, "allowed", ""},
		{"without", iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(known), ActionNames: []string{"lambda:GetAlias"}}, "implicitDeny", ""},
		{"denied", iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(known), ActionNames: []string{"lambda:DeleteAlias"}, ResourceArns: []string{"arn:aws:lambda:us-east-1:123456789012:function:orders"}}, "explicitDeny", ""},
		{"no such role", iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String("arn:aws:iam::123456789012:role/none"), ActionNames: []string{"lambda:GetAlias"}}, "", "NoSuchEntity"},
		{"no ARN", iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String("known"), ActionNames: []string{"lambda:GetAlias"}}, "", "InvalidInput"},
		{"no action", iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(known), ActionNames: []string{"GetAlias"}}, "", "InvalidInput"},
		{"no type", iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(known), ActionNames: []string{"lambda:GetAlias"}, ContextEntries: []types.ContextEntry{{ContextKeyName: aws.String("x"), ContextKeyValues: []string{"y"}}}}, "", "InvalidInput"},
		{"a policy of the resource", iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(known), ActionNames: []string{"lambda:GetAlias"}, ResourcePolicy: aws.String("{}")}, "", "NotImplemented"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			out, err := iam.NewFromConfig(a.config).SimulatePrincipalPolicy(t.Context(), &test.in)
			if test.code != "" {
				var coded smithy.APIError
				require.ErrorAs(t, err, &coded)
				assert.Equal(t, test.code, coded.ErrorCode())
				return
			}
			require.NoError(t, err)
			require.Len(t, out.EvaluationResults, 1)
			assert.Equal(t, test.decision, out.EvaluationResults[0].EvalDecision)
			require.Len(t, out.EvaluationResults[0].ResourceSpecificResults, 1)
			assert.Equal(t, test.decision, out.EvaluationResults[0].ResourceSpecificResults[0].EvalResourceDecision)
		})
	}
	_, err := iam.NewFromConfig(a.config).GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("known")})
	var coded smithy.APIError
	require.ErrorAs(t, err, &coded)
	assert.Equal(t, "NotImplemented", coded.ErrorCode())
}
