package eventbridge

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/paging"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// rule is a rule on the default bus. It sends the events that its pattern matches to its
// targets.
type rule struct {
	name, arn, description string
	pattern                pattern
	text                   string // the pattern as it was given
	targets                map[string]string
}

// Deliver sends an event to the ARN of a target, for the rule with this ARN.
type Deliver func(rule, target string, event []byte)

// SetDeliver sets what delivers the events that rules match. Without it, rules are refused.
func (s *Buses) SetDeliver(deliver Deliver) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliver = deliver
}

// ruleInput is the request of PutRule and of the other operations on a rule.
type ruleInput struct {
	Name         string
	Rule         string
	EventPattern string
	Description  string
	EventBusName string
	NamePrefix   string
	NextToken    string
	Limit        int
	Ids          []string
	Targets      []ruleTarget
	Force        bool
}

type ruleTarget struct{ Id, Arn string }

// ruleOperations are the operations on rules. accepted are the members of the request.
var ruleOperations = map[string]struct {
	accepted []string
	run      func(*Buses, ruleInput) (any, error)
}{
	"PutRule":       {[]string{"Name", "EventPattern", "Description", "EventBusName"}, (*Buses).putRule},
	"PutTargets":    {[]string{"Rule", "Targets", "EventBusName"}, (*Buses).putTargets},
	"RemoveTargets": {[]string{"Rule", "Ids", "EventBusName"}, (*Buses).removeTargets},
	"DeleteRule":    {[]string{"Name", "EventBusName"}, (*Buses).deleteRule},
	"ListRules":     {[]string{"NamePrefix", "EventBusName", "NextToken", "Limit"}, (*Buses).listRules},
}

// ruleNamePattern is the pattern of a rule's name in EventBridge's API model.
var ruleNamePattern = regexp.MustCompile(`^[\.\-_A-Za-z0-9]{1,64}$`)

// ruleOperation parses a request for an operation on rules. Rules are on the default bus only.
func (s *Buses) ruleOperation(name string, request protocol.Request) protocol.Operation {
	op := protocol.Operation{Action: name, Resource: "*"}
	known := ruleOperations[name]
	var given map[string]json.RawMessage
	var in ruleInput
	if err := protocol.Decode(Name, name, request.Body, &in); err != nil {
		return op.Refuse(err)
	}
	_ = json.Unmarshal(request.Body, &given) // Decode has read it already
	for _, member := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known.accepted, member) {
			return op.Refuse(protocol.NotImplemented(Name, name+" with "+member))
		}
	}
	in.Name += in.Rule // the name is called Rule where targets are meant
	if name != "ListRules" {
		op.Resource = s.ruleARN(in.Name)
	}
	switch {
	case in.EventBusName != "" && in.EventBusName != defaultBus:
		return op.Refuse(protocol.NotImplemented(Name, name+" on another bus than "+defaultBus))
	case name != "ListRules" && !ruleNamePattern.MatchString(in.Name):
		return op.Refuse(protocol.Constraint(`Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`, in.Name))
	}
	op.Run = func(context.Context, time.Time) (protocol.Reply, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		body, err := known.run(s, in)
		return protocol.Reply{Body: body}, err
	}
	return op
}

func (s *Buses) ruleARN(name string) string { return s.account.ARN(Name, "rule/"+name) }

func (s *Buses) putRule(in ruleInput) (any, error) {
	if s.deliver == nil {
		return nil, protocol.NotImplemented(Name, "PutRule")
	}
	parsed, err := parsePattern(in.EventPattern)
	if err != nil {
		return nil, err
	}
	r := s.rules[in.Name]
	if r == nil {
		r = &rule{name: in.Name, arn: s.ruleARN(in.Name), targets: map[string]string{}}
		s.rules[in.Name] = r
	}
	r.pattern, r.text, r.description = parsed, in.EventPattern, in.Description
	return map[string]string{"RuleArn": r.arn}, nil
}

// findRule returns a rule.
func (s *Buses) findRule(name string) (*rule, error) {
	if r := s.rules[name]; r != nil {
		return r, nil
	}
	return nil, protocol.NewError(http.StatusBadRequest, "ResourceNotFoundException", "Rule %s does not exist on EventBus default.", name)
}

// maxTargets is the number of targets of a rule (EventBridge quotas).
const maxTargets = 5

func (s *Buses) putTargets(in ruleInput) (any, error) {
	r, err := s.findRule(in.Name)
	if err != nil {
		return nil, err
	}
	targets := maps.Clone(r.targets)
	for _, target := range in.Targets {
		if !strings.Contains(target.Arn, ":sqs:") {
			return nil, protocol.NotImplemented(Name, "PutTargets with a target that is no queue")
		}
		targets[target.Id] = target.Arn
	}
	if len(targets) > maxTargets {
		return nil, protocol.NewError(http.StatusBadRequest, "LimitExceededException", "The requested resource exceeds the maximum number allowed.")
	}
	r.targets = targets
	return map[string]any{"FailedEntryCount": 0, "FailedEntries": []any{}}, nil
}

func (s *Buses) removeTargets(in ruleInput) (any, error) {
	r, err := s.findRule(in.Name)
	if err != nil {
		return nil, err
	}
	for _, id := range in.Ids {
		delete(r.targets, id)
	}
	return map[string]any{"FailedEntryCount": 0, "FailedEntries": []any{}}, nil
}

// deleteRule deletes a rule. One that does not exist is no error (DeleteRule in EventBridge's
// API reference).
func (s *Buses) deleteRule(in ruleInput) (any, error) {
	if r := s.rules[in.Name]; r != nil && len(r.targets) > 0 {
		return nil, protocol.NewError(http.StatusBadRequest, "ValidationException", "Rule can't be deleted since it has targets.")
	}
	delete(s.rules, in.Name)
	return nil, nil
}

// maxRulesPage is how many rules one page has at most (ListRules in EventBridge's API model).
const maxRulesPage = 100

func (s *Buses) listRules(in ruleInput) (any, error) {
	var found []*rule
	for _, name := range slices.Sorted(maps.Keys(s.rules)) {
		if strings.HasPrefix(name, in.NamePrefix) {
			found = append(found, s.rules[name])
		}
	}
	size := in.Limit
	if size == 0 {
		size = maxRulesPage
	}
	page, next, ok := paging.Cut(found, in.NextToken, size, func(r *rule) string { return r.name })
	if !ok {
		return nil, protocol.NewError(http.StatusBadRequest, "ValidationException", "The next token is not valid.")
	}
	rules := []map[string]string{}
	for _, r := range page {
		rules = append(rules, map[string]string{
			"Name": r.name, "Arn": r.arn, "EventPattern": r.text, "Description": r.description, "State": "ENABLED", "EventBusName": defaultBus,
		})
	}
	answer := map[string]any{"Rules": rules}
	if next != "" {
		answer["NextToken"] = next
	}
	return answer, nil
}

// route sends the events on the default bus to the targets of the rules that match them.
func (s *Buses) route(events []Event) {
	s.mu.Lock()
	deliver := s.deliver
	var rules []rule
	for _, name := range slices.Sorted(maps.Keys(s.rules)) {
		r := *s.rules[name]
		r.targets = maps.Clone(r.targets)
		rules = append(rules, r)
	}
	s.mu.Unlock()
	for _, e := range events {
		for _, r := range rules {
			if e.Bus != defaultBus || !r.pattern.matches(e) {
				continue
			}
			for _, id := range slices.Sorted(maps.Keys(r.targets)) {
				deliver(r.arn, r.targets[id], s.envelope(e))
			}
		}
	}
}

// envelope returns an event as a target receives it (EventBridge User Guide, event structure).
func (s *Buses) envelope(e Event) []byte {
	resources := e.Resources
	if resources == nil {
		resources = []string{}
	}
	text, err := json.Marshal(map[string]any{
		"version": "0", "id": e.ID, "detail-type": e.DetailType, "source": e.Source, "account": s.account.ID,
		"time": e.Time.UTC().Format(time.RFC3339), "region": s.account.Region, "resources": resources, "detail": json.RawMessage(e.Detail),
	})
	if err != nil {
		panic(fmt.Sprintf("eventbridge: the detail of an accepted event is not JSON: %v", err))
	}
	return text
}
