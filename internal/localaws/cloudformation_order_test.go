package localaws_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// chain returns a custom resource and an opaque resource that takes its value from it.
func chain(value string) string {
	return thing(value) + `,"After":{"Type":"AWS::SNS::Topic","Properties":{"DisplayName":{"Fn::GetAtt":["Thing","Value"]}}}`
}

// opaques makes a configuration whose opaque resources are recorded.
func opaques(lines *[]string, fail func(localaws.OpaqueChange) string) localaws.CloudFormationConfig {
	return localaws.CloudFormationConfig{Opaque: func(c localaws.OpaqueChange) localaws.OpaqueResult {
		*lines = append(*lines, strings.TrimSpace(fmt.Sprint(c.Kind, " ", c.Logical, " ", c.Properties["DisplayName"])))
		return localaws.OpaqueResult{Failure: fail(c)}
	}}
}

func succeeds(localaws.OpaqueChange) string { return "" }

func failsAt(logical string) func(localaws.OpaqueChange) string {
	return func(c localaws.OpaqueChange) string {
		if c.Logical == logical && !c.Rollback {
			return "no"
		}
		return ""
	}
}

func TestEveryOrderOfIndependentResources(t *testing.T) {
	seen := map[string]bool{}
	runs, err := localaws.EveryOrder(100, func(c *localaws.StackChoices) error {
		var lines []string
		s := newStacks(t, opaques(&lines, succeeds))
		_, err := s.client().CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: templateOf(
			`"A":{"Type":"AWS::SNS::Topic"},"B":{"Type":"AWS::SNS::Topic","DependsOn":"A"},"C":{"Type":"AWS::SNS::Topic"}`, "")})
		require.NoError(t, err)
		require.NoError(t, s.player(c.Pick).Run(t.Context()))
		assert.Equal(t, "CREATE_COMPLETE", s.status())
		order := strings.Join(lines, ",")
		assert.False(t, seen[order], "played twice: %s", order)
		seen[order] = true
		assert.Less(t, slices.Index(lines, "Create A <nil>"), slices.Index(lines, "Create B <nil>"))
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, 3, runs, "A B C, A C B, C A B")
	assert.Len(t, seen, 3)
}

func TestEveryOrderSaysWhichOrderFailed(t *testing.T) {
	play := func(c *localaws.StackChoices) error {
		if c.Pick([]string{"a", "b"}) == 1 && c.Pick([]string{"c", "d"}) == 1 {
			return fmt.Errorf("bad")
		}
		return nil
	}
	runs, err := localaws.EveryOrder(100, play)
	require.ErrorContains(t, err, "order 3, choices [1 1]:\nb (of a, b)\nd (of c, d)\nbad")
	assert.Equal(t, 3, runs)
	require.EqualError(t, play(localaws.ReplayOrder([]int{1, 1})), "bad")
	_, err = localaws.EveryOrder(2, play)
	require.ErrorContains(t, err, "more orders than the limit")
}

func TestARollbackRestoresInAnyOrder(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*localaws.CloudFormationConfig)
		want   []string
	}{
		"any order": {func(*localaws.CloudFormationConfig) {}, []string{"After Thing", "Thing After"}},
		"in order":  {func(c *localaws.CloudFormationConfig) { c.RollbackInOrder = true }, []string{"Thing After"}},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			_, err := localaws.EveryOrder(1000, func(c *localaws.StackChoices) error {
				var lines []string
				config := opaques(&lines, failsAt("Topic"))
				test.change(&config)
				s := newStacks(t, config)
				s.create(templateOf(chain("1"), ""))
				s.beginUpdate(templateOf(chain("2")+","+topic(`,"DependsOn":"After"`), ""))
				require.NoError(t, s.player(c.Pick).Run(t.Context()))
				require.Equal(t, "UPDATE_ROLLBACK_COMPLETE", s.status())
				var starts []string
				rolledBack := false
				for _, line := range s.CloudFormation().History("app") {
					rolledBack = rolledBack || strings.HasPrefix(line, "app UPDATE_ROLLBACK_IN_PROGRESS")
					if resource, ok := strings.CutSuffix(line, " UPDATE_IN_PROGRESS"); ok && rolledBack {
						starts = append(starts, resource)
					}
				}
				seen[strings.Join(starts, " ")] = true
				assert.Contains(t, lines, "Update After 1")
				return nil
			})
			require.NoError(t, err)
			for _, want := range test.want {
				assert.Contains(t, seen, want)
			}
			assert.Len(t, seen, len(test.want), "%v", seen)
		})
	}
}

// In a rollback the custom resource answers with another attribute than before the update.
func TestAttributesOfARollback(t *testing.T) {
	for name, test := range map[string]struct {
		config localaws.CloudFormationConfig
		fails  string // which resource fails in the update
		want   string // what the rollback writes to After
	}{
		"resolved again":             {localaws.CloudFormationConfig{RollbackInOrder: true}, "Topic", "changed"},
		"as before":                  {localaws.CloudFormationConfig{RollbackInOrder: true, StaleAttributes: true}, "Topic", "1"},
		"not reached":                {localaws.CloudFormationConfig{}, "Thing", "changed"},
		"not reached, as before":     {localaws.CloudFormationConfig{StaleAttributes: true}, "Thing", ""},
		"not reached, and rewritten": {localaws.CloudFormationConfig{StaleAttributes: true, RewriteDependants: true}, "Thing", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			written := ""
			test.config.Opaque = func(c localaws.OpaqueChange) localaws.OpaqueResult {
				if c.Logical == "After" && c.Rollback {
					written = fmt.Sprint(c.Properties["DisplayName"])
				}
				if c.Logical == test.fails && !c.Rollback {
					return localaws.OpaqueResult{Failure: "no"}
				}
				return localaws.OpaqueResult{}
			}
			s := newStacks(t, test.config)
			updates := 0
			s.answer = func(e providerEvent) *providerAnswer {
				a := success(e)
				if e.RequestType == "Update" {
					updates++
				}
				switch {
				case updates == 1 && test.fails == "Thing":
					return &providerAnswer{Status: "FAILED", Reason: "no", PhysicalResourceId: "thing"}
				case updates == 2:
					a.Data["Value"] = "changed"
				}
				return a
			}
			s.create(templateOf(chain("1"), ""))
			s.update(templateOf(chain("2")+","+topic(`,"DependsOn":"After"`), ""))
			require.Equal(t, "UPDATE_ROLLBACK_COMPLETE", s.status(), "%v", s.history())
			assert.Equal(t, test.want, written)
		})
	}
}

func TestACancelledUpdateSendsASecondEventWhileTheFirstRuns(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(thing("1"), ""))
	s.answer = func(e providerEvent) *providerAnswer {
		if e.ResourceProperties["Value"] == "2" {
			return nil // it goes on
		}
		return success(e)
	}
	s.beginUpdate(templateOf(thing("2"), ""))
	s.one("start Update Thing")
	_, err := s.queue.Deliver(t.Context(), s.queue.Queued()[0].ID)
	require.NoError(t, err)
	_, err = s.client().CancelUpdateStack(t.Context(), &cloudformation.CancelUpdateStackInput{StackName: aws.String("app")})
	require.NoError(t, err)
	assert.Equal(t, "UPDATE_ROLLBACK_IN_PROGRESS", s.status())
	s.one("cancel Update Thing")
	s.one("start Update Thing")
	first := s.received[1]
	assert.Equal(t, 200, s.put(first, *success(first)), "the answer of the first is taken, and nobody reads it")
	s.play()
	assert.Equal(t, "UPDATE_ROLLBACK_COMPLETE", s.status())
	assert.Equal(t, []string{"Create", "Update", "Update"}, s.requests())
	value, _ := s.CloudFormation().Attribute("app", "Thing", "Value")
	assert.Equal(t, "1", value)
	assert.Contains(t, s.history(), "Thing UPDATE_FAILED Resource update cancelled")
	_, err = s.client().CancelUpdateStack(t.Context(), &cloudformation.CancelUpdateStackInput{StackName: aws.String("app")})
	require.ErrorContains(t, err, "CancelUpdateStack cannot be called from current stack status")
}

func TestAChangeInProgressMayEndBeforeItIsGivenUp(t *testing.T) {
	ends := map[string]bool{}
	_, err := localaws.EveryOrder(1000, func(c *localaws.StackChoices) error {
		var lines []string
		s := newStacks(t, opaques(&lines, failsAt("Topic")))
		s.create(templateOf(thing("1"), ""))
		s.beginUpdate(templateOf(thing("2")+","+topic(""), ""))
		require.NoError(t, s.player(c.Pick).Run(t.Context()))
		assert.Equal(t, "UPDATE_ROLLBACK_COMPLETE", s.status())
		var about []string
		for _, line := range s.history()[2:] {
			if rest, is := strings.CutPrefix(line, "Thing "); is {
				about = append(about, rest)
			}
		}
		ends[strings.Join(about, ",")] = true
		return nil
	})
	require.NoError(t, err)
	back := ",UPDATE_IN_PROGRESS,UPDATE_COMPLETE"
	assert.Equal(t, map[string]bool{
		"": true, // it had not begun
		"UPDATE_IN_PROGRESS,UPDATE_COMPLETE" + back:                         true,
		"UPDATE_IN_PROGRESS,UPDATE_FAILED Resource update cancelled" + back: true,
	}, ends)
}

func TestARollbackThatFailsIsContinued(t *testing.T) {
	for name, skip := range map[string][]string{"again": nil, "skipped": {"Thing"}} {
		t.Run(name, func(t *testing.T) {
			s := newStacks(t, localaws.CloudFormationConfig{})
			s.create(templateOf(thing("1"), ""))
			fails := true
			s.answer = func(e providerEvent) *providerAnswer {
				if fails {
					return &providerAnswer{Status: "FAILED", Reason: "no", PhysicalResourceId: "thing"}
				}
				return success(e)
			}
			s.update(templateOf(thing("2"), ""))
			require.Equal(t, "UPDATE_ROLLBACK_FAILED", s.status())
			resume := func(skip ...string) error {
				_, err := s.client().ContinueUpdateRollback(t.Context(), &cloudformation.ContinueUpdateRollbackInput{StackName: aws.String("app"), ResourcesToSkip: skip})
				return err
			}
			require.ErrorContains(t, resume("Other"), "cannot be skipped")
			before := len(s.received)
			fails = skip != nil
			require.NoError(t, resume(skip...))
			s.play()
			assert.Equal(t, "UPDATE_ROLLBACK_COMPLETE", s.status())
			if skip != nil {
				assert.Len(t, s.received, before, "a skipped resource is not called")
			} else {
				assert.Len(t, s.received, before+1)
				assert.Equal(t, s.received[before-1].RequestId, s.received[before].RequestId, "the id of before")
			}
			require.ErrorContains(t, resume(), "can not continue rolling back")
		})
	}
}

func TestARetryHasTheRequestIDOfBefore(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	s.create(templateOf(thing("1"), ""))
	fails := true
	s.answer = func(e providerEvent) *providerAnswer {
		if fails {
			return &providerAnswer{Status: "FAILED", Reason: "no", PhysicalResourceId: "thing"}
		}
		return success(e)
	}
	update := func(value string) {
		_, err := s.client().UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("app"), TemplateBody: templateOf(thing(value), ""), DisableRollback: aws.Bool(true)})
		require.NoError(t, err)
		s.play()
	}
	update("2")
	require.Equal(t, "UPDATE_FAILED", s.status())
	fails = false
	update("2")
	require.Equal(t, "UPDATE_COMPLETE", s.status())
	assert.Equal(t, []string{"Create", "Update", "Update"}, s.requests())
	assert.Equal(t, s.received[1].RequestId, s.received[2].RequestId)
	assert.NotEqual(t, s.received[1].ResponseURL, s.received[2].ResponseURL)
	update("3")
	assert.NotEqual(t, s.received[2].RequestId, s.received[3].RequestId)
}

func TestAPlayerOfAnEndlessScenarioStops(t *testing.T) {
	s := newStacks(t, localaws.CloudFormationConfig{})
	player := s.player(first)
	player.MaxSteps = 5
	player.Moves = func() []localaws.StackMove {
		return []localaws.StackMove{{Name: "again", Do: func(context.Context) {}}}
	}
	require.ErrorContains(t, player.Run(t.Context()), "does not come to an end")
}
