package dynamo

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/internal/flow"
	"sluice/internal/shift"
)

// item is an item of the table, key names its place.
type (
	item = map[string]types.AttributeValue
	key  = map[string]types.AttributeValue
)

// The key's attributes, by short names.
const (
	partitionKey = flow.LedgerPartitionKey
	sortKey      = flow.LedgerSortKey
)

func recordKey(id string) key { return keyOf("deployment#"+id, "record") }

// The partitions that list Deployments.
const (
	openPartition    = "open"
	suspectPartition = "suspect"
)

func openKey(id string) key { return keyOf(openPartition, "deployment#"+id) }

func suspectKey(id string) key { return keyOf(suspectPartition, "deployment#"+id) }

func alarmKey(name, id string) key { return keyOf(alarmPartition(name), "deployment#"+id) }

func alarmPartition(name string) string { return "alarm#" + name }

func lockKey(t shift.Target) key { return keyOf(targetPartition(t), "lock") }

func candidateKey(t shift.Target, v shift.Version, id string) key {
	return keyOf(targetPartition(t), candidatePrefix(v)+id)
}

func targetPartition(t shift.Target) string { return "target#" + string(t) }

// allCandidates is what the sort keys of all versions begin with.
const allCandidates = "candidate#"

// candidatePrefix is what the sort keys of one version begin with; the second
// hash keeps version 4 from matching 42.
func candidatePrefix(v shift.Version) string { return allCandidates + string(v) + "#" }

func keyOf(pk, sk string) key {
	return key{
		partitionKey: &types.AttributeValueMemberS{Value: pk},
		sortKey:      &types.AttributeValueMemberS{Value: sk},
	}
}

// nameOf is the sort key of an item.
func nameOf(i item) string {
	name, _ := i[sortKey].(*types.AttributeValueMemberS)
	if name == nil {
		return ""
	}
	return name.Value
}
