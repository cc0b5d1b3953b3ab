// Package dynamo keeps the Ledger in one DynamoDB table, with string keys pk and
// sk and the TTL attribute expiresAt:
//
//	target#<target>   lock                      the Deployment that holds the Target
//	target#<target>   candidate#<version>#<id>  a version that was deployed there, and how that ended
//	deployment#<id>   record                    the Deployment and where it stands
//	alarm#<name>      deployment#<id>           the open Deployments that an alarm concerns
//	open              deployment#<id>           the Deployments whose Outcome is not yet announced
//	suspect           deployment#<id>           the Deployments that may have a stray writer, until their Targets were checked once more
//	waiting           deployment#<id>           the Deployments that wait for their turn, and since when
//	lease             restorations              the invocation that works off the queue of restorations
//
// A Ledger is the central type. Ledger.Open takes all locks in one transaction, Ledger.Close
// releases them in one, and every write between the two is conditional on the record's
// status. When a condition fails, DynamoDB returns the stored item with the refusal
// (ReturnValuesOnConditionCheckFailure). So no decision is based on an earlier read that may
// be out of date.
//
// Errors are the sentinels of package shift. Any other error, such as a service error, may
// be temporary.
package dynamo
