package dynamo_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

var inAnHour = noon.Add(time.Hour)

func awaited(lookup string) shift.AwaitedHook {
	return shift.AwaitedHook{
		Lookup: lookup, CodeDeployID: flow.CodeDeployID(first), Execution: first, Function: "smoke", Point: shift.BeforeTraffic,
		Sealed: []byte("sealed"), Expires: inAnHour.Truncate(time.Second),
	}
}

func answer(lookup string, status shift.LifecycleStatus) shift.HookAnswer {
	return shift.HookAnswer{Lookup: lookup, CodeDeployID: flow.CodeDeployID(first), Status: status}
}

func TestAHookThatIsAwaitedAnswersOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.Await(t.Context(), awaited("a1"), noon))
	assert.Equal(t, []string{"codedeploy#" + flow.CodeDeployID(first) + " execution", "hook#a1 hook"}, w.keys())

	hook, err := w.Answer(t.Context(), answer("a1", shift.LifecycleSucceeded), noon)
	require.NoError(t, err)
	assert.Equal(t, awaited("a1"), hook, "it has not answered before")

	again := awaited("a1")
	again.Status = shift.LifecycleSucceeded
	hook, err = w.Answer(t.Context(), answer("a1", shift.LifecycleSucceeded), noon)
	require.NoError(t, err)
	assert.Equal(t, again, hook)

	_, err = w.Answer(t.Context(), answer("a1", shift.LifecycleFailed), noon)
	require.ErrorIs(t, err, shift.ErrHookAnswered)
	hook, err = w.Answer(t.Context(), answer("a1", shift.LifecycleSucceeded), noon)
	require.NoError(t, err)
	assert.Equal(t, shift.LifecycleSucceeded, hook.Status, "the other answer has changed nothing")
}

// All have one answer, and no write.
func TestAnAnswerForNobodyIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.Await(t.Context(), awaited("a1"), noon))
	ofAnother, ofNone := answer("a1", shift.LifecycleSucceeded), answer("a1", shift.LifecycleSucceeded)
	ofAnother.CodeDeployID, ofNone.CodeDeployID = flow.CodeDeployID(second), ""
	for name, test := range map[string]struct {
		answer shift.HookAnswer
		at     time.Time
	}{
		"guessed":               {answer("a2", shift.LifecycleSucceeded), noon},
		"of another deployment": {ofAnother, noon},
		"of no deployment":      {ofNone, noon},
		"too late":              {answer("a1", shift.LifecycleSucceeded), inAnHour},
		"much too late":         {answer("a1", shift.LifecycleSucceeded), inAnHour.Add(48 * time.Hour)},
	} {
		asked := w.requestsOf(func() {
			_, err := w.Answer(t.Context(), test.answer, test.at)
			require.ErrorIs(t, err, shift.ErrHookUnknown, name)
			assert.EqualError(t, err, "record the answer of a hook: "+shift.ErrHookUnknown.Error(), name)
		})
		require.Len(t, asked, 1, name)
		assert.Equal(t, "GetItem", asked[0].operation, name)
		assert.Equal(t, true, asked[0].body["ConsistentRead"])
	}
	hook, err := w.Answer(t.Context(), answer("a1", shift.LifecycleFailed), inAnHour.Add(-2*time.Second))
	require.NoError(t, err)
	assert.Empty(t, hook.Status)
}

// between runs something after the read of an answer, and before its write.
func (w *world) between(do func()) {
	w.answer = func(operation string) (int, string, bool) {
		if operation == "UpdateItem" {
			w.answer = nil
			do()
		}
		return 0, "", false
	}
}

func TestOneOfTwoSimultaneousAnswersWins(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		faster shift.LifecycleStatus
		err    error
		before shift.LifecycleStatus
	}{
		{shift.LifecycleFailed, shift.ErrHookAnswered, ""},
		{shift.LifecycleSucceeded, nil, shift.LifecycleSucceeded},
	} {
		w := newWorld(t)
		require.NoError(t, w.Await(t.Context(), awaited("a1"), noon))
		w.between(func() {
			hook, err := w.Answer(t.Context(), answer("a1", test.faster), noon)
			require.NoError(t, err)
			require.Empty(t, hook.Status)
		})
		hook, err := w.Answer(t.Context(), answer("a1", shift.LifecycleSucceeded), noon)
		require.ErrorIs(t, err, test.err)
		assert.Equal(t, test.before, hook.Status)
	}
}

// An item may expire, or be deleted for that, between the read and the write of an answer. The
// write must not make it again.
func TestAnAnswerMakesNoItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.Await(t.Context(), awaited("a1"), noon))
	w.between(func() {
		_, err := w.client().DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String(tableName), Key: map[string]types.AttributeValue{
			flow.LedgerPartitionKey: &types.AttributeValueMemberS{Value: "hook#a1"}, flow.LedgerSortKey: &types.AttributeValueMemberS{Value: "hook"},
		}})
		require.NoError(t, err)
	})
	_, err := w.Answer(t.Context(), answer("a1", shift.LifecycleSucceeded), noon)
	require.ErrorIs(t, err, shift.ErrHookUnknown)
	assert.Equal(t, []string{"codedeploy#" + flow.CodeDeployID(first) + " execution"}, w.keys())
}

func TestTheWriteOfAnAnswerHasItsConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.Await(t.Context(), awaited("a1"), noon))
	asked := w.requestsOf(func() {
		_, err := w.Answer(t.Context(), answer("a1", shift.LifecycleSucceeded), noon)
		require.NoError(t, err)
	})
	require.Len(t, asked, 2)
	condition, names := fmt.Sprint(asked[1].body["ConditionExpression"]), asked[1].body["ExpressionAttributeNames"].(map[string]any)
	for name, attribute := range names {
		condition = strings.ReplaceAll(condition, name+")", attribute.(string)+")")
		condition = strings.ReplaceAll(condition, name+" ", attribute.(string)+" ")
	}
	assert.Contains(t, condition, "attribute_not_exists (status)")
	assert.Contains(t, condition, "codeDeployId = ")
	assert.Contains(t, condition, "expiresAt > ")
}

func TestItemsOfHooksExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := w.requestsOf(func() { require.NoError(t, w.Await(t.Context(), awaited("a1"), noon)) })
	require.Len(t, asked, 1)
	var expiries []any
	for _, action := range asked[0].body["TransactItems"].([]any) {
		item := action.(map[string]any)["Put"].(map[string]any)["Item"].(map[string]any)
		expiries = append(expiries, item[flow.LedgerExpiry].(map[string]any)["N"])
	}
	assert.Equal(t, []any{fmt.Sprint(inAnHour.Unix()), fmt.Sprint(noon.Add(90 * 24 * time.Hour).Unix())}, expiries)
}

func TestAnIDOfCodeDeploysLeadsToTheExecution(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, lookup := range []string{"a1", "a2"} { // of two hooks
		require.NoError(t, w.Await(t.Context(), awaited(lookup), noon))
	}
	execution, err := w.ExecutionOf(t.Context(), flow.CodeDeployID(first))
	require.NoError(t, err)
	assert.Equal(t, first, execution)
	_, err = w.ExecutionOf(t.Context(), flow.CodeDeployID(second))
	require.ErrorIs(t, err, shift.ErrDeploymentUnknown)
}

func TestAHookIsRecordedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.Await(t.Context(), awaited("a1"), noon))
	_, err := w.Answer(t.Context(), answer("a1", shift.LifecycleSucceeded), noon)
	require.NoError(t, err)
	require.Error(t, w.Await(t.Context(), awaited("a1"), noon), "it would be awaited again")
}

func TestFailuresAboutHooksAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.Await(t.Context(), awaited("a1"), noon))
	w.answer = func(string) (int, string, bool) {
		return 400, `{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow down"}`, true
	}
	require.ErrorIs(t, w.Await(t.Context(), awaited("a2"), noon), shift.ErrThrottled)
	_, err := w.Answer(t.Context(), answer("a1", shift.LifecycleSucceeded), noon)
	require.ErrorIs(t, err, shift.ErrThrottled)
	w.answer = func(operation string) (int, string, bool) {
		return 200, `{"Item": {"pk": {"S": "hook#a1"}, "sk": {"S": "hook"}, "codeDeployId": {"S": "d-1"}}}`, operation == "GetItem"
	}
	_, err = w.Answer(t.Context(), answer("a1", shift.LifecycleSucceeded), noon)
	require.ErrorIs(t, err, shift.ErrLedgerDamaged)
	_, err = w.ExecutionOf(t.Context(), "d-1")
	require.ErrorIs(t, err, shift.ErrLedgerDamaged)
}
