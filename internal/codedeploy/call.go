package codedeploy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/shift"
)

// targetPrefix begins X-Amz-Target.
const targetPrefix = "CodeDeploy_20141006."

// maxBody bounds a request, in bytes: an AppSpec of the longest input, with every character
// escaped.
const maxBody = 2 << 20

// Call is an operation that was called, with its input.
type Call interface {
	// check returns an *Error for an input that lacks something.
	check() error
}

// calls make an empty input of each operation.
var calls = map[string]func() Call{
	"CreateDeployment":          func() Call { return new(CreateDeployment) },
	"GetDeployment":             func() Call { return new(GetDeployment) },
	"GetDeploymentConfig":       func() Call { return new(GetDeploymentConfig) },
	"ListDeployments":           func() Call { return new(ListDeployments) },
	"StopDeployment":            func() Call { return new(StopDeployment) },
	"GetDeploymentTarget":       func() Call { return new(GetDeploymentTarget) },
	"ListDeploymentTargets":     func() Call { return new(ListDeploymentTargets) },
	"BatchGetDeploymentTargets": func() Call { return new(BatchGetDeploymentTargets) },

	"PutLifecycleEventHookExecutionStatus": func() Call { return new(PutHookStatus) },
}

// Operations lists the operations that are answered.
func Operations() []string {
	var names []string
	for name := range calls {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Decode reads a call from the header X-Amz-Target and the body. Members that it does not know are
// ignored, as CodeDeploy ignores what has no meaning for Lambda. It returns an *Error.
func Decode(target string, body []byte) (Call, error) {
	name, ours := strings.CutPrefix(target, targetPrefix)
	create := calls[name]
	switch {
	case !ours:
		return nil, newError("UnknownOperationException", "the header X-Amz-Target must begin with %s", targetPrefix)
	case create == nil:
		return nil, unsupported(shift.BoundText(name, maxShown))
	}
	call := create()
	decoder := json.NewDecoder(bytes.NewReader(body))
	err := decoder.Decode(call)
	if err == nil {
		_, err = decoder.Token()
	}
	if !errors.Is(err, io.EOF) {
		return nil, newError("SerializationException", "the body is not the JSON of %s", name)
	}
	if err := call.check(); err != nil {
		return nil, err
	}
	return call, nil
}

// maxShown is how many characters of the caller's text an error quotes.
const maxShown = 80

// CreateDeployment has the members that mean something for Lambda.
type CreateDeployment struct {
	Application string              `json:"applicationName"`
	Group       string              `json:"deploymentGroupName"`
	Config      string              `json:"deploymentConfigName"`
	Revision    *RevisionLocation   `json:"revision"`
	Rollback    *AutoRollback       `json:"autoRollbackConfiguration"`
	Alarms      *AlarmConfiguration `json:"overrideAlarmConfiguration"`
}

// AutoRollback says whether CodeDeploy puts traffic back.
type AutoRollback struct {
	Enabled *bool `json:"enabled"`
}

// AlarmConfiguration has the alarms of a group or of a deployment.
type AlarmConfiguration struct {
	Enabled                bool `json:"enabled"`
	IgnorePollAlarmFailure bool `json:"ignorePollAlarmFailure"`
	Alarms                 []struct {
		Name string `json:"name"`
	} `json:"alarms"`
}

func (c *CreateDeployment) check() error {
	switch {
	case c.Application == "":
		return newError("ApplicationNameRequiredException", "applicationName is missing")
	case c.Group == "":
		return newError("DeploymentGroupNameRequiredException", "deploymentGroupName is missing: it says which strategy and which alarms")
	case c.Revision == nil:
		return newError("RevisionRequiredException", "revision is missing: it has the AppSpec")
	case c.Rollback != nil && c.Rollback.Enabled != nil && !*c.Rollback.Enabled:
		return newError("InvalidAutoRollbackConfigException", "autoRollbackConfiguration.enabled is false, and Sluice always puts the traffic back when a deployment fails: leave it out")
	}
	return c.Revision.check()
}

// GetDeployment asks how a deployment stands.
type GetDeployment struct {
	ID string `json:"deploymentId"`
}

func (c *GetDeployment) check() error { return checkID(c.ID) }

// StopDeployment ends a deployment. Its traffic goes back.
type StopDeployment struct {
	ID       string `json:"deploymentId"`
	Rollback *bool  `json:"autoRollbackEnabled"`
}

func (c *StopDeployment) check() error {
	if c.Rollback != nil && !*c.Rollback {
		return newError("UnsupportedActionForDeploymentTypeException", "autoRollbackEnabled is false, and Sluice leaves no traffic divided: it always puts the traffic of a stopped deployment back; leave it out")
	}
	return checkID(c.ID)
}

// GetDeploymentTarget asks how one alias of a deployment stands.
type GetDeploymentTarget struct {
	ID     string `json:"deploymentId"`
	Target string `json:"targetId"`
}

func (c *GetDeploymentTarget) check() error {
	if err := checkID(c.ID); err != nil {
		return err
	}
	if c.Target == "" {
		return newError("DeploymentTargetIdRequiredException", "targetId is missing: ListDeploymentTargets lists them")
	}
	return nil
}

// ListDeploymentTargets asks for the aliases of a deployment.
type ListDeploymentTargets struct {
	ID      string              `json:"deploymentId"`
	Filters map[string][]string `json:"targetFilters"`
}

func (c *ListDeploymentTargets) check() error {
	for name := range c.Filters {
		if name != statusFilter {
			return newError("InvalidTargetFilterNameException", "targetFilters has %q: only %s is known for Lambda", shift.BoundText(name, maxShown), statusFilter)
		}
	}
	return checkID(c.ID)
}

// statusFilter is the one filter of targets that means something for Lambda.
const statusFilter = "TargetStatus"

// BatchGetDeploymentTargets asks how several aliases of a deployment stand.
type BatchGetDeploymentTargets struct {
	ID      string   `json:"deploymentId"`
	Targets []string `json:"targetIds"`
}

// maxTargets is how many targets one call may name (BatchGetDeploymentTargets, targetIds).
const maxTargets = 25

func (c *BatchGetDeploymentTargets) check() error {
	if err := checkID(c.ID); err != nil {
		return err
	}
	switch {
	case len(c.Targets) == 0:
		return newError("DeploymentTargetIdRequiredException", "targetIds is missing: ListDeploymentTargets lists them")
	case len(c.Targets) > maxTargets:
		return newError("DeploymentTargetListSizeExceededException", "targetIds has %d targets, and at most %d are allowed", len(c.Targets), maxTargets)
	}
	return nil
}

// PutHookStatus is the answer of a hook. It is passed on as it is.
type PutHookStatus struct{ body json.RawMessage }

// UnmarshalJSON keeps the whole input.
func (c *PutHookStatus) UnmarshalJSON(text []byte) error {
	c.body = bytes.Clone(text)
	return nil
}

func (c *PutHookStatus) check() error { return nil }

// deploymentID matches the ids of deployments, CodeDeploy's and Sluice's.
var deploymentID = regexp.MustCompile(`^d-[A-Z0-9]{9}$`)

func checkID(id string) error {
	switch {
	case id == "":
		return newError("DeploymentIdRequiredException", "deploymentId is missing")
	case !deploymentID.MatchString(id):
		return newError("InvalidDeploymentIdException", "%q is no id of a deployment, such as d-ABCDEFGHI", shift.BoundText(id, maxShown))
	}
	return nil
}
