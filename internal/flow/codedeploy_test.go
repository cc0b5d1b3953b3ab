package flow_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/flow"
)

func TestADeploymentHasAnIDInTheFormOfCodeDeploys(t *testing.T) {
	t.Parallel()
	first := flow.CodeDeployID("arn:aws:states:us-east-1:123456789012:execution:sluice:first")
	assert.Regexp(t, `^d-[A-Z2-7]{9}$`, first)
	assert.Equal(t, first, flow.CodeDeployID("arn:aws:states:us-east-1:123456789012:execution:sluice:first"), "each hook of it is told the same")
	assert.NotEqual(t, first, flow.CodeDeployID("arn:aws:states:us-east-1:123456789012:execution:sluice:second"))
}
