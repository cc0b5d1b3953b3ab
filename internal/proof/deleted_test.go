package proof

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/asl"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/world"
)

// Somebody deletes the function in mid-shift, and with it the tag that lets Sluice look at it. There
// is no traffic any more. The safety net finds that out, and ends the deployment, even while Rollback
// still tries. Nobody is woken again and again.
func TestADeploymentEndsWhoseFunctionWasDeleted(t *testing.T) {
	t.Parallel()
	input := json.RawMessage(`{"function": "orders", "strategy": {"canary": {"percent": 10, "bakeMinutes": 10}}}`)
	for name, test := range map[string]struct {
		then   func(*world.World, *asl.Execution)
		status asl.Status
		error  string
	}{
		"it was to be shifted": {func(*world.World, *asl.Execution) {}, asl.Failed, string(shift.Stranded)},
		"it was stopped":       {func(w *world.World, x *asl.Execution) { _ = w.Machine().Stop(x.ARN(), "", "") }, asl.Aborted, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, seen := observe(t, scenarioOf(t, `{"latencyMs": 50, "traffic": {"requestsPerMinute": 0}, `+chaosFunctions+`}`), input)
			x, err := w.Start("main", input)
			require.NoError(t, err)
			w.HappenAfter(2*time.Minute, func() {
				_, err := lambda.NewFromConfig(w.Config("deployer")).DeleteFunction(context.Background(), &lambda.DeleteFunctionInput{FunctionName: aws.String("orders")})
				require.NoError(t, err)
				test.then(w, x)
			})
			// Who shifts waits for an hour for somebody to put the tag back.
			require.NoError(t, w.Advance(2*time.Hour))

			require.Equal(t, string(shift.Stranded), w.Outcome(x.ARN()), x.Failure().Cause)
			assert.Equal(t, []string{string(test.status), test.error}, []string{string(x.Status()), x.Failure().Error})
			record := seen.deployments[x.ARN()]
			assert.Contains(t, record.cause, "lambda:orders:live was left alone: it does not exist any more.")
			assert.Empty(t, seen.suspects)
			letters := w.DeadLetters()
			require.NoError(t, w.Advance(4*time.Hour))
			assert.Equal(t, letters, w.DeadLetters(), "nothing fails any more")
		})
	}
}
