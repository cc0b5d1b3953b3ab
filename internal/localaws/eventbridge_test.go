package localaws_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// entries returns one event for each detail.
func entries(details ...string) []types.PutEventsRequestEntry {
	var made []types.PutEventsRequestEntry
	for _, detail := range details {
		made = append(made, types.PutEventsRequestEntry{
			Source: aws.String("shop"), DetailType: aws.String("Order State Change"), Detail: aws.String(detail),
		})
	}
	return made
}

func TestPutEventsNotifiesListenersOfEachEvent(t *testing.T) {
	t.Parallel()
	a := newAccount(t, localaws.Config{EventBuses: []string{"releases"}})
	var received [][]localaws.Event
	a.OnEvents(func(events []localaws.Event) { received = append(received, events) })
	given := entries(`{"state":"Started"}`, `{"state":"Shifted"}`)
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	given[1].Time, given[1].EventBusName, given[1].Resources = &at, aws.String("releases"), []string{"arn:x"}
	var call localaws.Call
	a.OnCall(func(c localaws.Call) { call = c })

	output, err := a.events().PutEvents(context.Background(), &eventbridge.PutEventsInput{Entries: given})

	require.NoError(t, err)
	require.Len(t, received, 1)
	require.Len(t, received[0], 2)
	assert.Equal(t, localaws.Event{
		ID: *output.Entries[0].EventId, Actor: "set-weight", Bus: "default", Time: a.clock.Now(),
		Source: "shop", DetailType: "Order State Change", Detail: `{"state":"Started"}`,
	}, received[0][0])
	assert.Equal(t, "releases", received[0][1].Bus)
	assert.Equal(t, at, received[0][1].Time)
	assert.Equal(t, []string{"arn:x"}, received[0][1].Resources)
	assert.NotEqual(t, received[0][0].ID, received[0][1].ID)
	assert.Equal(t, []localaws.Permission{
		{Action: "events:PutEvents", Resource: "arn:aws:events:us-east-1:123456789012:event-bus/default"},
		{Action: "events:PutEvents", Resource: "arn:aws:events:us-east-1:123456789012:event-bus/releases"},
	}, call.Permissions())
}

func TestAFailedEntryShowsOnlyInTheResponse(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name   string
		change func(*types.PutEventsRequestEntry)
		code   string
		text   string
	}
	for _, test := range []testcase{
		{"refused", func(e *types.PutEventsRequestEntry) { e.Detail = aws.String(`{"state":"Refused"}`) }, "ThrottlingException", "slow down"},
		{"no source", func(e *types.PutEventsRequestEntry) { e.Source = nil }, "InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."},
		{"no detail type", func(e *types.PutEventsRequestEntry) { e.DetailType = nil }, "InvalidArgument", "DetailType is a required argument."},
		{"no detail", func(e *types.PutEventsRequestEntry) { e.Detail = nil }, "InvalidArgument", "Detail is a required argument."},
		{"detail is no object", func(e *types.PutEventsRequestEntry) { e.Detail = aws.String(`[]`) }, "MalformedDetail", "Detail is malformed."},
		{"detail is null", func(e *types.PutEventsRequestEntry) { e.Detail = aws.String(`null`) }, "MalformedDetail", "Detail is malformed."},
		{"detail is no JSON", func(e *types.PutEventsRequestEntry) { e.Detail = aws.String(`{`) }, "MalformedDetail", "Detail is malformed."},
		{"source is AWS's own", func(e *types.PutEventsRequestEntry) { e.Source = aws.String("aws.states") }, "NotAuthorizedForSourceException", "Not authorized for the source."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.FailEvents(func(event localaws.Event) *localaws.EntryError {
				if strings.Contains(event.Detail, "Refused") {
					return &localaws.EntryError{Code: "ThrottlingException", Message: "slow down"}
				}
				return nil
			})
			var received []localaws.Event
			a.OnEvents(func(events []localaws.Event) { received = append(received, events...) })
			given := entries(`{"n":1}`, `{"n":2}`, `{"n":3}`)
			test.change(&given[1])

			output, err := a.events().PutEvents(context.Background(), &eventbridge.PutEventsInput{Entries: given})

			require.NoError(t, err, "the call itself succeeds")
			assert.EqualValues(t, 1, output.FailedEntryCount)
			require.Len(t, output.Entries, 3)
			assert.NotNil(t, output.Entries[0].EventId)
			assert.Equal(t, test.code, aws.ToString(output.Entries[1].ErrorCode))
			assert.Contains(t, aws.ToString(output.Entries[1].ErrorMessage), test.text)
			assert.Nil(t, output.Entries[1].EventId)
			require.Len(t, received, 2)
			assert.Equal(t, `{"n":3}`, received[1].Detail)
		})
	}
}

func TestPutEventsIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	large := `{"x":"` + strings.Repeat("x", 128<<10) + `"}`
	type testcase struct {
		name  string
		given []types.PutEventsRequestEntry
		code  string
		text  string
	}
	for _, test := range []testcase{
		{"no entry", []types.PutEventsRequestEntry{}, "ValidationException", "Value at 'entries' failed to satisfy constraint"},
		{"eleven entries", entries(strings.Split(strings.Repeat("{} ", 11), " ")[:11]...), "ValidationException", "Value at 'entries' failed to satisfy constraint"},
		{"too large together", entries(large, large), "ValidationException", "Total size of the entries in the request is over the limit."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, unlimited())
			a.OnEvents(func([]localaws.Event) { t.Error("an event was put") })
			_, err := a.events().PutEvents(context.Background(), &eventbridge.PutEventsInput{Entries: test.given})
			requireRefused(t, err, 400, test.code, test.text)
		})
	}
}

// An entry's size counts its Time as 14 bytes, and the texts in UTF-8.
func TestAnEntryMustBeSmallerThan256KB(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		bytes int
		fits  bool
	}{{256<<10 - 1, true}, {256 << 10, false}} {
		a := newAccount(t, unlimited())
		given := entries("")
		given[0].Time, given[0].Resources = &at, []string{"arn:x"}
		frame := `{"x":"é"}`
		rest := test.bytes - len("shop"+"Order State Change"+"arn:x"+frame) - 14
		given[0].Detail = aws.String(`{"x":"é` + strings.Repeat("x", rest) + `"}`)
		_, err := a.events().PutEvents(context.Background(), &eventbridge.PutEventsInput{Entries: given})
		if test.fits {
			require.NoError(t, err)
			continue
		}
		requireRefused(t, err, 400, "ValidationException", "Total size of the entries in the request is over the limit.")
	}
}

func TestAnEventForABusThatDoesNotExistReachesNobody(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	var received []string
	a.OnEvents(func(events []localaws.Event) {
		for _, e := range events {
			received = append(received, e.Bus)
		}
	})
	given := entries(`{}`, `{}`)
	given[1].EventBusName = aws.String("elsewhere")
	output, err := a.events().PutEvents(context.Background(), &eventbridge.PutEventsInput{Entries: given})
	require.NoError(t, err)
	assert.Zero(t, output.FailedEntryCount)
	require.Len(t, output.Entries, 2)
	assert.NotEmpty(t, output.Entries[1].EventId)
	assert.Equal(t, []string{"default"}, received)
}
