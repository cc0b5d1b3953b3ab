package localaws_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// provider is the Lambda of a custom resource: it answers each event, unless answer is nil.
type provider struct {
	account  account
	received []providerEvent
	answer   func(providerEvent) *providerAnswer
	crashes  int // invocations that fail before the first that does not
	attempts int
}

type providerEvent struct {
	RequestType, ResponseURL, StackId, RequestId, LogicalResourceId, PhysicalResourceId, ResourceType string
	ResourceProperties, OldResourceProperties                                                         map[string]any
}

type providerAnswer struct {
	Status, PhysicalResourceId, StackId, RequestId, LogicalResourceId string
	Reason                                                            string         `json:",omitempty"`
	NoEcho                                                            bool           `json:",omitempty"`
	Data                                                              map[string]any `json:",omitempty"`
}

func success(e providerEvent) *providerAnswer {
	return &providerAnswer{Status: "SUCCESS", PhysicalResourceId: "thing", Data: map[string]any{"Value": e.ResourceProperties["Value"]}}
}

func (p *provider) invoke(_ context.Context, in localaws.Invocation) localaws.InvocationResult {
	p.attempts++
	if p.attempts <= p.crashes {
		return localaws.InvocationResult{Payload: []byte(`{"errorMessage":"crashed"}`), FunctionError: "Unhandled"}
	}
	var e providerEvent
	if err := json.Unmarshal(in.Payload, &e); err != nil {
		panic(err)
	}
	p.received = append(p.received, e)
	if answer := p.answer(e); answer != nil {
		p.put(e, *answer)
	}
	return localaws.InvocationResult{}
}

// put sends an answer to the event's URL.
func (p *provider) put(e providerEvent, answer providerAnswer) int {
	answer.StackId, answer.RequestId, answer.LogicalResourceId = e.StackId, e.RequestId, e.LogicalResourceId
	body, _ := json.Marshal(answer)
	return p.account.putTo(e.ResponseURL, body)
}

// putTo sends a PUT to a presigned URL, and returns the status, or 0 for a lost connection.
func (a account) putTo(url string, body []byte) int {
	r, err := http.NewRequest(http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	response, err := a.Do(r)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// stacks is an account with a custom resource's Lambda.
type stacks struct {
	account
	*provider
	queue *localaws.EventQueue
	t     *testing.T
}

func newStacks(t *testing.T, config localaws.CloudFormationConfig) stacks {
	t.Helper()
	all := unlimited()
	all.Stacks = config
	a := newAccount(t, all)
	p := &provider{account: a, answer: success}
	queue := localaws.NewEventQueue(p.invoke, a.clock.Now)
	a.SetInvoker(queue.Invoke)
	require.NoError(t, a.AddFunction(localaws.Function{Name: "provider"}))
	return stacks{a, p, queue, t}
}

func (s stacks) client() *cloudformation.Client { return cloudformation.NewFromConfig(s.config) }

// template returns a template with resources and outputs in JSON.
func templateOf(resources, outputs string) *string {
	return aws.String(`{"Parameters":{"P":{"Type":"String","Default":"p"}},"Resources":{` + resources + `},"Outputs":{` + outputs + `}}`)
}

func (s stacks) create(body *string) {
	s.t.Helper()
	_, err := s.client().CreateStack(s.t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: body})
	require.NoError(s.t, err)
	s.play()
}

func (s stacks) update(body *string) {
	s.t.Helper()
	s.beginUpdate(body)
	s.play()
}

func (s stacks) beginUpdate(body *string) {
	s.t.Helper()
	_, err := s.client().UpdateStack(s.t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("app"), TemplateBody: body})
	require.NoError(s.t, err)
}

// player delivers the queued events at once, and lets time pass when nothing else happens.
func (s stacks) player(pick func([]string) int) *localaws.StackPlayer {
	return &localaws.StackPlayer{
		Stacks: s.CloudFormation(), Pick: pick,
		Moves: func() []localaws.StackMove {
			var moves []localaws.StackMove
			for _, e := range s.queue.Queued() {
				if !e.Due.After(s.clock.Now()) {
					moves = append(moves, localaws.StackMove{Name: fmt.Sprintf("deliver %s %d", e.Function, e.ID), Do: func(ctx context.Context) {
						_, _ = s.queue.Deliver(ctx, e.ID)
					}})
				}
			}
			return moves
		},
		Wakes: func() (time.Time, bool) {
			return s.queue.Wakes()
		},
		Pass: func(until time.Time) { s.clock.advance(until.Sub(s.clock.Now())) },
	}
}

func first([]string) int { return 0 }

func (s stacks) play() {
	s.t.Helper()
	require.NoError(s.t, s.player(first).Run(s.t.Context()))
}

// one takes the one action that is ready.
func (s stacks) one(name string) {
	s.t.Helper()
	for _, a := range s.CloudFormation().Ready() {
		if a.String() == name {
			require.NoError(s.t, s.CloudFormation().Do(s.t.Context(), a))
			return
		}
	}
	require.Fail(s.t, "not ready: "+name, "%v", s.CloudFormation().Ready())
}

func (s stacks) status() string {
	s.t.Helper()
	described, err := s.client().DescribeStacks(s.t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("app")})
	require.NoError(s.t, err)
	return string(described.Stacks[0].StackStatus)
}

// history is the events of the stack, oldest first, without those of the stack itself.
func (s stacks) history() []string {
	var lines []string
	for _, line := range s.CloudFormation().History("app") {
		if !strings.HasPrefix(line, "app ") {
			lines = append(lines, line)
		}
	}
	return lines
}

func (s stacks) requests() []string {
	var types []string
	for _, e := range s.received {
		types = append(types, e.RequestType)
	}
	return types
}

const providerARN = "arn:aws:lambda:us-east-1:123456789012:function:provider"

// thing returns a custom resource.
func thing(value string) string {
	return `"Thing":{"Type":"Custom::Thing","Properties":{"ServiceToken":"` + providerARN + `","ServiceTimeout":"600","Value":"` + value + `"}}`
}

func topic(more string) string { return `"Topic":{"Type":"AWS::SNS::Topic"` + more + `}` }

func TestAStackIsDescribed(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(thing("1"), `"Out":{"Value":{"Fn::GetAtt":["Thing","Value"]}}`))
	described, err := s.client().DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("app")})
	require.NoError(t, err)
	stack := described.Stacks[0]
	assert.Equal(t, cfntypes.StackStatusCreateComplete, stack.StackStatus)
	assert.Equal(t, "1", *stack.Outputs[0].OutputValue)
	assert.Equal(t, "p", *stack.Parameters[0].ParameterValue)
	assert.Equal(t, s.clock.Now(), *stack.CreationTime)
	assert.Nil(t, stack.LastUpdatedTime)

	events, err := s.client().DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: stack.StackId})
	require.NoError(t, err)
	assert.Equal(t, "app", *events.StackEvents[0].LogicalResourceId, "the newest first")
	assert.Equal(t, "thing", *events.StackEvents[1].PhysicalResourceId)
	assert.Equal(t, cfntypes.ResourceStatusCreateComplete, events.StackEvents[1].ResourceStatus)

	_, err = s.client().DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("other")})
	require.ErrorContains(t, err, "ValidationError: Stack with id other does not exist")
}

func TestACustomResourceIsUpdatedOnlyIfItsPropertiesChange(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(thing("1"), ""))
	s.update(templateOf(thing("1")+","+topic(""), ""))
	assert.Equal(t, []string{"Create"}, s.requests())
	s.update(templateOf(thing("2")+","+topic(""), ""))
	require.Equal(t, []string{"Create", "Update"}, s.requests())
	update := s.received[1]
	assert.Equal(t, "2", update.ResourceProperties["Value"])
	assert.Equal(t, "1", update.OldResourceProperties["Value"])
	assert.Equal(t, "thing", update.PhysicalResourceId)
	assert.Equal(t, "UPDATE_COMPLETE", s.status())
}

func TestAnUpdateThatChangesNothingIsRefused(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(topic(""), ""))
	for name, body := range map[string]*string{
		"the same": templateOf(topic(""), ""), "a policy alone": templateOf(topic(`,"DeletionPolicy":"Retain"`), ""),
	} {
		_, err := s.client().UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("app"), TemplateBody: body})
		require.ErrorContains(t, err, "No updates are to be performed.", name)
	}
}

func TestAnotherPhysicalIDIsAReplacement(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.answer = func(e providerEvent) *providerAnswer {
		a := success(e)
		a.PhysicalResourceId = "thing-" + fmt.Sprint(e.ResourceProperties["Value"])
		return a
	}
	s.create(templateOf(thing("1"), ""))
	s.update(templateOf(thing("2"), ""))
	require.Equal(t, []string{"Create", "Update", "Delete"}, s.requests())
	assert.Equal(t, "thing-1", s.received[2].PhysicalResourceId)
	assert.Equal(t, "1", s.received[2].ResourceProperties["Value"])
	assert.Contains(t, s.CloudFormation().History("app"), "app UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
}

func TestAFailedUpdateIsRolledBackByAnUpdate(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.answer = func(e providerEvent) *providerAnswer {
		if e.ResourceProperties["Value"] == "2" {
			return &providerAnswer{Status: "FAILED", Reason: "no", PhysicalResourceId: "thing"}
		}
		return success(e)
	}
	s.create(templateOf(thing("1"), ""))
	s.update(templateOf(thing("2"), ""))
	require.Equal(t, []string{"Create", "Update", "Update"}, s.requests())
	back := s.received[2]
	assert.Equal(t, "1", back.ResourceProperties["Value"])
	assert.Equal(t, "2", back.OldResourceProperties["Value"])
	assert.NotEqual(t, s.received[1].RequestId, back.RequestId)
	assert.Equal(t, "UPDATE_ROLLBACK_COMPLETE", s.status())
	history := s.CloudFormation().History("app")
	assert.Contains(t, history, "app UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to update: [Thing].")
	assert.Contains(t, history, "Thing UPDATE_FAILED Received response status [FAILED] from custom resource. Message returned: no (RequestId: "+s.received[1].RequestId+")")
}

func TestACustomResourceThatDoesNotAnswerTimesOut(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.answer = func(e providerEvent) *providerAnswer {
		if e.RequestType == "Create" {
			return nil
		}
		return success(e)
	}
	began := s.clock.Now()
	s.create(templateOf(thing("1"), ""))
	assert.Equal(t, "ROLLBACK_COMPLETE", s.status())
	assert.Equal(t, 600*time.Second, s.clock.Now().Sub(began), "the ServiceTimeout")
	require.Equal(t, []string{"Create", "Delete"}, s.requests())
	assert.Contains(t, s.received[1].PhysicalResourceId, "app-Thing-", "an id of CloudFormation's own")
	assert.Contains(t, strings.Join(s.history(), "\n"), "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId ["+s.received[0].RequestId+"]")

	_, err := s.client().UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("app"), TemplateBody: templateOf(topic(""), "")})
	require.ErrorContains(t, err, "is in ROLLBACK_COMPLETE state and can not be updated")
}

func TestLambdaTriesAnEventThreeTimes(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.crashes = 2
	began := s.clock.Now()
	s.create(templateOf(thing("1"), ""))
	assert.Equal(t, "CREATE_COMPLETE", s.status())
	assert.Equal(t, 3*time.Minute, s.clock.Now().Sub(began))

	s.attempts, s.crashes = 0, 3
	s.update(templateOf(thing("2"), ""))
	assert.Equal(t, "UPDATE_ROLLBACK_COMPLETE", s.status())
}

func TestAnswersThatCloudFormationRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(s stacks, e providerEvent)
		reason string
	}{
		"too long": {func(s stacks, e providerEvent) {
			a := success(e)
			a.Data["Long"] = strings.Repeat("x", 4096)
			s.put(e, *a)
		}, "Response object is too long."},
		"no physical id":   {func(s stacks, e providerEvent) { s.put(e, providerAnswer{Status: "SUCCESS"}) }, "Invalid PhysicalResourceId"},
		"no status":        {func(s stacks, e providerEvent) { s.put(e, providerAnswer{PhysicalResourceId: "x"}) }, "Status must be SUCCESS or FAILED"},
		"a text":           {func(s stacks, e providerEvent) { s.account.putTo(e.ResponseURL, []byte("done")) }, "Invalid response object"},
		"no reason":        {func(s stacks, e providerEvent) { s.put(e, providerAnswer{Status: "FAILED", PhysicalResourceId: "x"}) }, "Reason must be a string"},
		"of other request": {func(s stacks, e providerEvent) { e.RequestId = "other"; s.put(e, *success(e)) }, "must be those of the request"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStacks(t, localaws.CloudFormationConfig{})
			s.answer = func(e providerEvent) *providerAnswer {
				if e.RequestType == "Create" {
					test.answer(s, e)
					return nil
				}
				return success(e)
			}
			s.create(templateOf(thing("1"), ""))
			assert.Equal(t, "ROLLBACK_COMPLETE", s.status())
			assert.Contains(t, strings.Join(s.history(), "\n"), test.reason)
		})
	}
}

func TestAPresignedURLTakesOnlyItsPut(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.answer = func(providerEvent) *providerAnswer { return nil }
	_, err := s.client().CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: templateOf(thing("1"), "")})
	require.NoError(t, err)
	s.one("start Create Thing")
	_, err = s.queue.Deliver(t.Context(), s.queue.Queued()[0].ID)
	require.NoError(t, err)
	url := s.received[0].ResponseURL
	assert.True(t, strings.HasPrefix(url, "https://cloudformation-custom-resource-response-useast1.s3.us-east-1.amazonaws.com/"), url)

	send := func(method, url, contentType string) int {
		r, err := http.NewRequest(method, url, strings.NewReader("{}"))
		require.NoError(t, err)
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
		response, err := s.Do(r)
		require.NoError(t, err)
		_ = response.Body.Close()
		return response.StatusCode
	}
	assert.Equal(t, http.StatusForbidden, send(http.MethodGet, url, ""))
	assert.Equal(t, http.StatusForbidden, send(http.MethodPut, url, "application/json"))
	assert.Equal(t, http.StatusForbidden, send(http.MethodPut, strings.Replace(url, "X-Amz-Signature=", "X-Amz-Signature=0", 1), ""))
	assert.Equal(t, http.StatusForbidden, send(http.MethodPut, strings.Split(url, "?")[0], ""))
	assert.Empty(t, s.CloudFormation().Ready())
	assert.Equal(t, http.StatusOK, send(http.MethodPut, url, ""))
	assert.Len(t, s.CloudFormation().Ready(), 1)
	s.clock.advance(2*time.Hour + time.Second)
	assert.Equal(t, http.StatusForbidden, send(http.MethodPut, url, ""), "it has expired")
}

func TestALostAnswerIsMadeOrNot(t *testing.T) {
	isPut := func(c localaws.Call) error {
		if c.Operation == "PutObject" {
			return errors.New("lost")
		}
		return nil
	}
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.FaultAfter(isPut)
	s.create(templateOf(thing("1"), ""))
	assert.Equal(t, "CREATE_COMPLETE", s.status(), "the reply was lost, the answer was not")
	s.FaultAfter(nil)
	s.Fault(isPut)
	s.update(templateOf(thing("2"), ""))
	assert.Equal(t, "UPDATE_ROLLBACK_FAILED", s.status(), "neither the update nor its rollback was answered")
}

func TestALostInvocationIsMadeAgain(t *testing.T) {
	for name, test := range map[string]struct {
		fault func(account, func(localaws.Call) error)
		times int
	}{
		"without an effect": {func(a account, f func(localaws.Call) error) { a.Fault(f) }, 1},
		"with its effect":   {func(a account, f func(localaws.Call) error) { a.FaultAfter(f) }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStacks(t, localaws.CloudFormationConfig{})
			lost := false
			test.fault(s.account, func(c localaws.Call) error {
				if c.Operation == "InvokeFunction" && !lost {
					lost = true
					return errors.New("lost")
				}
				return nil
			})
			s.create(templateOf(thing("1"), ""))
			assert.Equal(t, "CREATE_COMPLETE", s.status())
			require.Len(t, s.received, test.times)
			for _, e := range s.received {
				assert.Equal(t, s.received[0], e, "the same event")
			}
		})
	}
}

func TestAMaskedAttributeIsNotShown(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.answer = func(e providerEvent) *providerAnswer {
		a := success(e)
		a.NoEcho = true
		return a
	}
	s.create(templateOf(thing("secret")+`,"Other":{"Type":"Custom::Thing","Properties":{"ServiceToken":"`+providerARN+`","Value":{"Fn::GetAtt":["Thing","Value"]}}}`,
		`"Out":{"Value":{"Fn::GetAtt":["Thing","Value"]}}`))
	state, _ := s.CloudFormation().Stack("app")
	assert.Equal(t, "*****", state.Outputs["Out"])
	assert.Equal(t, "secret", s.received[1].ResourceProperties["Value"], "another resource receives it")
}

func TestScalarsOfACustomResourceAreStrings(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(`"Thing":{"Type":"Custom::Thing","Properties":{"ServiceToken":"`+providerARN+`","N":12,"B":true,"L":[1.50,{"X":false}]}}`, ""))
	properties := s.received[0].ResourceProperties
	assert.Equal(t, "12", properties["N"])
	assert.Equal(t, "true", properties["B"])
	assert.Equal(t, []any{"1.50", map[string]any{"X": "false"}}, properties["L"])
}
