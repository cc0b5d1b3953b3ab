package lambda

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// The states of a version (State in Lambda's API model).
const (
	StatePending  = "Pending"
	StateActive   = "Active"
	StateInactive = "Inactive"
	StateFailed   = "Failed"
)

// VersionState is a version's State with its StateReasonCode and StateReason.
type VersionState struct {
	State      string
	ReasonCode string
	Reason     string
}

// pendingState is the state of a version that is not ready yet (LocalStack's snapshot
// test_publish_with_update).
var pendingState = VersionState{State: StatePending, ReasonCode: "Creating", Reason: "The function is being created."}

// Version is the current state of a version.
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
	settings    string // the rest of the configuration, as JSON
	revisionID  string
	modified    time.Time
	readyAt     time.Time // Pending before, state from then on
	state       VersionState
	wakes       time.Duration // how long an invocation of the Inactive version needs to make it Active
	missing     string        // the handler's module, if the code does not have it
	provisioned *provisioned
}

// stateAt returns the version's state at a time.
func (v *version) stateAt(now time.Time) VersionState {
	if now.Before(v.readyAt) {
		return pendingState
	}
	return v.state
}

// Publish publishes $LATEST as PublishVersion does.
func (s *Functions) Publish(name string) (Version, error) {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(name)
	if err != nil {
		return Version{}, fmt.Errorf("publish: %w", err)
	}
	v, err := s.publish(f, publication{}, now)
	if err != nil {
		return Version{}, fmt.Errorf("publish %s: %w", name, err)
	}
	return s.snapshot(f, v, now), nil
}

// Version returns the current state of a version.
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

// snapshot returns the current state of a version.
func (s *Functions) snapshot(f *function, v *version, now time.Time) Version {
	return Version{
		Function: f.name, Version: v.number, ARN: s.functionARN(f.name, v.number), CodeSha256: v.sha,
		Role: v.role, DeadLetterTarget: v.deadLetter, RevisionID: f.revision(v, now), VersionState: v.stateAt(now),
	}
}

// PendingFor makes every version published from now on Pending for a duration, and then
// puts it into the state then. An empty state means Active. Versions with SnapStart
// stay Pending for minutes.
func (s *Functions) PendingFor(name string, pending time.Duration, then VersionState) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(name)
	if err != nil {
		return fmt.Errorf("set pending: %w", err)
	}
	if then.State == "" {
		then.State = StateActive
	}
	f.pending, f.stateAfterPending = pending, then
	return nil
}

// SetVersionState changes the state of a version at once.
func (s *Functions) SetVersionState(name, number string, state VersionState) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(name)
	if err != nil {
		return fmt.Errorf("set version state: %w", err)
	}
	v := f.version(number)
	if v == nil {
		return fmt.Errorf("set version state: %w", s.versionNotFound(f, number))
	}
	v.state, v.readyAt = state, time.Time{}
	return nil
}

// Idle makes a version Inactive, as Lambda does with one that has not been invoked for weeks. The
// next invocation fails, and has Lambda make the version ready again within a duration (Lambda
// Developer Guide, Lambda function states; aws-cdk#20123).
func (s *Functions) Idle(name, number string, wakes time.Duration) error {
	if err := s.SetVersionState(name, number, VersionState{State: StateInactive, ReasonCode: "Idle", Reason: "The function is idle."}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.functions[name].version(number).wakes = wakes
	return nil
}

// wake answers an invocation of an Inactive version.
func (v *version) wake(now time.Time) error {
	v.readyAt, v.state = now.Add(v.wakes), VersionState{State: StateActive}
	return conflict("The operation cannot be performed at this time. The function is currently in the following state: %s", StateInactive)
}

// version returns a version by its number or "$LATEST", nil if there is none.
func (f *function) version(number string) *version {
	if number == latest {
		return f.latest
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(f.versions) || strconv.Itoa(n) != number {
		return nil
	}
	return f.versions[n-1] // nil if it was deleted
}

// lastVersion returns the last published version that was not deleted, nil if there is none.
// That a deleted one does not count is not documented.
func (f *function) lastVersion() *version {
	for _, v := range slices.Backward(f.versions) {
		if v != nil {
			return v
		}
	}
	return nil
}

// deleteVersion deletes a published version. One that an alias refers to is kept (DeleteFunction
// in Lambda's API reference). The number of a deleted version is not issued again.
func (s *Functions) deleteVersion(in input) error {
	number := in.function.qualifier
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(in.function.name)
	if err != nil {
		return err
	}
	if number == latest {
		return invalidParameter("$LATEST version cannot be deleted without deleting the function.")
	}
	v := f.version(number)
	if v == nil {
		return s.versionNotFound(f, number)
	}
	var users []string
	for _, name := range slices.Sorted(maps.Keys(f.aliases)) {
		a := f.aliases[name]
		if _, shared := a.weights[number]; shared || a.version == number {
			users = append(users, name)
		}
	}
	if len(users) > 0 {
		return conflict("Unable to delete version because the following aliases reference it: %s", users)
	}
	n, _ := strconv.Atoi(number) // version has parsed it
	f.versions[n-1] = nil
	return nil
}

// versionNotFound returns the error recorded in LocalStack's snapshot
// test_notfound_and_invalid_routingconfigs.
func (s *Functions) versionNotFound(f *function, number string) *protocol.Error {
	return notFound("Function not found: %s", s.functionARN(f.name, number))
}

// findVersion returns the version that a qualifier names: a version by its number, the
// own version of an alias, or $LATEST for an empty qualifier.
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
	return nil, s.versionNotFound(f, qualifier)
}

// publication is PublishVersion's request.
type publication struct {
	CodeSha256  string
	Description *string
	RevisionId  string
}

// publish publishes a version of $LATEST. If nothing changed since the last published
// version, it returns that one (PublishVersion in Lambda's API reference). Publishing
// also changes the RevisionId of $LATEST (LocalStack's snapshots).
func (s *Functions) publish(f *function, request publication, now time.Time) (*version, error) {
	if request.RevisionId != "" && request.RevisionId != f.revision(f.latest, now) {
		return nil, staleRevision()
	}
	if request.CodeSha256 != "" && request.CodeSha256 != f.latest.sha {
		return nil, invalidParameter("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.",
			request.CodeSha256, f.latest.sha)
	}
	if err := f.checkNotUpdating(now); err != nil {
		return nil, err
	}
	return s.publishOnce(f, request.Description, now), nil
}

// publishOnce publishes $LATEST, unless it is the last published version. While an update
// is in progress, the version is Pending: UpdateFunctionCode with Publish makes such a one.
// The caller holds the lock.
func (s *Functions) publishOnce(f *function, description *string, now time.Time) *version {
	if last := f.lastVersion(); last != nil && sameCodeAndConfiguration(last, f.latest) {
		return last
	}
	v := *f.latest
	v.number = strconv.Itoa(len(f.versions) + 1)
	v.revisionID, v.modified = s.revisions.Next(), now
	v.state, v.readyAt = f.stateAfterPending, now.Add(f.pending)
	if v.readyAt.Before(f.updateDoneAt) {
		v.readyAt = f.updateDoneAt
	}
	if description != nil {
		v.description = *description
	}
	f.versions = append(f.versions, &v)
	s.rotateLatest(f, now)
	return &v
}

// sameCodeAndConfiguration reports whether publishing b after a would change nothing.
func sameCodeAndConfiguration(a, b *version) bool {
	return a.sha == b.sha && a.role == b.role && a.deadLetter == b.deadLetter && a.settings == b.settings
}

func (s *Functions) publishVersion(_ context.Context, in input) (protocol.Reply, error) {
	var request publication
	if err := in.decode(&request); err != nil {
		return protocol.Reply{}, err
	}
	if err := protocol.CheckLength("description", request.Description, 256); err != nil {
		return protocol.Reply{}, err
	}
	published, err := s.publishLatest(in, request)
	if err != nil {
		return protocol.Reply{}, err
	}
	s.notifyPublishedListeners(in, published)
	return protocol.Reply{Status: http.StatusCreated, Body: published}, nil
}

// publishLatest publishes $LATEST and returns the version's configuration.
func (s *Functions) publishLatest(in input, request publication) (functionConfiguration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(in.function.name)
	if err != nil {
		return functionConfiguration{}, err
	}
	v, err := s.publish(f, request, in.now)
	if err != nil {
		return functionConfiguration{}, err
	}
	return f.configuration(v, s.functionARN(f.name, v.number), in.now), nil
}

// Published is the result of a call that published a version, or that found the version
// already published.
type Published struct {
	Actor    string
	Function string
	ARN      string // qualified
	Version  string
}

// OnPublished adds a listener that is called for the versions that API calls published,
// as CloudTrail records them.
func (s *Functions) OnPublished(listener func(Published)) {
	s.onPublished.Add(listener)
}

func (s *Functions) notifyPublishedListeners(in input, version functionConfiguration) {
	s.onPublished.Tell(Published{Actor: in.Actor, Function: version.FunctionName, ARN: version.FunctionArn, Version: version.Version})
}

// listVersions lists $LATEST and then the versions by number. Listed versions have
// neither a State nor an update status (LocalStack's snapshots).
func (s *Functions) listVersions(_ context.Context, in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(in.function.name)
	if err != nil {
		return protocol.Reply{}, err
	}
	versions := make([]functionConfiguration, 0, len(f.versions)+1)
	for _, v := range append([]*version{f.latest}, f.versions...) {
		if v == nil { // it was deleted
			continue
		}
		versions = append(versions, f.configuration(v, s.functionARN(f.name, v.number), in.now).withoutState())
	}
	page, marker, err := cutPage(in, versions, func(v functionConfiguration) string { return v.Version })
	return protocol.Reply{Body: versionList{Versions: page, NextMarker: marker}}, err
}

type versionList struct {
	Versions   []functionConfiguration `json:"Versions"`
	NextMarker string                  `json:"NextMarker,omitempty"`
}
