package iam

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Request is one action on one resource.
type Request struct {
	Action   string // "lambda:UpdateAlias"
	Resource string // an ARN, or "*"
	// Tags are the tags of the resource, which conditions read by aws:ResourceTag.
	Tags map[string]string
	// Keys are the condition keys that the service adds, each with all of its values.
	Keys map[string][]string
}

// Decision is the result of evaluating a role's policies for a Request.
type Decision struct {
	Allowed bool
	// Statement is the Sid of the statement that decided. It is empty if no statement
	// applies to the request, which denies it.
	Statement string
}

// Statement is a statement of a policy.
type Statement struct {
	Sid        string
	Deny       bool
	Actions    []string // patterns
	Resources  []string // patterns
	Conditions []Condition
}

// Condition is one comparison in a statement's Condition.
type Condition struct {
	Operator string
	Key      string
	Values   []string
}

// Decide evaluates a role's policies. An explicit Deny overrides every Allow, and a
// request that no statement allows is denied (IAM User Guide, Policy evaluation logic).
func (r Role) Decide(request Request) Decision {
	decision := Decision{}
	for _, s := range r.Statements {
		if !s.appliesTo(request) {
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

func (s Statement) appliesTo(request Request) bool {
	return slices.ContainsFunc(s.Actions, func(p string) bool { return matchesAction(p, request.Action) }) &&
		slices.ContainsFunc(s.Resources, func(p string) bool { return matchesResource(p, request.Resource) }) &&
		!slices.ContainsFunc(s.Conditions, func(c Condition) bool { return !c.holds(request) })
}

// matchesAction ignores case (IAM JSON policy elements, Action).
func matchesAction(pattern, action string) bool {
	return glob(strings.ToLower(pattern), strings.ToLower(action))
}

// matchesResource compares ARNs part by part. A wildcard does not match across the
// colons before the resource's own name (IAM JSON policy elements, Resource).
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

// arnParts is the number of parts of an ARN:
// arn:partition:service:region:account:resource.
const arnParts = 6

// glob reports whether text matches pattern, where * matches any characters and ?
// matches one.
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

// resourceTag is the prefix of the condition keys that read a tag of the resource.
const resourceTag = "aws:resourcetag/"

// multiValued holds the other supported condition keys, in lower case. A request has any number
// of values for each, so a condition must say for how many of them it must hold (IAM User
// Guide, Set operators for multivalued context keys).
var multiValued = map[string]bool{
	"route53:changeresourcerecordsetsnormalizedrecordnames": true,
	"route53:changeresourcerecordsetsrecordtypes":           true,
	"route53:changeresourcerecordsetsactions":               true,
	"dynamodb:leadingkeys":                                  true,
}

// forAllValues begins an operator that must hold for every value of a key. It also holds for
// a key that the request does not have (IAM User Guide, Set operators).
const forAllValues = "ForAllValues:"

// operators holds the supported condition operators. Each compares the key's value, if
// the key is present, with one of the condition's values.
var operators = map[string]func(found string, present bool, value string) bool{
	// An empty value may be null (IAM User Guide, condition operators: "a null data set, such
	// as an empty string"). Whether a tag without a value is one is not said, so here it is.
	"Null": func(found string, present bool, value string) bool {
		return (present && found != "") != (value == "true")
	},
	"StringEquals":                stringEquals,
	"StringLike":                  stringLike,
	forAllValues + "StringEquals": stringEquals,
	forAllValues + "StringLike":   stringLike,
}

func stringEquals(found string, present bool, value string) bool { return present && found == value }

func stringLike(found string, present bool, value string) bool {
	return present && glob(value, found)
}

// isSupported says whether the evaluator knows an operator, and may use it on a key.
func isSupported(operator, key string) bool {
	key = strings.ToLower(key)
	if strings.HasPrefix(operator, forAllValues) {
		return operators[operator] != nil && multiValued[key]
	}
	return operators[operator] != nil && strings.HasPrefix(key, resourceTag)
}

// holds reports whether the key matches any of the values. Condition keys ignore case;
// values do not.
func (c Condition) holds(request Request) bool {
	if strings.HasPrefix(c.Operator, forAllValues) {
		return !slices.ContainsFunc(request.values(c.Key), func(found string) bool { return !c.matches(found, true) })
	}
	for name, value := range request.Tags {
		if strings.EqualFold(resourceTag+name, c.Key) {
			return c.matches(value, true)
		}
	}
	return c.matches("", false)
}

func (c Condition) matches(found string, present bool) bool {
	return slices.ContainsFunc(c.Values, func(value string) bool { return operators[c.Operator](found, present, value) })
}

// values returns the values that the request has for a key.
func (r Request) values(key string) []string {
	for name, values := range r.Keys {
		if strings.EqualFold(name, key) {
			return values
		}
	}
	return nil
}

// decodeStatements reads the statements of a policy whose references are resolved.
func decodeStatements(document any) ([]Statement, error) {
	text, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	var policy struct {
		Version   string
		Statement []struct {
			Sid, Effect      string
			Action, Resource stringList
			Condition        map[string]map[string]stringList
		}
	}
	if err := decodeStrict(text, &policy); err != nil {
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

// decodeConditions reads the conditions of a statement. It fails for a condition that
// is not supported.
func decodeConditions(given map[string]map[string]stringList) ([]Condition, error) {
	var conditions []Condition
	for _, operator := range slices.Sorted(maps.Keys(given)) {
		for key, values := range given[operator] {
			if !isSupported(operator, key) {
				return nil, fmt.Errorf("the condition %s on %s is not supported", operator, key)
			}
			conditions = append(conditions, Condition{Operator: operator, Key: key, Values: values})
		}
	}
	return conditions, nil
}

// stringList is a JSON string or an array of strings.
type stringList []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *stringList) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*t = stringList{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(t))
}
