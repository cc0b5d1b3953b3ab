package flow

import "time"

const (
	// HookEndpoint is the function that takes the answers of hooks which were written for
	// CodeDeploy. Everybody can call it: its URL is public.
	HookEndpoint = "hook-endpoint"
	// HookEndpointTimeout is long enough for its four calls. Whoever makes it slow pays for few
	// seconds.
	HookEndpointTimeout = 3 * time.Second
	// HookEndpointConcurrency bounds what anybody can make of the endpoint, which is public. A
	// function's URL takes ten times as many requests a second, and answers more with 429 (Lambda
	// Developer Guide, Throttling to Lambda function URLs).
	HookEndpointConcurrency = 2
	// HookEndpointSetting is the setting of the stack that makes the endpoint, and
	// HookEndpointURL the value that does. HookEndpointOff is the default.
	HookEndpointSetting = "hookEndpoint"
	HookEndpointURL     = "url"
	HookEndpointOff     = "off"
	// CodeDeployEndpointVariable has a hook's SDK call the endpoint instead of CodeDeploy (AWS
	// SDKs and Tools Reference Guide, Service-specific endpoints).
	CodeDeployEndpointVariable = "AWS_ENDPOINT_URL_CODEDEPLOY"
)

// The partitions of the ledger's table for hooks which were written for CodeDeploy. Roles are
// narrowed to them.
const (
	// HookPartition has a hook that is awaited, under a hash of its id.
	HookPartition = "hook#"
	// CodeDeployPartition has the execution of a Deployment, under its CodeDeployID.
	CodeDeployPartition = "codedeploy#"
)
