package deploymentgroup_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/deploymentgroup"
)

// codeDeploy answers GetDeploymentGroup. The configuration is loaded as a command loads it.
func codeDeploy(t *testing.T, status int, body string) (g deploymentgroup.Groups, asked *string) {
	t.Helper()
	asked = new(string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		*asked = r.Header.Get("X-Amz-Target") + " " + string(text)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_ENDPOINT_URL_CODEDEPLOY", "http://127.0.0.1:1") // where Sluice itself would listen
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRetryMaxAttempts(1))
	require.NoError(t, err)
	return deploymentgroup.New(deploymentgroup.Client(cfg)), asked
}

// A test that sets variables cannot run in parallel.
func TestAGroupSaysItsConfigurationAndItsAlarms(t *testing.T) {
	for body, want := range map[string]operator.DeploymentGroup{
		`{"deploymentGroupInfo": {"computePlatform": "Lambda", "deploymentConfigName": "Ours", "alarmConfiguration": {"enabled": true, "ignorePollAlarmFailure": true, "alarms": [{"name": "a"}, {"name": "b"}]}}}`: {Config: "Ours", Alarms: []string{"a", "b"}, IgnoreUnreadable: true},
		`{"deploymentGroupInfo": {"computePlatform": "Lambda", "deploymentConfigName": "Ours", "alarmConfiguration": {"enabled": false, "ignorePollAlarmFailure": true, "alarms": [{"name": "a"}]}}}`:               {Config: "Ours"},
		`{"deploymentGroupInfo": {"computePlatform": "Lambda", "deploymentConfigName": "Ours"}}`:                                                                                                                    {Config: "Ours"},
	} {
		g, asked := codeDeploy(t, 200, body)
		got, err := g.Group(t.Context(), "shop", "orders")
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.JSONEq(t, `{"applicationName": "shop", "deploymentGroupName": "orders"}`, (*asked)[len("CodeDeploy_20141006.GetDeploymentGroup "):])
	}
}

func TestAGroupThatCannotBeReadKeepsItsError(t *testing.T) {
	g, _ := codeDeploy(t, 400, `{"__type": "DeploymentGroupDoesNotExistException", "message": "No Deployment Group found for name: orders"}`)
	_, err := g.Group(t.Context(), "shop", "orders")
	var coded interface{ ErrorCode() string }
	require.ErrorAs(t, err, &coded)
	assert.Equal(t, "DeploymentGroupDoesNotExistException", coded.ErrorCode())
	assert.EqualError(t, err, "read the deployment group orders of shop: DeploymentGroupDoesNotExistException: No Deployment Group found for name: orders")
	g, _ = codeDeploy(t, 200, `{"deploymentGroupInfo": {"computePlatform": "ECS"}}`)
	_, err = g.Group(t.Context(), "shop", "orders")
	require.ErrorIs(t, err, operator.ErrNotLambda)
}
