// Package conformance checks Sluice's test doubles against independent ones. The golden
// definition must take the same paths on another interpreter of the Amazon States Language, the
// ledger's tests must pass on another local DynamoDB, and another Route 53 must accept the batches
// of shifted names. SAM's translator must still make what the macro's tests go by, and cfn-lint must
// find nothing new in a template that the macro has rewritten. The aws command must work with what
// answers in CodeDeploy's place.
//
// Sluice itself does not need these tools. make conformance installs those that it can. A test
// whose tool is missing says so and is skipped.
package conformance
