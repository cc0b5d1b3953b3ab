package cloudfront

import (
	"sluice/internal/flow"
	"sluice/internal/shift"
)

// DescribeChange returns what hooks receive about a Change: a flow.AskedCloudFront.
func (r *Router) DescribeChange(c shift.Change) (any, error) { return flow.AskAboutCloudFront(c) }
