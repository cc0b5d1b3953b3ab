package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	osexec "os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// roles plays IAM, which the local AWS does not have, and notes what it was asked.
type roles struct {
	mu     sync.Mutex
	calls  []string
	trust  string
	policy string
	path   string
}

func (i *roles) answer(r *http.Request, body []byte) *http.Response {
	i.mu.Lock()
	defer i.mu.Unlock()
	given, _ := url.ParseQuery(string(body))
	action, name := given.Get("Action"), given.Get("RoleName")
	i.calls = append(i.calls, action)
	result := ""
	switch action {
	case "CreateRole":
		i.trust, i.path = given.Get("AssumeRolePolicyDocument"), given.Get("Path")
		result = fmt.Sprintf("<Role><Arn>arn:aws:iam::123456789012:role%s%s</Arn><RoleName>%[2]s</RoleName></Role>", i.path, name)
	case "PutRolePolicy":
		i.policy = given.Get("PolicyDocument")
	case "ListRoles":
		result = "<Roles></Roles><IsTruncated>false</IsTruncated>"
	}
	return respond(r, 200, "text/xml", fmt.Sprintf("<%[1]sResponse><%[1]sResult>%s</%[1]sResult></%[1]sResponse>", action, result))
}

// isFor reports whether a request is signed for a service.
func isFor(r *http.Request, service string) bool {
	return strings.Contains(r.Header.Get("Authorization"), "/"+service+"/aws4_request")
}

// What the main function would answer, by how IAM takes a tag: with a value, without one, and
// none.
func TestARoleIsMadeAndAsksIAMAboutTheEmptyTag(t *testing.T) {
	t.Parallel()
	const allowed, missing, denied = "allowed", "ResourceNotFoundException", "AccessDeniedException"
	for name, test := range map[string]struct {
		tagged, empty, untagged string
		verdict                 string
		says                    string
	}{
		"it is no tag":        {allowed, denied, denied, "held", "a tag without a value counts as none"},
		"it is a tag":         {allowed, missing, denied, "differs", "a tag without a value counts as a tag"},
		"no tag is needed":    {allowed, missing, missing, "differs", "the condition itself does not work: with a tag allowed is true, without one true"},
		"no tag is enough":    {denied, denied, denied, "differs", "the condition itself does not work: with a tag allowed is false, without one false"},
		"it cannot be asked":  {"ServiceException", denied, denied, "skipped", "the function could not ask: ServiceException"},
		"the code runs not":   {"", "", "", "skipped", "the function's own code does not run here"},
		"it is no such alias": {missing, denied, denied, "held", "counts as none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, iam := play(t, 100, `{}`), &roles{}
			a.config.HTTPClient = between(a.config.HTTPClient, func(r *http.Request, body []byte, send send) (*http.Response, error) {
				var asked struct{ GetAliasOf string }
				switch {
				case isFor(r, "iam"):
					return iam.answer(r, body), nil
				case strings.HasSuffix(r.URL.Path, "/invocations") && json.Unmarshal(body, &asked) == nil && asked.GetAliasOf != "" && test.tagged != "":
					code := test.tagged
					switch {
					case strings.HasSuffix(asked.GetAliasOf, "-empty"):
						code = test.empty
					case strings.HasSuffix(asked.GetAliasOf, "-probe"):
						code = test.untagged
					}
					return respond(r, 200, "application/json", fmt.Sprintf(`{"code": %q}`, code)), nil
				}
				return send(body)
			})
			r := a.runBare(t.Context(), "--only", "empty-tag-in-iam")
			assert.Equal(t, statusHeld, r.status, "%s%s", r.stdout, r.stderr)
			assert.Equal(t, map[string]string{"empty-tag-in-iam": test.verdict}, r.verdicts(), r.stdout)
			assert.Contains(t, r.stdout, test.says)
			assert.Equal(t, []string{"ListRoles", "CreateRole", "PutRolePolicy", "DeleteRolePolicy", "DeleteRole"}, iam.calls)
			assert.Equal(t, "/sluice-smoke/", iam.path)
			assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`, iam.trust)
			assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "lambda:GetAlias",
				"Resource": "arn:aws:lambda:us-east-1:123456789012:function:*", "Condition": {"Null": {"aws:ResourceTag/sluice:alias": "false"}}}]}`, iam.policy)
		})
	}
}

// A new role cannot be used for some seconds.
func TestANewRoleIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		refusals int
		status   int
		says     string
	}{
		"for some seconds": {3, statusHeld, "missing-alarm     held"},
		"for ever":         {1 << 20, statusFailed, "the role " + role + " cannot be assumed by Lambda: it must trust lambda.amazonaws.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, left := play(t, 100, `{}`), test.refusals
			a.config.HTTPClient = between(a.config.HTTPClient, func(r *http.Request, body []byte, send send) (*http.Response, error) {
				if left > 0 && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/functions") {
					left--
					answer := respond(r, 400, "application/json", `{"message": "The role defined for the function cannot be assumed by Lambda."}`)
					answer.Header.Set("X-Amzn-Errortype", "InvalidParameterValueException")
					return answer, nil
				}
				return send(body)
			})
			r := a.run(t.Context(), "--only", "missing-alarm")
			assert.Equal(t, test.status, r.status, "%s%s", r.stdout, r.stderr)
			assert.Contains(t, r.stdout+r.stderr, test.says)
			assert.Empty(t, a.left(t))
		})
	}
}

func TestWithoutIAMARoleIsAskedFor(t *testing.T) {
	t.Parallel()
	a := play(t, 100, `{}`)
	r := a.runBare(t.Context())
	assert.Equal(t, statusFailed, r.status)
	assert.Contains(t, r.stderr, "or give one with ROLE=arn:aws:iam::…:role/…")
	assert.Empty(t, a.left(t))
}

// pythonCheck runs the functions' code with a Lambda that answers as it is told.
const pythonCheck = `
import sys, types, json
class ClientError(Exception):
    def __init__(self, code): self.response = {"Error": {"Code": code}}
class Lambda:
    def get_alias(self, FunctionName, Name):
        assert Name == "live"
        if FunctionName != "good": raise ClientError(FunctionName)
boto3, botocore, exceptions = types.ModuleType("boto3"), types.ModuleType("botocore"), types.ModuleType("botocore.exceptions")
boto3.client = lambda name: {"lambda": Lambda()}[name]
exceptions.ClientError = ClientError
sys.modules.update({"boto3": boto3, "botocore": botocore, "botocore.exceptions": exceptions})
exec(sys.stdin.read())
print(json.dumps([handle({}, None), handle({"getAliasOf": "good"}, None), handle({"getAliasOf": "AccessDeniedException"}, None)]))
`

func TestTheFunctionsCodeRuns(t *testing.T) {
	t.Parallel()
	python, err := osexec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 here")
	}
	command := osexec.CommandContext(t.Context(), python, "-c", pythonCheck)
	command.Stdin = strings.NewReader(source)
	out, err := command.Output()
	require.NoError(t, err)
	assert.JSONEq(t, `[{}, {"code": "allowed"}, {"code": "AccessDeniedException"}]`, string(out))
}
