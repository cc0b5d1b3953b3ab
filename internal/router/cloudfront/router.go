package cloudfront

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the calls that the Router makes.
type API interface {
	DescribeKeyValueStore(context.Context, *kvs.DescribeKeyValueStoreInput, ...func(*kvs.Options)) (*kvs.DescribeKeyValueStoreOutput, error)
	GetKey(context.Context, *kvs.GetKeyInput, ...func(*kvs.Options)) (*kvs.GetKeyOutput, error)
	PutKey(context.Context, *kvs.PutKeyInput, ...func(*kvs.Options)) (*kvs.PutKeyOutput, error)
	DeleteKey(context.Context, *kvs.DeleteKeyInput, ...func(*kvs.Options)) (*kvs.DeleteKeyOutput, error)
}

// Settings configure a Router.
type Settings struct {
	// Store is the ARN of the key value store that the CloudFront Function reads.
	Store string
	// Lag is how long after a write viewers may still see the Route before. 0 means that of
	// flow.CloudFront.
	Lag shift.Seconds
	// Uploads tells whether a release was uploaded.
	Uploads Uploads
	// Random is the source of nonces and of random waits; nil is crypto/rand.
	Random io.Reader
	// Pause waits; nil is the real clock.
	Pause func(context.Context, time.Duration)
}

// Uploads knows the releases in buckets.
type Uploads interface {
	// CheckUploaded returns shift.ErrVersionNotFound, with a remedy, for a release that was
	// not uploaded.
	CheckUploaded(ctx context.Context, bucket, release string) error
}

// Router reads and writes the Routes of distributions.
type Router struct {
	api      API
	settings Settings
}

// New returns the Router of the distributions whose functions read a store.
func New(api API, settings Settings) *Router {
	settings.Lag = cmp.Or(settings.Lag, flow.CloudFront.Rules.Lag)
	if settings.Random == nil {
		settings.Random = rand.Reader
	}
	if settings.Pause == nil {
		settings.Pause = sleep
	}
	return &Router{api: api, settings: settings}
}

// Rules returns the rules of keys in a store.
func (r *Router) Rules() shift.Rules {
	rules := flow.CloudFront.Rules
	rules.Lag = r.settings.Lag
	return rules
}

// Route reads the Route of a distribution. It returns shift.ErrTargetNotFound.
func (r *Router) Route(ctx context.Context, t shift.Target) (shift.Route, error) {
	distribution, err := flow.SplitCloudFrontTarget(t)
	if err != nil {
		return shift.Route{}, err
	}
	found, err := r.read(ctx, distribution)
	switch {
	case err != nil:
		return shift.Route{}, fmt.Errorf("read route of %s: %w", t, err)
	case !found.exists:
		return shift.Route{}, fmt.Errorf("read route of %s: %w", t, r.missing(distribution))
	}
	return found.route(), nil
}

// missing returns shift.ErrTargetNotFound for a key that the store does not have.
func (r *Router) missing(distribution string) error {
	return fmt.Errorf("%w: the key value store %s has no key %s", shift.ErrTargetNotFound, r.settings.Store, distribution)
}

// SetRoute writes a Route if the key still has the Route's Revision, and returns the Route with
// its new Revision. It returns shift.ErrRevisionMismatch, shift.ErrTargetNotFound, or
// shift.ErrRouteRefused.
func (r *Router) SetRoute(ctx context.Context, t shift.Target, wanted shift.Route) (shift.Route, error) {
	distribution, err := flow.SplitCloudFrontTarget(t)
	if err != nil {
		return shift.Route{}, err
	}
	if wanted.Revision == "" {
		return shift.Route{}, fmt.Errorf("set route of %s to %s: the revision that was read is missing, so the write could undo somebody else's change", t, wanted)
	}
	written, err := r.put(ctx, distribution, wanted, func(found content) error {
		switch {
		case !found.exists:
			return r.missing(distribution)
		case found.route().Revision != wanted.Revision:
			return shift.ErrRevisionMismatch
		}
		return nil
	})
	if err != nil {
		return shift.Route{}, fmt.Errorf("set route of %s to %s: %w", t, wanted, err)
	}
	return written, nil
}

// Rotate gives a key another nonce, and leaves the rest of its value as it was found. It returns
// what SetRoute returns. With an error it returns the Route found.
func (r *Router) Rotate(ctx context.Context, t shift.Target, found shift.Route, _ shift.Version) (shift.Route, error) {
	written, err := r.SetRoute(ctx, t, found)
	if err != nil {
		return found, err
	}
	return written, nil
}

// Create creates a key that sends all viewers to one release. It returns
// shift.ErrRevisionMismatch if the key exists.
func (r *Router) Create(ctx context.Context, t shift.Target, wanted shift.Route) (shift.Route, error) {
	distribution, err := flow.SplitCloudFrontTarget(t)
	if err != nil {
		return shift.Route{}, err
	}
	if wanted.Additional != "" {
		return shift.Route{}, fmt.Errorf("create %s with %s: a new key must send all viewers to one release", t, wanted)
	}
	written, err := r.put(ctx, distribution, wanted, func(found content) error {
		if found.exists {
			return fmt.Errorf("%w: the key exists", shift.ErrRevisionMismatch)
		}
		return nil
	})
	if err != nil {
		return shift.Route{}, fmt.Errorf("create %s with %s: %w", t, wanted, err)
	}
	return written, nil
}

// put writes a Route unless check returns an error for what is there. All tries write the same
// nonce: if it is found, an earlier try has been successful and its answer was lost.
func (r *Router) put(ctx context.Context, distribution string, wanted shift.Route, check func(content) error) (shift.Route, error) {
	v, err := newValue(wanted)
	if err != nil {
		return shift.Route{}, err
	}
	v.Maker = wanted.Maker
	if v.Nonce, err = newNonce(r.settings.Random); err != nil {
		return shift.Route{}, err
	}
	text := v.encode()
	put := exchange{
		Router: r, key: distribution,
		check: func(found content) (bool, error) {
			if found.exists && found.text == text {
				return true, nil
			}
			return false, check(found)
		},
		write: func(etag string) error {
			_, err := r.api.PutKey(ctx, &kvs.PutKeyInput{KvsARN: &r.settings.Store, Key: &distribution, Value: &text, IfMatch: &etag})
			return err
		},
	}
	if err := put.run(ctx); err != nil {
		return shift.Route{}, err
	}
	return v.route(), nil
}

// Delete deletes a key that a Deployment has created. Doing so again does no harm. It returns
// shift.ErrRevisionMismatch for a key that was written since, and does not delete it.
func (r *Router) Delete(ctx context.Context, t shift.Target) error {
	distribution, err := flow.SplitCloudFrontTarget(t)
	if err != nil {
		return err
	}
	var first *content
	deletion := exchange{
		Router: r, key: distribution,
		check: func(found content) (bool, error) {
			if !found.exists {
				return true, nil
			}
			if first == nil {
				first = &found
			}
			if found.text != first.text || found.route().Maker == "" {
				return false, fmt.Errorf("%w: it was written since it was created", shift.ErrRevisionMismatch)
			}
			return false, nil
		},
		write: func(etag string) error {
			_, err := r.api.DeleteKey(ctx, &kvs.DeleteKeyInput{KvsARN: &r.settings.Store, Key: &distribution, IfMatch: &etag})
			if isNotFound(err) {
				return nil
			}
			return err
		},
	}
	if err := deletion.run(ctx); err != nil {
		return fmt.Errorf("delete %s: %w", t, err)
	}
	return nil
}

// CheckArrival returns shift.ErrTargetNotFound for a distribution without a key.
func (r *Router) CheckArrival(ctx context.Context, a shift.Arrival) error {
	_, err := r.Route(ctx, a.Target)
	if errors.Is(err, shift.ErrTargetNotFound) {
		return fmt.Errorf(`%w; until it has one, viewers get the release that the CloudFront Function falls back to: check the distribution's id, or say "createAlias": true to have the key created, which sends all viewers to the candidate at once`, err)
	}
	return err
}

// CheckCandidate returns shift.ErrVersionNotFound for a release that was not uploaded to the
// bucket in the Arrival's Detail. Without a bucket it is not checked.
func (r *Router) CheckCandidate(ctx context.Context, a shift.Arrival) error {
	if _, err := flow.SplitCloudFrontTarget(a.Target); err != nil || a.Candidate == "" {
		return err
	}
	site, err := flow.ParseSite(a.Detail)
	if err != nil || site.Bucket == "" {
		return err
	}
	if err := r.settings.Uploads.CheckUploaded(ctx, site.Bucket, string(a.Candidate)); err != nil {
		return fmt.Errorf("find release %s of %s: %w", a.Candidate, a.Target, err)
	}
	return nil
}

// Settles returns false: CloudFront does not change a key by itself.
func (r *Router) Settles(context.Context, shift.Target) (bool, error) { return false, nil }

// Arrived returns true: nobody says which edges have read a key; the Lag is all that is known.
func (r *Router) Arrived(context.Context, shift.Target, string) (bool, error) { return true, nil }
