// Package cloudfront routes viewers of a CloudFront distribution between two releases of a
// site, by a key in a CloudFront KeyValueStore. A CloudFront Function reads the key for each
// request (folder edge).
//
// Router.SetRoute is the central method. A key has no revision of its own: the store has an
// ETag, which changes with every write of any key. So each value carries a random token, the
// nonce, which no write repeats. It is the Revision of the Route. A write reads the ETag
// first and the key after it, compares the nonce, and is accepted only if the ETag is still
// the same. A change in between makes the write stale, and never wrong. If only another key
// has changed, the write is repeated.
//
// A value that Sluice did not write is read as a Route that no Deployment explains, and is
// never overwritten.
package cloudfront
