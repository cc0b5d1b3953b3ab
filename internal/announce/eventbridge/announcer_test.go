package eventbridge_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/announce/eventbridge"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// client is the HTTP client below the real SDK client.
type client func(*http.Request) (*http.Response, error)

func (c client) Do(r *http.Request) (*http.Response, error) { return c(r) }

// announcer returns an Announcer whose requests all get the same answer, and the body of the
// last request.
func announcer(status int, answer string) (*eventbridge.Announcer, *string) {
	body := new(string)
	return eventbridge.New(sdk.NewFromConfig(localaws.ClientConfig("id", client(func(r *http.Request) (*http.Response, error) {
		text, err := io.ReadAll(r.Body)
		*body += string(text)
		return &http.Response{
			StatusCode: status, Request: r, Body: io.NopCloser(strings.NewReader(answer)),
			Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		}, err
	})))), body
}

const execution = "arn:aws:states:us-east-1:123456789012:execution:sluice:first"

func shifted() shift.Announcement {
	return shift.Announcement{
		ID: execution + "/Shifted/2", DeploymentID: execution, State: shift.ShiftedTo,
		Changes: []shift.Move{{Target: "lambda:orders:live", Stable: "1", Candidate: "2"}},
		Weight:  1050, Step: 2, Reasons: []shift.Reason{{Name: shift.AlarmWithoutData, Subject: "a", Text: "alarm a has insufficient data"}}, At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
}

const taken = `{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`

func TestAnnouncementIsOneEvent(t *testing.T) {
	t.Parallel()
	a, body := announcer(200, taken)
	require.NoError(t, a.Announce(t.Context(), shifted()))
	var sent struct{ Entries []map[string]any }
	require.NoError(t, json.Unmarshal([]byte(*body), &sent))
	require.Len(t, sent.Entries, 1)
	entry := sent.Entries[0]
	assert.JSONEq(t, `{
		"id": "`+execution+`/Shifted/2", "deploymentId": "`+execution+`", "state": "Shifted",
		"targets": [{"target": "lambda:orders:live", "stable": "1", "candidate": "2"}],
		"weightPercent": 10.5, "step": 2, "reasons": [{"name": "AlarmWithoutData", "subject": "a", "text": "alarm a has insufficient data"}], "summary": "", "name": "", "markdown": "", "at": "2026-03-01T12:00:00Z"
	}`, entry["Detail"].(string))
	delete(entry, "Detail")
	assert.Equal(t, map[string]any{
		"Source": flow.OwnSource, "DetailType": flow.AnnouncementDetailType, "EventBusName": "default",
		"Resources": []any{execution}, "Time": float64(shifted().At.Unix()),
	}, entry)
}

// A bus that does not exist takes every event and delivers none. So nothing names another bus
// than the one that every account has.
func TestAnnouncementsGoToTheBusThatEveryAccountHas(t *testing.T) {
	t.Parallel()
	a, body := announcer(200, taken)
	require.NoError(t, a.Announce(t.Context(), shifted()))
	assert.Contains(t, *body, `"EventBusName":"default"`)
}

func TestARefusedEventIsAnErrorAlthoughTheCallSucceeds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, answer, says string
		throttled          bool
	}{
		{"refused", `{"FailedEntryCount":1,"Entries":[{"ErrorCode":"NotAuthorizedForSourceException","ErrorMessage":"Not authorized for the source."}]}`, "Not authorized for the source.", false},
		{"throttled", `{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException","ErrorMessage":"slow down"}]}`, "slow down", true},
		{"without a reason", `{"FailedEntryCount":1,"Entries":[{}]}`, "gave no reason", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _ := announcer(200, tt.answer)
			err := a.Announce(t.Context(), shifted())
			require.ErrorContains(t, err, tt.says)
			assert.ErrorContains(t, err, execution+"/Shifted/2")
			assert.Equal(t, tt.throttled, errors.Is(err, shift.ErrThrottled))
		})
	}
}

func TestFailedCallIsAnError(t *testing.T) {
	t.Parallel()
	for code, throttled := range map[string]bool{"ThrottlingException": true, "InternalException": false, "ResourceNotFoundException": false} {
		a, body := announcer(400, `{"__type":"`+code+`","message":"no"}`)
		err := a.Announce(t.Context(), shifted())
		require.ErrorContains(t, err, code)
		assert.Equal(t, throttled, errors.Is(err, shift.ErrThrottled), code)
		assert.Equal(t, 1, strings.Count(*body, "Entries"), "it is not tried again")
	}
}
