package request_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
)

const (
	abroad = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:site-5xx"
	atHome = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:site-5xx"
)

func TestAnAlarmIsKnownByItsNameOrByTheARNOfAnotherRegion(t *testing.T) {
	t.Parallel()
	for named, known := range map[string]string{
		"site-5xx": "site-5xx",
		abroad:     abroad,
		atHome:     "site-5xx",
		"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a:b": "a:b",
		"ARN:x": "ARN:x",
		"arn":   "arn",
	} {
		release := decode(t, `{"function": "orders", "alarms": ["`+named+`"]}`)
		assert.Equal(t, []string{known}, release.Alarms, named)
	}
}

func TestAnAlarmIsNamedTwiceInWhateverForm(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"alarms[1]: site-5xx appears twice", "alarms[3]: site-5xx in us-east-1 appears twice"},
		problems(t, `{"function": "orders", "alarms": ["site-5xx", "`+atHome+`", "`+abroad+`", "`+abroad+`"]}`))
	assert.Len(t, decode(t, `{"function": "orders", "alarms": ["site-5xx", "`+abroad+`"]}`).Alarms, 2, "two alarms of the same name")
}

func TestWhatIsNoAlarmOfOursIsRefused(t *testing.T) {
	t.Parallel()
	const noARN = "alarms[0]: is not the ARN of a CloudWatch alarm: arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME, with the 12 digits of the account"
	for alarm, want := range map[string]string{
		"arn:":                          noARN,
		"arn:aws:sns:us-east-1:1:topic": noARN,
		"arn:aws:sns:us-east-1:123456789012:alarm:a":                                  noARN,
		"arn:aws:cloudwatch:us-east-1:123456789012:dashboard:a":                       noARN,
		"arn:aws:cloudwatch:us-east-1:123456789012:alarm:":                            noARN,
		"arn:aws:cloudwatch::123456789012:alarm:a":                                    noARN,
		"arn:aws:cloudwatch:us-east-1::alarm:a":                                       noARN,
		"arn:aws:cloudwatch:us-east-1.evil.example.com:123456789012:alarm:a":          noARN,
		"arn:aws:cloudwatch:us-east-1:999999999999:alarm:a":                           "alarms[0]: is in account 999999999999, and a deployment watches only alarms of its own account 123456789012: create an alarm in that account, which may watch metrics of the other one, and name it here",
		"arn:aws:cloudwatch:eu-west-1:999999999999:alarm:a":                           "alarms[0]: is in account 999999999999, and a deployment watches only alarms of its own account 123456789012: create an alarm in that account, which may watch metrics of the other one, and name it here",
		"arn:aws-cn:cloudwatch:cn-north-1:123456789012:alarm:a":                       "alarms[0]: is in the partition aws-cn, and a deployment watches only alarms of its own partition aws: name an alarm of account 123456789012 there",
		"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:" + abroad:                   "alarms[0]: names an alarm whose name begins with arn: and would be taken for an ARN: give the alarm another name",
		"arn:aws:cloudwatch:us-east-1:123456789012:alarm:" + strings.Repeat("x", 256): "alarms[0]: is not the name of an alarm: 1 to 255 characters, none of them a control character or invisible",
		"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:" + strings.Repeat("x", 256): "alarms[0]: is not the name of an alarm: 1 to 255 characters, none of them a control character or invisible",
		`arn:aws:cloudwatch:us-east-1:123456789012:alarm:a\nb`:                        "alarms[0]: is not the name of an alarm: 1 to 255 characters, none of them a control character or invisible",
	} {
		assert.Equal(t, []string{want}, problems(t, `{"function": "orders", "alarms": ["`+alarm+`"]}`), alarm)
	}
}

func TestWithoutAnExecutionTheARNOfAnAlarmStays(t *testing.T) {
	t.Parallel()
	release, err := request.DecodeInput([]byte(`{"function": "orders", "alarms": ["site-5xx", "`+abroad+`", "`+atHome+`", "arn:aws-cn:cloudwatch:cn-north-1:999999999999:alarm:a"]}`), "")
	require.NoError(t, err)
	assert.Equal(t, []string{"site-5xx", abroad, atHome, "arn:aws-cn:cloudwatch:cn-north-1:999999999999:alarm:a"}, release.Alarms)
}

func TestTagsAndParametersNameAlarmsByTheirARNsToo(t *testing.T) {
	t.Parallel()
	tagged, err := reader.Tags(arrived, flow.Tags{flow.TagAlarms: "orders-5xx " + abroad + " " + atHome})
	require.NoError(t, err)
	assert.Equal(t, []string{"orders-5xx", abroad, "site-5xx"}, tagged.Alarms)
	configured, err := reader.Configuration(arrived, flow.Tags{}, "/sluice/orders", `{"alarms": ["`+abroad+`", "`+atHome+`"]}`)
	require.NoError(t, err)
	assert.Equal(t, []string{abroad, "site-5xx"}, configured.Alarms)
	_, err = reader.Tags(arrived, flow.Tags{flow.TagAlarms: "arn:aws:cloudwatch:us-east-1:999999999999:alarm:a"})
	require.ErrorIs(t, err, flow.ErrInvalidConfiguration)
	assert.ErrorContains(t, err, flow.TagAlarms+"[0]: is in account 999999999999")
}

// An alarm here whose name is the ARN of another one there would put back what watches that.
func TestAnEventOfAnAlarmThatIsNamedLikeAnARNIsIgnored(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"ALARM", "OK"} {
		_, err := request.DecodeOccasion([]byte(`{"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change",
			"detail": {"alarmName": "` + abroad + `", "state": {"value": "` + state + `"}}}`))
		require.ErrorIs(t, err, request.ErrNoOccasion)
	}
}
