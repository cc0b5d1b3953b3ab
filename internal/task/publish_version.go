package task

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"sluice/internal/flow"
	"sluice/internal/shift"
)

// Publisher knows and makes the versions of a Target's application.
type Publisher interface {
	// Publish publishes what is deployed and not yet published.
	Publish(context.Context, shift.Target) (shift.Published, error)
	// Published describes one version. It returns shift.ErrVersionNotFound or
	// shift.ErrFunctionNotFound when there is none.
	Published(context.Context, shift.Target, shift.Version) (shift.Published, error)
}

// PublishVersion settles the request: from then on the versions are fixed.
type PublishVersion struct {
	Versions Publisher
	// Wait is for throttled calls; nil is Sleep.
	Wait Wait
}

// Handle is the handler of flow.Publish. Nothing is published before the whole
// input is known to be valid and every given version to exist.
func (h PublishVersion) Handle(ctx context.Context, call flow.Call[json.RawMessage]) (shift.Release, error) {
	release, err := flow.DecodeInput(call.Document, call.ExecutionID)
	if err != nil {
		return shift.Release{}, err
	}
	if err := h.find(ctx, release.Arrivals); err != nil {
		return shift.Release{}, err
	}
	if err := h.publish(ctx, release.Arrivals); err != nil {
		return shift.Release{}, err
	}
	release.At, release.Retries = call.Now, call.Retry
	slog.InfoContext(ctx, "release settled", "deployment", call.ExecutionID,
		"targets", release.Arrivals, "strategy", release.Strategy, "trigger", release.Trigger)
	return release, nil
}

func (h PublishVersion) find(ctx context.Context, arrivals []shift.Arrival) error {
	for i, a := range arrivals {
		if a.Candidate == "" {
			continue
		}
		found, err := h.Versions.Published(ctx, a.Target, a.Candidate)
		if err != nil {
			return fmt.Errorf("find version %s of %s: %w", a.Candidate, a.Target, err)
		}
		arrivals[i].FunctionARN = found.FunctionARN
	}
	return nil
}

func (h PublishVersion) publish(ctx context.Context, arrivals []shift.Arrival) error {
	return h.Wait.inTurn(ctx, len(arrivals), func(i int) error {
		if arrivals[i].Candidate != "" {
			return nil
		}
		published, err := h.Versions.Publish(ctx, arrivals[i].Target)
		if err != nil {
			return fmt.Errorf("publish a version for %s: %w", arrivals[i].Target, err)
		}
		arrivals[i].Candidate, arrivals[i].FunctionARN = published.Version, published.FunctionARN
		return nil
	})
}
