package alarm

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
)

// FromConfig returns a Gate with clients of its own. Its home is the configuration's region.
func FromConfig(cfg aws.Config) *Gate {
	return New(cfg.Region, func(region string) API {
		there := cfg.Copy()
		there.Region = region
		return cloudwatch.NewFromConfig(there)
	})
}
