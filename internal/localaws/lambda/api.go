package lambda

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
	"github.com/sluice-aws/sluice/internal/localaws/throttle"
)

// Name is Lambda's prefix in IAM and its signing name.
const Name = "lambda"

// Failures are the errors that any Lambda call may return.
var Failures = protocol.Failures{
	Throttled:    &protocol.Error{StatusCode: http.StatusTooManyRequests, Code: "TooManyRequestsException", Message: "Rate exceeded", Reason: "CallerRateLimitExceeded"},
	DeniedStatus: http.StatusForbidden,
	InternalCode: "ServiceException",
}

// Protocol returns REST-JSON.
func (s *Functions) Protocol(protocol.Request) protocol.Protocol { return protocol.RESTJSON{} }

// input is a parsed Lambda request.
type input struct {
	protocol.Request
	operation string
	labels    []string // the path segments that match "{}" in the route
	function  functionName
	now       time.Time
}

func (in input) decode(into any) error {
	return protocol.Decode(Name, in.operation, in.Body, into)
}

// route is the HTTP binding of a Lambda operation.
type route struct {
	method    string
	path      string // "{}" matches one label; the first label is the function
	with      string // a query parameter without which the route does not match
	operation string
	action    string // IAM's name, if it differs from the operation's
	query     []string
	limit     func(*Functions) *throttle.Bucket
	run       func(*Functions, context.Context, input) (protocol.Reply, error)
}

// routes are the implemented operations. The paths are those of Lambda's API model.
var routes = []route{
	{method: "GET", path: "2015-03-31/functions/{}", operation: "GetFunction", query: []string{"Qualifier"}, limit: functionReads, run: (*Functions).getFunction},
	{method: "DELETE", path: "2015-03-31/functions/{}", operation: "DeleteFunction", query: []string{"Qualifier"}, run: (*Functions).deleteFunction},
	{method: "GET", path: "2015-03-31/functions/{}/configuration", operation: "GetFunctionConfiguration", query: []string{"Qualifier"}, run: (*Functions).getFunctionConfiguration},
	{method: "PUT", path: "2015-03-31/functions/{}/configuration", operation: "UpdateFunctionConfiguration", run: (*Functions).updateFunctionConfiguration},
	{method: "PUT", path: "2015-03-31/functions/{}/code", operation: "UpdateFunctionCode", run: (*Functions).updateFunctionCode},
	{method: "POST", path: "2015-03-31/functions/{}/versions", operation: "PublishVersion", run: (*Functions).publishVersion},
	{method: "GET", path: "2015-03-31/functions/{}/versions", operation: "ListVersionsByFunction", query: []string{"Marker", "MaxItems"}, run: (*Functions).listVersions},
	{method: "GET", path: "2015-03-31/functions/{}/aliases", operation: "ListAliases", query: []string{"FunctionVersion", "Marker", "MaxItems"}, run: (*Functions).listAliases},
	{method: "POST", path: "2015-03-31/functions/{}/aliases", operation: "CreateAlias", run: (*Functions).handleCreateAlias},
	{method: "GET", path: "2015-03-31/functions/{}/aliases/{}", operation: "GetAlias", run: (*Functions).getAlias},
	{method: "PUT", path: "2015-03-31/functions/{}/aliases/{}", operation: "UpdateAlias", run: (*Functions).handleUpdateAlias},
	{method: "DELETE", path: "2015-03-31/functions/{}/aliases/{}", operation: "DeleteAlias", run: (*Functions).handleDeleteAlias},
	{method: "POST", path: "2015-03-31/functions/{}/invocations", operation: "Invoke", action: "InvokeFunction", query: []string{"Qualifier"}, limit: unlimited, run: (*Functions).invoke},
	{method: "GET", path: "2017-03-31/tags/{}", operation: "ListTags", run: (*Functions).listTags},
	{method: "POST", path: "2017-03-31/tags/{}", operation: "TagResource", run: (*Functions).tagResource},
	{method: "DELETE", path: "2017-03-31/tags/{}", operation: "UntagResource", query: []string{"tagKeys"}, run: (*Functions).untagResource},
	{method: "GET", path: "2015-03-31/functions/{}/policy", operation: "GetPolicy", query: []string{"Qualifier"}, run: (*Functions).getPolicy},
	{method: "GET", path: "2021-10-31/functions/{}/urls", operation: "ListFunctionUrlConfigs", query: []string{"Marker", "MaxItems"}, run: (*Functions).listURLs},
	{method: "GET", path: "2019-09-30/functions/{}/concurrency", operation: "GetFunctionConcurrency", run: (*Functions).getConcurrency},
	{method: "GET", path: "2019-09-30/functions/{}/provisioned-concurrency", with: "List", operation: "ListProvisionedConcurrencyConfigs", query: []string{"List", "Marker", "MaxItems"}, run: (*Functions).listProvisioned},
	{method: "GET", path: "2019-09-30/functions/{}/provisioned-concurrency", operation: "GetProvisionedConcurrencyConfig", query: []string{"Qualifier"}, run: (*Functions).getProvisionedConcurrency},
}

// Lambda quotas: GetFunction has its own limit of 100 requests per second. All other
// control-plane calls of an account share 15 per second. Invocations do not count.
func functionReads(s *Functions) *throttle.Bucket { return s.functionRead }
func unlimited(*Functions) *throttle.Bucket       { return nil }

// Operation finds the operation and the function that a request's method and path name.
func (s *Functions) Operation(request protocol.Request) protocol.Operation {
	segments := strings.Split(strings.Trim(request.Path, "/"), "/")
	if slices.Equal(segments, []string{"2015-03-31", "functions"}) {
		switch request.Method {
		case http.MethodGet:
			return s.listFunctionsOperation(request)
		case http.MethodPost:
			return s.createFunctionOperation(request)
		}
	}
	if request.Method == http.MethodGet && slices.Equal(segments, []string{"2015-03-31", "event-source-mappings"}) {
		return s.listEventSourcesOperation(request)
	}
	for _, route := range routes {
		if route.method != request.Method || route.with != "" && !request.Query.Has(route.with) {
			continue
		}
		if labels, ok := matchPath(route.path, segments); ok {
			return s.routeOperation(route, labels, request)
		}
	}
	name := request.Method + " " + request.Path
	return protocol.Operation{Action: name, Resource: "*"}.Refuse(protocol.NotImplemented(Name, name))
}

// matchPath matches path segments against a route's path and returns the unescaped
// labels.
func matchPath(path string, segments []string) ([]string, bool) {
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

// routeOperation returns the operation for a request that matches a route.
func (s *Functions) routeOperation(route route, labels []string, request protocol.Request) protocol.Operation {
	op := protocol.Operation{Action: route.action, Resource: "*", Limit: s.controlPlane}
	if op.Action == "" {
		op.Action = route.operation
	}
	if route.limit != nil {
		op.Limit = route.limit(s)
	}
	for member := range request.Query {
		if !slices.Contains(route.query, member) {
			return op.Refuse(protocol.NotImplemented(Name, route.operation+" with "+member))
		}
	}
	name, err := s.parseFunctionName(labels[0], request.Query.Get("Qualifier"))
	if err != nil {
		return op.Refuse(err)
	}
	// IAM checks a call on a version or an alias against the qualified ARN, and all
	// other calls against the function's ARN ("Fine-tuning the Resources and Conditions
	// sections of policies"). Where that page does not say which, a policy must allow
	// the narrower one.
	op.Resource = s.functionARN(name.name, name.qualifier)
	if err := route.checkResource(labels[0], name); err != nil {
		return op.Refuse(err)
	}
	op.Run = func(ctx context.Context, now time.Time) (protocol.Reply, error) {
		return route.run(s, ctx, input{Request: request, operation: route.operation, labels: labels, function: name, now: now})
	}
	return op
}

// checkResource returns an error if an operation is not allowed on the function, version or
// alias that a request names.
func (r route) checkResource(given string, name functionName) error {
	switch tags := strings.HasSuffix(r.path, "tags/{}"); {
	case tags && !strings.HasPrefix(given, "arn:"):
		return protocol.Constraint("Value '%s' at 'resource' failed to satisfy constraint: Member must satisfy regular expression pattern: "+
			`arn:(aws[a-zA-Z-]*)?:lambda:[a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:[a-zA-Z0-9-_]+)`, given)
	case tags && name.qualifier != "":
		// Recorded for TagResource (LocalStack's snapshot test_tag_versions).
		return invalidParameter("Tags on function aliases and versions are not supported. Please specify a function ARN.")
	case name.qualifier != "" && !slices.Contains(r.query, "Qualifier"):
		return invalidParameter("This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. " +
			"Please specify either a function name or an unqualified function ARN.")
	}
	return nil
}

// functionName is a parsed FunctionName: a function, and the version or alias that
// FunctionName or Qualifier names.
type functionName struct {
	name      string
	qualifier string
}

// functionNamePattern is the pattern of FunctionName in Lambda's API model: a name, a
// partial ARN (account:function:name) or a full ARN, each with or without a qualifier. A
// full ARN names a region by the form of its name, such as us-gov-west-1: with another text
// the call fails with 400, and for another region with 404.
var functionNamePattern = regexp.MustCompile(`^(?:arn:aws:lambda:((?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-[0-9]):)?(?:([0-9]{12}):)?(?:function:)?([a-zA-Z0-9-_]{1,64})(?::(\$LATEST|[a-zA-Z0-9-_]{1,128}))?$`)

// qualifierPattern is the pattern of Qualifier in Lambda's API model.
var qualifierPattern = regexp.MustCompile(`^(\$LATEST|[a-zA-Z0-9-_]{1,128})$`)

// parseFunctionName parses a FunctionName and the Qualifier parameter.
func (s *Functions) parseFunctionName(given, qualifier string) (functionName, error) {
	parts := functionNamePattern.FindStringSubmatch(given)
	if parts == nil {
		return functionName{}, protocol.Constraint("Value '%s' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: "+
			`(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`, given)
	}
	region, account, name, derived := parts[1], parts[2], parts[3], parts[4]
	if region != "" && region != s.account.Region {
		return functionName{}, notFound("Functions from '%s' are not reachable in this region ('%s')", region, s.account.Region)
	}
	if account != "" && account != s.account.ID {
		return functionName{}, protocol.NewError(http.StatusForbidden, "AccessDeniedException", "functions of account %s are not shared with account %s", account, s.account.ID)
	}
	one, err := joinQualifiers(derived, qualifier)
	return functionName{name: name, qualifier: one}, err
}

// joinQualifiers returns the qualifier from a FunctionName or from the Qualifier
// parameter. If both are given, they must be equal.
func joinQualifiers(derived, given string) (string, error) {
	switch {
	case given == "":
		return derived, nil
	case !qualifierPattern.MatchString(given):
		return "", protocol.Constraint("Value '%s' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)", given)
	case derived != "" && derived != given:
		return "", invalidParameter("The derived qualifier from the function name does not match the specified qualifier.")
	default:
		return given, nil
	}
}

// functionARN returns a function's ARN, qualified if qualifier is not empty.
func (s *Functions) functionARN(name, qualifier string) string {
	arn := s.account.ARN(Name, "function:"+name)
	if qualifier != "" {
		arn += ":" + qualifier
	}
	return arn
}

// The errors that Lambda's operations share, with the status that each has in
// Lambda's API model.

func notFound(format string, args ...any) *protocol.Error {
	return protocol.NewError(http.StatusNotFound, "ResourceNotFoundException", format, args...)
}

func invalidParameter(format string, args ...any) *protocol.Error {
	return protocol.NewError(http.StatusBadRequest, "InvalidParameterValueException", format, args...)
}

func conflict(format string, args ...any) *protocol.Error {
	return protocol.NewError(http.StatusConflict, "ResourceConflictException", format, args...)
}

// staleRevision returns the error recorded in LocalStack's snapshot
// test_publish_with_wrong_revisionid.
func staleRevision() *protocol.Error {
	return protocol.NewError(http.StatusPreconditionFailed, "PreconditionFailedException",
		"The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
}
