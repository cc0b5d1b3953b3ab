package dynamo

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// item is an item of the table; key is its primary key.
type (
	item = map[string]types.AttributeValue
	key  = map[string]types.AttributeValue
)

// Short names of the key's attributes.
const (
	partitionKey = flow.LedgerPartitionKey
	sortKey      = flow.LedgerSortKey
)

func recordKey(id string) key { return keyOf(flow.DeploymentPartition+id, "record") }

// suspectPartition lists Deployments, as flow.OpenPartition does.
const suspectPartition = "suspect"

// leaseKey is the key of the lease of the queue of restorations.
func leaseKey() key { return keyOf("lease", "restorations") }

// freezeKey is the key of the freeze of the account.
func freezeKey() key { return keyOf(flow.FreezePartition, "account") }

// hookKey is the key of a hook that is awaited. Its partition is flow.HookPartition, to which
// the role of the endpoint for its answer is narrowed.
func hookKey(lookup string) key { return keyOf(flow.HookPartition+lookup, "hook") }

func codeDeployKey(id string) key { return keyOf(flow.CodeDeployPartition+id, "execution") }

func openKey(id string) key { return keyOf(flow.OpenPartition, "deployment#"+id) }

func suspectKey(id string) key { return keyOf(suspectPartition, "deployment#"+id) }

func alarmKey(name, id string) key { return keyOf(alarmPartition(name), "deployment#"+id) }

func alarmPartition(name string) string { return "alarm#" + name }

func lockKey(t shift.Target) key { return keyOf(targetPartition(t), "lock") }

func candidateKey(t shift.Target, v shift.Version, id string) key {
	return keyOf(targetPartition(t), candidatePrefix(v)+id)
}

func targetPartition(t shift.Target) string { return "target#" + string(t) }

// allCandidates is the prefix of the sort keys of all candidate items.
const allCandidates = "candidate#"

// candidatePrefix returns the prefix of the sort keys of one version's candidate items. Its
// second hash keeps version 4 from matching 42.
func candidatePrefix(v shift.Version) string { return allCandidates + string(v) + "#" }

func keyOf(pk, sk string) key {
	return key{
		partitionKey: &types.AttributeValueMemberS{Value: pk},
		sortKey:      &types.AttributeValueMemberS{Value: sk},
	}
}

// sortKeyOf returns the sort key of an item.
func sortKeyOf(i item) string {
	value, _ := i[sortKey].(*types.AttributeValueMemberS)
	if value == nil {
		return ""
	}
	return value.Value
}
