// Package callersts asks AWS who gives a command. Start at Caller.
package callersts

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// within bounds how long a command waits to learn who gives it.
const within = 3 * time.Second

// Caller returns the ARN of whoever the credentials of a configuration belong to. If AWS does not
// tell, it is empty: no order is refused for that.
func Caller(ctx context.Context, cfg aws.Config) string {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return ""
	}
	return aws.ToString(out.Arn)
}
