package codedeploy

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/operator"
)

const someID = `"deploymentId": "d-ABCDEFGHI"`

// revision is a call of CreateDeployment with a revision.
func revision(text string) string {
	return `{"applicationName": "a", "deploymentGroupName": "g", "revision": ` + text + `}`
}

func TestWhatIsNoCallHasItsErrorOfCodeDeploy(t *testing.T) {
	t.Parallel()
	s3 := func(more string) string {
		return revision(`{"revisionType": "S3", "s3Location": {"bucket": "b", ` + more + `}}`)
	}
	tests := map[string]struct{ operation, body, want string }{
		"no application":          {"CreateDeployment", `{}`, "ApplicationNameRequiredException"},
		"no group":                {"CreateDeployment", `{"applicationName": "a"}`, "DeploymentGroupNameRequiredException"},
		"no revision":             {"CreateDeployment", `{"applicationName": "a", "deploymentGroupName": "g"}`, "RevisionRequiredException"},
		"a revision of nothing":   {"CreateDeployment", revision(`{}`), "InvalidRevisionException"},
		"a revision of GitHub":    {"CreateDeployment", revision(`{"revisionType": "GitHub", "gitHubLocation": {}}`), "InvalidRevisionException"},
		"a type without its text": {"CreateDeployment", revision(`{"revisionType": "String", "appSpecContent": {"content": "x"}}`), "InvalidRevisionException"},
		"an empty text":           {"CreateDeployment", revision(`{"revisionType": "AppSpecContent", "appSpecContent": {}}`), "InvalidRevisionException"},
		"another hash":            {"CreateDeployment", revision(`{"revisionType": "AppSpecContent", "appSpecContent": {"content": "x", "sha256": "00"}}`), "InvalidRevisionException"},
		"too long a text":         {"CreateDeployment", revision(`{"revisionType": "String", "string": {"content": "` + strings.Repeat("x", operator.MaxInput+1) + `"}}`), "InvalidRevisionException"},
		"an object without key":   {"CreateDeployment", s3(`"bundleType": "YAML"`), "InvalidRevisionException"},
		"an archive":              {"CreateDeployment", s3(`"key": "k", "bundleType": "zip"`), "InvalidRevisionException"},
		"no rollback":             {"CreateDeployment", `{"applicationName": "a", "deploymentGroupName": "g", "revision": {}, "autoRollbackConfiguration": {"enabled": false}}`, "InvalidAutoRollbackConfigException"},
		"a stop without rollback": {"StopDeployment", `{` + someID + `, "autoRollbackEnabled": false}`, "UnsupportedActionForDeploymentTypeException"},
		"no id":                   {"GetDeployment", `{}`, "DeploymentIdRequiredException"},
		"no id to stop":           {"StopDeployment", `{}`, "DeploymentIdRequiredException"},
		"a name for an id":        {"GetDeployment", `{"deploymentId": "orders"}`, "InvalidDeploymentIdException"},
		"no target":               {"GetDeploymentTarget", `{` + someID + `}`, "DeploymentTargetIdRequiredException"},
		"no targets":              {"BatchGetDeploymentTargets", `{` + someID + `}`, "DeploymentTargetIdRequiredException"},
		"too many targets":        {"BatchGetDeploymentTargets", `{` + someID + `, "targetIds": ["a"` + strings.Repeat(`, "a"`, 25) + `]}`, "DeploymentTargetListSizeExceededException"},
		"a filter of servers":     {"ListDeploymentTargets", `{` + someID + `, "targetFilters": {"ServerInstanceLabel": ["Blue"]}}`, "InvalidTargetFilterNameException"},
		"an application alone":    {"ListDeployments", `{"applicationName": "a"}`, "DeploymentGroupNameRequiredException"},
		"a group alone":           {"ListDeployments", `{"deploymentGroupName": "g"}`, "ApplicationNameRequiredException"},
		"an unknown status":       {"ListDeployments", `{"includeOnlyStatuses": ["Succeeded", "Done"]}`, "InvalidDeploymentStatusException"},
		"an upside-down time":     {"ListDeployments", `{"createTimeRange": {"start": 1764490000, "end": 1764480000.5}}`, "InvalidTimeRangeException"},
		"a token":                 {"ListDeployments", `{"nextToken": "x"}`, "InvalidNextTokenException"},
		"something external":      {"ListDeployments", `{"externalId": "x"}`, "InvalidExternalIdException"},
		"no configuration":        {"GetDeploymentConfig", `{}`, "DeploymentConfigNameRequiredException"},
		"no JSON":                 {"GetDeployment", `deploymentId=d-1`, "SerializationException"},
		"two values":              {"GetDeployment", `{` + someID + `} {}`, "SerializationException"},
		"a list":                  {"GetDeployment", `[]`, "SerializationException"},
		"another type":            {"GetDeployment", `{"deploymentId": 1}`, "SerializationException"},
		"an empty body":           {"GetDeployment", ``, "DeploymentIdRequiredException"},
		"an operation of servers": {"ListDeploymentInstances", `{}`, "UnsupportedOperation"},
		"no operation":            {"", `{}`, "UnsupportedOperation"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call, err := Decode(targetPrefix+tt.operation, []byte(tt.body))
			assert.Nil(t, call)
			var e *Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tt.want, e.Type, e.Message)
			assert.Equal(t, 400, e.Status)
		})
	}
	_, err := Decode("AWSLambda.Invoke", []byte(`{}`))
	require.ErrorContains(t, err, "UnknownOperationException")
}

func TestACallIsRead(t *testing.T) {
	t.Parallel()
	call, err := Decode(targetPrefix+"CreateDeployment", []byte(revision(`{"revisionType": "AppSpecContent", "appSpecContent": {"content": "abc", "sha256": "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"}}, "description": "d", "fileExistsBehavior": "RETAIN"`)))
	require.NoError(t, err)
	assert.Equal(t, "abc", call.(*CreateDeployment).Revision.AppSpecContent.Content)
	call, err = Decode(targetPrefix+"CreateDeployment", []byte(revision(`{"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k", "bundleType": "yaml", "version": "v", "eTag": "e"}}`)))
	require.NoError(t, err)
	assert.Equal(t, operator.Object{Bucket: "b", Key: "k", Version: "v", ETag: "e"}, call.(*CreateDeployment).Revision.S3.object())
}

// The errors that Error makes are CodeDeploy's own, of which its clients have classes.
func TestTheErrorsAreKnownToClients(t *testing.T) {
	t.Parallel()
	known := []string{"UnsupportedOperation", "UnknownOperationException", "SerializationException", "AccessDeniedException", "InternalFailure", "ServiceUnavailable"}
	var types []string
	for _, file := range []string{"call.go", "config.go", "error.go", "list.go", "groupmap.go", "input.go", "revision.go", "server.go", "service.go"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range regexp.MustCompile(`(?:newError\(|kind = )"(\w+)"`).FindAllStringSubmatch(string(text), -1) {
			types = append(types, found[1])
		}
	}
	assert.Greater(t, len(types), 20)
	model := errorsOfCodeDeploy(t)
	for _, name := range types {
		assert.True(t, slices.Contains(known, name) || model[name], name)
	}
}

// Whatever somebody sends, it is a call whose input is checked, or an error that says what is
// wrong.
func FuzzCall(f *testing.F) {
	f.Add("CreateDeployment", []byte(revision(`{"revisionType": "String", "string": {"content": "version: 0.0"}}`)))
	f.Add("CreateDeployment", []byte(revision(`{"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k", "bundleType": "JSON"}}`)))
	f.Add("StopDeployment", []byte(`{`+someID+`, "autoRollbackEnabled": null}`))
	f.Add("ListDeploymentTargets", []byte(`{`+someID+`, "targetFilters": {"TargetStatus": ["Failed"]}}`))
	f.Add("BatchGetDeploymentTargets", []byte(`{`+someID+`, "targetIds": ["orders:live"]}`))
	f.Add("GetDeployment", []byte(`null`))
	f.Add("Nothing", []byte(`{}`))
	f.Fuzz(func(t *testing.T, operation string, body []byte) {
		call, err := Decode(targetPrefix+operation, body)
		var e *Error
		switch {
		case err == nil:
			require.NoError(t, call.check())
			c, creates := call.(*CreateDeployment)
			if !creates {
				return
			}
			if text, has := c.Revision.text(); has {
				_, _, err = order{appSpec: text}.input("arn:aws:states:eu-west-1:123456789012:stateMachine:sluice")
				require.True(t, err == nil || errors.As(err, &e) && e.Type != "" && e.Message != "", "%v", err)
			}
		case !errors.As(err, &e):
			t.Fatalf("%T: %v", err, err)
		default:
			require.Nil(t, call)
			require.NotEmpty(t, e.Type)
			require.NotEmpty(t, e.Message)
			require.Less(t, len(e.Message), 1000)
		}
	})
}
