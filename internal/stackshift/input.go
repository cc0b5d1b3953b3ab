package stackshift

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	// margin is what starting, rolling back and answering may take of CloudFormation's time.
	margin shift.Seconds = 300
	// fairHook is what each hook gets of it before waits for evidence do, and leastHook is what
	// it has to get.
	fairHook, leastHook shift.Seconds = 600, 60
	// longestWait is how long a wait condition waits at most (AWS::CloudFormation::WaitCondition,
	// Timeout).
	longestWait shift.Seconds = 12 * 3600
)

// Input returns the input of the execution that shifts the targets. strategy is what the
// deployment configuration means, if it is one of CodeDeploy's that is not predefined. The input
// fits into the time that CloudFormation waits. executionID is the ARN of the execution.
func (p Properties) Input(targets []Target, strategy json.RawMessage, executionID string) (json.RawMessage, error) {
	in := p.input(targets, strategy)
	release, err := in.check(executionID)
	if err != nil {
		return nil, err
	}
	if p.NoWait {
		return in.encode()
	}
	bakes := shift.Plan{Steps: release.Steps}.Duration()
	left := p.patience() - margin - bakes
	hooks := shift.Seconds(release.Hooks.Count())
	if left < hooks*leastHook {
		return nil, fmt.Errorf("CloudFormation waits %s, and the bakes of the plan take %s, with %d hooks: use a Handle of a wait condition, which waits up to 12 hours, or Wait: \"false\"",
			p.patience(), bakes, hooks)
	}
	each := shift.Seconds(0)
	if hooks > 0 {
		each = min(fairHook, left/hooks)
	}
	waits := in.waitAtMost(release, left-hooks*each)
	if hooks > 0 {
		in.limitHooks(min(shift.DefaultCallbackHook, (left-waits)/hooks))
	}
	if _, err := in.check(executionID); err != nil {
		return nil, err
	}
	return in.encode()
}

// patience is how long CloudFormation waits for the answer.
func (p Properties) patience() shift.Seconds {
	if p.Handle != "" {
		return longestWait
	}
	return p.Timeout
}

// input is the input of an execution. Its fields are those of package request.
type input struct {
	Targets                []inputTarget   `json:"targets"`
	Strategy               json.RawMessage `json:"strategy"`
	Alarms                 []string        `json:"alarms,omitempty"`
	Hooks                  *inputHooks     `json:"hooks,omitempty"`
	IgnoreUnreadableAlarms bool            `json:"ignoreUnreadableAlarms,omitempty"`
	WhenHeld               string          `json:"whenHeld"`
	WhenFrozen             string          `json:"whenFrozen,omitempty"`
	Unchanged              string          `json:"unchanged"`
	Judge                  any             `json:"judge,omitempty"`
}

type inputTarget struct {
	Function string `json:"function"`
	Alias    string `json:"alias"`
	Version  string `json:"version"`
}

type inputHooks struct {
	BeforeTraffic []inputHook `json:"beforeTraffic,omitempty"`
	AfterTraffic  []inputHook `json:"afterTraffic,omitempty"`
}

type inputHook struct {
	Function string        `json:"function"`
	Mode     string        `json:"mode"`
	Timeout  shift.Seconds `json:"timeoutSeconds,omitempty"`
}

type inputJudge struct {
	Mode     string         `json:"mode"`
	Evidence *inputEvidence `json:"evidence,omitempty"`
}

type inputEvidence struct {
	Patience int `json:"patience"`
}

func (p Properties) input(targets []Target, strategy json.RawMessage) *input {
	in := &input{
		Strategy: strategy, Alarms: p.Alarms, IgnoreUnreadableAlarms: p.IgnoreUnreadableAlarms,
		WhenHeld: string(shift.WaitWhenHeld), WhenFrozen: p.WhenFrozen, Unchanged: string(shift.SucceedUnchanged),
	}
	if in.Strategy == nil {
		in.Strategy, _ = json.Marshal(p.DeploymentConfig) // a string
		if p.DeploymentConfig == "" {
			in.Strategy, _ = json.Marshal(shift.DefaultStrategy)
		}
	}
	if p.Judge != "" {
		in.Judge = p.Judge
	}
	if len(p.BeforeTraffic)+len(p.AfterTraffic) > 0 {
		in.Hooks = &inputHooks{BeforeTraffic: p.hooks(p.BeforeTraffic), AfterTraffic: p.hooks(p.AfterTraffic)}
	}
	for _, t := range targets {
		in.Targets = append(in.Targets, inputTarget{t.Function, t.Alias, t.Version})
	}
	return in
}

func (p Properties) hooks(functions []string) []inputHook {
	var hooks []inputHook
	for _, f := range functions {
		hooks = append(hooks, inputHook{Function: f, Mode: string(p.HookMode)})
	}
	return hooks
}

// check reads the input as publish-version will, so that what is wrong with it is told at once.
func (in *input) check(executionID string) (shift.Release, error) {
	text, err := in.encode()
	if err != nil {
		return shift.Release{}, err
	}
	release, err := request.DecodeInput(text, executionID)
	var wrong *request.InputError
	if errors.As(err, &wrong) {
		return release, explained(wrong)
	}
	return release, err
}

func (in *input) encode() (json.RawMessage, error) { return json.Marshal(in) }

// waitAtMost bounds the waits for evidence, so that all of them together fit into the time. It
// returns how long they are.
func (in *input) waitAtMost(r shift.Release, left shift.Seconds) shift.Seconds {
	j := r.Judging
	for j.Evidence.Patience > 0 {
		plan, err := shift.NewPlan(r.Steps, r.Hooks, j)
		if err == nil && plan.Longest()-plan.Duration() <= left {
			break
		}
		j.Evidence.Patience--
	}
	if j.Evidence.Patience != r.Judging.Evidence.Patience {
		in.Judge = inputJudge{Mode: string(j.Mode), Evidence: &inputEvidence{Patience: j.Evidence.Patience}}
	}
	plan, err := shift.NewPlan(r.Steps, r.Hooks, j)
	if err != nil {
		return 0 // check reports it
	}
	return plan.Longest() - plan.Duration()
}

func (in *input) limitHooks(timeout shift.Seconds) {
	for _, hooks := range [][]inputHook{in.Hooks.BeforeTraffic, in.Hooks.AfterTraffic} {
		for i := range hooks {
			hooks[i].Timeout = timeout
			if hooks[i].Mode == string(shift.Sync) {
				hooks[i].Timeout = min(timeout, shift.MaxSyncHook)
			}
		}
	}
}

// InputBack returns the input of the execution that takes the targets back to what served before.
// It asks nobody, and a freeze does not hold it: what served before is known to work, and the alarms
// may be firing for what serves now.
func InputBack(moves []Move) (json.RawMessage, error) {
	in := &input{
		WhenHeld: string(shift.WaitWhenHeld), WhenFrozen: string(shift.PassWhenFrozen), Unchanged: string(shift.SucceedUnchanged), Judge: "off",
	}
	in.Strategy, _ = json.Marshal("AllAtOnce")
	for _, m := range moves {
		in.Targets = append(in.Targets, inputTarget{m.Function, m.Alias, m.Before})
	}
	return in.encode()
}
