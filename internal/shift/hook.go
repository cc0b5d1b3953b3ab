package shift

import "slices"

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
	// CodeDeploy : the function is one that was written for CodeDeploy, and answers as it
	// answers there.
	CodeDeploy HookMode = "codedeploy"
)

const (
	// MaxSyncHook is the longest a sync hook may take: run-hooks waits for it within its
	// own limit of 15 minutes, and needs time to answer.
	MaxSyncHook Seconds = 840
	// MaxCallbackHook is the longest that a callback hook may take.
	MaxCallbackHook Seconds = 7 * 24 * 3600
	// DefaultSyncHook and DefaultCallbackHook are the timeouts of a Hook whose input sets
	// none.
	DefaultSyncHook     Seconds = MaxSyncHook
	DefaultCallbackHook Seconds = 3600
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
