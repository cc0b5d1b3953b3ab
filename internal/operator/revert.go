package operator

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// RevertLedger is what is read of the Ledger to say what a revert will do.
type RevertLedger interface {
	Record(ctx context.Context, id string) (shift.Record, error)
	History(ctx context.Context, t shift.Target) ([]shift.Arrived, error)
}

// Revert is what the revert of a deployment will do.
type Revert struct {
	// Of is the execution whose deployment is to be reverted, and PromotedAt when it was promoted.
	Of         Execution `json:"reverts"`
	PromotedAt time.Time `json:"promotedAt"`
	// Until is until when it can be reverted.
	Until time.Time `json:"until"`
	// Moves say what serves now, as Stable, and what has served before, as Candidate, in the
	// order in which the targets go back.
	Moves []shift.Move `json:"targets"`
}

// ErrNothingPromoted is returned by LastPromoted for a target that has no deployment to revert.
var ErrNothingPromoted = errors.New("nothing was promoted there")

// LastPromoted returns the deployment that was promoted last at a target. It refuses to return a
// revert: whoever asks for it after somebody else has reverted would bring back what that one has
// taken away. A revert is reverted by its execution's name.
func LastPromoted(ctx context.Context, l RevertLedger, t shift.Target) (string, error) {
	arrived, err := l.History(ctx, t)
	if err != nil {
		return "", err
	}
	arrived = slices.DeleteFunc(slices.Clone(arrived), func(a shift.Arrived) bool { return a.Outcome != shift.Promoted })
	if len(arrived) == 0 {
		return "", fmt.Errorf("%w: %s", ErrNothingPromoted, t)
	}
	last := slices.MaxFunc(arrived, func(a, b shift.Arrived) int { return a.ClosedAt.Compare(b.ClosedAt) })
	record, err := l.Record(ctx, last.DeploymentID)
	if err == nil && record.Deployment != nil && record.Deployment.Reverts != "" {
		err = fmt.Errorf("%w: %s was reverted already (%s): to undo that, name its execution, %s", shift.ErrRevertRefused, t,
			strings.Join(shift.Texts(record.Reasons), "; "), Execution(record.ID).Name())
	}
	return last.DeploymentID, err
}

// PlanRevert says what the revert of a deployment will do. It returns shift.ErrRevertRefused for
// one that would be refused; what the targets serve is seen only by the revert itself.
func PlanRevert(ctx context.Context, l RevertLedger, id string, now time.Time) (Revert, error) {
	record, err := l.Record(ctx, id)
	if err != nil {
		return Revert{}, err
	}
	if err := record.CheckRevert(now, shift.DefaultRevertWindow); err != nil {
		return Revert{}, err
	}
	r := Revert{Of: Execution(id), PromotedAt: record.ClosedAt, Until: record.RevertUntil(shift.DefaultRevertWindow)}
	for _, a := range record.Return() {
		history, err := l.History(ctx, a.Target)
		if err != nil {
			return Revert{}, err
		}
		if err := record.CheckNewest(a.Target, history); err != nil {
			return Revert{}, err
		}
		r.Moves = append(r.Moves, shift.Move{Target: a.Target, Stable: a.ExpectStable, Candidate: a.Candidate})
	}
	return r, nil
}

// Says says in a line for each target what will happen.
func (r Revert) Says() []string {
	lines := make([]string, len(r.Moves))
	for i, m := range r.Moves {
		lines[i] = fmt.Sprintf("%s goes from %s back to %s, all of its traffic at once", m.Target, m.Stable, m.Candidate)
	}
	return lines
}

// Input returns the input of the execution that reverts.
func (r Revert) Input(reason string) ([]byte, error) {
	return json.Marshal(struct {
		Revert Execution `json:"revert"`
		Reason string    `json:"reason,omitempty"`
	}{r.Of, reason})
}

// Name returns a name for the execution that reverts, such as
// revert-orders-live-20261121T061031Z.
func (r Revert) Name(at time.Time) string {
	release := shift.Release{}
	for _, m := range r.Moves {
		release.Arrivals = append(release.Arrivals, shift.Arrival{Target: m.Target})
	}
	slices.Reverse(release.Arrivals)
	name := "revert-" + NewName(release, at)
	if over := len(name) - maxName; over > 0 { // the targets are cut, never the time
		stamp := strings.LastIndexByte(name, '-')
		name = name[:max(stamp-over, 0)] + name[stamp:]
	}
	return cmp.Or(name, "revert")
}
