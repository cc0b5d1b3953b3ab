package operator_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

var morning = time.Date(2026, 11, 21, 7, 10, 31, 5, time.FixedZone("CET", 3600))

func TestNameSaysWhatIsShiftedAndWhenItStarted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		targets []shift.Target
		want    string
	}{
		{"one target", []shift.Target{"lambda:orders:live"}, "orders-live-20261121T061031Z"},
		{"several", []shift.Target{"lambda:orders:live", "lambda:billing:prod", "lambda:x:live"}, "orders-live-and-2-more-20261121T061031Z"},
		{"another kind", []shift.Target{"route53:Z1:shop.example."}, "route53-Z1-shop-example--20261121T061031Z"},
		{"a wildcard", []shift.Target{"route53:Z1:*.shop.example"}, "route53-Z1---shop-example-20261121T061031Z"},
		{"a long one", []shift.Target{flow.LambdaTarget(strings.Repeat("f", 64), strings.Repeat("a", 128))}, strings.Repeat("f", 63) + "-20261121T061031Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var r shift.Release
			for _, target := range tt.targets {
				r.Arrivals = append(r.Arrivals, shift.Arrival{Target: target})
			}
			assert.Equal(t, tt.want, operator.NewName(r, morning))
		})
	}
}

func TestStepFunctionsAcceptsTheNameOfAnyRelease(t *testing.T) {
	t.Parallel()
	allowed := regexp.MustCompile(`^[0-9A-Za-z_-]{1,80}$`)
	rapid.Check(t, func(t *rapid.T) {
		var r shift.Release
		for _, text := range rapid.SliceOf(rapid.String()).Draw(t, "targets") {
			r.Arrivals = append(r.Arrivals, shift.Arrival{Target: shift.Target(text)})
		}
		name, marked := operator.NewName(r, morning), operator.NewMarkedName(r, morning, "-aaaabbbb")
		if !allowed.MatchString(name) || !allowed.MatchString(marked) || !strings.HasSuffix(marked, "Z-aaaabbbb") {
			t.Fatalf("%q %q", name, marked)
		}
	})
}

func TestExecutionIsParsedFromItsARN(t *testing.T) {
	t.Parallel()
	x := operator.NewExecution("arn:aws:states:eu-west-1:123456789012:stateMachine:sluice", "one")
	assert.Equal(t, operator.Execution("arn:aws:states:eu-west-1:123456789012:execution:sluice:one"), x)
	assert.Equal(t, "eu-west-1", x.Region())
	assert.Equal(t, "one", x.Name())
	parsed, err := operator.ParseExecution(string(x))
	require.NoError(t, err)
	assert.Equal(t, x, parsed)

	for _, text := range []string{"", "one", "arn:aws:states:eu-west-1:123456789012:stateMachine:sluice", "arn:aws:states:eu-west-1:123456789012:execution:sluice:", "arn:aws:states:eu-west-1:123456789012:express:sluice:one:id", "arn:aws:lambda:eu-west-1:123456789012:execution:sluice:one"} {
		_, err := operator.ParseExecution(text)
		assert.ErrorContains(t, err, "is not the ARN of an execution", text)
	}
}

func TestConsoleURLDependsOnThePartition(t *testing.T) {
	t.Parallel()
	for x, want := range map[operator.Execution]string{
		"arn:aws:states:eu-west-1:1:execution:sluice:one":            "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/arn:aws:states:eu-west-1:1:execution:sluice:one",
		"arn:aws-cn:states:cn-north-1:1:execution:sluice:one":        "https://cn-north-1.console.amazonaws.cn/states/home?region=cn-north-1#/v2/executions/details/arn:aws-cn:states:cn-north-1:1:execution:sluice:one",
		"arn:aws-us-gov:states:us-gov-west-1:1:execution:sluice:one": "https://us-gov-west-1.console.amazonaws-us-gov.com/states/home?region=us-gov-west-1#/v2/executions/details/arn:aws-us-gov:states:us-gov-west-1:1:execution:sluice:one",
		"arn:aws-eusc:states:eusc-de-east-1:1:execution:sluice:one":  "https://eusc-de-east-1.console.amazonaws-eusc.eu/states/home?region=eusc-de-east-1#/v2/executions/details/arn:aws-eusc:states:eusc-de-east-1:1:execution:sluice:one",
		"arn:aws-iso:states:us-iso-east-1:1:execution:sluice:one":    "",
		"arn:aws-iso-b:states:us-isob-east-1:1:execution:sluice:one": "",
		"arn:aws-iso-e:states:eu-isoe-west-1:1:execution:sluice:one": "",
		"arn:aws-iso-f:states:us-isof-south-1:1:execution:sluice:o":  "",
		"arn:aws-new:states:xx-new-1:1:execution:sluice:one":         "",
	} {
		assert.Equal(t, want, x.Console())
	}
}
