package lambdaalias_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

const configuration = `{"Version":"7","FunctionArn":"` + ordersARN + `:7","Role":"arn:aws:iam::123456789012:role/orders",
	"DeadLetterConfig":{"TargetArn":"arn:aws:sqs:us-east-1:123456789012:dead"},"State":"Pending","StateReasonCode":"Creating","StateReason":"The function is being created."}`

func TestLatestIsPublished(t *testing.T) {
	t.Parallel()
	r, w := newRouter(answer{status: 201, body: configuration})
	got, err := r.Publish(t.Context(), orders)
	require.NoError(t, err)
	assert.Equal(t, shift.Published{
		Version: "7", Detail: ordersARN, Readiness: shift.Pending,
		Traits: `{"role":"arn:aws:iam::123456789012:role/orders","deadLetter":"arn:aws:sqs:us-east-1:123456789012:dead"}`,
		Reason: "its state is Pending (Creating): The function is being created.",
	}, got)
	assert.Equal(t, []request{{method: "POST", path: "/2015-03-31/functions/orders/versions", body: "{}"}}, w.requests)
}

func TestVersionIsDescribed(t *testing.T) {
	t.Parallel()
	r, w := newRouter(answer{body: `{"Configuration":` + configuration + `}`})
	got, err := r.DescribeVersion(t.Context(), orders, "7")
	require.NoError(t, err)
	assert.Equal(t, ordersARN, got.Detail)
	assert.Equal(t, shift.Version("7"), got.Version)
	assert.Equal(t, []request{{method: "GET", path: "/2015-03-31/functions/orders", query: "Qualifier=7"}}, w.requests)

	r, _ = newRouter(answer{body: `{}`})
	_, err = r.DescribeVersion(t.Context(), orders, "7")
	assert.Error(t, err)
}

func TestADurableFunctionHasANote(t *testing.T) {
	t.Parallel()
	for config, want := range map[string]string{
		``: "",
		`,"DurableConfig":{"ExecutionTimeout":3600,"RetentionPeriodInDays":7}`: "a durable function: its executions stay on the version on which they began, so keep that until they have ended",
	} {
		r, _ := newRouter(answer{body: `{"Configuration":{"Version":"7","State":"Active"` + config + `}}`})
		got, err := r.DescribeVersion(t.Context(), orders, "7")
		require.NoError(t, err)
		assert.Equal(t, want, got.Note)
	}
}

func TestReadinessFollowsTheState(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]shift.Readiness{
		"Active": shift.Ready, "Inactive": shift.Idle, "Pending": shift.Pending, "": shift.Pending, "Dreaming": shift.Pending,
		"Failed": shift.Broken, "Deactivating": shift.Broken, "Deactivated": shift.Broken, "ActiveNonInvocable": shift.Broken, "Deleting": shift.Broken,
	} {
		r, _ := newRouter(answer{body: `{"Configuration":{"Version":"7","State":"` + state + `","StateReason":"` + strings.Repeat("x", 1000) + `"}}`})
		got, err := r.DescribeVersion(t.Context(), orders, "7")
		require.NoError(t, err)
		assert.Equal(t, want, got.Readiness, state)
		assert.Contains(t, got.Reason, state)
		assert.Len(t, []rune(got.Reason), 256)
	}
}

func TestAMissingVersionAndAMissingFunctionAreDifferentErrors(t *testing.T) {
	t.Parallel()
	r, w := newRouter(notFound, answer{body: `{"Configuration":` + configuration + `}`})
	_, err := r.DescribeVersion(t.Context(), orders, "9")
	require.ErrorIs(t, err, shift.ErrVersionNotFound)
	assert.NotErrorIs(t, err, shift.ErrFunctionNotFound)
	assert.ErrorContains(t, err, "leave the version out")
	assert.Equal(t, []request{
		{method: "GET", path: "/2015-03-31/functions/orders", query: "Qualifier=9"},
		{method: "GET", path: "/2015-03-31/functions/orders"},
	}, w.requests)

	r, _ = newRouter(notFound, notFound)
	_, err = r.DescribeVersion(t.Context(), orders, "9")
	require.ErrorIs(t, err, shift.ErrFunctionNotFound)
	assert.NotErrorIs(t, err, shift.ErrVersionNotFound)
	assert.ErrorContains(t, err, "check its name")

	r, _ = newRouter(notFound, throttled)
	_, err = r.DescribeVersion(t.Context(), orders, "9")
	require.ErrorIs(t, err, shift.ErrThrottled)
	assert.NotErrorIs(t, err, shift.ErrVersionNotFound)
}

// An invocation of an idle version fails, and is what wakes it.
func TestAnIdleVersionIsWokenByAnInvocation(t *testing.T) {
	t.Parallel()
	for name, answered := range map[string]answer{
		"it is idle":          {status: 409, err: "ResourceConflictException", body: `{"Message":"The function is currently in the following state: Inactive"}`},
		"somebody was faster": {body: `{}`},
	} {
		r, w := newRouter(answered)
		require.NoError(t, r.Wake(t.Context(), orders, "7"), name)
		assert.Equal(t, []request{{method: "POST", path: "/2015-03-31/functions/orders/invocations", query: "Qualifier=7", body: `{"sluice": "wake"}`}}, w.requests, name)
	}
	for want, answered := range map[error]answer{shift.ErrThrottled: throttled, shift.ErrVersionNotFound: notFound} {
		r, _ := newRouter(answered)
		assert.ErrorIs(t, r.Wake(t.Context(), orders, "7"), want)
	}
}
