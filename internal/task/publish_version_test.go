package task

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	ordersARN  = "arn:aws:lambda:us-east-1:123456789012:function:orders"
	billingARN = "arn:aws:lambda:us-east-1:123456789012:function:billing"
)

func TestPublishCompletesARequest(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	a := s.apps()
	got, err := s.publish(t.Context(), a, twoTargets, nil)
	require.NoError(t, err)
	want, err := request.Reader{ExecutionID: first, Alias: "prod", Parameters: "/mine/"}.Input([]byte(twoTargets))
	require.NoError(t, err)
	want.Schema, want.At, want.Retries = shift.Schema, noon, 2
	want.Arrivals = []shift.Arrival{
		{Target: orders, Candidate: "8", Detail: "just published"},
		{Target: billing, Candidate: "7", Detail: "detail of lambda:billing:live 7"},
	}
	assert.Equal(t, want, got)
	assert.Equal(t, []shift.Target{orders}, a.published, "version 7 is there")
	assert.Equal(t, []string{
		"tags: " + ordersARN, "tags: " + billingARN, "target: lambda:orders:live", "target: lambda:billing:live", "alarms: [orders-5xx]", "hook: smoke", "synthetic: load",
	}, a.asked)

	got, err = s.publish(t.Context(), s.apps(), `{"function": "orders"}`, nil)
	require.NoError(t, err)
	assert.Equal(t, shift.Target("lambda:orders:prod"), got.Arrivals[0].Target, "the alias of the installation")
}

// Nothing is published of a request that is refused.
func TestPublishPublishesNothingThatItRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		input  string
		change func(*applications, *PublishVersion)
		want   error
	}{
		"no input":                    {`{}`, nil, flow.ErrInvalidInput},
		"no tag":                      {twoTargets, func(a *applications, _ *PublishVersion) { a.tags = nil }, shift.ErrFunctionNotAllowed},
		"no name that fits":           {twoTargets, func(_ *applications, h *PublishVersion) { h.Allowed = allowed("orders") }, shift.ErrFunctionNotAllowed},
		"a plan that one cannot take": {`{"function": "orders", "strategy": "Canary10Percent5Minutes"}`, func(a *applications, _ *PublishVersion) { a.rules.AllAtOnce = true }, shift.ErrInvalidPlan},
		"no such alarm": {twoTargets, func(a *applications, _ *PublishVersion) {
			a.alarms = []shift.Alarm{{Name: "orders-5xx", State: shift.AlarmMissing}}
		}, shift.ErrAlarmNotFound},
		"an event of one whose name does not permit it by tag": {event, func(a *applications, _ *PublishVersion) { a.tags = flow.Tags{flow.TagAlias: ""} }, shift.ErrFunctionNotAllowed},
		"an event with a wrong parameter":                      {event, func(a *applications, _ *PublishVersion) { a.tags[flow.TagConfig] = "elsewhere" }, flow.ErrInvalidConfiguration},
		"an event with wrong tags":                             {event, func(a *applications, _ *PublishVersion) { a.tags["sluice:strategie"] = "x" }, flow.ErrInvalidConfiguration},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			a := s.apps()
			got, err := s.publish(t.Context(), a, test.input, test.change)
			require.ErrorIs(t, err, test.want)
			assert.Equal(t, shift.Release{}, got)
			assert.Empty(t, a.published)
		})
	}
}

// The names that a person has to correct are told together. A check that could not be made
// is left to Open.
func TestPublishTellsAllWrongNamesTogether(t *testing.T) {
	t.Parallel()
	for call, sentinel := range map[string]error{
		"CheckArrival": shift.ErrTargetNotFound, "CheckCandidate": shift.ErrVersionNotFound, "Alarms": shift.ErrAlarmNotFound, "Check": shift.ErrHookNotFound, "CheckSynthetic": shift.ErrSyntheticNotFound, "CheckArrival ": shift.ErrFunctionNotFound,
	} {
		name := call
		if name == "CheckArrival " {
			name = "CheckArrival"
		}
		s := newStage(t, ordersChange)
		s.failing(&faults{name: name, from: 1, err: fmt.Errorf("%w: correct it", sentinel)})
		a := s.apps()
		_, err := s.publish(t.Context(), a, twoTargets, nil)
		require.ErrorIs(t, err, sentinel)
		assert.Subset(t, a.asked, []string{"hook: smoke", "synthetic: load"}, "all are checked")
		assert.Empty(t, a.published)

		s.failing(&faults{name: name, from: 1, err: errLost})
		_, err = s.publish(t.Context(), s.apps(), twoTargets, nil)
		require.NoError(t, err)
	}

	s := newStage(t, ordersChange)
	s.failing(&faults{name: "CheckArrival", from: 1, err: fmt.Errorf("%w: correct it", shift.ErrTargetNotFound)})
	_, err := s.publish(t.Context(), s.apps(), twoTargets, nil)
	require.EqualError(t, err, shift.ErrTargetNotFound.Error()+": correct it; "+shift.ErrTargetNotFound.Error()+": correct it")
	_, err = s.publish(t.Context(), s.apps(), event, nil)
	require.ErrorContains(t, err, "it is named by the function's tag sluice:alias")

	s.failing(&faults{name: "Check", from: 1, err: shift.ErrHookNotFound})
	_, err = s.publish(t.Context(), s.apps(), twoTargets, nil)
	require.ErrorContains(t, err, "check the hook smoke: ")

	s.failing(&faults{name: "CheckSynthetic", from: 1, err: shift.ErrSyntheticNotFound})
	_, err = s.publish(t.Context(), s.apps(), twoTargets, nil)
	require.EqualError(t, err, "check load, which is to send synthetic requests: "+shift.ErrSyntheticNotFound.Error())
}

// inBuckets are versions of which nothing is known but where they are said to be.
type inBuckets struct{ *applications }

func (inBuckets) DescribeVersion(_ context.Context, _ shift.Target, v shift.Version) (shift.Published, error) {
	return shift.Published{Version: v}, nil
}

func TestAFrontEndIsShiftedOnlyIfTheStackDoes(t *testing.T) {
	t.Parallel()
	const input = `{"cloudfront": {"distribution": "E1", "release": "r42", "bucket": "site-prod"}}`
	s := newStage(t, ordersChange)
	a := s.apps()
	_, err := s.publish(t.Context(), a, input, nil)
	require.ErrorIs(t, err, flow.ErrInvalidInput)
	require.ErrorContains(t, err, "this stack does not shift CloudFront: give it the setting cloudfrontStore and deploy it again, or leave this target out")
	assert.Empty(t, a.asked, "nobody is asked about it")

	release, err := s.publish(t.Context(), a, input, func(a *applications, h *PublishVersion) {
		h.FrontEnds, h.Versions = request.AnyFrontEnd, inBuckets{a}
		h.Allowed = allowed("orders")
	})
	require.NoError(t, err)
	assert.Equal(t, []shift.Arrival{{Target: "cloudfront:E1", Candidate: "r42", Detail: `{"bucket":"site-prod"}`}}, release.Arrivals)
	assert.Equal(t, []string{"candidate: cloudfront:E1 " + `{"bucket":"site-prod"}`, "target: cloudfront:E1", "alarms: []"}, a.asked, "its release is looked for where it is said to be")
	assert.Empty(t, a.published)
	creates := strings.Replace(input, `{"cloudfront"`, `{"createAlias": true, "cloudfront"`, 1)
	_, err = s.publish(t.Context(), a, creates, func(a *applications, h *PublishVersion) {
		h.FrontEnds, h.Versions = request.AnyFrontEnd, inBuckets{a}
		a.asked, a.rules.Creates = nil, true
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"candidate: cloudfront:E1 " + `{"bucket":"site-prod"}`, "alarms: []"}, a.asked, "a release must be there, even if its target is not")
}

func TestATargetThatMayBeCreatedNeedNotExist(t *testing.T) {
	t.Parallel()
	const creates = `{"function": "orders", "alias": "live", "createAlias": true}`
	for _, test := range []struct {
		input   string
		creates bool // the kind
		rules   error
		checked bool
	}{
		{creates, true, nil, false},
		{creates, false, nil, true},
		{`{"function": "orders", "alias": "live"}`, true, nil, true},
		{creates, true, errLost, true},
	} {
		s := newStage(t, ordersChange)
		if test.rules != nil {
			s.failing(&faults{name: "Rules", from: 2, err: test.rules})
		}
		a := s.apps()
		_, err := s.publish(t.Context(), a, test.input, func(a *applications, _ *PublishVersion) { a.rules.Creates = test.creates })
		require.NoError(t, err)
		assert.Equal(t, test.checked, slices.Contains(a.asked, "target: lambda:orders:live"), test.input)
	}
}

func TestAnEventIsConfiguredByItsFunction(t *testing.T) {
	t.Parallel()
	reader := request.Reader{ExecutionID: first, Alias: "prod", Parameters: "/mine/"}
	arrival := shift.Arrival{Target: "lambda:orders:prod", Candidate: "2"}
	complete := func(r shift.Release, err error) shift.Release {
		require.NoError(t, err)
		r.Schema, r.At, r.Retries = shift.Schema, noon, 2
		r.Arrivals[0].Detail = "detail of lambda:orders:live 2"
		return r
	}
	s := newStage(t, ordersChange)

	a := s.apps()
	got, err := s.publish(t.Context(), a, event, func(a *applications, _ *PublishVersion) { a.tags[flow.TagStrategy] = "AllAtOnce" })
	require.NoError(t, err)
	assert.Equal(t, complete(reader.Tags(arrival, a.tags)), got)
	assert.Equal(t, []string{"tags: " + ordersARN, "target: lambda:orders:live", "alarms: []"}, a.asked)

	const text = `{"alarms": ["orders-5xx"]}`
	a = s.apps()
	got, err = s.publish(t.Context(), a, event, func(a *applications, _ *PublishVersion) {
		a.tags[flow.TagConfig], a.parameter = "/mine/orders", text
	})
	require.NoError(t, err)
	assert.Equal(t, complete(reader.Configuration(arrival, a.tags, "/mine/orders", text)), got)
	assert.Contains(t, a.asked, "parameter: /mine/orders")
	assert.Empty(t, a.published, "the version is there")
}

// Every version that anybody publishes in the account comes here.
func TestAnEventThatNobodyAskedForEndsWithoutAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*applications, *PublishVersion)
		says   string
		asked  []string
	}{
		"shifted by a stack": {func(a *applications, _ *PublishVersion) {
			a.tags = flow.Tags{flow.TagAlias: "live", flow.TagShiftedBy: flow.ShiftedByStack}
		}, "a CloudFormation stack shifts it (the function's tag sluice:shifted-by = stack)", []string{"tags: " + ordersARN}},
		"no tag": {func(a *applications, _ *PublishVersion) { a.tags = flow.Tags{"team": "shop"} }, "carries no tag of Sluice", []string{"tags: " + ordersARN}},
		"no such function": {func(a *applications, _ *PublishVersion) {
			a.platform.faults = &faults{name: "Tags", from: 1, err: shift.ErrFunctionNotFound, counts: map[string]int{}}
		}, shift.ErrFunctionNotFound.Error(), []string{"tags: " + ordersARN}},
		"no name that fits": {func(_ *applications, h *PublishVersion) { h.Allowed = allowed("billing") }, "whose name fits billing", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, ordersChange)
			a := s.apps()
			got, err := s.publish(t.Context(), a, event, test.change)
			require.NoError(t, err)
			assert.Contains(t, got.Unchanged, "version 2 of orders is not shifted: ")
			assert.Contains(t, got.Unchanged, test.says)
			want := shift.NotAsked(got.Unchanged)
			want.Schema, want.At, want.Retries = shift.Schema, noon, 2
			assert.Equal(t, want, got)
			assert.Equal(t, test.asked, a.asked)
		})
	}
}

// The setting is about functions, and Targets of other kinds have none.
func TestOnlyFunctionsNeedPermission(t *testing.T) {
	t.Parallel()
	a := newStage(t, ordersChange).apps()
	h := PublishVersion{Tags: a, Allowed: allowed("none")}
	err := h.checkAllowed(t.Context(), request.Reader{ExecutionID: first}, []shift.Arrival{{Target: "other:shop"}})
	require.NoError(t, err)
	err = h.checkAllowed(t.Context(), request.Reader{ExecutionID: first}, []shift.Arrival{{Target: orders}})
	require.ErrorIs(t, err, shift.ErrFunctionNotAllowed)
	assert.Empty(t, a.asked, "a pattern needs no tags")
}

func TestAnInstallationMayShiftOtherKinds(t *testing.T) {
	t.Parallel()
	s := newStage(t, ordersChange)
	a := s.apps()
	got, err := s.publish(t.Context(), a, `{"targets": [{"shop": "berlin"}]}`, nil)
	require.NoError(t, err)
	assert.Equal(t, []shift.Arrival{{Target: "shop:berlin", Candidate: "2", Detail: "detail of shop:berlin 2"}}, got.Arrivals)
	assert.NotContains(t, a.asked, "tags: ")
}
