package operator

import "errors"

// MaxInput is the size of an execution's input at most (256 KiB, Step Functions quotas).
const MaxInput = 256 << 10

// DeploymentGroup is what a deployment group of CodeDeploy says about each of its deployments.
type DeploymentGroup struct {
	// Config is the name of a deployment configuration, or of a strategy of Sluice's.
	Config string
	Alarms []string
	// IgnoreUnreadable goes on if an alarm cannot be read.
	IgnoreUnreadable bool
}

// Object names an object in S3. Version and ETag may be empty.
type Object struct{ Bucket, Key, Version, ETag string }

// ErrNotLambda : a deployment group is for ECS or for servers.
var ErrNotLambda = errors.New("a deployment group of another compute platform than Lambda, and Sluice shifts only Lambda functions")

// ErrNoHookEndpoint : the stack has no function that takes the answers of hooks.
var ErrNoHookEndpoint = errors.New("the stack has no function for the answers of hooks")

// Errors of reading an Object.
var (
	// ErrNoObject : there is no such object, or the caller may not read it.
	ErrNoObject = errors.New("no such object")
	// ErrTooLarge : the object is larger than was asked for.
	ErrTooLarge = errors.New("the object is too large")
)
