package eventbridge

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"sluice/internal/awserror"
	"sluice/internal/flow"
	"sluice/internal/shift"
)

// API lists the EventBridge calls that the Announcer makes.
type API interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// Announcer puts Announcements on an event bus.
type Announcer struct {
	api API
	bus *string
}

// New returns the Announcer for a bus, given by its name or ARN. An empty bus is the account's
// default bus.
func New(api API, bus string) *Announcer {
	a := &Announcer{api: api}
	if bus != "" {
		a.bus = aws.String(bus)
	}
	return a
}

// Announce puts one Announcement on the bus. It returns shift.ErrThrottled when EventBridge
// throttles the call.
func (a *Announcer) Announce(ctx context.Context, what shift.Announcement) error {
	detail, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("encode announcement %s: %w", what.ID, err)
	}
	out, err := a.api.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		EventBusName: a.bus,
		Source:       aws.String(flow.OwnSource),
		DetailType:   aws.String(flow.AnnouncementDetailType),
		Detail:       aws.String(string(detail)),
		Resources:    []string{what.DeploymentID},
		Time:         aws.Time(what.At),
	}}})
	if err == nil {
		err = entryError(out)
	}
	if err != nil {
		return fmt.Errorf("announce %s: %w", what.ID, awserror.Meaning(err))
	}
	return nil
}
