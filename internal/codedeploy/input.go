package codedeploy

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
	"github.com/sluice-aws/sluice/internal/strictyaml"
)

// order is what a deployment is started with: an AppSpec, and what its group says.
type order struct {
	appSpec  string
	strategy json.RawMessage
	group    operator.DeploymentGroup
	hookMode shift.HookMode
}

// input returns the input of an execution, and what publish-version will make of it. It returns an
// *Error that lists all problems by their paths. executionID is an ARN in the account and region of
// the execution.
func (o order) input(executionID string) (json.RawMessage, shift.Release, error) {
	fields := map[string]any{"appSpec": o.appSpec}
	if len(o.strategy) > 0 {
		fields["strategy"] = o.strategy
	}
	if len(o.group.Alarms) > 0 {
		fields["alarms"] = o.group.Alarms
	}
	if o.group.IgnoreUnreadable {
		fields["ignoreUnreadableAlarms"] = true
	}
	if o.hookMode != "" {
		fields["hookMode"] = o.hookMode
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, shift.Release{}, fmt.Errorf("encode the input: %w", err)
	}
	if len(text) > operator.MaxInput {
		return nil, shift.Release{}, tooLarge("the AppSpec")
	}
	release, err := request.Reader{ExecutionID: executionID, YAML: strictyaml.Convert}.Input(text)
	var wrong *request.InputError
	if errors.As(err, &wrong) {
		return nil, release, invalid(wrong.Problems)
	}
	return text, release, err
}

// invalid tells problems as CodeDeploy does: those of the group by its own error, and those of the
// AppSpec as an invalid revision.
func invalid(problems []strictjson.Problem) *Error {
	kind, lines := "", make([]string, len(problems))
	for i, p := range problems {
		field, _, _ := strings.Cut(p.Path, "[")
		lines[i] = strings.TrimPrefix(p.String(), "appSpec.")
		switch field, _, _ = strings.Cut(field, "."); {
		case field == "strategy" && kind == "":
			kind = "InvalidDeploymentConfigNameException"
		case field == "alarms" && kind == "":
			kind = "InvalidAlarmConfigException"
		case field != "strategy" && field != "alarms":
			kind = "InvalidRevisionException"
		}
	}
	return newError(kind, "%s", strings.Join(lines, "; "))
}
