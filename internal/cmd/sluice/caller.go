package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// callerWithin bounds how long a command waits to learn who gives it.
const callerWithin = 3 * time.Second

// callerOf returns the ARN of whoever the credentials belong to, as AWS tells it. If AWS does not
// tell, it is empty: an order is not refused for that.
func callerOf(ctx context.Context, cfg aws.Config) string {
	ctx, cancel := context.WithTimeout(ctx, callerWithin)
	defer cancel()
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return ""
	}
	return aws.ToString(out.Arn)
}

func (f finder) caller(ctx context.Context) string { return callerOf(ctx, f.cfg) }
