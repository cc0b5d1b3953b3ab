package lambda

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"time"

	"sluice/internal/localaws/protocol"
)

// latest is the version that can still change.
const latest = "$LATEST"

// Function is a Lambda function as it is first created.
type Function struct {
	Name string
	// Content stands for the code: its hash is the CodeSha256.
	Content string
	// Role is the execution role's ARN. Default: a role of the function's name.
	Role string
	// DeadLetterTarget is the ARN of the dead-letter queue or topic; empty is none.
	DeadLetterTarget string
	Tags             map[string]string
}

// function is a function with its versions and aliases.
type function struct {
	name     string
	arn      string
	tags     map[string]string
	latest   *version
	versions []*version // versions[i] has number i+1
	aliases  map[string]*alias

	updating time.Time // $LATEST's last update is in progress before then
	pending  time.Duration
	then     VersionState
}

// AddFunction creates a function, Active at once and with nothing published.
// It fails if there is one of that name.
func (s *Functions) AddFunction(f Function) error {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, exists := s.functions[f.Name]; exists {
		return fmt.Errorf("add function %s: there is one already", f.Name)
	}
	if f.Role == "" {
		f.Role = fmt.Sprintf("arn:aws:iam::%s:role/%s", s.account.ID, f.Name)
	}
	s.functions[f.Name] = &function{
		name: f.Name,
		arn:  s.functionARN(f.Name, ""),
		tags: maps.Clone(f.Tags),
		latest: &version{
			number: latest, sha: codeSha256(f.Content), size: len(f.Content), role: f.Role, deadLetter: f.DeadLetterTarget,
			revisionID: s.revisions.Next(), modified: now, state: VersionState{State: StateActive},
		},
		aliases: map[string]*alias{},
		then:    VersionState{State: StateActive},
	}
	return nil
}

// UpdateCode gives $LATEST other code, and with it another RevisionId.
func (s *Functions) UpdateCode(name, content string) error {
	return s.updateLatest(name, func(v *version) {
		v.sha, v.size = codeSha256(content), len(content)
	})
}

// UpdateConfiguration gives $LATEST another execution role and dead-letter
// target (empty is none), and with them another RevisionId. Versions that are
// published keep theirs.
func (s *Functions) UpdateConfiguration(name, role, deadLetterTarget string) error {
	return s.updateLatest(name, func(v *version) {
		v.role, v.deadLetter = role, deadLetterTarget
	})
}

// updateLatest changes $LATEST.
func (s *Functions) updateLatest(name string, change func(*version)) error {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(name)
	if err != nil {
		return fmt.Errorf("update function: %w", err)
	}
	change(f.latest)
	f.latest.modified, f.latest.revisionID = now, s.revisions.Next()
	return nil
}

// SetUpdateInProgress makes $LATEST's last update take that long from now.
// Until then PublishVersion is a conflict.
func (s *Functions) SetUpdateInProgress(name string, duration time.Duration) error {
	until := s.account.Now().Add(duration)
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(name)
	if err != nil {
		return fmt.Errorf("set update in progress: %w", err)
	}
	f.updating = until
	return nil
}

// find returns a function. The caller holds the lock.
func (s *Functions) find(name string) (*function, error) {
	if f := s.functions[name]; f != nil {
		return f, nil
	}
	return nil, missing("Function not found: %s", s.functionARN(name, ""))
}

// codeSha256 is a code's hash as Lambda writes it.
func codeSha256(content string) string {
	sum := sha256.Sum256([]byte(content))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// functionConfiguration is a version on the wire. It has the
// members that a deployment reads, in the names of Lambda's API model.
type functionConfiguration struct {
	FunctionName               string            `json:"FunctionName"`
	FunctionArn                string            `json:"FunctionArn"`
	Version                    string            `json:"Version"`
	Description                string            `json:"Description"`
	Role                       string            `json:"Role"`
	DeadLetterConfig           *deadLetterConfig `json:"DeadLetterConfig,omitempty"`
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

// configuration is a version on the wire under the ARN it was asked for.
func (f *function) configuration(v *version, arn string, now time.Time) functionConfiguration {
	settled := v.stateAt(now)
	written := functionConfiguration{
		FunctionName: f.name, FunctionArn: arn, Version: v.number, Description: v.description, Role: v.role,
		CodeSha256: v.sha, CodeSize: v.size, RevisionId: v.revisionID, PackageType: "Zip",
		LastModified: v.modified.UTC().Format("2006-01-02T15:04:05.000+0000"),
		State:        settled.State, StateReason: settled.Reason, StateReasonCode: settled.ReasonCode,
	}
	if v.deadLetter != "" {
		written.DeadLetterConfig = &deadLetterConfig{TargetArn: v.deadLetter}
	}
	switch {
	case v == f.latest && now.Before(f.updating):
		written.LastUpdateStatus = "InProgress"
		written.LastUpdateStatusReason = "The function is being created."
		written.LastUpdateStatusReasonCode = "Creating"
	case settled.State != StatePending:
		// A version that is still being created has no update status
		// (LocalStack's snapshot test_publish_with_update).
		written.LastUpdateStatus = "Successful"
	}
	return written
}

// readVersion finds the version that a call is about and writes it. The caller
// holds the lock.
func (s *Functions) readVersion(in input) (*function, functionConfiguration, error) {
	f, err := s.find(in.function.name)
	if err != nil {
		return nil, functionConfiguration{}, missing("Function not found: %s", s.functionARN(in.function.name, in.function.qualifier))
	}
	v, err := s.findVersion(f, in.function.qualifier)
	if err != nil {
		return nil, functionConfiguration{}, err
	}
	return f, f.configuration(v, s.functionARN(f.name, in.function.qualifier), in.now), nil
}

// functionOutput is GetFunction's answer.
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
	hidden := s.refuseTags(in)
	s.mu.Lock()
	defer s.mu.Unlock()
	f, configuration, err := s.readVersion(in)
	if err != nil {
		return protocol.Reply{}, err
	}
	output := functionOutput{
		Configuration: configuration,
		Code:          codeLocation{Location: "https://code.invalid/" + f.name, RepositoryType: "S3"},
		TagsError:     hidden,
	}
	if hidden == nil {
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
