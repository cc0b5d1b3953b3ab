package lambda

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"sluice/internal/localaws/protocol"
)

// The states of a version that matter here (State in Lambda's API model).
const (
	StatePending  = "Pending"
	StateActive   = "Active"
	StateInactive = "Inactive"
	StateFailed   = "Failed"
)

// VersionState is a version's State, with the StateReasonCode and StateReason
// that go with it.
type VersionState struct {
	State      string
	ReasonCode string
	Reason     string
}

// creating is the state of what is not ready yet (LocalStack's snapshot
// test_publish_with_update).
var creating = VersionState{State: StatePending, ReasonCode: "Creating", Reason: "The function is being created."}

// Version is a version as it stands.
type Version struct {
	Function         string
	Version          string // a number, or "$LATEST"
	ARN              string // qualified
	CodeSha256       string
	Role             string
	DeadLetterTarget string
	RevisionID       string
	VersionState
}

// version is a published version, or $LATEST.
type version struct {
	number      string
	sha         string
	size        int
	description string
	role        string
	deadLetter  string
	revisionID  string
	modified    time.Time
	settled     time.Time // Pending before, state from then on
	state       VersionState
	provisioned *provisioned
}

// stateAt is the version's state at a time.
func (v *version) stateAt(now time.Time) VersionState {
	if now.Before(v.settled) {
		return creating
	}
	return v.state
}

// Publish publishes $LATEST as PublishVersion does.
func (s *Functions) Publish(name string) (Version, error) {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(name)
	if err != nil {
		return Version{}, fmt.Errorf("publish: %w", err)
	}
	v, err := s.publish(f, publication{}, now)
	if err != nil {
		return Version{}, fmt.Errorf("publish %s: %w", name, err)
	}
	return s.snapshot(f, v, now), nil
}

// Version returns a version as it stands now.
func (s *Functions) Version(name, number string) (Version, bool) {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[name]
	if f == nil {
		return Version{}, false
	}
	v := f.version(number)
	if v == nil {
		return Version{}, false
	}
	return s.snapshot(f, v, now), true
}

// snapshot is a version as its owner sees it.
func (s *Functions) snapshot(f *function, v *version, now time.Time) Version {
	return Version{
		Function: f.name, Version: v.number, ARN: s.functionARN(f.name, v.number), CodeSha256: v.sha,
		Role: v.role, DeadLetterTarget: v.deadLetter, RevisionID: v.revisionID, VersionState: v.stateAt(now),
	}
}

// PendingFor makes every version published from now on Pending for a while,
// and then what is given; an empty state is Active. SnapStart's versions do
// that for minutes.
func (s *Functions) PendingFor(name string, pending time.Duration, then VersionState) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(name)
	if err != nil {
		return fmt.Errorf("set pending: %w", err)
	}
	if then.State == "" {
		then.State = StateActive
	}
	f.pending, f.then = pending, then
	return nil
}

// SetVersionState puts a version into a state at once.
func (s *Functions) SetVersionState(name, number string, state VersionState) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(name)
	if err != nil {
		return fmt.Errorf("set version state: %w", err)
	}
	v := f.version(number)
	if v == nil {
		return fmt.Errorf("set version state: %w", s.noVersion(f, number))
	}
	v.state, v.settled = state, time.Time{}
	return nil
}

// version returns a version by its number or "$LATEST", nil if there is none.
func (f *function) version(number string) *version {
	if number == latest {
		return f.latest
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(f.versions) || f.versions[n-1].number != number {
		return nil
	}
	return f.versions[n-1]
}

// noVersion is recorded in LocalStack's snapshot test_notfound_and_invalid_routingconfigs.
func (s *Functions) noVersion(f *function, number string) *protocol.Error {
	return missing("Function not found: %s", s.functionARN(f.name, number))
}

// findVersion returns the version that a qualifier names: a version's number,
// an alias's own version, $LATEST if there is none.
func (s *Functions) findVersion(f *function, qualifier string) (*version, error) {
	if qualifier == "" {
		return f.latest, nil
	}
	if v := f.version(qualifier); v != nil {
		return v, nil
	}
	if a := f.aliases[qualifier]; a != nil {
		return f.version(a.version), nil
	}
	return nil, s.noVersion(f, qualifier)
}

// publication is PublishVersion's request.
type publication struct {
	CodeSha256  string
	Description *string
	RevisionId  string
}

// publish makes a version of $LATEST, unless nothing changed since the last
// one: then that is the answer (PublishVersion in Lambda's API reference). It
// also changes $LATEST's RevisionId (LocalStack's snapshots).
func (s *Functions) publish(f *function, asked publication, now time.Time) (*version, error) {
	if asked.RevisionId != "" && asked.RevisionId != f.latest.revisionID {
		return nil, staleRevision()
	}
	if asked.CodeSha256 != "" && asked.CodeSha256 != f.latest.sha {
		return nil, invalidParameter("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.",
			asked.CodeSha256, f.latest.sha)
	}
	if now.Before(f.updating) {
		return nil, conflict("The operation cannot be performed at this time. An update is in progress for resource: %s", f.arn)
	}
	if n := len(f.versions); n > 0 && sameCodeAndConfiguration(f.versions[n-1], f.latest) {
		return f.versions[n-1], nil
	}
	v := *f.latest
	v.number = strconv.Itoa(len(f.versions) + 1)
	v.revisionID, v.modified = s.revisions.Next(), now
	v.state, v.settled = f.then, now.Add(f.pending)
	if asked.Description != nil {
		v.description = *asked.Description
	}
	f.versions = append(f.versions, &v)
	f.latest.revisionID = s.revisions.Next()
	return &v, nil
}

// sameCodeAndConfiguration tells whether publishing b after a would change nothing.
func sameCodeAndConfiguration(a, b *version) bool {
	return a.sha == b.sha && a.role == b.role && a.deadLetter == b.deadLetter
}

func (s *Functions) publishVersion(_ context.Context, in input) (protocol.Reply, error) {
	var asked publication
	if err := protocol.Decode(Name, in.operation, in.Body, &asked); err != nil {
		return protocol.Reply{}, err
	}
	if err := protocol.CheckLength("description", asked.Description, 256); err != nil {
		return protocol.Reply{}, err
	}
	published, err := s.publishLatest(in, asked)
	if err != nil {
		return protocol.Reply{}, err
	}
	s.tellPublished(in, published)
	return protocol.Reply{Status: http.StatusCreated, Body: published}, nil
}

// publishLatest publishes and writes the version.
func (s *Functions) publishLatest(in input, asked publication) (functionConfiguration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(in.function.name)
	if err != nil {
		return functionConfiguration{}, err
	}
	v, err := s.publish(f, asked, in.now)
	if err != nil {
		return functionConfiguration{}, err
	}
	return f.configuration(v, s.functionARN(f.name, v.number), in.now), nil
}

// Published is a version that a call has published, or has found to be published
// already.
type Published struct {
	Actor    string
	Function string
	ARN      string // qualified
	Version  string
}

// OnPublished adds a listener that hears of the versions that calls have published,
// as CloudTrail does.
func (s *Functions) OnPublished(listener func(Published)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.publishedListeners = append(s.publishedListeners, listener)
}

func (s *Functions) tellPublished(in input, version functionConfiguration) {
	s.mu.Lock()
	heard := s.publishedListeners
	s.mu.Unlock()
	for _, listener := range heard {
		listener(Published{Actor: in.Actor, Function: version.FunctionName, ARN: version.FunctionArn, Version: version.Version})
	}
}

// listVersions lists $LATEST and then the versions by number. A listed
// version has neither a State nor an update status (LocalStack's snapshots).
func (s *Functions) listVersions(_ context.Context, in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(in.function.name)
	if err != nil {
		return protocol.Reply{}, err
	}
	listed := make([]functionConfiguration, 0, len(f.versions)+1)
	for _, v := range append([]*version{f.latest}, f.versions...) {
		listed = append(listed, f.configuration(v, s.functionARN(f.name, v.number), in.now).withoutState())
	}
	page, marker, err := cutPage(in, listed, func(v functionConfiguration) string { return v.Version })
	return protocol.Reply{Body: versionList{Versions: page, NextMarker: marker}}, err
}

type versionList struct {
	Versions   []functionConfiguration `json:"Versions"`
	NextMarker string                  `json:"NextMarker,omitempty"`
}
