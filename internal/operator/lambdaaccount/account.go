// Package lambdaaccount reads what else an account has around the functions that are shifted: who
// invokes them, their concurrency, and Sluice's own Lambdas. It only reads. Start at FromConfig.
package lambdaaccount

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/operator"
)

// API lists the calls of Lambda that an Account makes.
type API interface {
	GetFunctionConcurrency(context.Context, *lambda.GetFunctionConcurrencyInput, ...func(*lambda.Options)) (*lambda.GetFunctionConcurrencyOutput, error)
	GetFunctionConfiguration(context.Context, *lambda.GetFunctionConfigurationInput, ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error)
	GetPolicy(context.Context, *lambda.GetPolicyInput, ...func(*lambda.Options)) (*lambda.GetPolicyOutput, error)
	ListAliases(context.Context, *lambda.ListAliasesInput, ...func(*lambda.Options)) (*lambda.ListAliasesOutput, error)
	ListEventSourceMappings(context.Context, *lambda.ListEventSourceMappingsInput, ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error)
	ListFunctions(context.Context, *lambda.ListFunctionsInput, ...func(*lambda.Options)) (*lambda.ListFunctionsOutput, error)
	ListFunctionUrlConfigs(context.Context, *lambda.ListFunctionUrlConfigsInput, ...func(*lambda.Options)) (*lambda.ListFunctionUrlConfigsOutput, error)
	ListProvisionedConcurrencyConfigs(context.Context, *lambda.ListProvisionedConcurrencyConfigsInput, ...func(*lambda.Options)) (*lambda.ListProvisionedConcurrencyConfigsOutput, error)
	ListTags(context.Context, *lambda.ListTagsInput, ...func(*lambda.Options)) (*lambda.ListTagsOutput, error)
}

// Account reads the functions of an account and region.
type Account struct{ api API }

// New returns an Account.
func New(api API) *Account { return &Account{api} }

// FromConfig returns an Account with a client of its own.
func FromConfig(cfg aws.Config) *Account { return New(lambda.NewFromConfig(cfg)) }

// Installed reads one of Sluice's Lambdas. It returns operator.ErrNoFunction.
func (a *Account) Installed(ctx context.Context, function string) (operator.Installed, error) {
	out, err := a.api.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &function})
	if err != nil {
		return operator.Installed{}, failed("read the configuration of "+function, err)
	}
	in := operator.Installed{ARN: aws.ToString(out.FunctionArn), Role: aws.ToString(out.Role), Environment: map[string]string{}}
	if out.Environment != nil {
		maps.Copy(in.Environment, out.Environment.Variables)
		if out.Environment.Error != nil {
			in.Environment = nil
		}
	}
	return in, nil
}

// Functions lists the names of all functions.
func (a *Account) Functions(ctx context.Context) ([]string, error) {
	var names []string
	pages := lambda.NewListFunctionsPaginator(a.api, &lambda.ListFunctionsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failed("list the functions", err)
		}
		for _, f := range page.Functions {
			names = append(names, aws.ToString(f.FunctionName))
		}
	}
	return names, nil
}

// Aliases lists the names of a function's aliases. It returns operator.ErrNoFunction.
func (a *Account) Aliases(ctx context.Context, function string) ([]string, error) {
	var names []string
	pages := lambda.NewListAliasesPaginator(a.api, &lambda.ListAliasesInput{FunctionName: &function})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failed("list the aliases of "+function, err)
		}
		for _, found := range page.Aliases {
			names = append(names, aws.ToString(found.Name))
		}
	}
	return names, nil
}

// Tags reads the tags of a function by its ARN. It returns operator.ErrNoFunction.
func (a *Account) Tags(ctx context.Context, functionARN string) (map[string]string, error) {
	out, err := a.api.ListTags(ctx, &lambda.ListTagsInput{Resource: &functionARN})
	if err != nil {
		return nil, failed("read the tags of "+functionARN, err)
	}
	return out.Tags, nil
}

// EventSources lists the sources that Lambda reads now for a function, or for one of its aliases or
// versions. AWS does not document that the name of a function finds those of its qualifiers, so
// each is asked for.
func (a *Account) EventSources(ctx context.Context, function, qualifier string) ([]operator.Caller, error) {
	named := qualified(function, qualifier)
	var found []operator.Caller
	pages := lambda.NewListEventSourceMappingsPaginator(a.api, &lambda.ListEventSourceMappingsInput{FunctionName: &named})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return found, failed("list the event sources of "+named, err)
		}
		for _, m := range page.EventSourceMappings {
			if !strings.HasPrefix(aws.ToString(m.State), "Disabl") {
				name := cmp.Or(aws.ToString(m.EventSourceArn), aws.ToString(m.UUID)) // Kafka of one's own has no ARN
				found = append(found, operator.Caller{Kind: operator.EventSource, Name: name, Qualifier: qualifierOf(aws.ToString(m.FunctionArn))})
			}
		}
	}
	return found, nil
}

// URLs lists the URLs of a function and its aliases.
func (a *Account) URLs(ctx context.Context, function string) ([]operator.Caller, error) {
	var found []operator.Caller
	pages := lambda.NewListFunctionUrlConfigsPaginator(a.api, &lambda.ListFunctionUrlConfigsInput{FunctionName: &function})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return found, failed("list the URLs of "+function, err)
		}
		for _, u := range page.FunctionUrlConfigs {
			found = append(found, operator.Caller{Kind: operator.FunctionURL, Name: aws.ToString(u.FunctionUrl), Qualifier: qualifierOf(aws.ToString(u.FunctionArn))})
		}
	}
	return found, nil
}

// Granted lists whom the policy of a function, or of one of its aliases or versions, lets invoke it.
func (a *Account) Granted(ctx context.Context, function, qualifier string) ([]operator.Caller, error) {
	in := &lambda.GetPolicyInput{FunctionName: &function}
	if qualifier != "" {
		in.Qualifier = &qualifier
	}
	out, err := a.api.GetPolicy(ctx, in)
	var none *types.ResourceNotFoundException
	switch {
	case errors.As(err, &none):
		return nil, nil
	case err != nil:
		return nil, failed("read the policy of "+qualified(function, qualifier), err)
	}
	found, err := readPolicy(aws.ToString(out.Policy))
	if err != nil {
		return nil, fmt.Errorf("read the policy of %s: %w", qualified(function, qualifier), err)
	}
	for i := range found {
		found[i].Qualifier = qualifier
	}
	return found, nil
}

// readPolicy returns whom a policy allows to invoke.
func readPolicy(text string) ([]operator.Caller, error) {
	var policy struct {
		Statement []struct {
			Effect    string
			Principal json.RawMessage
			Action    texts
			Condition map[string]map[string]texts
		}
	}
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return nil, err
	}
	var found []operator.Caller
	for _, s := range policy.Statement {
		if s.Effect != "Allow" || !slices.ContainsFunc(s.Action, invokes) {
			continue
		}
		for _, principal := range principals(s.Principal) {
			found = append(found, operator.Caller{Kind: operator.Granted, Name: principal, Source: sourceOf(s.Condition)})
		}
	}
	return found, nil
}

func invokes(action string) bool {
	return slices.Contains([]string{"lambda:invokefunction", "lambda:*", "*"}, strings.ToLower(action))
}

// texts are one text or several, as policies have both.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}

// principals returns who a statement is for: "*", or by kind.
func principals(raw json.RawMessage) []string {
	var everybody string
	if json.Unmarshal(raw, &everybody) == nil {
		return []string{everybody}
	}
	var byKind map[string]texts
	if json.Unmarshal(raw, &byKind) != nil {
		return []string{string(raw)}
	}
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		all = append(all, byKind[kind]...)
	}
	return all
}

// sourceOf returns the resource that a condition narrows a statement to. Keys have any case.
func sourceOf(conditions map[string]map[string]texts) string {
	for _, operator := range slices.Sorted(maps.Keys(conditions)) {
		for key, values := range conditions[operator] {
			if strings.EqualFold(key, "aws:SourceArn") && len(values) > 0 {
				return values[0]
			}
		}
	}
	return ""
}

// Concurrency reads the concurrency of a function.
func (a *Account) Concurrency(ctx context.Context, function string) (operator.Concurrency, error) {
	out, err := a.api.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: &function})
	if err != nil {
		return operator.Concurrency{}, failed("read the reserved concurrency of "+function, err)
	}
	c := operator.Concurrency{}
	if out.ReservedConcurrentExecutions != nil {
		reserved := int(*out.ReservedConcurrentExecutions)
		c.Reserved = &reserved
	}
	pages := lambda.NewListProvisionedConcurrencyConfigsPaginator(a.api, &lambda.ListProvisionedConcurrencyConfigsInput{FunctionName: &function})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return c, failed("list the provisioned concurrency of "+function, err)
		}
		for _, p := range page.ProvisionedConcurrencyConfigs {
			c.Provisioned = append(c.Provisioned, provisioned(p))
		}
	}
	return c, nil
}

func provisioned(p types.ProvisionedConcurrencyConfigListItem) operator.Provisioned {
	read := operator.Provisioned{Qualifier: qualifierOf(aws.ToString(p.FunctionArn)), Executions: int(aws.ToInt32(p.RequestedProvisionedConcurrentExecutions))}
	if p.Status == types.ProvisionedConcurrencyStatusEnumFailed {
		read.Failed = cmp.Or(aws.ToString(p.StatusReason), "Lambda gives no reason")
	}
	return read
}

func qualified(function, qualifier string) string {
	if qualifier == "" {
		return function
	}
	return function + ":" + qualifier
}

// qualifierOf returns the qualifier in the ARN of a function, of an alias or of a version.
func qualifierOf(arn string) string {
	_, name, _ := strings.Cut(arn, ":function:")
	_, qualifier, _ := strings.Cut(name, ":")
	return qualifier
}

// failed says what was done, and means operator.ErrNoFunction.
func failed(what string, err error) error {
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return fmt.Errorf("%s: %w: %w", what, operator.ErrNoFunction, awserror.Plain(err))
	}
	return fmt.Errorf("%s: %w", what, awserror.Meaning(err))
}
