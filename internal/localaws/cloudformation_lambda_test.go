package localaws_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// service returns a function, its version and its alias. version is the logical id of the
// version, which changes with the code.
func service(code, version, policies, more string) string {
	return `"Orders":{"Type":"AWS::Lambda::Function","Properties":{"FunctionName":"orders","Runtime":"nodejs22.x","Handler":"index.handler",
		"Role":"arn:aws:iam::123456789012:role/orders","Timeout":"10","Environment":{"Variables":{"A":"1"}},"Tags":[{"Key":"team","Value":"shop"}],
		"Code":{"S3Bucket":"code","S3Key":"` + code + `"}` + more + `}},
	"` + version + `":{"Type":"AWS::Lambda::Version"` + policies + `,"Properties":{"FunctionName":{"Ref":"Orders"}}},
	"Alias":{"Type":"AWS::Lambda::Alias","Properties":{"Name":"live","FunctionName":{"Ref":"Orders"},"FunctionVersion":{"Fn::GetAtt":["` + version + `","Version"]}}}`
}

const (
	retain         = `,"DeletionPolicy":"Retain"`
	exceptOnCreate = `,"DeletionPolicy":"RetainExceptOnCreate","UpdateReplacePolicy":"Retain"`
)

// failing makes the topic fail once the test says so.
func failing(fail *bool) localaws.CloudFormationConfig {
	return localaws.CloudFormationConfig{Opaque: func(c localaws.OpaqueChange) localaws.OpaqueResult {
		if *fail && c.Logical == "Topic" && !c.Rollback {
			return localaws.OpaqueResult{Failure: "no topic"}
		}
		return localaws.OpaqueResult{}
	}}
}

func (s stacks) serving() string {
	alias, _ := s.Alias("orders", "live")
	return alias.FunctionVersion
}

func (s stacks) hasVersion(number string) bool {
	_, exists := s.Version("orders", number)
	return exists
}

func TestAStackHasAFunctionWithAVersionAndAnAlias(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	began := s.clock.Now()
	s.create(templateOf(service("1", "V1", "", ""), `"Arn":{"Value":{"Fn::GetAtt":["Orders","Arn"]}},"Alias":{"Value":{"Ref":"Alias"}},"Version":{"Value":{"Ref":"V1"}}`))
	require.Equal(t, "CREATE_COMPLETE", s.status(), "%v", s.history())
	assert.Positive(t, s.clock.Now().Sub(began), "a function is not ready at once")
	assert.Equal(t, "1", s.serving())
	assert.Equal(t, map[string]string{"team": "shop"}, s.Tags("orders"))
	state, _ := s.CloudFormation().Stack("app")
	arn := "arn:aws:lambda:us-east-1:123456789012:function:orders"
	assert.Equal(t, map[string]string{"Arn": arn, "Alias": arn + ":live", "Version": arn + ":1"}, state.Outputs)

	s.update(templateOf(service("2", "V2", "", ""), ""))
	require.Equal(t, "UPDATE_COMPLETE", s.status(), "%v", s.history())
	assert.Equal(t, "2", s.serving())
	assert.False(t, s.hasVersion("1"), "the version that is not in the template any more is deleted")
}

func TestAVersionOfCodeThatIsPublishedFails(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(service("1", "V1", "", ""), ""))
	s.update(templateOf(service("1", "V2", "", ""), ""))
	assert.Equal(t, "UPDATE_ROLLBACK_COMPLETE", s.status())
	assert.Contains(t, strings.Join(s.history(), "\n"), "A version for this Lambda function exists ( 1 ).")
	assert.Equal(t, "1", s.serving())
}

func TestAChangeOfTheConfigurationIsAnotherVersion(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(service("1", "V1", "", ""), ""))
	changed := strings.Replace(service("1", "V2", "", ""), `{"A":"1"}`, `{"A":"2"}`, 1)
	s.update(templateOf(changed, ""))
	require.Equal(t, "UPDATE_COMPLETE", s.status(), "%v", s.history())
	assert.Equal(t, "2", s.serving())
	counts := s.CallCounts()
	assert.Equal(t, 1, counts["lambda:UpdateFunctionConfiguration"])
	assert.Zero(t, counts["lambda:UpdateFunctionCode"])
}

func TestAVersionThatFailsIsRemoved(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(service("1", "V1", exceptOnCreate, ""), ""))
	require.NoError(t, s.PendingFor("orders", time.Minute, localaws.VersionState{State: localaws.StateFailed, Reason: "no image"}))
	s.update(templateOf(service("2", "V2", exceptOnCreate, ""), ""))
	assert.Equal(t, "UPDATE_ROLLBACK_COMPLETE", s.status())
	assert.Contains(t, strings.Join(s.history(), "\n"), "did not stabilize: no image")
	assert.False(t, s.hasVersion("2"))
	assert.Equal(t, "1", s.serving())
}

func TestPoliciesOfAVersion(t *testing.T) {
	for name, test := range map[string]struct {
		policies      string
		old, rejected bool // whether they stay
	}{
		"none":                 {"", false, false},
		"Retain":               {retain, true, true},
		"RetainExceptOnCreate": {exceptOnCreate, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			fail := false
			s := newStacks(t, failing(&fail))
			s.create(templateOf(service("1", "V1", test.policies, ""), ""))
			s.update(templateOf(service("2", "V2", test.policies, ""), ""))
			require.Equal(t, "2", s.serving())
			assert.Equal(t, test.old, s.hasVersion("1"))
			fail = true
			s.update(templateOf(service("3", "V3", test.policies, "")+","+topic(`,"DependsOn":"Alias"`), ""))
			require.Equal(t, "UPDATE_ROLLBACK_COMPLETE", s.status(), "%v", s.history())
			assert.Equal(t, "2", s.serving())
			assert.Equal(t, test.rejected, s.hasVersion("3"))
			fail = false
			s.update(templateOf(service("3", "V3", test.policies, "")+","+topic(`,"DependsOn":"Alias"`), ""))
			want := "UPDATE_COMPLETE"
			if test.rejected { // its code is published already
				want = "UPDATE_ROLLBACK_COMPLETE"
			}
			assert.Equal(t, want, s.status())
		})
	}
}

func TestAnAliasIsWrittenOnlyIfItsPropertiesChange(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(service("1", "V1", exceptOnCreate, ""), ""))
	s.update(templateOf(service("1", "V1", exceptOnCreate, "")+","+topic(""), ""))
	assert.Zero(t, s.CallCounts()["lambda:UpdateAlias"])
}

func TestAnAliasKeepsWeightsThatAreNotItsOwn(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(service("1", "V1", exceptOnCreate, ""), ""))
	require.NoError(t, s.UpdateCode("orders", "other"))
	_, err := s.Publish("orders")
	require.NoError(t, err)
	_, err = s.UpdateAlias(localaws.Alias{Function: "orders", Name: "live", FunctionVersion: "1", Weights: map[string]float64{"2": 0.1}})
	require.NoError(t, err)
	s.update(templateOf(service("3", "V3", exceptOnCreate, ""), ""))
	require.Equal(t, "UPDATE_COMPLETE", s.status(), "%v", s.history())
	alias, _ := s.Alias("orders", "live")
	assert.Equal(t, map[string]float64{"2": 0.1}, alias.Weights)
	assert.Equal(t, "3", alias.FunctionVersion)
}

func TestAnAliasThatMovesToItsWeightedVersionIsRefused(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(service("1", "V1", exceptOnCreate, ""), ""))
	s.beginUpdate(templateOf(service("2", "V2", exceptOnCreate, ""), ""))
	player := s.player(first)
	moves := player.Moves
	player.Moves = func() []localaws.StackMove {
		if s.hasVersion("2") { // a deployment of somebody else has begun
			_, _ = s.UpdateAlias(localaws.Alias{Function: "orders", Name: "live", FunctionVersion: "1", Weights: map[string]float64{"2": 0.1}})
		}
		return moves()
	}
	require.NoError(t, player.Run(t.Context()))
	assert.Equal(t, "UPDATE_ROLLBACK_COMPLETE", s.status())
	assert.Contains(t, strings.Join(s.history(), "\n"), "already included in routing configuration")
}

func TestAStackIsDeleted(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(service("1", "V1", exceptOnCreate, "")+","+thing("1"), ""))
	id, _ := s.CloudFormation().Stack("app")
	_, err := s.client().DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("app")})
	require.NoError(t, err)
	s.play()
	_, exists := s.Alias("orders", "live")
	assert.False(t, exists)
	assert.Equal(t, []string{"Create", "Delete"}, s.requests())
	state, _ := s.CloudFormation().Stack(id.ID)
	assert.Equal(t, "DELETE_COMPLETE", state.Status)
	assert.Contains(t, s.CloudFormation().History(id.ID), "V1 DELETE_SKIPPED")
	_, err = s.client().DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("app")})
	require.ErrorContains(t, err, "does not exist")
	_, err = s.client().DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("app")})
	require.NoError(t, err, "deleting what is not there succeeds")
}

func TestADeleteThatFailsStopsTheStack(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(thing("1"), ""))
	s.answer = func(providerEvent) *providerAnswer {
		return &providerAnswer{Status: "FAILED", Reason: "no", PhysicalResourceId: "thing"}
	}
	remove := func(retain ...string) {
		_, err := s.client().DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("app"), RetainResources: retain})
		require.NoError(t, err)
		s.play()
	}
	remove()
	require.Equal(t, "DELETE_FAILED", s.status())
	id, _ := s.CloudFormation().Stack("app")
	remove("Thing")
	state, _ := s.CloudFormation().Stack(id.ID)
	assert.Equal(t, "DELETE_COMPLETE", state.Status)
}

func TestACleanupTriesToDeleteThreeTimes(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(thing("1")+","+topic(""), ""))
	s.answer = func(providerEvent) *providerAnswer {
		return &providerAnswer{Status: "FAILED", Reason: "no", PhysicalResourceId: "thing"}
	}
	s.update(templateOf(topic(""), ""))
	assert.Equal(t, "UPDATE_COMPLETE", s.status())
	assert.Equal(t, []string{"Create", "Delete", "Delete", "Delete"}, s.requests())
}

func TestTheEngineCallsAsTheOneWhoDeploys(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.Fault(func(c localaws.Call) error {
		if c.Service == "lambda" {
			assert.Equal(t, "set-weight", c.Actor)
		}
		if c.Action() == "lambda:InvokeFunction" {
			return localaws.AccessDenied(c)
		}
		return nil
	})
	s.create(templateOf(thing("1"), ""))
	assert.Equal(t, "ROLLBACK_COMPLETE", s.status())
	assert.Contains(t, strings.Join(s.history(), "\n"), "not authorized to perform: lambda:InvokeFunction")
	var needed []localaws.Permission
	s.OnCall(func(c localaws.Call) { needed = append(needed, c.Permissions()...) })
	_, err := s.client().CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String("other"), TemplateBody: templateOf(topic(""), ""), RoleARN: aws.String("arn:aws:iam::123456789012:role/deployer"),
	})
	require.NoError(t, err)
	assert.Equal(t, []localaws.Permission{
		{Action: "cloudformation:CreateStack", Resource: "arn:aws:cloudformation:us-east-1:123456789012:stack/other/*"},
		{Action: "iam:PassRole", Resource: "arn:aws:iam::123456789012:role/deployer"},
	}, needed)
}

func TestAThrottledCallIsMadeAgain(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	throttled := 0
	s.Fault(func(c localaws.Call) error {
		if c.Service == "lambda" && throttled < 3 {
			throttled++
			return localaws.Throttled(c.Service)
		}
		return nil
	})
	s.create(templateOf(service("1", "V1", "", ""), ""))
	assert.Equal(t, "CREATE_COMPLETE", s.status(), "%v", s.history())
	assert.Equal(t, 3, throttled)
}

func TestAVersionThatAnAliasUsesIsNotDeleted(t *testing.T) {
	a := newAccount(t, unlimited())
	a.orders(t, 2)
	_, err := a.CreateAlias(localaws.Alias{Function: "orders", Name: "live", FunctionVersion: "1"})
	require.NoError(t, err)
	remove := func(number string) error {
		_, err := a.lambda().DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("orders"), Qualifier: aws.String(number)})
		return err
	}
	require.ErrorContains(t, remove("1"), "ResourceConflictException: Unable to delete version because the following aliases reference it: [live]")
	require.NoError(t, remove("2"))
	require.ErrorContains(t, remove("2"), "ResourceNotFoundException")
	listed, err := a.lambda().ListVersionsByFunction(t.Context(), &lambda.ListVersionsByFunctionInput{FunctionName: aws.String("orders")})
	require.NoError(t, err)
	assert.Len(t, listed.Versions, 2, "$LATEST and 1")
	published, err := a.lambda().PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: aws.String("orders")})
	require.NoError(t, err)
	assert.Equal(t, "3", *published.Version, "a number is not issued twice")
}

func TestTheEventQueueRepeatsAndDrops(t *testing.T) {
	ran := 0
	clock := newClock()
	q := localaws.NewEventQueue(func(context.Context, localaws.Invocation) localaws.InvocationResult {
		ran++
		return localaws.InvocationResult{FunctionError: "Unhandled"}
	}, clock.Now)
	q.Invoke(t.Context(), localaws.Invocation{Function: "f", Type: localaws.AsyncEvent})
	assert.Zero(t, ran)
	require.NoError(t, q.Repeat(1))
	require.NoError(t, q.Drop(1))
	var due []string
	for range 3 {
		e := q.Queued()[0]
		due = append(due, fmt.Sprint(e.Attempt, " ", e.Due.Sub(clock.Now())))
		clock.advance(e.Due.Sub(clock.Now()))
		_, err := q.Deliver(t.Context(), e.ID)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"1 0s", "2 1m0s", "3 2m0s"}, due)
	assert.Empty(t, q.Queued())
	assert.Equal(t, 3, ran)
	_, err := q.Deliver(t.Context(), 2)
	require.Error(t, err)
	q.Invoke(t.Context(), localaws.Invocation{Function: "f", Type: localaws.RequestResponse})
	assert.Equal(t, 4, ran)
}
