package deploymentconfig_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/configuration/deploymentconfig"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// fixed is an HTTP client that gives one answer, as CodeDeploy's JSON 1.1 does.
type fixed struct {
	status int
	body   string
	asked  *string
}

func (f fixed) Do(r *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(r.Body)
	if f.asked != nil {
		*f.asked = r.Header.Get("X-Amz-Target") + " " + string(text)
	}
	return &http.Response{StatusCode: f.status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: io.NopCloser(strings.NewReader(f.body))}, err
}

func TestADeploymentConfigurationIsAStrategy(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		routing, want string
	}{
		"all at once": {`{"type": "AllAtOnce"}`, `"AllAtOnce"`},
		"a canary":    {`{"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 20, "canaryInterval": 7}}`, `{"canary": {"percent": 20, "bakeMinutes": 7}}`},
		"linear":      {`{"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 25, "linearInterval": 3}}`, `{"linear": {"percent": 25, "everyMinutes": 3}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked string
			configs := deploymentconfig.FromConfig(localaws.ClientConfig("id", fixed{200, `{"deploymentConfigInfo": {"computePlatform": "Lambda", "trafficRoutingConfig": ` + tt.routing + `}}`, &asked}))
			got, err := configs.Strategy(t.Context(), "Ours")
			require.NoError(t, err)
			assert.JSONEq(t, tt.want, string(got))
			assert.Equal(t, `CodeDeploy_20141006.GetDeploymentConfig {"deploymentConfigName":"Ours"}`, asked)
		})
	}
}

func TestWhatIsNoStrategyIsRefusedByName(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"__type": "DeploymentConfigDoesNotExistException", "message": "No deployment configuration found for name: Ours"}`: "CodeDeploy has no deployment configuration of this name",
		`{"deploymentConfigInfo": {"computePlatform": "Server", "minimumHealthyHosts": {"type": "HOST_COUNT", "value": 1}}}`: "so it is not one for Lambda",
		`{"deploymentConfigInfo": {"trafficRoutingConfig": {"type": "Zigzag"}}}`:                                             `in a way that is not known: "Zigzag"`,
		`{"deploymentConfigInfo": {"trafficRoutingConfig": {"type": "TimeBasedCanary"}}}`:                                    "in a way that is not known",
	} {
		status := 200
		if strings.Contains(body, "__type") {
			status = 400
		}
		_, err := deploymentconfig.FromConfig(localaws.ClientConfig("id", fixed{status, body, nil})).Strategy(t.Context(), "Ours")
		require.ErrorIs(t, err, shift.ErrUnknownStrategy, body)
		assert.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "Ours")
	}
	_, err := deploymentconfig.FromConfig(localaws.ClientConfig("id", fixed{400, `{"__type": "AccessDeniedException", "message": "no"}`, nil})).Strategy(t.Context(), "Ours")
	require.ErrorContains(t, err, "read the deployment configuration Ours: AccessDeniedException: no")
	assert.NotErrorIs(t, err, shift.ErrUnknownStrategy)
}
