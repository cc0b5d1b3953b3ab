package flow

import (
	"strings"
	"time"
)

// StackShift is the name of the Lambda that CloudFormation invokes for its stacks, and
// StackShiftTimeout is its timeout. It waits for no execution: the announcements end its waiting.
const (
	StackShift        = "stack-shift"
	StackShiftTimeout = 120 * time.Second
)

// How the partitions of the ledger's table begin in which stack-shift keeps what stacks wait for,
// and those of the deployments' records. Roles are narrowed to them.
const (
	StackPartition      = "stack#"
	StackWaitPartition  = "stackwait#"
	DeploymentPartition = "deployment#"
	// FreezePartition has the freeze of the account.
	FreezePartition = "freeze"
)

// StackExecutionPrefix begins the names of the executions that a stack has started.
const StackExecutionPrefix = "cfn-"

// IsStackExecution says whether an execution is one that a stack starts. id is its ARN.
func IsStackExecution(id string) bool {
	return strings.HasPrefix(id[strings.LastIndexByte(id, ':')+1:], StackExecutionPrefix)
}

// What one custom resource of a stack may have. Its answer to CloudFormation has a version for each
// target's key, and at most 4096 bytes (CloudFormation User Guide, Custom resource response objects).
const (
	// MaxStackTargets is how many aliases it shifts.
	MaxStackTargets = 30
	// MaxStackKeys is how many characters their keys have together.
	MaxStackKeys = 2000
)
