package route53_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// refusing answers batches with a body, and lists from the zone.
type refusing struct {
	to     *internet
	status int
	body   string
}

func (r refusing) Do(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodPost {
		return r.to.Do(request)
	}
	return &http.Response{StatusCode: r.status, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(r.body)), Request: request}, nil
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}

// inOneText is a refusal as most are seen today, and inAList as the API reference has it.
func inOneText(messages ...string) string {
	return `<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>InvalidChangeBatch</Code><Message>` +
		escaped("["+strings.Join(messages, ", ")+"]") + `</Message></Error><RequestId>x</RequestId></ErrorResponse>`
}

func inAList(messages ...string) string {
	body := `<?xml version="1.0"?><InvalidChangeBatch xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Messages>`
	for _, message := range messages {
		body += "<Message>" + escaped(message) + "</Message>"
	}
	return body + `</Messages><RequestId>x</RequestId></InvalidChangeBatch>`
}

func writeAgainst(t *testing.T, status int, body string) error {
	t.Helper()
	i := newInternet(t, unlimited, simpleIP)
	start := read(t, i.router())
	_, err := i.routerThrough(refusing{i, status, body}).SetRoute(t.Context(), target, at(start, newIP, 1000))
	return err
}

const (
	gone     = "Tried to delete resource record set [name='www.example.com.', type='A'] but it was not found"
	unclosed = "Tried to delete resource record set [name='www.example.com.', type='A', set-identifier='srv1] but it was not found"
	differs  = "Tried to delete resource record set [name='_sluice.www.example.com.', type='TXT'] but the values provided do not match the current values"
	exists   = "Tried to create resource record set [name='www.example.com.', type='A', set-identifier='a, RRSet b'] but it already exists"
	ttl      = "RRSet with DNS name www.example.com. and type A, SetIdentifier a cannot be created as weighted sets must contain the same TTL."
	beside   = "RRSet with DNS name www.example.com., type A, SetIdentifier x cannot be created as a non-weighted set exists with the same name and type."
	target2  = "Tried to create an alias that targets d1.cloudfront.net., type A in zone Z1, but that target was not found"
)

func TestTheMessagesOfARefusedBatchAreToldApart(t *testing.T) {
	t.Parallel()
	type testcase struct {
		name     string
		messages []string
		want     error
	}
	for _, test := range []testcase{
		{"gone", []string{gone}, shift.ErrRevisionMismatch},
		{"gone, with a set identifier", []string{unclosed}, shift.ErrRevisionMismatch},
		{"differs", []string{differs}, shift.ErrRevisionMismatch},
		{"exists", []string{exists}, shift.ErrRevisionMismatch},
		{"all stale", []string{differs, gone, exists}, shift.ErrRevisionMismatch},
		{"stale, and what follows from it", []string{gone, beside}, shift.ErrRevisionMismatch},
		{"what follows, and stale", []string{beside, ttl, gone}, shift.ErrRevisionMismatch},
		{"TTL", []string{ttl}, shift.ErrRouteRefused},
		{"policy", []string{beside, ttl}, shift.ErrRouteRefused},
		{"an alias", []string{target2}, shift.ErrRouteRefused},
		{"a name that only looks stale", []string{"RRSet with DNS name x. Tried to delete resource record set [x] but it was not found"}, shift.ErrRouteRefused},
		{"none", nil, shift.ErrRouteRefused},
	} {
		for form, body := range map[string]string{"one text": inOneText(test.messages...), "a list": inAList(test.messages...)} {
			t.Run(test.name+", in "+form, func(t *testing.T) {
				t.Parallel()
				err := writeAgainst(t, 400, body)
				require.ErrorIs(t, err, test.want)
				for _, message := range test.messages {
					assert.ErrorContains(t, err, message)
				}
			})
		}
	}
}

func TestOtherAnswersAreToldApart(t *testing.T) {
	t.Parallel()
	answer := func(code string) string {
		return `<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>` + code + `</Code><Message>m</Message></Error></ErrorResponse>`
	}
	for code, want := range map[string]error{
		"PriorRequestNotComplete": shift.ErrThrottled, "Throttling": shift.ErrThrottled, "ThrottlingException": shift.ErrThrottled,
		"InvalidInput": shift.ErrRouteRefused, "NoSuchHostedZone": shift.ErrTargetNotFound,
	} {
		require.ErrorIs(t, writeAgainst(t, 400, answer(code)), want, code)
	}
	for _, code := range []string{"AccessDenied", "ServiceUnavailable", "NoSuchHealthCheck"} {
		err := writeAgainst(t, 400, answer(code))
		for _, means := range []error{shift.ErrThrottled, shift.ErrRouteRefused, shift.ErrRevisionMismatch, shift.ErrTargetNotFound} {
			require.NotErrorIs(t, err, means, code)
		}
	}
}

// Whatever Route 53 answers, the Router neither panics nor takes a refusal for a success, and
// only a message about a record that is not what was read is a stale one.
func FuzzAnAnswerIsNeverTakenForASuccess(f *testing.F) {
	for _, messages := range [][]string{{gone}, {differs, beside}, {exists}, {ttl}, {unclosed, target2}, {"[", "]"}, {", , "}, {"Tried to delete resource record set [] but it was not found"}, {""}} {
		f.Add(inOneText(messages...), 400)
		f.Add(inAList(messages...), 400)
	}
	f.Add(`<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>`, 400)
	f.Add(`<a`, 500)
	f.Add(``, 403)
	f.Add(`<InvalidChangeBatch/>`, 400)
	f.Fuzz(func(t *testing.T, body string, status int) {
		if status < 300 || status > 599 {
			return
		}
		err := writeAgainst(t, status, body)
		require.Error(t, err)
		if errors.Is(err, shift.ErrRevisionMismatch) {
			assert.Contains(t, err.Error(), "Tried to ")
			assert.NotErrorIs(t, err, shift.ErrRouteRefused)
		}
	})
}
