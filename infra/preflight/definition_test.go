package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
)

const template = "../testdata/sluice.template.json"

func TestDefinitionIsFoundInTheTemplate(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(template)
	require.NoError(t, err)
	definition, err := definitionOf(text)
	require.NoError(t, err)
	assert.Contains(t, definition, `"arn:aws:states:::lambda:invoke.waitForTaskToken"`)
	_, err = asl.Parse([]byte(definition))
	assert.NoError(t, err)
}

func TestWithoutADefinitionThereIsAnError(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		`{`:                "it is not JSON",
		`{"Resources":{}}`: "it has no state machine",
		`{"Resources":{"M":{"Type":"AWS::StepFunctions::StateMachine","Properties":{"DefinitionString":{"Fn::Sub":"x"}}}}}`: "is no Fn::Join",
		`{"Resources":{"M":{"Type":"AWS::StepFunctions::StateMachine","Properties":{"DefinitionString":7}}}}`:               "is neither text nor a function",
	} {
		file := filepath.Join(t.TempDir(), "template.json")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		err := run(t.Context(), of("us-east-1", localaws.New(localaws.Config{Now: time.Now}), nil), []string{"definition", file}, io.Discard)
		assert.ErrorContains(t, err, says)
	}
	assert.ErrorContains(t, run(t.Context(), misconfigured, []string{"definition", "no-such-file"}, io.Discard), "read the template")
	assert.ErrorContains(t, run(t.Context(), misconfigured, []string{"definition"}, io.Discard), "takes one file")
}

// The answers are as the API's reference describes them (ValidateStateMachineDefinition).
func TestWhatStepFunctionsSaysOfTheDefinitionCounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer, notes, err string
	}{
		"nothing": {`{"result":"OK","diagnostics":[],"truncated":false}`, "Step Functions accepts the definition\n", ""},
		"a warning": {`{"result":"OK","diagnostics":[{"severity":"WARNING","code":"NO_PATH","message":"use\na path","location":"/States/Bake"}]}`,
			"Step Functions accepts the definition; it remarks:\n  WARNING /States/Bake: use a path (NO_PATH)\n", ""},
		"an error": {`{"result":"FAIL","diagnostics":[{"severity":"ERROR","code":"MISSING_TRANSITION_TARGET","message":"no such state","location":"/States/Open/Next"}]}`,
			"", "the definition would be refused by Step Functions:\n  ERROR /States/Open/Next: no such state (MISSING_TRANSITION_TARGET)\nFix it in statemachine/definition.go"},
		"nothing more": {`{"result":"FAIL","diagnostics":[]}`, "", "the definition would be refused by Step Functions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var notes bytes.Buffer
			err := run(t.Context(), of("us-east-1", answers(200, "", test.answer), nil), []string{"definition", template}, &notes)
			assert.Equal(t, test.notes, notes.String())
			if test.err == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, test.err)
		})
	}
}

func TestWithoutAnAccountTheDefinitionIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	here := localaws.New(localaws.Config{Now: time.Now})
	offline := answering(func(*http.Request) (*http.Response, error) { return nil, errors.New("no such host") })
	for name, test := range map[string]struct {
		account load
		says    string
	}{
		"no region":               {of("", here, nil), "as there is no account to ask (no AWS region"},
		"no such profile":         {misconfigured, "as there is no account to ask (read the AWS configuration: failed to get shared config profile, prod)"},
		"no credentials":          {of("us-east-1", here, errors.New("none")), "as there is no account to ask (no AWS credentials"},
		"no network":              {of("us-east-1", offline, nil), "as it does not answer ("},
		"no permission":           {of("us-east-1", answers(400, "AccessDeniedException", ""), nil), "AccessDeniedException"},
		"an AWS that has no such": {of("us-east-1", here, nil), "as it does not answer ("},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var notes bytes.Buffer
			require.NoError(t, run(t.Context(), test.account, []string{"definition", template}, &notes))
			assert.Contains(t, notes.String(), test.says)
			assert.Contains(t, notes.String(), "skipped: what Step Functions says about the definition, ")
			assert.Equal(t, 1, bytes.Count(notes.Bytes(), []byte("\n")))
		})
	}
}

// A connection that is never answered, as some networks have it, and credentials that are
// searched for without end.
func TestAnAccountIsNotWaitedForWithoutEnd(t *testing.T) {
	t.Parallel()
	silent := answering(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	searching := func(ctx context.Context) (aws.Config, error) {
		cfg, err := of("us-east-1", silent, nil)(ctx)
		cfg.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			<-ctx.Done()
			return aws.Credentials{}, ctx.Err()
		})
		return cfg, err
	}
	for name, account := range map[string]load{"silent": of("us-east-1", silent, nil), "searching": searching} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				before := time.Now()
				var notes bytes.Buffer
				require.NoError(t, run(t.Context(), account, []string{"definition", template}, &notes))
				assert.Contains(t, notes.String(), "skipped: ")
				assert.Equal(t, patience, time.Since(before))
			})
		})
	}
}
