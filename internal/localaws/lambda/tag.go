package lambda

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Limits and allowed characters of tags (Lambda Developer Guide, Using tags; Tagging
// AWS Resources, Tag naming limits).
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

var tagCharacters = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// tagsError says why GetFunction returned no tags (TagsError in Lambda's API model).
type tagsError struct {
	ErrorCode string `json:"ErrorCode"`
	Message   string `json:"Message"`
}

// HideTags sets a function that says which callers GetFunction returns no tags to.
// Since 2024 a caller needs an explicit permission of lambda:ListTags on the function
// to see them; without it, GetFunction answers without tags (GetFunction in Lambda's
// API reference). nil means that every caller sees them.
func (s *Functions) HideTags(from func(actor string, needed protocol.Permission) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hideTagsFrom = from
}

// tagsErrorFor returns the reason why GetFunction hides the tags from a caller, or nil
// if it does not.
func (s *Functions) tagsErrorFor(in input) *tagsError {
	s.mu.Lock()
	hide := s.hideTagsFrom
	s.mu.Unlock()
	needed := protocol.Permission{Action: Name + ":ListTags", Resource: s.functionARN(in.function.name, "")}
	if hide == nil || !hide(in.Actor, needed) {
		return nil
	}
	denied := Failures.NewDenied(in.Actor, needed.Action, needed.Resource)
	return &tagsError{ErrorCode: denied.Code, Message: denied.Message}
}

func (s *Functions) listTags(_ context.Context, in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(in.function.name)
	if err != nil {
		return protocol.Reply{}, err
	}
	return protocol.Reply{Body: map[string]any{"Tags": copyTags(f.tags)}}, nil
}

// tagResource adds and changes tags. LocalStack's snapshots test_tag_exceptions and
// test_tag_limits have the texts of its errors, and those of untagResource.
func (s *Functions) tagResource(_ context.Context, in input) (protocol.Reply, error) {
	var request struct{ Tags map[string]string }
	if err := in.decode(&request); err != nil {
		return protocol.Reply{}, err
	}
	if len(request.Tags) == 0 {
		return protocol.Reply{}, invalidParameter("An error occurred and the request cannot be processed.")
	}
	for key, value := range request.Tags {
		if err := checkTag(key, value); err != nil {
			return protocol.Reply{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(in.function.name)
	if err != nil {
		return protocol.Reply{}, err
	}
	tags := copyTags(f.tags)
	maps.Copy(tags, request.Tags)
	if len(tags) > maxTags {
		return protocol.Reply{}, invalidParameter("Number of tags exceeds resource tag limit.")
	}
	s.storeTags(f, tags, in.now)
	return protocol.Reply{Status: http.StatusNoContent}, nil
}

// storeTags replaces the tags of a function. This gives $LATEST a new RevisionId. The caller
// holds the lock.
func (s *Functions) storeTags(f *function, tags map[string]string, now time.Time) {
	f.tags = tags
	s.rotateLatest(f, now)
}

func (s *Functions) untagResource(_ context.Context, in input) (protocol.Reply, error) {
	if len(in.Query["tagKeys"]) == 0 {
		return protocol.Reply{}, protocol.Constraint("Value null at 'tagKeys' failed to satisfy constraint: Member must not be null")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(in.function.name)
	if err != nil {
		return protocol.Reply{}, err
	}
	tags := copyTags(f.tags)
	for _, key := range in.Query["tagKeys"] {
		delete(tags, key)
	}
	s.storeTags(f, tags, in.now)
	return protocol.Reply{Status: http.StatusNoContent}, nil
}

// copyTags returns a copy that is never nil.
func copyTags(tags map[string]string) map[string]string {
	copied := make(map[string]string, len(tags))
	maps.Copy(copied, tags)
	return copied
}

func checkTag(key, value string) error {
	switch {
	case key == "" || utf8.RuneCountInString(key) > maxTagKey || utf8.RuneCountInString(value) > maxTagValue:
		return invalidParameter("A tag has a key of 1 to %d characters, and a value of at most %d.", maxTagKey, maxTagValue)
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return invalidParameter("aws: prefixed tag key names are not allowed for external use.")
	case !tagCharacters.MatchString(key) || !tagCharacters.MatchString(value):
		return invalidParameter("A tag may have letters, numbers, spaces and + - = . _ : / @.")
	}
	return nil
}

// Tags returns the tags of a function, nil for one that does not exist.
func (s *Functions) Tags(function string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[function]
	if f == nil {
		return nil
	}
	return maps.Clone(f.tags)
}

// SetTags replaces all tags of a function, as another deployment tool may.
func (s *Functions) SetTags(function string, tags map[string]string) error {
	for key, value := range tags {
		if err := checkTag(key, value); err != nil {
			return err
		}
	}
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(function)
	if err != nil {
		return err
	}
	s.storeTags(f, maps.Clone(tags), now)
	return nil
}
