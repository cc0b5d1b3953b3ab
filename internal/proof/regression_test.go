package proof

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sluice/internal/flow"
	"sluice/internal/shift"
)

// known are the faults that the simulation once found a violation with. Each
// strikes at the nth call of an action by a Lambda, so that it stays where it was
// when the calls around it change.
var known = []struct {
	was     string // what was wrong
	base    string
	strikes []strike
}{
	{
		was:  "a restorer that was held up used a Revision from after the record was closed, and left a weight of nothing",
		base: "redrive",
		strikes: []strike{
			{actor: "safety-net", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 25 s a call")},
		},
	},
	{
		was:  "the second look deleted an alias that a later deployment of the same version had promoted",
		base: "an alias that is created, with an alarm",
		strikes: []strike{
			{actor: "open-deployment", action: "lambda:GetAlias", nth: 1, fault: theFault("a second deployment that waits")},
			{actor: "safety-net", action: "lambda:GetAlias", nth: 1, fault: theFault("edited by a stranger")},
		},
	},
	{
		was:  "a write of a killed rollback arrived after the second look, which went by the record's time of closing",
		base: "canary with an alarm that is polled",
		strikes: []strike{
			{actor: "safety-net", action: "dynamodb:Query", nth: 1, fault: theFault("a permission lost for 20 minutes")},
			{actor: "rollback", action: "dynamodb:TransactWriteItems", nth: 1, fault: theFault("slower than the Lambda may be, and late")},
			{actor: "rollback", action: "lambda:UpdateAlias", nth: 2, fault: theFault("slower than the Lambda may be, and late")},
		},
	},
	{
		was:  "two tries of Open read another Stable each, and the record kept the one that did not go on",
		base: "hooks at both points",
		strikes: []strike{
			{actor: "open-deployment", action: "lambda:GetFunction", nth: 2, fault: theFault("forsaken, and gone on at 3 s a call")},
			{actor: "open-deployment", action: "lambda:GetFunction", nth: 3, fault: theFault("edited by a stranger")},
		},
	},
	{
		was:  "a set-weight that Step Functions had lost undid what its retry had promoted",
		base: "canary promoted",
		strikes: []strike{
			{actor: "set-weight", action: "lambda:UpdateAlias", nth: 2, fault: theFault("forsaken, and gone on at 3 s a call")},
		},
	},
	{
		was:  "the progress did not count the tries of Open that came after the one that had described the deployment",
		base: "canary promoted",
		strikes: []strike{
			{actor: "open-deployment", action: "events:PutEvents", nth: 1, fault: theFault("forsaken, and gone on at once")},
		},
	},
	{
		was:  "the second look left an alias to a later deployment of the same version, which had been refused because of it",
		base: "an alias that is created, with an alarm",
		strikes: []strike{
			{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 25 s a call")},
			{actor: "safety-net", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("a second deployment")},
		},
	},
	{
		was:  "the second look deleted an alias that a later deployment of another version had begun from and gone back to",
		base: "an alias that is created, with an alarm",
		strikes: []strike{
			{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 25 s a call")},
			{boundary: 4, later: 45 * time.Second, fault: theFault("a second deployment of another version that is put back")},
		},
	},
	{
		was:  "the second look deleted an alias that a deployment had found to be as it should, which dated its end from before its beginning",
		base: "an alias that is created, with an alarm",
		strikes: []strike{
			{boundary: 2, fault: theFault("a second deployment that waits")},
			{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 25 s a call")},
		},
	},
	{
		was:  "a straggler took back the alias that it had created, and a deployment had found meanwhile to be as it should",
		base: "an alias that is created, with an alarm",
		strikes: []strike{
			{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 2 s a call")},
			{actor: "set-weight", action: "dynamodb:GetItem", nth: 1, fault: theFault("a second deployment")},
		},
	},
	{
		was:  "the second look deleted an alias that a stranger had moved, and a later deployment then shifted to the version that had created it",
		base: "an alias that is created while the alarm fires",
		strikes: []strike{
			{actor: "set-weight", action: "dynamodb:GetItem", nth: 1, fault: theFault("edited by a stranger after")},
			{actor: "safety-net", action: "dynamodb:Query", nth: 7, fault: theFault("a second deployment")},
		},
	},
	{
		was:  "a try of Open that found nothing to shift, after another one had closed the record for that, ended as Rejected",
		base: "started by an event, configured by a parameter",
		strikes: []strike{
			{actor: "open-deployment", action: "events:PutEvents", nth: 1, fault: theFault("a second deployment of another version")},
			{actor: "open-deployment", action: "dynamodb:Query", nth: 2, fault: theFault("forsaken, and gone on at 0.6 s a call")},
		},
	},
	{
		was:  "a CreateAlias of a zombie that was killed left an alias that nobody took away",
		base: "an alias that is created, with an alarm",
		strikes: []strike{
			{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 2 s a call")},
			{actor: "set-weight", action: "lambda:CreateAlias", nth: 1, fault: theFault("killed after")},
		},
	},
	{
		was:  "a try of Open that Step Functions had lost closed as Unchanged what its retry had opened",
		base: "hooks at both points",
		strikes: []strike{
			{actor: "open-deployment", action: "lambda:GetFunction", nth: 1, fault: theFault("forsaken, and gone on at 0.6 s a call")},
			{actor: "open-deployment", action: "events:PutEvents", nth: 1, fault: theFault("moved to the Candidate by a stranger")},
		},
	},
	{
		was:  "a restorer that had looked before a CreateAlias arrived, and marked after it, said that the alias was gone",
		base: "an alias that is created while the alarm fires",
		strikes: []strike{
			{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("forsaken, and gone on at 0.6 s a call")},
		},
	},
	{
		was:  "an abort that Lambda delivered again, because the first time has died after the deed, aborted the next deployment",
		base: "abort",
		strikes: []strike{
			{boundary: 6, fault: theFault("a second deployment that waits")},
			{actor: "safety-net", action: "dynamodb:DeleteItem", nth: 1, fault: theFault("killed after")},
		},
	},
	{
		was:  "an abort that came twice aborted the next deployment the second time",
		base: "abort",
		strikes: []strike{
			{boundary: 6, fault: theFault("a second deployment that waits")},
			{event: 1, kind: flow.CommandDetailType, fault: theDelivery("twice, the second time 100 seconds late")},
		},
	},
	{
		was:  "an abort that came late aborted the deployment that had the target by then",
		base: "abort",
		strikes: []strike{
			{boundary: 9, later: 20 * time.Second, fault: theStop},
			{boundary: 6, fault: theFault("a second deployment that waits")},
			{event: 1, kind: flow.CommandDetailType, fault: theDelivery("100 seconds late")},
		},
	},
	{
		was:  "a pause that Lambda delivered again came after the resume, and stood",
		base: "pause, then resume",
		strikes: []strike{
			{actor: "safety-net", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("killed after")},
		},
	},
	{
		was:  "a pause that was overtaken by the promote took its place",
		base: "pause, then promote",
		strikes: []strike{
			{event: 1, kind: flow.CommandDetailType, fault: theDelivery("after its follower")},
		},
	},
	{
		was:  "Rollback waited for what settled on Stable, behind which a weight stood that did not show",
		base: "provisioned concurrency, and an alarm when all traffic is shifted",
		strikes: []strike{
			{boundary: 2, fault: theFault("a second deployment of another version")},
			{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 4, fault: theFault(putBack)},
		},
	},
	// In these it was the watching that was wrong, not what was watched.
	{
		was:  "an abort was held against a deployment that had asked for its lock before it was given, and had it after",
		base: "abort",
		strikes: []strike{
			{actor: "check-alarms", action: "cloudwatch:DescribeAlarms", nth: 1, fault: theFault("a second deployment of another version that is put back")},
			{actor: "open-deployment", action: "lambda:GetFunction", nth: 3, fault: theFault("stopped, a zombie at 25 s a call")},
		},
	},
	{
		was:  "a stranger's move to Stable that a verifying Close had only seen was taken for Sluice's",
		base: "started by an event, configured by a parameter",
		strikes: []strike{
			{actor: "close-deployment", action: "lambda:GetAlias", nth: 1, fault: theFault("forsaken, and gone on at 3 s a call")},
			{actor: "close-deployment", action: "dynamodb:GetItem", nth: 2, fault: theFault("edited by a stranger after")},
		},
	},
	{
		was:  "a stranger's move to Stable that Rollback had fenced off was as if nobody had come, when another went back to the Candidate",
		base: "hooks at both points",
		strikes: []strike{
			{actor: "run-hooks", action: "lambda:InvokeFunction", nth: 2, fault: theFault("moved to Stable by a stranger")},
			{actor: "rollback", action: "dynamodb:TransactWriteItems", nth: 1, fault: theFault("moved to the Candidate by a stranger")},
		},
	},
	{
		was:  "the play ended before the second look at a deployment that had begun late",
		base: "canary with an alarm that is polled",
		strikes: []strike{
			{actor: "safety-net", action: "dynamodb:Query", nth: 7, fault: theFault("a second deployment that waits")},
			{actor: "set-weight", action: "dynamodb:UpdateItem", nth: 3, fault: theFault("weighted by a stranger after")},
		},
	},
	{
		was:  "an alarm's late event, of before an ignored alarm was OK, was taken for a reason",
		base: "an alarm that is ignored until it has been OK",
		strikes: []strike{
			stopAt(14),
			{event: 1, kind: flow.AlarmDetailType, fault: theDelivery("after its follower")},
		},
	},
	{
		was:  "DeleteAlias takes no RevisionId, and what a stranger had written in its window was taken for a lost edit",
		base: "an alias that is created, with an alarm",
		strikes: []strike{
			{actor: "safety-net", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("stopped, a zombie at 25 s a call")},
			{actor: "safety-net", action: "lambda:GetAlias", nth: 2, fault: theFault("edited by a stranger")},
		},
	},
	{
		was:  "two strangers in a row were taken for Sluice",
		base: "a failing hook when all traffic is shifted",
		strikes: []strike{
			{actor: "rollback", action: "dynamodb:UpdateItem", nth: 1, fault: theFault("moved to the Candidate by a stranger")},
			{actor: "set-weight", action: "events:PutEvents", nth: 1, fault: theFault("edited by a stranger after")},
		},
	},
	{
		was:  "a stranger's edit of a Target that an earlier try had put back was held against who closed the deployment",
		base: "three targets with an alarm",
		strikes: []strike{
			{actor: "safety-net", action: "lambda:GetAlias", nth: 2, fault: theFault("a permission lost for 20 minutes")},
			{actor: "safety-net", action: "dynamodb:GetItem", nth: 3, fault: theFault("edited by a stranger after")},
		},
	},
	{
		was:  "a stranger who undid another's promotion was as if nobody had come, though Sluice had taken that for its own meanwhile",
		base: "hooks at both points",
		strikes: []strike{
			{boundary: 5, fault: theFault("moved to the Candidate by a stranger")},
			{actor: "close-deployment", action: "dynamodb:TransactWriteItems", nth: 1, fault: theFault("moved to Stable by a stranger")},
		},
	},
}

func theFault(name string) fault {
	return faults[slices.IndexFunc(faults, func(f fault) bool { return f.name == name })]
}

func theDelivery(name string) fault {
	return onTheWay[slices.IndexFunc(onTheWay, func(f fault) bool { return f.name == name })]
}

func TestWhatWasOnceWrongStaysMended(t *testing.T) {
	t.Parallel()
	for _, k := range known {
		t.Run(k.was, func(t *testing.T) {
			t.Parallel()
			b := baseOf(t, k.base)
			r, err := play(b, guard{}, k.strikes...)
			require.NoError(t, r.story(err))
			require.Len(t, r.struck, len(k.strikes), "every fault has struck")
		})
	}
}

// Rollback gives up after an hour. The safety net does not: when everybody has lost a
// permission, the traffic is back as soon as that is.
func TestWhatRollbackGivesUpIsHealedWhenThePermissionIsBack(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"lambda:UpdateAlias", "dynamodb:UpdateItem"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			b := baseOf(t, "canary with an alarm that is polled")
			r, err := play(b, guard{}, strike{actor: "rollback", action: action, nth: 1, fault: theFault("a permission lost by all for 100 minutes")})
			require.NoError(t, r.story(err))
			require.Equal(t, flow.RollbackIncomplete, r.main.Failure().Error)
			require.Equal(t, shift.RolledBack, r.outcome())
		})
	}
}
