package main

import (
	"context"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// environment is the part of this machine that the commands for AWS use.
type environment struct {
	getenv func(string) string
	// load loads the AWS configuration, which is that of the aws command.
	load func(context.Context, ...func(*config.LoadOptions) error) (aws.Config, error)
	now  func() time.Time
	// sleep returns early, with the context's error, if the context is done.
	sleep func(context.Context, time.Duration) error
	// browse opens a page in this machine's browser. It returns false if there is none.
	browse func(url string) bool
}

// realEnvironment is the machine that the command runs on.
var realEnvironment = environment{getenv: os.Getenv, load: config.LoadDefaultConfig, now: time.Now, sleep: sleep, browse: browse}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
