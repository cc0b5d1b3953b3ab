package task

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/template"
)

// Macro rewrites templates for CloudFormation, which calls it for each template that names it in
// its section Transform (CloudFormation User Guide, Create a CloudFormation macro definition).
type Macro struct {
	Options template.Options
	Rewrite func(source []byte, o template.Options) (template.Result, error)
}

// macroEvent is what CloudFormation sends.
type macroEvent struct {
	RequestID string          `json:"requestId"`
	Fragment  json.RawMessage `json:"fragment"`
	// Parameters are those of the macro in the section Transform, Values those of the template.
	Parameters map[string]json.RawMessage `json:"params"`
	Values     map[string]json.RawMessage `json:"templateParameterValues"`
}

// maxMacroError bounds the text that CloudFormation shows.
const maxMacroError = 1000

// Handle answers CloudFormation. It never fails: CloudFormation would say no more than that the
// answer was malformed.
func (m Macro) Handle(ctx context.Context, payload []byte) ([]byte, error) {
	var event macroEvent
	if err := json.Unmarshal(payload, &event); err != nil {
		return m.refuse(ctx, event, fmt.Errorf("this is no call of a macro: %w", err)), nil
	}
	result, err := m.rewrite(event)
	if err != nil {
		return m.refuse(ctx, event, err), nil
	}
	var changed []string
	for _, c := range result.Changes {
		changed = append(changed, c.ID)
	}
	slog.InfoContext(ctx, "rewritten", "request", event.RequestID, "resources", changed, "notes", result.Notes)
	return answerMacro(event.RequestID, "success", result.Text, ""), nil
}

func (m Macro) refuse(ctx context.Context, event macroEvent, err error) []byte {
	slog.WarnContext(ctx, "refused", "request", event.RequestID, "error", shift.BoundText(err.Error(), 10*maxMacroError))
	return answerMacro(event.RequestID, "failure", event.Fragment, shift.BoundText(err.Error(), maxMacroError))
}

// rewrite turns a panic into an error, so that CloudFormation gets an answer.
func (m Macro) rewrite(event macroEvent) (result template.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("this template shows a mistake in Sluice, please report it: %v", p)
		}
	}()
	options := m.Options
	if err = readParameters(event.Parameters, &options); err != nil {
		return template.Result{}, err
	}
	options.Parameters = map[string]string{}
	for name, value := range event.Values {
		options.Parameters[name] = scalar(value)
	}
	return m.Rewrite(event.Fragment, options)
}

// The parameters of the macro: whether stacks wait for their traffic, whether the versions are
// compared, and what an update does while the account is frozen.
const (
	waitParameter   = "Wait"
	judgeParameter  = "Judge"
	frozenParameter = "WhenFrozen"
)

func readParameters(given map[string]json.RawMessage, options *template.Options) error {
	for name, value := range given {
		text := strings.ToLower(scalar(value))
		switch name {
		case waitParameter:
			if !slices.Contains([]string{"true", "false"}, text) {
				return fmt.Errorf("the macro's parameter %s must be true or false, not %s", name, shift.BoundText(string(value), 80))
			}
			options.DoNotWait = text == "false"
		case judgeParameter:
			if !slices.Contains([]string{"enforce", "observe", "off"}, text) {
				return fmt.Errorf("the macro's parameter %s must be enforce, observe or off, not %s", name, shift.BoundText(string(value), 80))
			}
			options.Judge = text
		case frozenParameter:
			if !slices.Contains([]string{string(shift.FailWhenFrozen), string(shift.WaitWhenFrozen)}, text) {
				return fmt.Errorf("the macro's parameter %s must be fail or wait, not %s", name, shift.BoundText(string(value), 80))
			}
			options.WhenFrozen = text
		default:
			return fmt.Errorf("the macro has no parameter %q: it has %s, true or false, %s, which is enforce, observe or off, and %s, which is fail or wait",
				shift.BoundText(name, 80), waitParameter, judgeParameter, frozenParameter)
		}
	}
	return nil
}

// scalar returns a text without its quotes, and any other value as it is written. CloudFormation
// sends numbers and booleans as text or as what they are.
func scalar(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// answerMacro writes the answer. encoding/json would change how the template is written.
func answerMacro(request, status string, fragment []byte, message string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"requestId":%s,"status":%q`, quoted(request), status)
	if len(fragment) > 0 {
		fmt.Fprintf(&b, `,"fragment":%s`, fragment)
	}
	if message != "" {
		fmt.Fprintf(&b, `,"errorMessage":%s`, quoted(message))
	}
	b.WriteByte('}')
	return b.Bytes()
}

func quoted(s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("encode a string: %v", err)) // encoding/json encodes every string
	}
	return text
}
