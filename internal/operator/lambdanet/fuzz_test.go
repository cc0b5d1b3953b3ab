package lambdanet_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sluice-aws/sluice/internal/operator/lambdanet"
)

// FuzzAnswer invokes a function with the safety net's name that answers anything.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"deploymentId":"d","at":"2026-03-01T12:00:00Z"}`), false)
	f.Add([]byte(`{"errorType":"DeploymentUnknown","errorMessage":"no deployment holds it"}`), true)
	f.Add([]byte(`{"errorType":7}`), true)
	f.Add([]byte(`null`), false)
	f.Add([]byte("\n\x00"), true)
	f.Fuzz(func(t *testing.T, payload []byte, fails bool) {
		net := lambdanet.FromConfig(aws.Config{Region: "eu-west-1", Credentials: aws.AnonymousCredentials{}, HTTPClient: fixedResponse{payload, fails}}, "sluice-safety-net")
		answer, err := net.Command(t.Context(), abort)
		var refused *lambdanet.RefusedError
		switch {
		case err == nil && (fails || answer.DeploymentID == ""):
			t.Errorf("it was accepted as an answer: %+v", answer)
		case err != nil && len(err.Error()) > 8000:
			t.Errorf("an error of %d bytes", len(err.Error()))
		case fails && (!errors.As(err, &refused) || refused.Name == ""):
			t.Errorf("a refusal without a name: %v", err)
		}
	})
}

// fixedResponse is an HTTP client that answers every request with the same payload.
type fixedResponse struct {
	payload []byte
	fails   bool
}

func (s fixedResponse) Do(*http.Request) (*http.Response, error) {
	header := http.Header{}
	if s.fails {
		header.Set("X-Amz-Function-Error", "Unhandled")
	}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(bytes.NewReader(s.payload))}, nil
}
