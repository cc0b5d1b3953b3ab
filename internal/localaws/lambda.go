package localaws

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const lambdaService = "lambda"

// lambdaInput is a Lambda request taken apart.
type lambdaInput struct {
	request
	operation string
	labels    []string // what stands for the braces in the route's path
	function  functionName
	now       time.Time
}

// lambdaRoute is one Lambda operation on the wire.
type lambdaRoute struct {
	method    string
	path      string // "{}" stands for a label; the first is the function
	operation string
	action    string // IAM's name, where it is not the operation's
	query     []string
	limit     func(*Cloud) *bucket
	run       func(*Cloud, context.Context, lambdaInput) (reply, error)
}

// lambdaRoutes are the operations spoken here. Paths are those of Lambda's
// API model.
var lambdaRoutes = []lambdaRoute{
	{method: "GET", path: "2015-03-31/functions/{}", operation: "GetFunction", query: []string{"Qualifier"}, limit: functionReads, run: (*Cloud).getFunction},
	{method: "GET", path: "2015-03-31/functions/{}/configuration", operation: "GetFunctionConfiguration", query: []string{"Qualifier"}, run: (*Cloud).getFunctionConfiguration},
	{method: "PUT", path: "2015-03-31/functions/{}/code", operation: "UpdateFunctionCode", run: (*Cloud).updateFunctionCode},
	{method: "POST", path: "2015-03-31/functions/{}/versions", operation: "PublishVersion", run: (*Cloud).publishVersion},
	{method: "GET", path: "2015-03-31/functions/{}/versions", operation: "ListVersionsByFunction", query: []string{"Marker", "MaxItems"}, run: (*Cloud).listVersions},
	{method: "GET", path: "2015-03-31/functions/{}/aliases", operation: "ListAliases", query: []string{"FunctionVersion", "Marker", "MaxItems"}, run: (*Cloud).listAliases},
	{method: "POST", path: "2015-03-31/functions/{}/aliases", operation: "CreateAlias", run: (*Cloud).postAlias},
	{method: "GET", path: "2015-03-31/functions/{}/aliases/{}", operation: "GetAlias", run: (*Cloud).getAlias},
	{method: "PUT", path: "2015-03-31/functions/{}/aliases/{}", operation: "UpdateAlias", run: (*Cloud).putAlias},
	{method: "DELETE", path: "2015-03-31/functions/{}/aliases/{}", operation: "DeleteAlias", run: (*Cloud).deleteAlias},
	{method: "POST", path: "2015-03-31/functions/{}/invocations", operation: "Invoke", action: "InvokeFunction", query: []string{"Qualifier"}, limit: unlimited, run: (*Cloud).invoke},
	{method: "GET", path: "2017-03-31/tags/{}", operation: "ListTags", run: (*Cloud).listTags},
	{method: "POST", path: "2017-03-31/tags/{}", operation: "TagResource", run: (*Cloud).tagResource},
	{method: "DELETE", path: "2017-03-31/tags/{}", operation: "UntagResource", query: []string{"tagKeys"}, run: (*Cloud).untagResource},
	{method: "GET", path: "2019-09-30/functions/{}/provisioned-concurrency", operation: "GetProvisionedConcurrencyConfig", query: []string{"Qualifier"}, run: (*Cloud).getProvisionedConcurrency},
}

// Lambda quotas: GetFunction has 100 requests a second for itself, all other
// control-plane calls of an account share 15, invocations are not among them.
func functionReads(c *Cloud) *bucket { return c.functionRead }
func unlimited(*Cloud) *bucket       { return nil }

// understandLambda finds the operation of a path, and the function it is about.
func (c *Cloud) understandLambda(asked request) operation {
	segments := strings.Split(strings.Trim(asked.path, "/"), "/")
	if asked.method == http.MethodGet && slices.Equal(segments, []string{"2015-03-31", "functions"}) {
		return c.understandListFunctions(asked)
	}
	for _, route := range lambdaRoutes {
		if route.method != asked.method {
			continue
		}
		if labels, ok := match(route.path, segments); ok {
			return c.lambdaOperation(route, labels, asked)
		}
	}
	name := asked.method + " " + asked.path
	return operation{action: name, resource: "*"}.refused(notImplemented(lambdaService, name))
}

// match compares a path with a route's and returns the labels, unescaped.
func match(path string, segments []string) ([]string, bool) {
	pattern := strings.Split(path, "/")
	if len(pattern) != len(segments) {
		return nil, false
	}
	var labels []string
	for i, want := range pattern {
		if want != "{}" {
			if want != segments[i] {
				return nil, false
			}
			continue
		}
		label, err := url.PathUnescape(segments[i])
		if err != nil {
			return nil, false
		}
		labels = append(labels, label)
	}
	return labels, true
}

// lambdaOperation is a call of a route on a function.
func (c *Cloud) lambdaOperation(route lambdaRoute, labels []string, asked request) operation {
	op := operation{action: route.action, resource: "*", limit: c.controlPlane}
	if op.action == "" {
		op.action = route.operation
	}
	if route.limit != nil {
		op.limit = route.limit(c)
	}
	for member := range asked.query {
		if !slices.Contains(route.query, member) {
			return op.refused(notImplemented(lambdaService, route.operation+" with "+member))
		}
	}
	name, err := c.parseFunctionName(labels[0], asked.query.Get("Qualifier"))
	if err != nil {
		return op.refused(err)
	}
	// A call about a version or an alias is checked against its qualified
	// ARN, all others against the function's ("Fine-tuning the Resources and
	// Conditions sections of policies"). Where that page leaves it open, a
	// policy has to allow the narrower one.
	op.resource = c.functionARN(name.name, name.qualifier)
	if name.qualifier != "" && !slices.Contains(route.query, "Qualifier") {
		return op.refused(invalidParameter("This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. " +
			"Please specify either a function name or an unqualified function ARN."))
	}
	op.run = func(ctx context.Context, now time.Time) (reply, error) {
		return route.run(c, ctx, lambdaInput{request: asked, operation: route.operation, labels: labels, function: name, now: now})
	}
	return op
}

// functionName is a FunctionName parameter: a function, and the version or
// alias that it or the Qualifier names.
type functionName struct {
	name      string
	qualifier string
}

// functionNamePattern is the shape of FunctionName in Lambda's API model:
// a name, a partial ARN (account:function:name) or a full ARN, each with or
// without a qualifier.
var functionNamePattern = regexp.MustCompile(`^(?:arn:aws:lambda:([a-z0-9-]+):)?(?:([0-9]{12}):)?(?:function:)?([a-zA-Z0-9-_]{1,64})(?::(\$LATEST|[a-zA-Z0-9-_]{1,128}))?$`)

// qualifierPattern is the shape of Qualifier in Lambda's API model.
var qualifierPattern = regexp.MustCompile(`^(\$LATEST|[a-zA-Z0-9-_]{1,128})$`)

// parseFunctionName reads a FunctionName and the Qualifier beside it.
func (c *Cloud) parseFunctionName(given, qualifier string) (functionName, error) {
	parts := functionNamePattern.FindStringSubmatch(given)
	if parts == nil {
		return functionName{}, constraint("Value '%s' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: "+
			`(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`, given)
	}
	region, account, name, derived := parts[1], parts[2], parts[3], parts[4]
	if region != "" && region != c.config.Region {
		return functionName{}, missing("Functions from '%s' are not reachable in this region ('%s')", region, c.config.Region)
	}
	if account != "" && account != c.config.Account {
		return functionName{}, failure(http.StatusForbidden, "AccessDeniedException", "functions of account %s are not shared with account %s", account, c.config.Account)
	}
	one, err := oneQualifier(derived, qualifier)
	return functionName{name: name, qualifier: one}, err
}

// oneQualifier is the qualifier in a FunctionName or the Qualifier beside it;
// where both are given they have to be the same.
func oneQualifier(derived, given string) (string, error) {
	switch {
	case given == "":
		return derived, nil
	case !qualifierPattern.MatchString(given):
		return "", constraint("Value '%s' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)", given)
	case derived != "" && derived != given:
		return "", invalidParameter("The derived qualifier from the function name does not match the specified qualifier.")
	default:
		return given, nil
	}
}

// functionARN is a function's ARN, qualified if there is a qualifier.
func (c *Cloud) functionARN(name, qualifier string) string {
	arn := fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", c.config.Region, c.config.Account, name)
	if qualifier != "" {
		arn += ":" + qualifier
	}
	return arn
}

// The errors that Lambda's operations share, with the status that each has in
// Lambda's API model.

func missing(format string, args ...any) *APIError {
	return failure(http.StatusNotFound, "ResourceNotFoundException", format, args...)
}

func invalidParameter(format string, args ...any) *APIError {
	return failure(http.StatusBadRequest, "InvalidParameterValueException", format, args...)
}

func conflict(format string, args ...any) *APIError {
	return failure(http.StatusConflict, "ResourceConflictException", format, args...)
}

// staleRevision is recorded in LocalStack's snapshot test_publish_with_wrong_revisionid.
func staleRevision() *APIError {
	return failure(http.StatusPreconditionFailed, "PreconditionFailedException",
		"The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
}
