// Package conformance holds what Sluice is tested with to judgements that are not
// ours: the golden definition takes the same roads on a foreign interpreter of the
// Amazon States Language, and the ledger's tests pass on a foreign DynamoDB.
//
// The tools are none of Sluice's needs: make conformance fetches what it can of
// them, and a test whose tool is missing says so and is skipped.
package conformance
