package request_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	notAName  = `function: is not the name of a function, nor an ARN of one: letters, digits, hyphens and underscores, at most 64`
	notAnARN  = `function: is not the ARN of a Lambda function: arn:aws:lambda:REGION:ACCOUNT:function:NAME`
	qualifier = `function: has a qualifier that is neither a version nor an alias`
)

func TestAFunctionIsNamedInAnyFormThatLambdaKnows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, fields string
		target       shift.Target
		version      shift.Version
	}{
		{"its name", `"function": "orders"`, "lambda:orders:live", ""},
		{"all letters of a name", `"function": "Or-de_rs-9"`, "lambda:Or-de_rs-9:live", ""},
		{"the longest name", `"function": "` + strings.Repeat("x", 64) + `"`, flow.LambdaTarget(strings.Repeat("x", 64), "live"), ""},
		{"its name and an alias", `"function": "orders:prod"`, "lambda:orders:prod", ""},
		{"its name and a version", `"function": "orders:7"`, "lambda:orders:live", "7"},
		{"its name and $LATEST", `"function": "orders:$LATEST"`, "lambda:orders:live", ""},
		{"a partial ARN", `"function": "123456789012:function:orders"`, "lambda:orders:live", ""},
		{"a partial ARN and an alias", `"function": "123456789012:function:orders:prod"`, "lambda:orders:prod", ""},
		{"a partial ARN without the account", `"function": "function:orders:7"`, "lambda:orders:live", "7"},
		{"a function whose name is function", `"function": "function"`, "lambda:function:live", ""},
		{"the ARN", `"function": "arn:aws:lambda:eu-west-1:123456789012:function:orders"`, "lambda:orders:live", ""},
		{"the ARN and an alias", `"function": "arn:aws:lambda:eu-west-1:123456789012:function:orders:prod"`, "lambda:orders:prod", ""},
		{"the ARN and a version", `"function": "arn:aws:lambda:eu-west-1:123456789012:function:orders:7"`, "lambda:orders:live", "7"},
		{"the same alias twice", `"function": "orders:prod", "alias": "prod"`, "lambda:orders:prod", ""},
		{"the same version twice", `"function": "orders:7", "version": "7"`, "lambda:orders:live", "7"},
		{"a version there and an alias here", `"function": "orders:7", "alias": "prod"`, "lambda:orders:prod", "7"},
		{"an alias there and a version here", `"function": "orders:prod", "version": "7"`, "lambda:orders:prod", "7"},
		{"an alias that begins with a digit", `"function": "orders", "alias": "2nd"`, "lambda:orders:2nd", ""},
		{"the longest alias", `"function": "orders", "alias": "` + strings.Repeat("a", 128) + `"`, flow.LambdaTarget("orders", strings.Repeat("a", 128)), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := []shift.Arrival{{Target: test.target, Candidate: test.version}}
			assert.Equal(t, want, decode(t, `{`+test.fields+`}`).Arrivals)
			assert.Equal(t, want, decode(t, `{"targets": [{`+test.fields+`}]}`).Arrivals)
		})
	}
}

func TestWhatIsNoFunctionOfOursIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, fields string
		want         []string
	}{
		{"an empty name", `"function": ""`, []string{notAName}},
		{"a blank", `"function": "my orders"`, []string{notAName}},
		{"a slash", `"function": "a/b"`, []string{notAName}},
		{"a name that is too long", `"function": "` + strings.Repeat("x", 65) + `"`, []string{notAName}},
		{"a line break after the name", `"function": "orders\n"`, []string{notAName}},
		{"bytes that are no letters", "\"function\": \"orders\xff\"", []string{notAName}},
		{"null", `"function": null`, []string{`function: must be a string, not null`}},
		{"a number", `"function": 5`, []string{`function: must be a string, not a number`}},
		{"two qualifiers", `"function": "orders:prod:7"`, []string{notAName}},
		{"an empty qualifier", `"function": "orders:"`, []string{qualifier}},
		{"version 0", `"function": "orders:0"`, []string{qualifier}},
		{"another service's ARN", `"function": "arn:aws:sqs:eu-west-1:123456789012:orders:x"`, []string{notAnARN}},
		{"a layer's ARN", `"function": "arn:aws:lambda:eu-west-1:123456789012:layer:orders:1"`, []string{notAnARN}},
		{"an ARN without a name", `"function": "arn:aws:lambda:eu-west-1:123456789012:function"`, []string{notAnARN}},
		{"an ARN with too much", `"function": "arn:aws:lambda:eu-west-1:123456789012:function:a:b:c"`, []string{notAnARN}},
		{"another region", `"function": "arn:aws:lambda:us-east-1:123456789012:function:orders"`, []string{
			`function: is in account 123456789012 and region us-east-1, and a deployment shifts only functions of its own: account 123456789012, region eu-west-1`,
		}},
		{"another account", `"function": "arn:aws:lambda:eu-west-1:999999999999:function:orders"`, []string{
			`function: is in account 999999999999 and region eu-west-1, and a deployment shifts only functions of its own: account 123456789012, region eu-west-1`,
		}},
		{"another partition", `"function": "arn:aws-cn:lambda:eu-west-1:123456789012:function:orders"`, []string{
			`function: is in account 123456789012 and region eu-west-1, and a deployment shifts only functions of its own: account 123456789012, region eu-west-1`,
		}},
		{"another account in a partial ARN", `"function": "999999999999:function:orders"`, []string{
			`function: is in account 999999999999, and a deployment shifts only functions of its own account 123456789012`,
		}},
		{"an alias that contradicts", `"function": "orders:prod", "alias": "live"`, []string{`alias: contradicts the alias prod in the function's ARN`}},
		{"a version that contradicts", `"function": "orders:7", "version": "8"`, []string{`version: contradicts the version 7 in the function's ARN`}},
		{"an alias of digits", `"function": "orders", "alias": "12"`, []string{`alias: is not the name of an alias: letters, digits, hyphens and underscores, at most 128, not digits alone`}},
		{"an alias that is too long", `"function": "orders", "alias": "` + strings.Repeat("a", 129) + `"`, []string{`alias: is not the name of an alias: letters, digits, hyphens and underscores, at most 128, not digits alone`}},
		{"no alias", `"function": "orders", "alias": ""`, []string{`alias: is not the name of an alias: letters, digits, hyphens and underscores, at most 128, not digits alone`}},
		{"$LATEST as the alias", `"function": "orders", "alias": "$LATEST"`, []string{`alias: is not the name of an alias: letters, digits, hyphens and underscores, at most 128, not digits alone`}},
		{"$LATEST as the version", `"function": "orders", "version": "$LATEST"`, []string{`version: must be a published version: leave it out to have $LATEST published`}},
		{"$LATEST.PUBLISHED as the version", `"function": "orders", "version": "$LATEST.PUBLISHED"`, []string{`version: must be a published version: leave it out to have $LATEST published`}},
		{"$LATEST.PUBLISHED as the alias", `"function": "orders", "alias": "$LATEST.PUBLISHED"`, []string{`alias: is not the name of an alias: letters, digits, hyphens and underscores, at most 128, not digits alone`}},
		{"$LATEST.PUBLISHED in its ARN", `"function": "orders:$LATEST.PUBLISHED"`, []string{`function: has a qualifier that is neither a version nor an alias`}},
		{"a version that is a number", `"function": "orders", "version": 42`, []string{`version: must be a string, not a number`}},
		{"a version with a zero before", `"function": "orders", "version": "042"`, []string{`version: must be the number of a published version as a string, such as "42"`}},
		{"a version that is a name", `"function": "orders", "version": "v42"`, []string{`version: must be the number of a published version as a string, such as "42"`}},
		{"no version", `"function": "orders", "version": ""`, []string{`version: must be the number of a published version as a string, such as "42"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, problems(t, `{`+test.fields+`}`))
		})
	}
}

func TestTargetsAreAList(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, input string
		want        []string
	}{
		{"empty", `{"targets": []}`, []string{`targets: must not be empty`}},
		{"null", `{"targets": null}`, []string{`targets: must be an array, not null`}},
		{"one alone", `{"targets": {"function": "a"}}`, []string{`targets: must be an array, not an object`}},
		{"twice the same", `{"targets": [{"function": "a"}, {"function": "a", "alias": "b"}, {"function": "a:live"}]}`, []string{`targets[2]: lambda:a:live appears twice`}},
		{"a version beside them", `{"targets": [{"function": "a"}], "version": "1"}`, []string{`version: stands beside targets: write it inside a target`}},
		{"an alias without a function", `{"alias": "a"}`, []string{`targets: is missing: say what to shift, as in {"function": "orders"} or {"targets": [{"function": "orders"}]}`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, problems(t, test.input))
		})
	}
}

func TestHooksAreFunctionsOfTheSameAccountToo(t *testing.T) {
	t.Parallel()
	assert.Equal(t,
		[]string{`hooks.afterTraffic[0].function: is in account 999999999999, and a deployment shifts only functions of its own account 123456789012`},
		problems(t, `{"function": "a", "hooks": {"afterTraffic": [{"function": "999999999999:function:h"}]}}`))
}

func TestWithoutAnExecutionAFunctionMayBeAnywhere(t *testing.T) {
	t.Parallel()
	for _, function := range []string{"arn:aws-cn:lambda:cn-north-1:999999999999:function:orders", "999999999999:function:orders"} {
		release, err := request.DecodeInput([]byte(`{"function": "`+function+`"}`), "")
		require.NoError(t, err)
		assert.Equal(t, shift.Target("lambda:orders:live"), release.Arrivals[0].Target)
	}
}

func TestATargetIsWrittenWholeOrAsItsFunction(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]shift.Target{
		"lambda:orders:live":     "lambda:orders:live",
		"lambda:orders:prod":     "lambda:orders:prod",
		"orders":                 "lambda:orders:live",
		"orders:prod":            "lambda:orders:prod",
		"function:orders:prod":   "lambda:orders:prod",
		"lambda:function:orders": "lambda:function:orders",
		"cloudfront:E1ABCDEF":    "cloudfront:E1ABCDEF",
		"switch:www.example.com": "switch:www.example.com",
		"route53:Z1:shop":        "route53:Z1:shop",
		"switch:live":            "lambda:switch:live",
		"arn:aws:lambda:eu-west-1:123456789012:function:orders":      "lambda:orders:live",
		"arn:aws:lambda:eu-west-1:123456789012:function:orders:prod": "lambda:orders:prod",
	} {
		got, err := request.ParseTarget(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		"":                     `"" is no target`,
		"lambda:orders:live:x": `is no target`,
		"lambda:orders":        `"lambda:orders" is no target`,
		"lambda:orders:7":      `"lambda:orders:7" names a version`,
		"orders:$LATEST":       `"orders:$LATEST" names a version`,
		"route53:Z1:shop.":     "no dot at the end",
		"cloudfront:e1:x":      "is not of the form cloudfront:DISTRIBUTION",
		"or ders":              "is no target",
		"a\nb":                 `"a b" is no target`,
		"arn:aws:s3:::bucket":  "is no target",
	} {
		_, err := request.ParseTarget(text)
		assert.ErrorContains(t, err, want, text)
	}
}

func TestACommandIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	written := request.Commanded{Target: "lambda:orders:live", Command: shift.Command{Order: shift.Pause, Reason: `"lunch" <b>`, At: noon.Add(123 * time.Millisecond)}}
	for _, id := range []string{"", "arn:aws:states:us-east-1:123456789012:execution:sluice:one"} {
		written.DeploymentID = id
		event, err := request.EncodeCommand(written)
		require.NoError(t, err)
		read, err := request.DecodeOccasion(event)
		require.NoError(t, err)
		assert.Equal(t, request.Occasion{Command: &written}, read)
	}
}

func TestAQuestionIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	written := request.Asked{Target: "lambda:orders:live"}
	event, err := request.EncodeQuestion(written)
	require.NoError(t, err)
	read, err := request.DecodeOccasion(event)
	require.NoError(t, err)
	assert.Equal(t, request.Occasion{Asked: &written}, read)
}
