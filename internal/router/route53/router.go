package route53

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the Route 53 calls that the Router makes.
type API interface {
	ChangeResourceRecordSets(context.Context, *route53.ChangeResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error)
	GetChange(context.Context, *route53.GetChangeInput, ...func(*route53.Options)) (*route53.GetChangeOutput, error)
	GetHostedZone(context.Context, *route53.GetHostedZoneInput, ...func(*route53.Options)) (*route53.GetHostedZoneOutput, error)
	ListResourceRecordSets(context.Context, *route53.ListResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error)
}

// Router reads and writes the Routes of names in hosted zones.
type Router struct {
	api    API
	random io.Reader
}

// New returns the Router of the client's account. random gives the tokens. It must be one
// that nobody can guess or repeat.
func New(api API, random io.Reader) *Router {
	return &Router{api: api, random: random}
}

// propagation is how long a change usually takes to all name servers, in seconds
// (ChangeResourceRecordSets: within 60 seconds).
const propagation shift.Seconds = 60

// Rules returns the rules of weighted records. The Lag is that of aliases; a Route has that of
// its own records.
func (r *Router) Rules() shift.Rules { return flow.Route53.Rules }

// Route reads the Route of a name. It returns shift.ErrTargetNotFound.
func (r *Router) Route(ctx context.Context, t shift.Target) (shift.Route, error) {
	s, err := r.readTarget(ctx, t)
	if err != nil {
		return shift.Route{}, err
	}
	return s.route(), nil
}

func (r *Router) readTarget(ctx context.Context, t shift.Target) (state, error) {
	p, err := parseTarget(t)
	if err != nil {
		return state{}, err
	}
	s, err := r.read(ctx, p)
	if err != nil {
		return state{}, fmt.Errorf("read route of %s: %w", t, meaning(err))
	}
	if len(s.records) == 0 {
		return state{}, fmt.Errorf("read route of %s: %w: the zone has no record A, AAAA or CNAME of this name: create it first, leading to the version that serves now", t, shift.ErrTargetNotFound)
	}
	return s, nil
}

// SetRoute writes a Route if the Target still has the Route's Revision, and returns the Route
// after the write. The Detail of the Route must be that from before the Deployment. It
// returns shift.ErrRevisionMismatch or shift.ErrRouteRefused.
func (r *Router) SetRoute(ctx context.Context, t shift.Target, wanted shift.Route) (shift.Route, error) {
	written, err := r.setRoute(ctx, t, wanted)
	if err != nil {
		return shift.Route{}, fmt.Errorf("set route of %s to %s: %w", t, wanted, err)
	}
	return written, nil
}

func (r *Router) setRoute(ctx context.Context, t shift.Target, wanted shift.Route) (shift.Route, error) {
	original, err := decodeLayout(wanted.Detail)
	if err != nil {
		return shift.Route{}, err
	}
	found, err := r.readAt(ctx, t, wanted.Revision)
	if err != nil {
		return shift.Route{}, err
	}
	p, err := original.plan(wanted, found.records)
	if err != nil {
		return shift.Route{}, fmt.Errorf("%w: %w", shift.ErrRouteRefused, err)
	}
	written, err := r.write(ctx, found, p, wanted.String())
	written.Detail = wanted.Detail
	return written, err
}

// readAt reads a Target that must still have a Revision.
func (r *Router) readAt(ctx context.Context, t shift.Target, revision shift.Revision) (state, error) {
	if revision == "" {
		return state{}, errors.New("the revision that was read is missing, so the write could undo somebody else's change")
	}
	found, err := r.readTarget(ctx, t)
	if err != nil {
		return found, err
	}
	if has := found.revision(); has != revision {
		return found, fmt.Errorf("%w: %s, not %s", shift.ErrRevisionMismatch, has, revision)
	}
	return found, nil
}

// Rotate gives a Target another Revision without changing which version serves its traffic:
// one batch with a new token. Records that are not in their own form, because somebody has
// deleted the other one, are brought back to it. It returns what SetRoute returns.
func (r *Router) Rotate(ctx context.Context, t shift.Target, found shift.Route, _ shift.Version) (shift.Route, error) {
	written, err := r.rotate(ctx, t, found)
	if err != nil {
		return found, fmt.Errorf("give %s another revision: %w", t, err)
	}
	return written, nil
}

func (r *Router) rotate(ctx context.Context, t shift.Target, found shift.Route) (shift.Route, error) {
	s, err := r.readAt(ctx, t, found.Revision)
	if err != nil {
		return found, err
	}
	whole := shift.Route{Serving: found.Serving}
	p, err := layout{Records: s.records}.plan(whole, s.records)
	if err != nil {
		return found, fmt.Errorf("%w: %w", shift.ErrRouteRefused, err)
	}
	return r.write(ctx, s, p, whole.String())
}

// maxComment bounds the comment of a batch, in characters (ChangeBatch, Comment).
const maxComment = 256

// write makes one batch of the records that change and the guard, whose token is replaced. It
// returns the Route after the batch.
func (r *Router) write(ctx context.Context, found state, p plan, comment string) (shift.Route, error) {
	token, err := newToken(r.random)
	if err != nil {
		return shift.Route{}, err
	}
	after := state{place: found.place, records: p.records, guard: guard{token: token, additional: p.additional}, services: found.services}
	after.guards = []types.ResourceRecordSet{after.guard.set(found.place)}
	out, err := r.api.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: &found.zone, ChangeBatch: &types.ChangeBatch{
		Comment: aws.String(shift.BoundText("Sluice: "+comment, maxComment)), Changes: changes(found, after),
	}})
	if err != nil {
		return shift.Route{}, meaning(err)
	}
	written := after.route()
	if out.ChangeInfo != nil {
		written.Receipt = aws.ToString(out.ChangeInfo.Id)
	}
	return written, nil
}

// changes returns a batch that leads from one state to another. Everything is deleted before
// anything is created: Route 53 applies a batch in its order (external-dns issue 1411), and
// an UPSERT cannot change a routing policy (external-dns issue 1008). A record that stays
// the same is left out: the guard alone makes the batch stale.
func changes(found, after state) []types.Change {
	var batch []types.Change
	add := func(action types.ChangeAction, set types.ResourceRecordSet) {
		batch = append(batch, types.Change{Action: action, ResourceRecordSet: &set})
	}
	for _, set := range found.guards {
		add(types.ChangeActionDelete, set)
	}
	for i, old := range found.records {
		if !slices.Contains(after.records, old) {
			add(types.ChangeActionDelete, found.listed[i])
		}
	}
	for _, set := range after.guards {
		add(types.ChangeActionCreate, set)
	}
	for _, fresh := range after.records {
		if !slices.Contains(found.records, fresh) {
			add(types.ChangeActionCreate, fresh.set(found.name))
		}
	}
	return batch
}

// Arrived says whether all of Route 53's name servers have a change. The Receipt is its id. Without
// one, as after an answer that was lost, only the Lag is known.
func (r *Router) Arrived(ctx context.Context, t shift.Target, receipt string) (bool, error) {
	if receipt == "" {
		return true, nil
	}
	out, err := r.api.GetChange(ctx, &route53.GetChangeInput{Id: &receipt})
	if err != nil {
		return false, fmt.Errorf("read whether the name servers have the change of %s: %w", t, meaning(err))
	}
	return out.ChangeInfo == nil || out.ChangeInfo.Status != types.ChangeStatusPending, nil
}

// Settles returns false: Route 53 does not change a record by itself.
func (r *Router) Settles(context.Context, shift.Target) (bool, error) { return false, nil }

// Create refuses: nothing would serve the name until the Candidate does.
func (r *Router) Create(_ context.Context, t shift.Target, _ shift.Route) (shift.Route, error) {
	return shift.Route{}, fmt.Errorf("create %s: %w: Sluice does not create names: create the record first", t, shift.ErrRouteRefused)
}

// Delete refuses, because Sluice has created no name.
func (r *Router) Delete(_ context.Context, t shift.Target) error {
	return fmt.Errorf("delete %s: %w: Sluice does not delete names", t, shift.ErrRouteRefused)
}
