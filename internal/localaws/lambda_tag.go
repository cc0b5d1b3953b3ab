package localaws

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Limits of tags, and the characters that they may have (Lambda Developer Guide,
// Using tags; Tagging AWS Resources, Tag naming limits).
const (
	mostTags        = 50
	longestTagKey   = 128
	longestTagValue = 256
)

var tagCharacters = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// tagsError is why GetFunction answers without tags (TagsError in Lambda's API
// model).
type tagsError struct {
	ErrorCode string `json:"ErrorCode"`
	Message   string `json:"Message"`
}

// HideTags sets who is not told the tags of functions by GetFunction: since 2024 a
// caller needs an explicit permission of lambda:ListTags on the function for that
// (GetFunction in Lambda's API reference), and is answered without them otherwise.
// nil hides them from nobody.
func (c *Cloud) HideTags(from func(actor string, needed Permission) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners.hideTags = from
}

// untoldTags is why GetFunction does not tell a caller the tags; nil when it does.
func (c *Cloud) untoldTags(in lambdaInput) *tagsError {
	c.mu.Lock()
	hide := c.listeners.hideTags
	c.mu.Unlock()
	needed := Permission{Action: lambdaService + ":ListTags", Resource: c.functionARN(in.function.name, "")}
	if hide == nil || !hide(in.actor, needed) {
		return nil
	}
	denied := AccessDenied(Call{Actor: in.actor, Service: lambdaService, Operation: "ListTags", Resource: needed.Resource})
	return &tagsError{ErrorCode: denied.Code, Message: denied.Message}
}

func (c *Cloud) listTags(_ context.Context, in lambdaInput) (reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := c.find(in.function.name)
	if err != nil {
		return reply{}, err
	}
	return reply{body: map[string]any{"Tags": copied(f.tags)}}, nil
}

func (c *Cloud) tagResource(_ context.Context, in lambdaInput) (reply, error) {
	var asked struct{ Tags map[string]string }
	if err := decode(lambdaService, in.operation, in.body, &asked); err != nil {
		return reply{}, err
	}
	for key, value := range asked.Tags {
		if err := checkTag(key, value); err != nil {
			return reply{}, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := c.find(in.function.name)
	if err != nil {
		return reply{}, err
	}
	tags := copied(f.tags)
	maps.Copy(tags, asked.Tags)
	if len(tags) > mostTags {
		return reply{}, invalidParameter("The number of tags exceeds the limit of %d.", mostTags)
	}
	f.tags = tags
	return reply{status: http.StatusNoContent}, nil
}

func (c *Cloud) untagResource(_ context.Context, in lambdaInput) (reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := c.find(in.function.name)
	if err != nil {
		return reply{}, err
	}
	for _, key := range in.query["tagKeys"] {
		delete(f.tags, key)
	}
	return reply{status: http.StatusNoContent}, nil
}

// copied are tags of their own, that can be added to.
func copied(tags map[string]string) map[string]string {
	own := make(map[string]string, len(tags))
	maps.Copy(own, tags)
	return own
}

func checkTag(key, value string) error {
	switch {
	case key == "" || utf8.RuneCountInString(key) > longestTagKey || utf8.RuneCountInString(value) > longestTagValue:
		return invalidParameter("A tag has a key of 1 to %d characters, and a value of at most %d.", longestTagKey, longestTagValue)
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return invalidParameter("aws: prefixed tag key names are not allowed for external use.")
	case !tagCharacters.MatchString(key) || !tagCharacters.MatchString(value):
		return invalidParameter("A tag may have letters, numbers, spaces and + - = . _ : / @.")
	}
	return nil
}
