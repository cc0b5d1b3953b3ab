// Package route53 is the Route 53 API of the local AWS: hosted zones and their records.
// Zones answers the API's requests. Resolvers ask the zones' name servers as viewers do.
//
// A batch of changes is applied in order on a copy, which replaces the records only if
// every change is allowed. The name servers see it after the propagation time; until then
// GetChange says PENDING.
//
// Where AWS does not say, the less convenient answer is given: a DELETE does not compare
// weights (moto pull request 7153), a second batch for a zone is refused while the first
// is being applied, and the messages of a refused batch come as one text.
package route53
