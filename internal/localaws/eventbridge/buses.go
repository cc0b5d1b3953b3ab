package eventbridge

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/account"
	"github.com/sluice-aws/sluice/internal/localaws/identifier"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Name is EventBridge's prefix in IAM and its signing name.
const Name = "events"

// Failures are the errors that any EventBridge call may return.
var Failures = protocol.Failures{InternalCode: "InternalException"}

// Buses holds the event buses of an account. Several goroutines may call its methods at
// once. No method calls a listener while it holds the lock.
type Buses struct {
	account account.Account
	names   []string

	mu        sync.Mutex
	ids       *identifier.Sequence
	listeners []func([]Event)
	rules     map[string]*rule
	deliver   Deliver
	failEntry func(Event) *EntryError
}

// New returns the Buses of an account: the named ones and "default".
func New(in account.Account, names []string) *Buses {
	s := &Buses{account: in, names: append([]string{defaultBus}, names...), ids: identifier.NewSequence(3), rules: map[string]*rule{}}
	s.OnEvents(s.route)
	return s
}

// Protocol returns AWS-JSON 1.1.
func (s *Buses) Protocol(protocol.Request) protocol.Protocol { return protocol.JSON11 }

// Limits of one PutEvents: the number of entries, and the size of all entries together,
// which must be less than maxEntryBytes. AWS was recorded to refuse 256 KB. Its API reference
// says 1 MB since 2026; the smaller limit is kept here.
const (
	maxEntries     = 10
	maxEntryBytes  = 256 << 10
	entryTimeBytes = 14 // the size of an entry's Time, if it has one
)

// defaultBus is the bus that every account has.
const defaultBus = "default"

// Event is an event on a bus.
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

// EntryError says why an entry of a successful PutEvents failed.
type EntryError struct {
	Code    string // "ThrottlingException", "InternalFailure", …
	Message string
}

// OnEvents adds a listener that is called with the events of each PutEvents, without
// the failed entries.
func (s *Buses) OnEvents(listener func([]Event)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, listener)
}

// FailEvents sets a function that is called for every valid entry of a PutEvents. If it
// returns an error, only that entry fails: the call returns 200 with a
// FailedEntryCount, which the caller has to check. If it returns nil, the entry
// succeeds.
func (s *Buses) FailEvents(fail func(Event) *EntryError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failEntry = fail
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

// putEventsOutput is PutEvents's response. It has one result for each entry of the
// request, in the same order.
type putEventsOutput struct {
	FailedEntryCount int
	Entries          []putEventsResult
}

type putEventsResult struct {
	EventId      string `json:",omitempty"`
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

// Operation parses a request for PutEvents or for an operation on rules. It rejects all other
// operations.
func (s *Buses) Operation(request protocol.Request) protocol.Operation {
	name := request.Target("AWSEvents")
	op := protocol.Operation{Action: name, Resource: "*"}
	if _, exists := ruleOperations[name]; exists {
		return s.ruleOperation(name, request)
	}
	if name != "PutEvents" {
		return op.Refuse(protocol.NotImplemented(Name, name))
	}
	var input putEventsInput
	if err := protocol.Decode(Name, name, request.Body, &input); err != nil {
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
		return protocol.Reply{Body: s.putEvents(request.Actor, input.Entries, now)}, nil
	}
	return op
}

// validateEntries checks for errors that fail the whole PutEvents.
func (s *Buses) validateEntries(entries []eventEntry) error {
	if len(entries) < 1 || len(entries) > maxEntries {
		return protocol.Constraint("Value at 'entries' failed to satisfy constraint: Member must have length between 1 and %d", maxEntries)
	}
	bytes := 0
	for _, entry := range entries {
		bytes += entry.size()
	}
	if bytes >= maxEntryBytes {
		return protocol.NewError(http.StatusBadRequest, "ValidationException", "Total size of the entries in the request is over the limit.")
	}
	return nil
}

// size returns the bytes that an entry counts towards maxEntryBytes (EventBridge User Guide,
// calculating the size of PutEvents event entries).
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

// busName returns the name of an entry's bus. EventBusName may be a name or an ARN.
func busName(entry eventEntry) string {
	if entry.EventBusName == "" {
		return defaultBus
	}
	return entry.EventBusName[strings.LastIndex(entry.EventBusName, "/")+1:]
}

func (s *Buses) busARN(bus string) string {
	return s.account.ARN(Name, "event-bus/"+bus)
}

// putEvents puts the valid entries that failEntry does not fail, and notifies the
// listeners. An event for a bus that does not exist gets an id, too, and reaches nobody
// (recorded against AWS).
func (s *Buses) putEvents(actor string, entries []eventEntry, now time.Time) putEventsOutput {
	s.mu.Lock()
	failEntry, listeners := s.failEntry, s.listeners
	s.mu.Unlock()
	var output putEventsOutput
	var put []Event
	for _, entry := range entries {
		event := s.event(actor, entry, now)
		failed := entry.validate()
		if failed == nil && failEntry != nil {
			failed = failEntry(event)
		}
		if failed != nil {
			output.FailedEntryCount++
			output.Entries = append(output.Entries, putEventsResult{ErrorCode: failed.Code, ErrorMessage: failed.Message})
			continue
		}
		if slices.Contains(s.names, event.Bus) {
			put = append(put, event)
		}
		output.Entries = append(output.Entries, putEventsResult{EventId: event.ID})
	}
	if len(put) > 0 {
		for _, listener := range listeners {
			listener(slices.Clone(put))
		}
	}
	return output
}

// event returns the event of an entry.
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

// validate returns the error of an invalid entry, or nil. The codes are those of
// PutEventsResultEntry in EventBridge's API reference.
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
