package dynamo

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// Attributes that expressions use.
const (
	status     = "status"
	deployment = "deployment"
	intent     = "intent"
	landed     = "landed"
	command    = "command"

	comparisons = "comparisons"

	precedence = "precedence" // of the command
	askedStep  = "askedStep"
	askedAt    = "askedAt" // in milliseconds since 1970
	answered   = "answeredStep"
	answers    = "answers"
	restored   = "restored"
	untilOK    = "untilOk"
	seen       = "seen" // when each alarm (by its mapKey) entered the state that Open read, in milliseconds
	reasons    = "reasons"
	schema     = "schema"
	outcome    = "outcome"
	cause      = "cause"
	openedAt   = "openedAt"
	closedAt   = "closedAt"
	markedAt   = "markedAt"
	expiresAt  = flow.LedgerExpiry
	holder     = "holder"

	quarantinedLock = "quarantined"
)

// retention is how long a closed record and its history are kept. An execution can be
// redriven for 14 days (Step Functions, RedriveExecution), and must find its closed record.
const retention = 90 * 24 * time.Hour

// storedRecord is a record item. Values that are always read and written as a whole are JSON
// in one attribute. Values that conditions and updates use have attributes of their own.
type storedRecord struct {
	Schema      int              `dynamodbav:"schema,omitempty"`
	ID          string           `dynamodbav:"id"`
	Status      shift.Status     `dynamodbav:"status"`
	Arrivals    string           `dynamodbav:"arrivals"` // JSON
	PutsBack    bool             `dynamodbav:"putsBack,omitempty"`
	Alarms      []string         `dynamodbav:"alarms,omitempty"`     // those with an alarm item
	Deployment  string           `dynamodbav:"deployment,omitempty"` // JSON
	Intent      int              `dynamodbav:"intent"`
	Landed      string           `dynamodbav:"landed,omitempty"`      // JSON
	Comparisons string           `dynamodbav:"comparisons,omitempty"` // JSON
	Command     string           `dynamodbav:"command,omitempty"`     // JSON
	Precedence  int64            `dynamodbav:"precedence,omitempty"`  // of the Command
	AskedStep   int              `dynamodbav:"askedStep,omitempty"`
	AskedAt     int64            `dynamodbav:"askedAt,omitempty"` // in milliseconds since 1970
	Answers     []string         `dynamodbav:"answers,omitempty"` // each JSON
	Restored    []string         `dynamodbav:"restored,stringset,omitempty"`
	UntilOK     []string         `dynamodbav:"untilOk,stringset,omitempty"`
	Seen        map[string]int64 `dynamodbav:"seen,omitempty"` // by mapKey
	Reasons     storedReasons    `dynamodbav:"reasons,omitempty"`
	Outcome     shift.Outcome    `dynamodbav:"outcome,omitempty"`
	Cause       string           `dynamodbav:"cause,omitempty"`
	OpenedAt    time.Time        `dynamodbav:"openedAt,omitempty"`
	MarkedAt    time.Time        `dynamodbav:"markedAt,omitempty"`
	ClosedAt    time.Time        `dynamodbav:"closedAt,omitempty"`
	ExpiresAt   int64            `dynamodbav:"expiresAt,omitempty"` // seconds since 1970, for the TTL
}

// storedArrived is a candidate item: one entry of a Target's history.
type storedArrived struct {
	ID        string        `dynamodbav:"id"`
	Candidate shift.Version `dynamodbav:"candidate"`
	OpenedAt  time.Time     `dynamodbav:"openedAt"`
	Outcome   shift.Outcome `dynamodbav:"outcome,omitempty"`
	ClosedAt  time.Time     `dynamodbav:"closedAt,omitempty"`
}

// storedPointer is an open, suspect or alarm item. It points to a Deployment.
type storedPointer struct {
	ID       string    `dynamodbav:"id"`
	OpenedAt time.Time `dynamodbav:"openedAt,omitempty"` // in a suspect item: since when it is a suspect
}

// storedLock is a lock item.
type storedLock struct {
	Holder   string    `dynamodbav:"holder"`
	OpenedAt time.Time `dynamodbav:"openedAt"`
	// Quarantined is set when the Deployment has ended and keeps the lock for a while.
	Quarantined bool `dynamodbav:"quarantined,omitempty"`
}

// encode makes an item from its key and one of the stored types.
func encode(k key, stored any) (item, error) {
	attributes, err := attributevalue.MarshalMapWithOptions(stored, func(o *attributevalue.EncoderOptions) { o.OmitEmptyTime = true })
	if err != nil {
		return nil, fmt.Errorf("encode the item %v: %w", k, err)
	}
	maps.Copy(attributes, k)
	return attributes, nil
}

// decodeRecord decodes and checks a record item. It returns a valid record or an error,
// whatever is stored.
func decodeRecord(i item) (shift.Record, error) {
	stored, err := decodeStored(i)
	if err != nil {
		return shift.Record{}, err
	}
	record := shift.Record{
		ID: stored.ID, OpenedAt: stored.OpenedAt, PutsBack: stored.PutsBack, Status: stored.Status, Intent: stored.Intent, UntilOK: stored.UntilOK, Seen: stored.seen(),
		Reasons: stored.Reasons.reasons(), Outcome: stored.Outcome, Cause: stored.Cause, MarkedAt: stored.MarkedAt, ClosedAt: stored.ClosedAt,
	}
	for _, t := range stored.Restored {
		record.Restored = append(record.Restored, shift.Target(t))
	}
	if stored.AskedStep > 0 {
		record.Asked = shift.AskedStep{Step: stored.AskedStep, At: time.UnixMilli(stored.AskedAt).UTC()}
	}
	for _, text := range stored.Answers {
		var answer shift.Answer
		if err := decodeJSON(answers, text, &answer); err != nil {
			return shift.Record{}, damaged(stored.ID, err)
		}
		record.Answers = append(record.Answers, answer)
	}
	err = errors.Join(
		decodeJSON("arrivals", stored.Arrivals, &record.Arrivals),
		decodeJSON(deployment, stored.Deployment, &record.Deployment),
		decodeJSON(landed, stored.Landed, &record.Landed),
		decodeJSON(command, stored.Command, &record.Command),
		decodeJSON(comparisons, stored.Comparisons, &record.Comparisons),
	)
	if err == nil && record.Deployment != nil && record.Deployment.ID != record.ID {
		err = fmt.Errorf("it describes another deployment, %q", shift.BoundText(record.Deployment.ID, maxShown))
	}
	if err != nil {
		return shift.Record{}, damaged(stored.ID, err)
	}
	return record, nil
}

func (s storedRecord) seen() map[string]time.Time {
	if s.Seen == nil {
		return nil
	}
	seen := make(map[string]time.Time, len(s.Seen))
	for key, since := range s.Seen {
		var at time.Time
		if since != 0 {
			at = time.UnixMilli(since).UTC()
		}
		seen[nameOfMapKey(key)] = at
	}
	return seen
}

func decodeStored(i item) (storedRecord, error) {
	if err := checkSchema(i); err != nil {
		return storedRecord{}, err
	}
	var stored storedRecord
	err := attributevalue.UnmarshalMap(i, &stored)
	if err == nil {
		err = stored.check()
	}
	if err != nil {
		return stored, damaged(stored.ID, err)
	}
	return stored, nil
}

// checkSchema returns shift.ErrSchemaTooNew for an item that newer code has written. It runs
// before the item is decoded, because this code may be unable to decode such an item.
func checkSchema(i item) error {
	var header struct {
		ID     string `dynamodbav:"id"`
		Schema int    `dynamodbav:"schema"`
	}
	if attributevalue.UnmarshalMap(i, &header) != nil {
		return nil // decoding the whole item reports the problem
	}
	return shift.CheckSchema(fmt.Sprintf("the record of %q", shift.BoundText(header.ID, maxShown)), header.Schema)
}

// check returns an error for a record that is not valid.
func (s storedRecord) check() error {
	statuses := []shift.Status{shift.StatusOpen, shift.StatusRestoring, shift.StatusClosed}
	switch {
	case s.ID == "":
		return errors.New("it has no id")
	case s.Intent < 0:
		return fmt.Errorf("its intent is %d", s.Intent)
	case s.Status == shift.StatusClosed && (s.Outcome == "" || s.ClosedAt.IsZero()):
		return errors.New("it is closed but has no outcome or no closing time")
	case !slices.Contains(statuses, s.Status):
		return fmt.Errorf("its status is %q", shift.BoundText(string(s.Status), maxShown))
	}
	return nil
}

// maxShown bounds the text that an error quotes from an item, in characters.
const maxShown = 80

func damaged(id string, err error) error {
	return fmt.Errorf("%w: the record item of %q: %w", shift.ErrLedgerDamaged, id, err)
}

func decodeJSON(attribute, text string, into any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("its %s: %w", attribute, err)
	}
	return nil
}

func encodeJSON(attribute string, value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("encode the %s: %w", attribute, err)
	}
	return string(text), nil
}

// decodePointer decodes an item that points to a Deployment.
func decodePointer(i item) (storedPointer, error) {
	var pointer storedPointer
	err := attributevalue.UnmarshalMap(i, &pointer)
	if err == nil && pointer.ID == "" {
		err = errors.New("it has no id")
	}
	if err != nil {
		return pointer, fmt.Errorf("%w: the item %q: %w", shift.ErrLedgerDamaged, shift.BoundText(sortKeyOf(i), maxShown), err)
	}
	return pointer, nil
}

// decodeLock decodes a lock item. The lock of an item that does not exist has no holder.
func decodeLock(i item) (storedLock, error) {
	var lock storedLock
	err := attributevalue.UnmarshalMap(i, &lock)
	if err == nil && len(i) > 0 && lock.Holder == "" {
		err = errors.New("it has no holder")
	}
	if err != nil {
		return lock, fmt.Errorf("%w: %w", shift.ErrLedgerDamaged, err)
	}
	return lock, nil
}
