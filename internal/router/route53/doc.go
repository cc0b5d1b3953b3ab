// Package route53 routes traffic by weighted records of Route 53. A Target is a name in a
// hosted zone, with all of its A, AAAA and CNAME records, which are moved together.
//
// Router.SetRoute is the central method. Route 53 has no revision, so Sluice keeps its own:
// a TXT record beside the name, the guard, with a random token. Every batch deletes the
// guard with the token that was read, and creates it with a new one. Route 53 applies a batch
// whole or not at all, and a DELETE must repeat the values. So a batch that was held up is
// refused, even if the records have become again what they were. The guard stays for ever:
// without it, a first batch that was held up would find what it expects again.
//
// What the guard cannot see is somebody else's edit of nothing but a weight, in the moment
// between a write's own read and its batch: it is not certain that Route 53 compares weights
// (moto pull request 7153). Such an edit is overwritten. Before that read, every edit is seen.
//
// The records go back to the form in which they were found, at the end and on a rollback. A
// Route's Detail holds that form.
package route53
