package iam

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Request is one action on one resource, and what is known of both.
type Request struct {
	Action   string // "lambda:UpdateAlias"
	Resource string // an ARN, or "*"
	// Tags are those of the resource, which conditions ask by aws:ResourceTag.
	Tags map[string]string
}

// Decision is what a role's policies say of a Request.
type Decision struct {
	Allowed bool
	// Statement is the Sid of the statement that decided; empty where none speaks
	// of the request, which denies it.
	Statement string
}

// Statement is one of a policy.
type Statement struct {
	Sid        string
	Deny       bool
	Actions    []string // patterns
	Resources  []string // patterns
	Conditions []Condition
}

// Condition is one comparison of a statement's Condition.
type Condition struct {
	Operator string
	Key      string
	Values   []string
}

// Decide evaluates a role's policies: an explicit Deny counts for more than any
// Allow, and what no statement allows is denied (IAM User Guide, Policy evaluation
// logic).
func (r Role) Decide(asked Request) Decision {
	decision := Decision{}
	for _, s := range r.Statements {
		if !s.covers(asked) {
			continue
		}
		if s.Deny {
			return Decision{Statement: s.Sid}
		}
		if !decision.Allowed {
			decision = Decision{Allowed: true, Statement: s.Sid}
		}
	}
	return decision
}

func (s Statement) covers(asked Request) bool {
	return slices.ContainsFunc(s.Actions, func(p string) bool { return matchesAction(p, asked.Action) }) &&
		slices.ContainsFunc(s.Resources, func(p string) bool { return matchesResource(p, asked.Resource) }) &&
		!slices.ContainsFunc(s.Conditions, func(c Condition) bool { return !c.holds(asked) })
}

// matchesAction compares without regard to case (IAM JSON policy elements, Action).
func matchesAction(pattern, action string) bool {
	return glob(strings.ToLower(pattern), strings.ToLower(action))
}

// matchesResource compares ARNs part by part: a wildcard does not reach over the
// colons in front of the resource's own name (IAM JSON policy elements, Resource).
func matchesResource(pattern, resource string) bool {
	if pattern == "*" {
		return true
	}
	patterns, parts := strings.SplitN(pattern, ":", arnParts), strings.SplitN(resource, ":", arnParts)
	if len(patterns) != len(parts) {
		return false
	}
	for i := range patterns {
		if !glob(patterns[i], parts[i]) {
			return false
		}
	}
	return true
}

// arnParts is how many an ARN has: arn:partition:service:region:account:resource.
const arnParts = 6

// glob compares a text with a pattern, where * stands for any characters and ? for
// one.
func glob(pattern, text string) bool {
	star, back := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, back = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			back++
			p, t = star+1, back
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// resourceTag begins the condition keys that ask for a tag of the resource.
const resourceTag = "aws:resourcetag/"

// operators are those that are known, by how each compares what a key holds, or
// does not hold, with one of the values.
var operators = map[string]func(found string, present bool, value string) bool{
	"Null":         func(_ string, present bool, value string) bool { return present != (value == "true") },
	"StringEquals": func(found string, present bool, value string) bool { return present && found == value },
	"StringLike":   func(found string, present bool, value string) bool { return present && glob(value, found) },
}

// holds compares the key with each value; one that fits is enough. Condition keys
// are compared without regard to case, their values with it.
func (c Condition) holds(asked Request) bool {
	var found string
	present := false
	for name, value := range asked.Tags {
		if strings.EqualFold(resourceTag+name, c.Key) {
			found, present = value, true
		}
	}
	return slices.ContainsFunc(c.Values, func(value string) bool { return operators[c.Operator](found, present, value) })
}

// decodeStatements reads the statements of a policy whose references are filled in.
func decodeStatements(document any) ([]Statement, error) {
	text, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	var policy struct {
		Version   string
		Statement []struct {
			Sid, Effect      string
			Action, Resource texts
			Condition        map[string]map[string]texts
		}
	}
	if err := strictly(text, &policy); err != nil {
		return nil, err
	}
	var statements []Statement
	for _, s := range policy.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" || len(s.Action) == 0 || len(s.Resource) == 0 {
			return nil, fmt.Errorf("the statement %q has no effect, no action or no resource", s.Sid)
		}
		statement := Statement{Sid: s.Sid, Deny: s.Effect == "Deny", Actions: s.Action, Resources: s.Resource}
		if statement.Conditions, err = decodeConditions(s.Condition); err != nil {
			return nil, fmt.Errorf("the statement %q: %w", s.Sid, err)
		}
		statements = append(statements, statement)
	}
	return statements, nil
}

// decodeConditions reads the conditions of a statement. It fails for one that is
// not known here.
func decodeConditions(given map[string]map[string]texts) ([]Condition, error) {
	var conditions []Condition
	for _, operator := range slices.Sorted(maps.Keys(given)) {
		for key, values := range given[operator] {
			if operators[operator] == nil || !strings.HasPrefix(strings.ToLower(key), resourceTag) {
				return nil, fmt.Errorf("the condition %s of %s is not known here", operator, key)
			}
			conditions = append(conditions, Condition{Operator: operator, Key: key, Values: values})
		}
	}
	return conditions, nil
}

// texts is one text, or a list of them.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(t))
}
