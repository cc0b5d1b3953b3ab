package world

import (
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
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

// elsewhere is the region of a world whose alarms are in Region, and are of another region.
const elsewhere = "eu-west-1"

var alarmPlace = regexp.MustCompile(`arn:([a-z-]{1,20}):cloudwatch:([a-z0-9-]{1,30}):([0-9]{12}):alarm:`)

var functionPlace = regexp.MustCompile(`"arn:([a-z-]{1,20}):lambda:([a-z0-9-]{1,30}):([0-9]{12}):function:`)

// placeOf returns the place of the first function ARN in the inputs, so that a deployment is
// played where it will run. Without one, it is played in the account of the alarms that are named
// by their ARNs, and in another region, because a name would do for those of its own.
func placeOf(s Scenario, inputs []json.RawMessage) place {
	for _, input := range inputs {
		if m := functionPlace.FindSubmatch(input); m != nil {
			return place{partition: string(m[1]), region: string(m[2]), account: string(m[3])}
		}
	}
	at := defaultPlace
	for _, text := range s.configurations(inputs) {
		for _, m := range alarmPlace.FindAllStringSubmatch(text, -1) {
			at.partition, at.account = m[1], m[3]
			if m[2] == Region {
				at.region = elsewhere
			}
		}
	}
	return at
}

// configurations returns the texts that may name alarms.
func (s Scenario) configurations(inputs []json.RawMessage) []string {
	var texts []string
	for _, input := range inputs {
		texts = append(texts, string(input))
	}
	for _, name := range sortedKeys(s.Parameters) {
		texts = append(texts, s.Parameters[name])
	}
	for _, name := range sortedKeys(s.Functions) {
		texts = append(texts, s.Functions[name].Tags[flow.TagAlarms])
	}
	for _, h := range s.Events {
		texts = append(texts, string(h.Input))
	}
	return texts
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

// alarm returns what an alarm is known by here: its name, or its ARN if it is of another region.
func (p place) alarm(region, name string) string {
	if region == p.region {
		return name
	}
	return shift.AlarmARN{Partition: p.partition, Region: region, Account: p.account, Name: name}.String()
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
