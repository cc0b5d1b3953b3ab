package eventbridge

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/internal/localaws/account"
	"sluice/internal/localaws/identifier"
	"sluice/internal/localaws/protocol"
)

// Name is EventBridge's prefix in IAM, and the name that its requests are signed with.
const Name = "events"

// Failures are EventBridge's.
var Failures = protocol.Failures{InternalCode: "InternalException"}

// Buses are the event buses of an account. Several goroutines may call its
// methods at once. No method calls a listener while it holds the lock.
type Buses struct {
	account account.Account
	names   []string

	mu        sync.Mutex
	ids       *identifier.Sequence
	listeners []func([]Event)
	refuse    func(Event) *EntryError
}

// New returns an account with these event buses, and the one called "default".
func New(in account.Account, names []string) *Buses {
	return &Buses{account: in, names: append([]string{defaultBus}, names...), ids: identifier.NewSequence(3)}
}

// Protocol is AWS-JSON 1.1.
func (s *Buses) Protocol(protocol.Request) protocol.Protocol { return protocol.JSON11 }

// The most that one PutEvents may carry: entries, and bytes of all entries
// together, which have to be less than 1 MB (PutEvents in EventBridge's API
// reference).
const (
	maxEntries     = 10
	maxEntryBytes  = 1_000_000
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
func (s *Buses) OnEvents(listener func([]Event)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, listener)
}

// FailEvents sets what is asked for every sound entry of a PutEvents. An
// error fails that entry alone: the call answers 200 with a FailedEntryCount,
// which a caller has to look at. nil lets the entry pass.
func (s *Buses) FailEvents(refuse func(Event) *EntryError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
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

// Operation understands PutEvents.
func (s *Buses) Operation(asked protocol.Request) protocol.Operation {
	name := asked.Target("AWSEvents")
	op := protocol.Operation{Action: name, Resource: "*"}
	if name != "PutEvents" {
		return op.Refuse(protocol.NotImplemented(Name, name))
	}
	var input putEventsInput
	if err := protocol.Decode(Name, name, asked.Body, &input); err != nil {
		return op.Refuse(err)
	}
	for _, entry := range input.Entries {
		permission := protocol.Permission{Action: Name + ":PutEvents", Resource: s.busARN(busName(entry))}
		if !slices.Contains(op.Permissions, permission) {
			op.Permissions = append(op.Permissions, permission)
		}
	}
	if len(op.Permissions) > 0 {
		op.Resource = op.Permissions[0].Resource
	}
	if err := s.validateEntries(input.Entries); err != nil {
		return op.Refuse(err)
	}
	op.Run = func(_ context.Context, now time.Time) (protocol.Reply, error) {
		return protocol.Reply{Body: s.putEvents(asked.Actor, input.Entries, now)}, nil
	}
	return op
}

// validateEntries refuses what fails a whole PutEvents.
func (s *Buses) validateEntries(entries []eventEntry) error {
	if len(entries) < 1 || len(entries) > maxEntries {
		return protocol.Constraint("Value at 'entries' failed to satisfy constraint: Member must have length between 1 and %d", maxEntries)
	}
	bytes := 0
	for _, entry := range entries {
		bytes += entry.size()
		// What AWS does with a bus that is not there is not known; a failed
		// call is what a caller notices.
		if bus := busName(entry); !slices.Contains(s.names, bus) {
			return protocol.NewError(http.StatusBadRequest, "ResourceNotFoundException", "Event bus %s does not exist.", bus)
		}
	}
	if bytes >= maxEntryBytes {
		return protocol.NewError(http.StatusBadRequest, "ValidationException", "Total size of the entries in the request is over the limit.")
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

func (s *Buses) busARN(bus string) string {
	return s.account.ARN(Name, "event-bus/"+bus)
}

// putEvents puts the entries that are sound and that nobody refuses, and
// tells of them.
func (s *Buses) putEvents(actor string, entries []eventEntry, now time.Time) putEventsOutput {
	s.mu.Lock()
	refuse, heard := s.refuse, s.listeners
	s.mu.Unlock()
	var output putEventsOutput
	var put []Event
	for _, entry := range entries {
		event := s.event(actor, entry, now)
		failed := entry.validate()
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
func (s *Buses) event(actor string, entry eventEntry, now time.Time) Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := now
	if entry.Time != nil {
		at = time.UnixMilli(int64(*entry.Time * 1e3)).UTC()
	}
	return Event{
		ID: s.ids.Next(), Actor: actor, Bus: busName(entry), Time: at,
		Source: entry.Source, DetailType: entry.DetailType, Detail: entry.Detail, Resources: entry.Resources,
	}
}

// validate returns why an entry fails by itself, nil if it does not. The codes
// are those of PutEventsResultEntry in EventBridge's API reference.
func (e eventEntry) validate() *EntryError {
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
