package lambda

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
	"github.com/sluice-aws/sluice/internal/localaws/throttle"
)

// latest is the unpublished version, the only one that can change.
const latest = "$LATEST"

// Function describes a Lambda function to create.
type Function struct {
	Name string
	// Content represents the code: its hash is the CodeSha256.
	Content string
	// Role is the execution role's ARN. Default: a role named after the function.
	Role string
	// DeadLetterTarget is the ARN of the dead-letter queue or topic; empty means none.
	DeadLetterTarget string
	// Durable makes it a durable function.
	Durable bool
	Tags    map[string]string
}

// function is a function with its versions and aliases.
type function struct {
	name     string
	arn      string
	tags     map[string]string
	durable  bool
	urls     map[string]bool    // by qualifier, and everybody may call them
	policies map[string][]Grant // by qualifier
	reserved *int               // concurrency; nil means that none is reserved
	running  int                // synchronous requests that it serves now
	// urlRequests bounds the requests to its URL. It is nil if no concurrency is reserved.
	urlRequests *throttle.Bucket
	runtime     string // empty, as the handler, unless CreateFunction made the function
	handler     string
	latest      *version
	versions    []*version // versions[i] has number i+1
	aliases     map[string]*alias

	updateDoneAt      time.Time // the last update of $LATEST is in progress until then
	updatedRevision   string    // the RevisionId of $LATEST from then on; empty: it stays
	pending           time.Duration
	stateAfterPending VersionState
}

// AddFunction creates a function that is Active at once and has no published version.
// It fails if the name is taken.
func (s *Functions) AddFunction(f Function) error {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, exists := s.functions[f.Name]; exists {
		return fmt.Errorf("add function %s: it already exists", f.Name)
	}
	if f.Role == "" {
		f.Role = fmt.Sprintf("arn:aws:iam::%s:role/%s", s.account.ID, f.Name)
	}
	s.functions[f.Name] = &function{
		name: f.Name,
		arn:  s.functionARN(f.Name, ""),
		tags: maps.Clone(f.Tags), durable: f.Durable,
		latest: &version{
			number: latest, sha: codeSha256(f.Content), size: len(f.Content), role: f.Role, deadLetter: f.DeadLetterTarget,
			revisionID: s.revisions.Next(), modified: now, state: VersionState{State: StateActive},
		},
		aliases:           map[string]*alias{},
		stateAfterPending: VersionState{State: StateActive},
	}
	return nil
}

// SetEnvironment gives $LATEST its variables, as if it had always had them.
func (s *Functions) SetEnvironment(name string, variables map[string]string) error {
	encoded, err := json.Marshal(map[string]any{"Variables": variables})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(name)
	if err != nil {
		return fmt.Errorf("set the environment: %w", err)
	}
	f.latest.settings = settings{Environment: encoded}.text()
	return nil
}

// UpdateCode changes the code and the RevisionId of $LATEST, as an update that has ended.
func (s *Functions) UpdateCode(name, content string) error {
	return s.updateLatest(name, func(v *version) {
		v.sha, v.size = codeSha256(content), len(content)
	})
}

// UpdateConfiguration changes the execution role, the dead-letter target (empty means
// none) and the RevisionId of $LATEST. Published versions do not change.
func (s *Functions) UpdateConfiguration(name, role, deadLetterTarget string) error {
	return s.updateLatest(name, func(v *version) {
		v.role, v.deadLetter = role, deadLetterTarget
	})
}

// updateLatest applies a change to $LATEST and gives it a new RevisionId.
func (s *Functions) updateLatest(name string, change func(*version)) error {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(name)
	if err != nil {
		return fmt.Errorf("update function: %w", err)
	}
	change(f.latest)
	s.changeLatest(f, now)
	return nil
}

// changeLatest gives $LATEST a new RevisionId and the time of its last change. The caller
// holds the lock.
func (s *Functions) changeLatest(f *function, now time.Time) {
	f.latest.modified = now
	s.rotateLatest(f, now)
}

// rotateLatest gives $LATEST a new RevisionId. The caller holds the lock.
func (s *Functions) rotateLatest(f *function, now time.Time) {
	if !now.Before(f.updateDoneAt) {
		f.updatedRevision = ""
	}
	f.latest.revisionID = s.revisions.Next()
}

// keepUpdating makes the last update of $LATEST stay in progress until a time. When an
// update ends, $LATEST gets another RevisionId (LocalStack's snapshot
// test_function_lifecycle). The caller holds the lock.
func (s *Functions) keepUpdating(f *function, until time.Time) {
	f.updateDoneAt, f.updatedRevision = until, s.revisions.Next()
}

// revision returns the RevisionId of a version.
func (f *function) revision(v *version, now time.Time) string {
	if v == f.latest && f.updatedRevision != "" && !now.Before(f.updateDoneAt) {
		return f.updatedRevision
	}
	return v.revisionID
}

// StartCodeUpdate updates the code of $LATEST under the rules of UpdateFunctionCode, as
// another client of AWS would. The update takes Config.UpdateTime.
func (s *Functions) StartCodeUpdate(name, content string) error {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(name)
	if err == nil {
		err = f.checkNotUpdating(now)
	}
	if err != nil {
		return fmt.Errorf("update the code of %s: %w", name, err)
	}
	s.startUpdate(f, content, now)
	return nil
}

// SetUpdateInProgress makes the last update of $LATEST stay in progress for a duration
// from now. Until then PublishVersion fails with a conflict.
func (s *Functions) SetUpdateInProgress(name string, duration time.Duration) error {
	until := s.account.Now().Add(duration)
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(name)
	if err != nil {
		return fmt.Errorf("set update in progress: %w", err)
	}
	s.keepUpdating(f, until)
	return nil
}

// findFunction returns a function. The caller holds the lock.
func (s *Functions) findFunction(name string) (*function, error) {
	return s.findQualified(functionName{name: name})
}

// findQualified returns a function. Its error names the qualified ARN. The caller holds
// the lock.
func (s *Functions) findQualified(named functionName) (*function, error) {
	if f := s.functions[named.name]; f != nil {
		return f, nil
	}
	return nil, notFound("Function not found: %s", s.functionARN(named.name, named.qualifier))
}

// checkNotUpdating returns a conflict if the last update of $LATEST is in progress.
func (f *function) checkNotUpdating(now time.Time) error {
	if now.Before(f.updateDoneAt) {
		return conflict("The operation cannot be performed at this time. An update is in progress for resource: %s", f.arn)
	}
	return nil
}

// codeSha256 returns a code's hash as Lambda encodes it.
func codeSha256(content string) string {
	sum := sha256.Sum256([]byte(content))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// functionConfiguration is a version in API responses. It has only the members that a
// deployment reads, under their names in Lambda's API model.
type functionConfiguration struct {
	FunctionName               string            `json:"FunctionName"`
	FunctionArn                string            `json:"FunctionArn"`
	Version                    string            `json:"Version"`
	Description                string            `json:"Description"`
	Role                       string            `json:"Role"`
	DeadLetterConfig           *deadLetterConfig `json:"DeadLetterConfig,omitempty"`
	DurableConfig              *durableConfig    `json:"DurableConfig,omitempty"`
	Environment                json.RawMessage   `json:"Environment,omitempty"`
	CodeSha256                 string            `json:"CodeSha256"`
	CodeSize                   int               `json:"CodeSize"`
	RevisionId                 string            `json:"RevisionId"`
	LastModified               string            `json:"LastModified"`
	PackageType                string            `json:"PackageType"`
	State                      string            `json:"State,omitempty"`
	StateReason                string            `json:"StateReason,omitempty"`
	StateReasonCode            string            `json:"StateReasonCode,omitempty"`
	LastUpdateStatus           string            `json:"LastUpdateStatus,omitempty"`
	LastUpdateStatusReason     string            `json:"LastUpdateStatusReason,omitempty"`
	LastUpdateStatusReasonCode string            `json:"LastUpdateStatusReasonCode,omitempty"`
}

type deadLetterConfig struct {
	TargetArn string `json:"TargetArn"`
}

type durableConfig struct {
	ExecutionTimeout      int `json:"ExecutionTimeout"`
	RetentionPeriodInDays int `json:"RetentionPeriodInDays"`
}

// configuration returns a version for a response, with the ARN that the caller asked
// for.
func (f *function) configuration(v *version, arn string, now time.Time) functionConfiguration {
	settled := v.stateAt(now)
	configuration := functionConfiguration{
		FunctionName: f.name, FunctionArn: arn, Version: v.number, Description: v.description, Role: v.role,
		CodeSha256: v.sha, CodeSize: v.size, RevisionId: f.revision(v, now), PackageType: "Zip",
		LastModified: v.modified.UTC().Format("2006-01-02T15:04:05.000+0000"),
		State:        settled.State, StateReason: settled.Reason, StateReasonCode: settled.ReasonCode,
	}
	if v.settings != "" {
		configuration.Environment = readSettings(v.settings).Environment
	}
	if v.deadLetter != "" {
		configuration.DeadLetterConfig = &deadLetterConfig{TargetArn: v.deadLetter}
	}
	if f.durable {
		configuration.DurableConfig = &durableConfig{ExecutionTimeout: 86400, RetentionPeriodInDays: 14}
	}
	switch {
	case v == f.latest && now.Before(f.updateDoneAt):
		configuration.LastUpdateStatus = "InProgress"
		configuration.LastUpdateStatusReason = "The function is being created."
		configuration.LastUpdateStatusReasonCode = "Creating"
	case settled.State != StatePending:
		// A version that is still being created has no update status
		// (LocalStack's snapshot test_publish_with_update).
		configuration.LastUpdateStatus = "Successful"
	}
	return configuration
}

// readVersion finds the version that a call names and returns its configuration. The
// caller holds the lock.
func (s *Functions) readVersion(in input) (*function, functionConfiguration, error) {
	f, err := s.findQualified(in.function)
	if err != nil {
		return nil, functionConfiguration{}, err
	}
	v, err := s.findVersion(f, in.function.qualifier)
	if err != nil {
		return nil, functionConfiguration{}, err
	}
	return f, f.configuration(v, s.functionARN(f.name, in.function.qualifier), in.now), nil
}

// functionOutput is GetFunction's response.
type functionOutput struct {
	Configuration functionConfiguration `json:"Configuration"`
	Code          codeLocation          `json:"Code"`
	Tags          map[string]string     `json:"Tags,omitempty"`
	TagsError     *tagsError            `json:"TagsError,omitempty"`
}

type codeLocation struct {
	Location       string `json:"Location"`
	RepositoryType string `json:"RepositoryType"`
}

func (s *Functions) getFunction(_ context.Context, in input) (protocol.Reply, error) {
	tagsErr := s.tagsErrorFor(in)
	s.mu.Lock()
	defer s.mu.Unlock()
	f, configuration, err := s.readVersion(in)
	if err != nil {
		return protocol.Reply{}, err
	}
	output := functionOutput{
		Configuration: configuration,
		Code:          codeLocation{Location: "https://code.invalid/" + f.name, RepositoryType: "S3"},
		TagsError:     tagsErr,
	}
	if tagsErr == nil {
		output.Tags = maps.Clone(f.tags)
	}
	return protocol.Reply{Body: output}, nil
}

func (s *Functions) getFunctionConfiguration(_ context.Context, in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, configuration, err := s.readVersion(in)
	return protocol.Reply{Body: configuration}, err
}
