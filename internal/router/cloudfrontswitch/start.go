package cloudfrontswitch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// deployed is the status of a distribution whose last update has reached all edges
// (Distribution, Status).
const deployed = "Deployed"

func noRoom(distribution string) string {
	return fmt.Sprintf("the comment of %s has %d characters, and Sluice needs room for a space at its end: shorten it", distribution, maxComment)
}

// CheckStart returns shift.ErrCandidatePending while the switch's last update is still on its
// way. The Route itself is always one that a Deployment can begin with.
func (r *Router) CheckStart(t shift.Target, _ shift.Route, settles bool) error {
	if settles {
		return fmt.Errorf("%w: CloudFront's edges do not all have the last change of %s yet: wait until the status of its distribution is %s", shift.ErrCandidatePending, t, deployed)
	}
	return nil
}

// whole is a distribution with what the configuration does not say.
type whole struct {
	state
	id, domain, status string
}

func (r *Router) describe(ctx context.Context, p pair, distribution string) (whole, error) {
	out, err := r.api.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: &distribution})
	if err != nil {
		return whole{}, fmt.Errorf("read the distribution %s: %w", distribution, p.meaning(distribution, err))
	}
	if out.Distribution == nil {
		return whole{}, fmt.Errorf("CloudFront answered without the distribution %s", distribution)
	}
	s, err := newState(distribution, out.Distribution.DistributionConfig, out.ETag)
	return whole{state: s, id: distribution, domain: aws.ToString(out.Distribution.DomainName), status: aws.ToString(out.Distribution.Status)}, err
}

// newState returns the state in an answer of CloudFront.
func newState(distribution string, config *types.DistributionConfig, etag *string) (state, error) {
	if config == nil || aws.ToString(etag) == "" {
		return state{}, errors.New("CloudFront answered without the configuration or the ETag of " + distribution)
	}
	return state{config: config, etag: *etag}, nil
}

// DescribeVersion reads both distributions of a name: a Deployment needs both, whichever is
// the Candidate. It returns shift.ErrVersionNotFound for any other distribution.
func (r *Router) DescribeVersion(ctx context.Context, t shift.Target, v shift.Version) (shift.Published, error) {
	p, err := r.pairOf(t)
	if err != nil {
		return shift.Published{}, err
	}
	if !p.has(v) {
		return shift.Published{}, fmt.Errorf("%w: %s can be served by %s or %s, and not by %q: name the one that does not serve it now",
			shift.ErrVersionNotFound, t, p.Switch, p.Other, shift.BoundText(string(v), 80))
	}
	onSwitch, err := r.describe(ctx, p, p.Switch)
	if err != nil {
		return shift.Published{}, err
	}
	other, err := r.describe(ctx, p, p.Other)
	if err != nil {
		return shift.Published{}, err
	}
	problems, _ := json.Marshal(p.problems(onSwitch, other)) // texts can always be encoded
	found := shift.Published{
		Version: v, Readiness: shift.Ready, Detail: onSwitch.domain, Traits: string(problems),
		Note: "CloudFront's edges follow a change one by one, within some minutes, and a rollback takes as long again",
	}
	if string(v) == p.Other {
		found.Detail = other.domain
	}
	for _, d := range []whole{onSwitch, other} {
		if d.status != deployed {
			found.Readiness = shift.Pending
			found.Reason = fmt.Sprintf("the status of the distribution %s is %s, so CloudFront's edges do not all have its last change", d.id, d.status)
		}
	}
	return found, nil
}

// problems are the reasons why no Deployment can begin with two distributions.
func (p pair) problems(onSwitch, other whole) []string {
	list := append(onSwitch.problems(), other.problems()...)
	if !other.hasName(p.wildcard()) {
		list = append(list, fmt.Sprintf("%s does not have the name %s, so it would not serve %s: add it there, with a certificate that covers it; a domain's own name has no wildcard, and cannot be switched",
			p.Other, p.wildcard(), p.Name))
	}
	if other.hasName(p.Name) {
		list = append(list, fmt.Sprintf("%s has the name %s itself, so %s cannot get it: leave only %s there", p.Other, p.Name, p.Switch, p.wildcard()))
	}
	if aws.ToString(onSwitch.config.ContinuousDeploymentPolicyId) != "" {
		list = append(list, fmt.Sprintf("%s has a continuous deployment policy, and promoting its staging distribution would overwrite what Sluice writes: remove the policy", p.Switch))
	}
	if !onSwitch.canMark() {
		list = append(list, noRoom(p.Switch))
	}
	return list
}

// problems are the reasons why a distribution cannot serve the name. CloudFront itself checks
// that the certificate covers each name that a distribution has.
func (w whole) problems() []string {
	var list []string
	if !aws.ToBool(w.config.Enabled) {
		list = append(list, fmt.Sprintf("%s is disabled: enable it, and begin when its status is %s", w.id, deployed))
	}
	if aws.ToBool(w.config.Staging) {
		list = append(list, w.id+" is a staging distribution, which has no names of its own: use another one")
	}
	if c := w.config.ViewerCertificate; c == nil || aws.ToBool(c.CloudFrontDefaultCertificate) {
		list = append(list, w.id+" has only CloudFront's own certificate, which covers no other name: give it one that covers the name")
	}
	return list
}

// CheckCompatible returns shift.ErrRouteRefused, with all reasons, if the name cannot be moved
// between the two distributions.
func (r *Router) CheckCompatible(t shift.Target, stable, candidate shift.Published) error {
	var problems []string
	if err := json.Unmarshal([]byte(stable.Traits), &problems); err != nil {
		return fmt.Errorf("read the traits of %s of %s: %w", stable.Version, t, err)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%w: %s cannot be moved from %s to %s: %s", shift.ErrRouteRefused, t, stable.Version, candidate.Version, strings.Join(problems, "; "))
	}
	return nil
}

// CheckArrival returns shift.ErrTargetNotFound for a name without distributions.
func (r *Router) CheckArrival(ctx context.Context, a shift.Arrival) error {
	_, err := r.Route(ctx, a.Target)
	return err
}

// Publish returns shift.ErrVersionNotFound: CloudFront has nothing to publish.
func (r *Router) Publish(_ context.Context, t shift.Target) (shift.Published, error) {
	return shift.Published{}, fmt.Errorf("publish %s: %w: name the candidate: the distribution that does not serve the name now", t, shift.ErrVersionNotFound)
}

// Wake does nothing: a distribution is not idle.
func (r *Router) Wake(context.Context, shift.Target, shift.Version) error { return nil }

// DescribeChange returns what hooks receive about a Change: a flow.AskedSwitch.
func (r *Router) DescribeChange(c shift.Change) (any, error) { return flow.AskAboutSwitch(c) }

// CheckCandidate does nothing: a distribution is read with DescribeVersion.
func (r *Router) CheckCandidate(context.Context, shift.Arrival) error { return nil }
