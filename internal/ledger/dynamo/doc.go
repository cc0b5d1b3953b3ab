// Package dynamo keeps the Ledger in one DynamoDB table, with string keys pk and
// sk and the TTL attribute expiresAt:
//
//	target#<target>   lock                      the Deployment that holds the Target
//	target#<target>   candidate#<version>#<id>  a version that was deployed there, and how that ended
//	deployment#<id>   record                    the Deployment and where it stands
//	alarm#<name>      deployment#<id>           the open Deployments that an alarm concerns
//	open              deployment#<id>           the Deployments whose Outcome is not yet announced
//	suspect           deployment#<id>           those that may have a stray writer, until their Targets were looked at once more
//
// A Ledger is the central type. Ledger.Open takes all locks in one transaction,
// Ledger.Close gives them back in one, and every write between the two is
// conditional on the record's status. A write that is refused says what it found:
// the stored item comes back with the refusal (ReturnValuesOnConditionCheckFailure),
// so that nobody reads first and decides on what has changed since.
//
// Errors are the sentinels of package shift. One that is none of them, such as a
// service error, may heal by itself.
package dynamo
