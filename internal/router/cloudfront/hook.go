package cloudfront

import (
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// DescribeChange returns what hooks receive about a Change: a flow.AskedCloudFront.
func (r *Router) DescribeChange(c shift.Change) (any, error) { return flow.AskAboutCloudFront(c) }
