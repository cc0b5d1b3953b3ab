package localaws_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// waits is a handle, a custom resource that gets it, and a wait condition after both.
const waits = `"Handle":{"Type":"AWS::CloudFormation::WaitConditionHandle"},
	"Thing":{"Type":"Custom::Thing","Properties":{"ServiceToken":"` + providerARN + `","Handle":{"Ref":"Handle"}}},
	"Wait":{"Type":"AWS::CloudFormation::WaitCondition","DependsOn":"Thing","Properties":{"Handle":{"Ref":"Handle"},"Count":2,"Timeout":"3600"}}`

// beginWait creates the stack until the wait condition waits, and returns the handle's URL.
func (s stacks) beginWait() string {
	s.t.Helper()
	_, err := s.client().CreateStack(s.t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String("app"), TemplateBody: templateOf(waits, `"Data":{"Value":{"Fn::GetAtt":["Wait","Data"]}}`),
	})
	require.NoError(s.t, err)
	player := s.player(first)
	player.Pass = nil
	require.NoError(s.t, player.Run(s.t.Context()))
	require.Contains(s.t, s.history(), "Wait CREATE_IN_PROGRESS")
	return s.received[0].ResourceProperties["Handle"].(string)
}

func TestAWaitConditionCountsSignals(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	url := s.beginWait()
	assert.True(t, strings.HasPrefix(url, "https://cloudformation-waitcondition-us-east-1.s3.us-east-1.amazonaws.com/"), url)
	signal := func(body string) { assert.Equal(t, 200, s.putTo(url, []byte(body))) }
	signal(`{"Status":"SUCCESS","UniqueId":"a","Data":"one"}`)
	signal(`{"Status":"SUCCESS","UniqueId":"a","Data":"again"}`)
	signal(`no JSON`)
	signal(`{"Status":"SUCCESS"}`)
	assert.Empty(t, s.CloudFormation().Ready(), "a repetition and what is no signal do not count")
	signal(`{"Status":"SUCCESS","UniqueId":"b","Data":"two"}`)
	s.play()
	assert.Equal(t, "CREATE_COMPLETE", s.status())
	state, _ := s.CloudFormation().Stack("app")
	assert.JSONEq(t, `{"a":"one","b":"two"}`, state.Outputs["Data"])
}

func TestAWaitConditionFails(t *testing.T) {
	for name, test := range map[string]struct {
		signals []string
		reason  string
	}{
		"a failure":     {[]string{`{"Status":"FAILURE","UniqueId":"a","Reason":"no"}`}, "WaitCondition received failed message: 'no' for uniqueId: a"},
		"no signal":     {nil, "WaitCondition timed out. Received 0 conditions when expecting 2"},
		"too few":       {[]string{`{"Status":"SUCCESS","UniqueId":"a"}`}, "WaitCondition timed out. Received 1 conditions when expecting 2"},
		"an unknown id": {[]string{`{"Status":"DONE","UniqueId":"a"}`}, "WaitCondition timed out. Received 0 conditions when expecting 2"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStacks(t, localaws.CloudFormationConfig{})
			began := s.clock.Now()
			url := s.beginWait()
			for _, body := range test.signals {
				s.putTo(url, []byte(body))
			}
			s.play()
			assert.Equal(t, "ROLLBACK_COMPLETE", s.status())
			assert.Contains(t, s.history(), "Wait CREATE_FAILED "+test.reason)
			if strings.Contains(test.reason, "timed out") {
				assert.Equal(t, time.Hour, s.clock.Now().Sub(began))
			}
		})
	}
}

func TestAWaitConditionIsNotUpdated(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	url := s.beginWait()
	for _, id := range []string{"a", "b"} {
		s.putTo(url, []byte(`{"Status":"SUCCESS","UniqueId":"`+id+`"}`))
	}
	s.play()
	s.update(templateOf(strings.Replace(waits, "3600", "1800", 1), ""))
	assert.Equal(t, "UPDATE_ROLLBACK_FAILED", s.status(), "nor is it put back")
	assert.Contains(t, s.history(), "Wait UPDATE_FAILED Update to resource type AWS::CloudFormation::WaitCondition is not supported.")
}

func TestSignalsBeforeTheWaitCondition(t *testing.T) {
	for name, test := range map[string]struct {
		config localaws.CloudFormationConfig
		status string
	}{
		"count": {localaws.CloudFormationConfig{}, "CREATE_COMPLETE"},
		"lost":  {localaws.CloudFormationConfig{LoseEarlySignals: true}, "ROLLBACK_COMPLETE"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStacks(t, test.config)
			s.answer = func(e providerEvent) *providerAnswer {
				if e.RequestType == "Create" {
					for _, id := range []string{"a", "b"} {
						s.putTo(e.ResourceProperties["Handle"].(string), []byte(`{"Status":"SUCCESS","UniqueId":"`+id+`"}`))
					}
				}
				return success(e)
			}
			s.create(templateOf(waits, ""))
			assert.Equal(t, test.status, s.status())
		})
	}
}
