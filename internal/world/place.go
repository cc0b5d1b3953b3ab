package world

import (
	"encoding/json"
	"fmt"
	"regexp"

	"sluice/internal/flow"
)

// place is the partition, region and number of an account. It makes the ARNs in it.
type place struct{ partition, region, account string }

const (
	machineName = flow.DefaultNamePrefix
	// LedgerTable is the name of the ledger's table.
	LedgerTable = flow.DefaultNamePrefix
	// FunctionPrefix begins the names of Sluice's functions, as the stack names them.
	FunctionPrefix = flow.DefaultNamePrefix + "-"
)

// Region and Account are used for inputs without a function ARN.
const (
	Region  = "us-east-1"
	Account = "123456789012"
)

var defaultPlace = place{partition: "aws", region: Region, account: Account}

var functionPlace = regexp.MustCompile(`"arn:([a-z-]{1,20}):lambda:([a-z0-9-]{1,30}):([0-9]{12}):function:`)

// placeOf returns the place of the first function ARN in the inputs, so that a deployment is
// played where it will run.
func placeOf(inputs []json.RawMessage) place {
	for _, input := range inputs {
		if m := functionPlace.FindSubmatch(input); m != nil {
			return place{partition: string(m[1]), region: string(m[2]), account: string(m[3])}
		}
	}
	return defaultPlace
}

func (p place) machineARN() string { return p.arn("states", "stateMachine:"+machineName) }

// functionARN returns the ARN of one of Sluice's own functions.
func (p place) functionARN(name string) string {
	return p.arn("lambda", "function:"+FunctionPrefix+name)
}

// versionARN returns the ARN of a version of one of Sluice's own functions.
func (p place) versionARN(name, version string) string {
	return p.functionARN(name) + ":" + version
}

func (p place) arn(service, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", p.partition, service, p.region, p.account, resource)
}

func (p place) roleARN(name string) string {
	return fmt.Sprintf("arn:%s:iam::%s:role/%s", p.partition, p.account, name)
}

// Place returns the partition, region and number of the account.
func (p *Paced) Place() (partition, region, account string) {
	at := p.world.place
	return at.partition, at.region, at.account
}

// StateMachine returns the ARN of Sluice's state machine.
func (p *Paced) StateMachine() string { return p.world.place.machineARN() }
