package main

import (
	"context"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// surroundings are what the commands that work in AWS find around them.
type surroundings struct {
	getenv func(string) string
	// load finds the configuration that the aws command has, too.
	load func(context.Context, ...func(*config.LoadOptions) error) (aws.Config, error)
	now  func() time.Time
	// sleep returns early, with the context's error, when that is done.
	sleep func(context.Context, time.Duration) error
}

// thisMachine is where a person runs the command.
var thisMachine = surroundings{getenv: os.Getenv, load: config.LoadDefaultConfig, now: time.Now, sleep: sleep}

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
