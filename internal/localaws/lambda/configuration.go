package lambda

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// settings are the parts of a function's configuration that have no effect here but one: a
// version with others is another version.
type settings struct {
	Timeout          int             `json:",omitempty"`
	MemorySize       int             `json:",omitempty"`
	Environment      json.RawMessage `json:",omitempty"`
	Layers           json.RawMessage `json:",omitempty"`
	TracingConfig    json.RawMessage `json:",omitempty"`
	VpcConfig        json.RawMessage `json:",omitempty"`
	LoggingConfig    json.RawMessage `json:",omitempty"`
	EphemeralStorage json.RawMessage `json:",omitempty"`
	SnapStart        json.RawMessage `json:",omitempty"`
}

// noSettings are the values that take a setting away.
var noSettings = []string{"null", "{}", "[]", `{"Variables":{}}`}

// text returns the settings as a text that can be compared.
func (s settings) text() string {
	for _, value := range []*json.RawMessage{&s.Environment, &s.Layers, &s.TracingConfig, &s.VpcConfig, &s.LoggingConfig, &s.EphemeralStorage, &s.SnapStart} {
		if slices.Contains(noSettings, string(*value)) {
			*value = nil
		}
	}
	encoded, _ := json.Marshal(s) // what was decoded can be encoded
	return string(encoded)
}

// readSettings returns the settings of a text.
func readSettings(text string) (s settings) {
	_ = json.Unmarshal([]byte(text), &s) // settings.text has written it
	return s
}

// target returns the ARN of the dead-letter queue or topic.
func (d *deadLetterConfig) target() string {
	if d == nil {
		return ""
	}
	return d.TargetArn
}

// configurationUpdate is UpdateFunctionConfiguration's request. A member that is not given
// keeps its value.
type configurationUpdate struct {
	Role             *string
	Description      *string
	Handler          *string
	Runtime          *string
	RevisionId       string
	DeadLetterConfig *deadLetterConfig
}

// updateFunctionConfiguration starts an update of the configuration of $LATEST, which takes
// Config.UpdateTime.
func (s *Functions) updateFunctionConfiguration(_ context.Context, in input) (protocol.Reply, error) {
	var request struct {
		configurationUpdate
		settings
	}
	if err := in.decode(&request); err != nil {
		return protocol.Reply{}, err
	}
	if request.Role != nil && !rolePattern.MatchString(*request.Role) {
		return protocol.Reply{}, protocol.Constraint("Value '%s' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: "+
			`arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`, *request.Role)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(in.function.name)
	if err != nil {
		return protocol.Reply{}, err
	}
	if request.RevisionId != "" && request.RevisionId != f.revision(f.latest, in.now) {
		return protocol.Reply{}, staleRevision()
	}
	if err := f.checkNotUpdating(in.now); err != nil {
		return protocol.Reply{}, err
	}
	if err := f.configure(request.configurationUpdate, in.Body); err != nil {
		return protocol.Reply{}, err
	}
	s.changeLatest(f, in.now)
	s.keepUpdating(f, in.now.Add(s.config.UpdateTime))
	return protocol.Reply{Body: f.configuration(f.latest, f.arn, in.now)}, nil
}

// configure applies an update to $LATEST. body has the settings that change.
func (f *function) configure(update configurationUpdate, body []byte) error {
	changed := settings{}
	for _, layer := range [][]byte{[]byte(f.latest.settings), body} {
		if len(layer) == 0 {
			continue
		}
		if err := json.Unmarshal(layer, &changed); err != nil {
			return protocol.NewError(400, "SerializationException", "%s", err)
		}
	}
	f.latest.settings = changed.text()
	for _, member := range []struct{ into, from *string }{
		{&f.latest.role, update.Role}, {&f.latest.description, update.Description}, {&f.handler, update.Handler}, {&f.runtime, update.Runtime},
	} {
		if member.from != nil {
			*member.into = *member.from
		}
	}
	if update.DeadLetterConfig != nil {
		f.latest.deadLetter = update.DeadLetterConfig.TargetArn
	}
	return nil
}
