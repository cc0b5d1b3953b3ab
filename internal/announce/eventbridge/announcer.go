package eventbridge

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the EventBridge calls that the Announcer makes.
type API interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// Announcer puts Announcements on flow.EventBus.
type Announcer struct{ api API }

// New returns an Announcer.
func New(api API) *Announcer { return &Announcer{api: api} }

// Announce puts one Announcement on the bus. It returns shift.ErrThrottled when EventBridge
// throttles the call.
func (a *Announcer) Announce(ctx context.Context, what shift.Announcement) error {
	detail, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("encode announcement %s: %w", what.ID, err)
	}
	out, err := a.api.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		EventBusName: aws.String(flow.EventBus),
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
