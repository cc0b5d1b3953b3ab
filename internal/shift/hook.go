package shift

import (
	"slices"
	"time"
)

// Point is when a Hook runs.
type Point string

const (
	// BeforeTraffic : before the Candidate receives any traffic.
	BeforeTraffic Point = "BeforeTraffic"
	// AfterTraffic : when the Candidate has received all of it.
	AfterTraffic Point = "AfterTraffic"
)

// HookMode is how a Hook gives its answer.
type HookMode string

const (
	// Sync : the hook succeeds by returning.
	Sync HookMode = "sync"
	// Callback : the function's return only means that it accepted the question. The answer
	// comes by task token.
	Callback HookMode = "callback"
	// CodeDeploy : a hook that was written for CodeDeploy. It is asked as CodeDeploy asks, and
	// answers by PutLifecycleEventHookExecutionStatus. The function's return only means that it
	// accepted the question.
	CodeDeploy HookMode = "codedeploy"
)

// AnswersLater says whether a hook answers by something other than its return.
func (m HookMode) AnswersLater() bool { return m == Callback || m == CodeDeploy }

const (
	// MaxSyncHook is the longest a sync hook may take: run-hooks waits for it within its
	// own limit of 15 minutes, and needs time to answer.
	MaxSyncHook Seconds = 840
	// MaxCallbackHook is the longest that a hook may take which answers later.
	MaxCallbackHook Seconds = 7 * 24 * 3600
	// DefaultSyncHook and DefaultCallbackHook are the timeouts of a Hook whose input sets
	// none. DefaultCallbackHook is also how long CodeDeploy waits for its hooks.
	DefaultSyncHook     Seconds = MaxSyncHook
	DefaultCallbackHook Seconds = 3600
	// MaxReturn is how long run-hooks waits until a CodeDeploy hook returns. CodeDeploy invokes
	// a hook without waiting for it, so a function may still work, and answer, after that.
	MaxReturn Seconds = 835
	// MaxHooks is how many Hooks one Point takes.
	MaxHooks = 20
)

// Hook is a function of the user's that is asked at a Point of a Deployment.
type Hook struct {
	Function string   `json:"function"`
	Mode     HookMode `json:"mode"`
	Timeout  Seconds  `json:"timeoutSeconds"`
}

// Hooks are the Hooks of a Deployment, in the order in which they run.
type Hooks struct {
	BeforeTraffic []Hook `json:"beforeTraffic"`
	AfterTraffic  []Hook `json:"afterTraffic"`
}

// At lists the Hooks of one Point.
func (h Hooks) At(p Point) []Hook {
	if p == AfterTraffic {
		return h.AfterTraffic
	}
	return h.BeforeTraffic
}

// Count is the number of Hooks at all Points.
func (h Hooks) Count() int { return len(h.BeforeTraffic) + len(h.AfterTraffic) }

// Functions lists the functions of all Hooks, each once.
func (h Hooks) Functions() []string {
	var names []string
	for _, hook := range slices.Concat(h.BeforeTraffic, h.AfterTraffic) {
		if !slices.Contains(names, hook.Function) {
			names = append(names, hook.Function)
		}
	}
	return names
}

// Timeouts is the longest that all Hooks together may take.
func (h Hooks) Timeouts() Seconds {
	var total Seconds
	for _, p := range []Point{BeforeTraffic, AfterTraffic} {
		for _, hook := range h.At(p) {
			total += hook.Timeout
		}
	}
	return total
}

// Question is what a hook is invoked with.
type Question struct {
	DeploymentID string `json:"deploymentId"`
	Point        Point  `json:"point"`
	// Targets say what is shifted, in the words of each Target's kind.
	Targets []any  `json:"targets"`
	Step    int    `json:"step"`
	Weight  Weight `json:"weightPercent"`
	// TaskToken is set only for a callback hook. Whoever has it can end the state.
	TaskToken string `json:"taskToken,omitempty"`
}

// Question makes the Question for a hook of a Point. targets say what is shifted, in the
// words of each Target's kind.
func (d Deployment) Question(h Hook, point Point, p Progress, token string, targets []any) Question {
	q := Question{DeploymentID: d.ID, Point: point, Targets: targets, Step: p.Step, Weight: p.Weight}
	if h.Mode == Callback {
		q.TaskToken = token
	}
	return q
}

// LifecycleEvent is what a CodeDeploy hook is invoked with (CodeDeploy User Guide, AppSpec
// 'hooks' section for an AWS Lambda deployment).
type LifecycleEvent struct {
	DeploymentID string `json:"DeploymentId"`
	// HookID is what the hook answers with. Whoever has it can answer for the hook, once.
	HookID string `json:"LifecycleEventHookExecutionId"`
}

// LifecycleStatus is the answer of a CodeDeploy hook.
type LifecycleStatus string

// The answers that a hook may give.
const (
	LifecycleSucceeded LifecycleStatus = "Succeeded"
	LifecycleFailed    LifecycleStatus = "Failed"
)

// AwaitedHook is a CodeDeploy hook whose answer is awaited, as the Ledger keeps it.
type AwaitedHook struct {
	// Lookup finds it: a hash of its id, which the Ledger does not know.
	Lookup string
	// CodeDeployID is the id of the Deployment as the hook knows it, and Execution the
	// Deployment's own.
	CodeDeployID string
	Execution    string
	Function     string
	Point        Point
	// Sealed is the task token. Only the id opens it.
	Sealed  []byte
	Expires time.Time
	// Status is empty until the hook has answered.
	Status LifecycleStatus
}

// HookAnswer is an answer that somebody gives for a CodeDeploy hook.
type HookAnswer struct {
	// Lookup finds the hook, and CodeDeployID has to be that of its Deployment.
	Lookup       string
	CodeDeployID string
	Status       LifecycleStatus
}
