package cloudfrontswitch

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the CloudFront calls that the Router makes.
type API interface {
	GetDistribution(context.Context, *cloudfront.GetDistributionInput, ...func(*cloudfront.Options)) (*cloudfront.GetDistributionOutput, error)
	GetDistributionConfig(context.Context, *cloudfront.GetDistributionConfigInput, ...func(*cloudfront.Options)) (*cloudfront.GetDistributionConfigOutput, error)
	UpdateDistribution(context.Context, *cloudfront.UpdateDistributionInput, ...func(*cloudfront.Options)) (*cloudfront.UpdateDistributionOutput, error)
}

// Router reads and writes the Routes of names.
type Router struct {
	api   API
	pairs map[string]pair // by name
}

// New returns the Router of some names.
func New(api API, pairs ...flow.SwitchPair) *Router {
	r := &Router{api: api, pairs: map[string]pair{}}
	for _, p := range pairs {
		r.pairs[p.Name] = pair{p}
	}
	return r
}

// Rules returns the rules of a name that one of two distributions serves.
func (r *Router) Rules() shift.Rules { return flow.Switch.Rules }

// pairOf returns the distributions of a Target. It returns shift.ErrTargetNotFound.
func (r *Router) pairOf(t shift.Target) (pair, error) {
	name, err := flow.SplitSwitchTarget(t)
	if err != nil {
		return pair{}, err
	}
	p, known := r.pairs[name]
	if !known {
		return p, fmt.Errorf("%w: this stack has no distributions for %s: add %s/SWITCH/OTHER to its setting distributions, and deploy it again", shift.ErrTargetNotFound, t, name)
	}
	return p, nil
}

// read reads the configuration of one of the distributions.
func (r *Router) read(ctx context.Context, p pair, distribution string) (state, error) {
	out, err := r.api.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: &distribution})
	if err != nil {
		return state{}, fmt.Errorf("read the distribution %s: %w", distribution, p.meaning(distribution, err))
	}
	return newState(distribution, out.DistributionConfig, out.ETag)
}

// Route reads the Route of a name. It returns shift.ErrTargetNotFound.
func (r *Router) Route(ctx context.Context, t shift.Target) (shift.Route, error) {
	p, err := r.pairOf(t)
	if err != nil {
		return shift.Route{}, err
	}
	s, err := r.read(ctx, p, p.Switch)
	if err != nil {
		return shift.Route{}, fmt.Errorf("read route of %s: %w", t, err)
	}
	return s.route(p), nil
}

// SetRoute writes a Route if the Target still has the Route's Revision, and returns the Route
// after the write. It returns shift.ErrRevisionMismatch or shift.ErrRouteRefused.
func (r *Router) SetRoute(ctx context.Context, t shift.Target, wanted shift.Route) (shift.Route, error) {
	written, err := r.setRoute(ctx, t, wanted)
	if err != nil {
		return shift.Route{}, fmt.Errorf("set route of %s to %s: %w", t, wanted, err)
	}
	return written, nil
}

func (r *Router) setRoute(ctx context.Context, t shift.Target, wanted shift.Route) (shift.Route, error) {
	p, err := r.pairOf(t)
	switch {
	case err != nil:
		return shift.Route{}, err
	case wanted.Additional != "":
		return shift.Route{}, fmt.Errorf("%w: the traffic of a name cannot be divided between two distributions", shift.ErrRouteRefused)
	case !p.has(wanted.Serving):
		return shift.Route{}, fmt.Errorf("%w: %s is neither %s nor %s", shift.ErrRouteRefused, wanted.Serving, p.Switch, p.Other)
	}
	// The other distribution is looked at first, so that nothing comes between the read of the
	// switch and its update.
	unserved := r.checkOther(ctx, p, wanted.Serving)
	found, err := r.readAt(ctx, p, wanted.Revision)
	switch {
	case err != nil:
		return shift.Route{}, err
	case found.route(p).Same(wanted):
		return r.mark(ctx, p, found)
	case string(wanted.Serving) == p.Switch:
		unserved = found.checkEnabled(p.Name, p.Switch)
	}
	if unserved != nil {
		return shift.Route{}, unserved
	}
	found.turn(p.Name)
	return r.write(ctx, p, found)
}

// readAt reads the switch, which must still have a Revision.
func (r *Router) readAt(ctx context.Context, p pair, revision shift.Revision) (state, error) {
	if revision == "" {
		return state{}, errors.New("the revision that was read is missing, so the write could undo somebody else's change")
	}
	found, err := r.read(ctx, p, p.Switch)
	if err == nil && found.etag != string(revision) {
		err = fmt.Errorf("%w: %s, not %s", shift.ErrRevisionMismatch, found.etag, revision)
	}
	return found, err
}

// checkOther returns shift.ErrRouteRefused if nobody would serve the name after a write that gives
// it to the other distribution: somebody may have changed that one since the Deployment was
// opened. It returns nil if the switch is to serve the name.
func (r *Router) checkOther(ctx context.Context, p pair, serving shift.Version) error {
	if string(serving) != p.Other {
		return nil
	}
	other, err := r.read(ctx, p, p.Other)
	if err != nil {
		return err
	}
	if !other.hasName(p.wildcard()) {
		return fmt.Errorf("%w: nobody would serve %s, because %s does not have the name %s any more: add it there", shift.ErrRouteRefused, p.Name, p.Other, p.wildcard())
	}
	return other.checkEnabled(p.Name, p.Other)
}

// Rotate gives a Target another Revision without changing which distribution serves the name.
// It returns what SetRoute returns.
func (r *Router) Rotate(ctx context.Context, t shift.Target, found shift.Route, _ shift.Version) (shift.Route, error) {
	written, err := r.rotate(ctx, t, found)
	if err != nil {
		return found, fmt.Errorf("give %s another revision: %w", t, err)
	}
	return written, nil
}

func (r *Router) rotate(ctx context.Context, t shift.Target, found shift.Route) (shift.Route, error) {
	p, err := r.pairOf(t)
	if err != nil {
		return found, err
	}
	s, err := r.readAt(ctx, p, found.Revision)
	if err != nil {
		return found, err
	}
	return r.mark(ctx, p, s)
}

// mark writes the configuration with nothing but another comment.
func (r *Router) mark(ctx context.Context, p pair, found state) (shift.Route, error) {
	if !found.canMark() {
		return found.route(p), fmt.Errorf("%w: %s", shift.ErrRouteRefused, noRoom(p.Switch))
	}
	found.config.Comment = aws.String(found.marked())
	return r.write(ctx, p, found)
}

// write replaces the configuration of the switch. CloudFront accepts it only while the switch
// has the ETag with which the configuration was read.
func (r *Router) write(ctx context.Context, p pair, s state) (shift.Route, error) {
	out, err := r.api.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: &p.Switch, IfMatch: &s.etag, DistributionConfig: s.config})
	if err != nil {
		return shift.Route{}, p.meaning(p.Switch, err)
	}
	after, err := newState(p.Switch, s.config, out.ETag)
	if err == nil && after.etag == s.etag {
		err = fmt.Errorf("the distribution %s has kept its ETag %s over a write, so an earlier write that is still on its way could have an effect", p.Switch, s.etag)
	}
	return after.route(p), err
}

// Arrived says whether CloudFront's edges all have the last update of the switch.
func (r *Router) Arrived(ctx context.Context, t shift.Target, _ string) (bool, error) {
	settles, err := r.Settles(ctx, t)
	return !settles, err
}

// Settles says whether the last update of the switch is still on its way to CloudFront's
// edges.
func (r *Router) Settles(ctx context.Context, t shift.Target) (bool, error) {
	p, err := r.pairOf(t)
	if err != nil {
		return false, err
	}
	out, err := r.api.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: &p.Switch})
	if err != nil {
		return false, fmt.Errorf("read whether the edges have the change of %s: %w", t, p.meaning(p.Switch, err))
	}
	return out.Distribution != nil && aws.ToString(out.Distribution.Status) != deployed, nil
}

// Create refuses: the name is there, or nobody may have it.
func (r *Router) Create(_ context.Context, t shift.Target, _ shift.Route) (shift.Route, error) {
	return shift.Route{}, fmt.Errorf("create %s: %w: Sluice does not create distributions", t, shift.ErrRouteRefused)
}

// Delete refuses, because Sluice has created no name.
func (r *Router) Delete(_ context.Context, t shift.Target) error {
	return fmt.Errorf("delete %s: %w: Sluice does not delete names", t, shift.ErrRouteRefused)
}
