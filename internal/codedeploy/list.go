package codedeploy

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

// ListDeployments asks for deployments, of one group or of all.
type ListDeployments struct {
	Application string   `json:"applicationName"`
	Group       string   `json:"deploymentGroupName"`
	External    string   `json:"externalId"`
	Statuses    []string `json:"includeOnlyStatuses"`
	Created     struct {
		Start json.Number `json:"start"`
		End   json.Number `json:"end"`
	} `json:"createTimeRange"`
	Token string `json:"nextToken"`
}

// maxListed is how many deployments are listed at most. Each one may cost a read of its record.
const maxListed = 100

// listedStatuses are the statuses that CodeDeploy knows (ListDeployments, includeOnlyStatuses).
var listedStatuses = []string{statusCreated, "Queued", statusInProgress, "Baking", statusSucceeded, statusFailed, statusStopped, "Ready"}

func (c *ListDeployments) check() error {
	from, until := timeOf(c.Created.Start), timeOf(c.Created.End)
	unknown := slices.IndexFunc(c.Statuses, func(s string) bool { return !slices.Contains(listedStatuses, s) })
	switch {
	case c.Application != "" && c.Group == "":
		return newError("DeploymentGroupNameRequiredException", "deploymentGroupName is missing: an application alone is not listed")
	case c.Application == "" && c.Group != "":
		return newError("ApplicationNameRequiredException", "applicationName is missing: it says which application has the group")
	case c.External != "":
		return newError("InvalidExternalIdException", "externalId is not known here: list without it")
	case c.Token != "":
		return newError("InvalidNextTokenException", "nextToken is not known here: the list ends after %d deployments", maxListed)
	case unknown >= 0:
		return newError("InvalidDeploymentStatusException", "includeOnlyStatuses has %q: it must be one of %s", shift.BoundText(c.Statuses[unknown], maxShown), strings.Join(listedStatuses, ", "))
	case !from.IsZero() && !until.IsZero() && until.Before(from):
		return newError("InvalidTimeRangeException", "createTimeRange ends before it starts")
	}
	return nil
}

// timeOf reads a time in AWS JSON: in seconds since 1970. It returns the zero time for none.
func timeOf(n json.Number) time.Time {
	seconds, err := n.Float64()
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(int64(seconds * 1000))
}

// isWanted says whether a deployment has a wanted status, and began in the wanted time.
func (c *ListDeployments) isWanted(status string, began time.Time) bool {
	from, until := timeOf(c.Created.Start), timeOf(c.Created.End)
	return (len(c.Statuses) == 0 || slices.Contains(c.Statuses, status)) &&
		(from.IsZero() || !began.Before(from)) && (until.IsZero() || !began.After(until))
}

// wantsAll says whether nothing has to be known of a deployment.
func (c *ListDeployments) wantsAll() bool {
	return len(c.Statuses) == 0 && c.Created.Start == "" && c.Created.End == ""
}

// groupMark ends the names of the executions that are started for a deployment group. Nothing else
// in an account keeps the group: Sluice has none.
func groupMark(application, group string) string {
	sum := sha256.Sum256([]byte(application + "\x00" + group))
	return "-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:5]))
}

// list lists the deployments, the newest first. Those of a group are the ones that were started here.
func (s *Service) list(ctx context.Context, c *ListDeployments) (any, error) {
	mark := ""
	if c.Group != "" {
		if _, err := s.Groups.Group(ctx, c.Application, c.Group); err != nil {
			return nil, err
		}
		mark = groupMark(c.Application, c.Group)
	}
	var listed []operator.Execution
	_, err := s.Machines.Find(ctx, s.Machine, func(x operator.Execution) bool {
		if strings.HasSuffix(string(x), mark) {
			listed = append(listed, x)
		}
		return len(listed) == maxListed
	})
	if err != nil && !errors.Is(err, shift.ErrExecutionUnknown) {
		return nil, err
	}
	ids := []string{}
	for _, x := range listed {
		if !c.wantsAll() {
			status, began, err := s.glance(ctx, x)
			if err != nil {
				return nil, err
			}
			if !c.isWanted(status, began) {
				continue
			}
		}
		ids = append(ids, flow.CodeDeployID(string(x)))
	}
	return map[string]any{"deployments": ids}, nil
}

// glance returns the status of a deployment and when it began, from the ledger. Only an execution
// that the ledger does not know (any more) costs a read of its history.
func (s *Service) glance(ctx context.Context, x operator.Execution) (status string, began time.Time, err error) {
	record, err := s.Records.Record(ctx, string(x))
	switch {
	case errors.Is(err, shift.ErrDeploymentUnknown):
		s.follow(x)
		d, err := s.stand(ctx, flow.CodeDeployID(string(x)))
		if err != nil {
			return "", time.Time{}, err
		}
		return d.info().Status, d.began, nil
	case err != nil:
		return "", time.Time{}, err
	case record.Status == shift.StatusClosed:
		status, _ = verdict(record.Outcome, record.Reasons)
	case record.Opening():
		status = statusCreated
	default:
		status = statusInProgress
	}
	return status, record.OpenedAt, nil
}
