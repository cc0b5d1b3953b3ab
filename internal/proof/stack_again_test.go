package proof

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
)

// newStack makes an account with the stack as its first form has it. The resource Topic fails.
func newStack(t *testing.T, config localaws.CloudFormationConfig, first form) *stack {
	t.Helper()
	s, err := newStackWorld(failTopic(config), `{}`, 0)
	require.NoError(t, err)
	require.NoError(t, s.create(first), s)
	return s
}

// inEveryOrder plays an update of a stack in every order that CloudFormation may take, in one way of
// rolling back, and with CHAOS=all in each. begin begins the update. The resource Topic fails.
func inEveryOrder(t *testing.T, first form, begin func(*stack), serves string) {
	t.Helper()
	all := os.Getenv("CHAOS") == "all"
	for way, config := range ways {
		if !all && way != "as documented" {
			continue
		}
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			_, err := localaws.EveryOrder(20_000, func(c *localaws.StackChoices) error {
				s := newStack(t, config, first)
				defer s.w.Close()
				if !all {
					s.grain = time.Minute
				}
				begin(s)
				err := s.play(c.Pick)
				if err == nil {
					err = s.verify(stackStory{before: serves, after: "never"})
				}
				if err != nil {
					return fmt.Errorf("%w\n%s", err, s)
				}
				return nil
			})
			require.NoError(t, err)
		})
	}
}

// What Sluice remembers of an update that succeeded long ago must not move traffic in the rollback
// of a later one.
func TestAFailedUpdateTakesBackNothingThatAnEarlierOneHasShifted(t *testing.T) {
	t.Parallel()
	inEveryOrder(t, ofCanary("1"), func(s *stack) {
		s.update(ofCanary("2"))
		require.NoError(t, s.play(firstChoice))
		require.Equal(t, "UPDATE_COMPLETE", s.status(), s)
		s.update(form{code: "2", config: "AllAtOnce"})
		require.NoError(t, s.play(firstChoice))
		require.Equal(t, "UPDATE_COMPLETE", s.status(), s)
		s.update(withBehind(ofCanary("2")))
	}, "2")
}

// CloudFormation may write a resource back that the update has not reached.
func TestARollbackOfAnotherResourceTakesNoAliasBack(t *testing.T) {
	t.Parallel()
	of := func(code, topic string) form {
		f := withShift(ofCanary(code), `"AlarmConfigurations": [{"Enabled": "false", "Alarms": [{"Name": {"Ref": "Topic"}}]}]`)
		f.topic = `"Properties": {"DisplayName": "` + topic + `"}`
		return f
	}
	s := newStack(t, localaws.CloudFormationConfig{RewriteDependants: true}, of("1", "first"))
	defer s.w.Close()
	s.update(of("3", "first"))
	require.NoError(t, s.play(firstChoice))
	require.Equal(t, "UPDATE_COMPLETE", s.status(), s)
	s.log = nil
	s.update(of("3", "2"))
	require.NoError(t, s.play(firstChoice))
	require.NoError(t, s.verify(stackStory{before: "2", after: "never"}), s)
	require.Contains(t, s.String(), "start Update Shift")
}

// A custom resource that an update adds is deleted in the rollback, and not updated. It may have
// shifted an alias that CloudFormation has not written yet.
func TestARollbackThatDeletesTheCustomResourceTakesItsShiftBack(t *testing.T) {
	t.Parallel()
	inEveryOrder(t, form{code: "1", plain: true}, func(s *stack) { s.update(withBeside(ofCanary("2"))) }, "1")
}

// A stack that does not wait keeps the version that it has recorded. One that has waited since has
// recorded another one.
func TestAStackThatWaitsAgainForgetsWhatItHadRecordedWithoutWaiting(t *testing.T) {
	t.Parallel()
	const noWait = `"Wait": "false"`
	s := newStack(t, localaws.CloudFormationConfig{}, ofCanary("1"))
	defer s.w.Close()
	for _, update := range []struct {
		to       form
		recorded string
	}{
		{withShift(ofCanary("2"), noWait), "1"}, {ofCanary("2"), "2"}, {withShift(ofCanary("3"), noWait), "2"},
	} {
		s.update(update.to)
		require.NoError(t, s.play(firstChoice))
		require.Equal(t, "UPDATE_COMPLETE", s.status(), s)
		require.Equal(t, update.recorded, s.recorded(), s)
		require.Equal(t, update.to.code, s.serving(), s)
	}
}

// A rollback leaves what somebody has deployed by hand, and so does an update after it that changes
// no version. CloudFormation may have recorded that version by then.
func TestWhatWasDeployedByHandStaysAfterAnUpdateThatFailed(t *testing.T) {
	t.Parallel()
	s := newStack(t, localaws.CloudFormationConfig{RollbackInOrder: true}, ofCanary("1"))
	defer s.w.Close()
	s.byHand()
	for _, update := range []struct {
		to   form
		ends string
	}{
		{withBehind(ofCanary("2")), "UPDATE_ROLLBACK_COMPLETE"}, {form{code: "1", config: "AllAtOnce"}, "UPDATE_COMPLETE"}, {ofCanary("1"), "UPDATE_COMPLETE"},
	} {
		s.update(update.to)
		require.NoError(t, s.play(firstChoice))
		require.Equal(t, update.ends, s.status(), s)
		require.Equal(t, "2", s.serving(), s)
	}
	s.update(ofCanary("4"))
	require.NoError(t, s.play(firstChoice))
	require.Equal(t, "UPDATE_COMPLETE", s.status(), s)
	require.Equal(t, "4", s.serving(), s)
}

// An update whose plan does not fit has shifted nothing. CloudFormation may take its properties for
// those of before when it is tried again.
func TestAnUpdateThatBeganNoShiftIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newStack(t, localaws.CloudFormationConfig{}, ofCanary("1"))
	defer s.w.Close()
	s.update(keptFailed(withShift(ofCanary("2"), `"ServiceTimeout": "330"`)))
	require.NoError(t, s.play(firstChoice))
	require.Equal(t, "UPDATE_FAILED", s.status(), s)
	require.Zero(t, s.shifts())
	s.update(ofCanary("2"))
	require.NoError(t, s.play(firstChoice))
	require.Equal(t, "UPDATE_COMPLETE", s.status(), s)
	require.Equal(t, "2", s.serving(), s)
	require.Equal(t, 1, s.shifts(), "its traffic was shifted, and not only written by CloudFormation")
}

// shifts counts the executions that the stack has started.
func (s *stack) shifts() int {
	n := 0
	for _, x := range s.w.Executions() {
		if flow.IsStackExecution(x.ARN()) {
			n++
		}
	}
	return n
}

// The update that adopts a function gives it the tag by which stack-shift may look at its alias. IAM
// may take a while to know it.
func TestAFirstUpdateWaitsForItsTag(t *testing.T) {
	t.Parallel()
	s, err := newStackWorld(localaws.CloudFormationConfig{}, `{"faults": [{"call": "lambda:GetAlias", "actor": "stack-shift", "error": "deny", "untilSeconds": 95}]}`, 0)
	require.NoError(t, err)
	defer s.w.Close()
	require.NoError(t, s.create(form{code: "1", plain: true}))
	denied := 95*time.Second - s.w.Elapsed()
	require.Greater(t, denied, 70*time.Second)
	s.update(ofCanary("1"))
	require.NoError(t, s.play(firstChoice))
	require.Equal(t, "UPDATE_COMPLETE", s.status(), s)
}

// A permission that stays away is told before CloudFormation stops waiting.
func TestAStackIsToldThatAPermissionIsMissing(t *testing.T) {
	t.Parallel()
	s, err := newStackWorld(localaws.CloudFormationConfig{}, `{"faults": [{"call": "lambda:GetAlias", "actor": "stack-shift", "error": "deny", "untilSeconds": 300}]}`, 0)
	require.NoError(t, err)
	defer s.w.Close()
	require.NoError(t, s.create(form{code: "1", plain: true}))
	began := s.w.Elapsed()
	s.update(ofCanary("1"))
	require.NoError(t, s.play(firstChoice))
	require.Equal(t, "UPDATE_ROLLBACK_COMPLETE", s.status(), s)
	require.Contains(t, s.String(), "AccessDenied")
	require.Less(t, s.w.Elapsed()-began, 3*time.Minute)
	require.Zero(t, s.w.DeadLetters())
}

// An update during a freeze fails, or waits for its end as long as CloudFormation waits. One that
// shifts nothing passes.
func TestAnUpdateDuringAFreeze(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		freeze time.Duration
		to     form
		ends   string
		serves string
	}{
		"fails":                       {24 * time.Hour, ofCanary("2"), "UPDATE_ROLLBACK_COMPLETE", "1"},
		"waits":                       {20 * time.Minute, withShift(ofCanary("2"), `"WhenFrozen": "wait"`), "UPDATE_COMPLETE", "2"},
		"waits longer than the stack": {24 * time.Hour, withShift(ofCanary("2"), `"WhenFrozen": "wait", "ServiceTimeout": "600"`), "UPDATE_ROLLBACK_COMPLETE", "1"},
		"shifts nothing":              {24 * time.Hour, form{code: "1", config: "AllAtOnce"}, "UPDATE_COMPLETE", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(4) {
				s := newStack(t, localaws.CloudFormationConfig{}, ofCanary("1"))
				defer s.w.Close()
				s.w.Freeze(tt.freeze, "a holiday")
				require.NoError(t, s.w.Advance(time.Minute))
				s.grain = 5 * time.Minute
				s.update(tt.to)
				require.NoError(t, s.play(stackOrder{seed: seed}.pick()))
				require.Equal(t, tt.ends, s.status(), s)
				require.Equal(t, tt.serves, s.serving(), s)
			}
		})
	}
}
