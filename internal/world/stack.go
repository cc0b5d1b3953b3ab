package world

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws/iam"
)

// Stack says where a stack is deployed, and which of its settings change its policies.
type Stack struct {
	Region, Account string
	// Pattern says which functions may be shifted, by name. If it is empty, their tags say so.
	Pattern string
	// Store, Records, Pairs and Buckets are the settings of front ends, each empty if it is off.
	Store                   string
	Records, Pairs, Buckets []string
	// HookEndpoint says that there is an endpoint for hooks that were written for CodeDeploy.
	HookEndpoint bool
}

// stack returns the stack in which the deployments of this World run.
func (w *World) stack() Stack {
	s := Stack{
		Region: w.place.region, Account: w.place.account, Pattern: w.scenario.Allowed.Pattern(), Store: w.fronts.store, Buckets: w.fronts.buckets,
		HookEndpoint: !w.scenario.NoHookEndpoint,
	}
	for _, t := range sortedKeys(w.fronts.zones) {
		zone, name, _ := flow.SplitRoute53Target(t) // it was split before
		s.Records = append(s.Records, zone+"/"+name)
	}
	for _, t := range sortedKeys(w.fronts.pairs) {
		s.Pairs = append(s.Pairs, w.fronts.pairs[t].String())
	}
	return s
}

// Templates are the templates that package infra keeps: with the default settings, with a
// pattern of names, for which PATTERN stands, with front ends, and with the endpoint for hooks that
// were written for CodeDeploy.
type Templates struct{ Default, ByName, FrontEnds, HookEndpoint []byte }

// Roles returns the roles of a stack. All ARNs of the local AWS are of the partition aws.
func (t Templates) Roles(s Stack) (iam.Template, error) {
	place := iam.Place{Partition: "aws", Region: s.Region, Account: s.Account}
	text := t.Default
	if s.Pattern != "" {
		text = bytes.ReplaceAll(t.ByName, []byte("PATTERN"), []byte(s.Pattern))
	}
	roles, err := iam.Parse(text, place)
	if err != nil {
		return roles, err
	}
	if s.HookEndpoint {
		more, err := iam.Parse(t.HookEndpoint, place)
		if err != nil {
			return roles, fmt.Errorf("the template with the endpoint for hooks: %w", err)
		}
		for name, role := range more.Functions {
			roles.Functions[name] = withFurther(roles.Functions[name], role)
		}
	}
	for _, fill := range s.frontEnds() {
		more, err := iam.Parse([]byte(fill.Replace(string(t.FrontEnds))), place)
		if err != nil {
			return roles, fmt.Errorf("the template with front ends: %w", err)
		}
		for name, role := range roles.Functions {
			role.Statements = append(role.Statements, frontEndStatements(more.Functions[name])...)
			roles.Functions[name] = role
		}
	}
	return roles, nil
}

// withFurther returns a role with the statements that another one has in addition.
func withFurther(role, other iam.Role) iam.Role {
	for _, s := range other.Statements {
		if !slices.ContainsFunc(role.Statements, func(own iam.Statement) bool { return own.Sid == s.Sid }) {
			role.Statements = append(role.Statements, s)
		}
	}
	return role
}

// frontEnds returns what stands in the template for the settings of this stack, for one record,
// one pair and one bucket at a time.
func (s Stack) frontEnds() []*strings.Replacer {
	var all []*strings.Replacer
	for i := range max(len(s.Records), len(s.Pairs), len(s.Buckets), min(len(s.Store), 1)) {
		zone, name, _ := strings.Cut(nth(s.Records, i, "NONE/none.invalid"), "/")
		name = strings.ReplaceAll(name, "*", `\\052`) // as in conditions, and in JSON
		pair := strings.Split(nth(s.Pairs, i, "none.invalid/NONE/NONE"), "/")
		store := s.Store
		if store == "" {
			store = "arn:aws:cloudfront::none:key-value-store/none"
		}
		all = append(all, strings.NewReplacer(
			"arn:aws:cloudfront::123456789012:key-value-store/STORE", store, "site-prod", nth(s.Buckets, i, "none"),
			"Z0123456789ABC", zone, "Z0DEF", zone, "api.example.com", name, `\\052.example.com`, name, "shop.example.net", name,
			"E1SWITCH", pair[1], "E2OTHER", pair[2],
		))
	}
	return all
}

func nth(list []string, i int, otherwise string) string {
	if i < len(list) {
		return list[i]
	}
	return otherwise
}

// frontEndStatements returns the statements of a role about front ends.
func frontEndStatements(role iam.Role) []iam.Statement {
	var some []iam.Statement
	for _, s := range role.Statements {
		switch service, _, _ := strings.Cut(s.Actions[0], ":"); service {
		case "cloudfront", "cloudfront-keyvaluestore", "route53", "s3":
			some = append(some, s)
		}
	}
	return some
}
