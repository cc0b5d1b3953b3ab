package sqs

import (
	"encoding/json"
	"slices"
)

// oneOrMore is a text, or a list of texts, as policies have them.
type oneOrMore []string

// UnmarshalJSON implements json.Unmarshaler.
func (o *oneOrMore) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(o))
}

// statement is a statement of a queue's policy, as far as it is understood here.
type statement struct {
	Effect    string
	Principal struct{ Service oneOrMore }
	Action    oneOrMore
	Resource  oneOrMore
	Condition map[string]map[string]oneOrMore
}

// allowsRule reports whether a queue's policy allows EventBridge to send to the queue for a
// rule. A statement with anything that is not understood here allows nothing.
func allowsRule(policy, queue, rule string) bool {
	var read struct{ Statement []statement }
	if json.Unmarshal([]byte(policy), &read) != nil {
		return false
	}
	return slices.ContainsFunc(read.Statement, func(s statement) bool {
		return s.Effect == "Allow" && slices.Contains(s.Principal.Service, "events.amazonaws.com") &&
			slices.Contains(s.Action, "sqs:SendMessage") && slices.Contains(s.Resource, queue) && s.isFor(rule)
	})
}

// isFor reports whether the statement's condition, if it has one, names the rule.
func (s statement) isFor(rule string) bool {
	for operator, keys := range s.Condition {
		for key, values := range keys {
			if operator != "ArnEquals" || key != "aws:SourceArn" || !slices.Contains(values, rule) {
				return false
			}
		}
	}
	return true
}
