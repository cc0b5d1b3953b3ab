package localaws

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const eventsService = "events"

// The most that one PutEvents may carry: entries, and bytes of all entries
// together, which have to be less than 1 MB (PutEvents in EventBridge's API
// reference).
const (
	mostEntries    = 10
	largestEntries = 1_000_000
	entryTimeBytes = 14 // an entry that gives its time counts so much for it
)

// defaultBus is the bus there always is.
const defaultBus = "default"

// Event is one event that was put on a bus.
type Event struct {
	ID         string
	Actor      string
	Bus        string // its name
	Time       time.Time
	Source     string
	DetailType string
	Detail     string // a JSON object
	Resources  []string
}

// EntryError is why one entry of a PutEvents failed while the call succeeded.
type EntryError struct {
	Code    string // "ThrottlingException", "InternalFailure", …
	Message string
}

// OnEvents adds a listener that hears of the events of each PutEvents, but
// for the entries that failed.
func (c *Cloud) OnEvents(listener func([]Event)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners.events = append(c.listeners.events, listener)
}

// FailEvents sets what is asked for every sound entry of a PutEvents. An
// error fails that entry alone: the call answers 200 with a FailedEntryCount,
// which a caller has to look at. nil lets the entry pass.
func (c *Cloud) FailEvents(refuse func(Event) *EntryError) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners.refuseEvent = refuse
}

// putEventsInput is PutEvents's request.
type putEventsInput struct {
	Entries []eventEntry
}

type eventEntry struct {
	Time         *float64 // seconds since the epoch
	Source       string
	Resources    []string
	DetailType   string
	Detail       string
	EventBusName string
}

// putEventsOutput is PutEvents's answer: an entry for each that was given, in
// their order.
type putEventsOutput struct {
	FailedEntryCount int
	Entries          []putEventsResult
}

type putEventsResult struct {
	EventId      string `json:",omitempty"`
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

func (c *Cloud) understandEvents(asked request) operation {
	name := targetOf(asked)
	op := operation{action: name, resource: "*"}
	if name != "PutEvents" {
		return op.refused(notImplemented(eventsService, name))
	}
	var input putEventsInput
	if err := decode(eventsService, name, asked.body, &input); err != nil {
		return op.refused(err)
	}
	for _, entry := range input.Entries {
		permission := Permission{Action: eventsService + ":PutEvents", Resource: c.busARN(busName(entry))}
		if !slices.Contains(op.permissions, permission) {
			op.permissions = append(op.permissions, permission)
		}
	}
	if len(op.permissions) > 0 {
		op.resource = op.permissions[0].Resource
	}
	if err := c.validateEntries(input.Entries); err != nil {
		return op.refused(err)
	}
	op.run = func(_ context.Context, now time.Time) (reply, error) {
		return reply{body: c.putEvents(asked.actor, input.Entries, now)}, nil
	}
	return op
}

// validateEntries refuses what fails a whole PutEvents.
func (c *Cloud) validateEntries(entries []eventEntry) error {
	if len(entries) < 1 || len(entries) > mostEntries {
		return constraint("Value at 'entries' failed to satisfy constraint: Member must have length between 1 and %d", mostEntries)
	}
	bytes := 0
	for _, entry := range entries {
		bytes += entry.size()
		// What AWS does with a bus that is not there is not known; a failed
		// call is what a caller notices.
		if bus := busName(entry); bus != defaultBus && !slices.Contains(c.config.EventBuses, bus) {
			return failure(http.StatusBadRequest, "ResourceNotFoundException", "Event bus %s does not exist.", bus)
		}
	}
	if bytes >= largestEntries {
		return failure(http.StatusBadRequest, "ValidationException", "Total size of the entries in the request is over the limit.")
	}
	return nil
}

// size is what an entry counts towards the limit, in bytes.
func (e eventEntry) size() int {
	size := len(e.Source) + len(e.DetailType) + len(e.Detail)
	for _, resource := range e.Resources {
		size += len(resource)
	}
	if e.Time != nil {
		size += entryTimeBytes
	}
	return size
}

// busName is the bus of an entry: EventBusName may be a name or an ARN.
func busName(entry eventEntry) string {
	if entry.EventBusName == "" {
		return defaultBus
	}
	return entry.EventBusName[strings.LastIndex(entry.EventBusName, "/")+1:]
}

func (c *Cloud) busARN(bus string) string {
	return fmt.Sprintf("arn:aws:events:%s:%s:event-bus/%s", c.config.Region, c.config.Account, bus)
}

// putEvents puts the entries that are sound and that nobody refuses, and
// tells of them.
func (c *Cloud) putEvents(actor string, entries []eventEntry, now time.Time) putEventsOutput {
	c.mu.Lock()
	refuse, heard := c.listeners.refuseEvent, c.listeners.events
	c.mu.Unlock()
	var output putEventsOutput
	var put []Event
	for _, entry := range entries {
		event := c.event(actor, entry, now)
		failed := entry.fault()
		if failed == nil && refuse != nil {
			failed = refuse(event)
		}
		if failed != nil {
			output.FailedEntryCount++
			output.Entries = append(output.Entries, putEventsResult{ErrorCode: failed.Code, ErrorMessage: failed.Message})
			continue
		}
		put = append(put, event)
		output.Entries = append(output.Entries, putEventsResult{EventId: event.ID})
	}
	if len(put) > 0 {
		for _, listener := range heard {
			listener(slices.Clone(put))
		}
	}
	return output
}

// event is an entry as the event that it puts.
func (c *Cloud) event(actor string, entry eventEntry, now time.Time) Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := now
	if entry.Time != nil {
		at = time.UnixMilli(int64(*entry.Time * 1e3)).UTC()
	}
	return Event{
		ID: c.eventIDs.next(), Actor: actor, Bus: busName(entry), Time: at,
		Source: entry.Source, DetailType: entry.DetailType, Detail: entry.Detail, Resources: entry.Resources,
	}
}

// fault is why an entry fails by itself. The codes are those of
// PutEventsResultEntry in EventBridge's API reference.
func (e eventEntry) fault() *EntryError {
	for _, required := range []struct{ member, value string }{{"Source", e.Source}, {"DetailType", e.DetailType}, {"Detail", e.Detail}} {
		if required.value == "" {
			return &EntryError{Code: "InvalidArgument", Message: "Parameter " + required.member + " is not valid. Reason: " + required.member + " is a required argument."}
		}
	}
	if strings.HasPrefix(e.Source, "aws.") {
		return &EntryError{Code: "NotAuthorizedForSourceException", Message: "Not authorized for the source."}
	}
	var detail map[string]json.RawMessage
	if err := json.Unmarshal([]byte(e.Detail), &detail); err != nil || detail == nil {
		return &EntryError{Code: "MalformedDetail", Message: "Detail is malformed."}
	}
	return nil
}
