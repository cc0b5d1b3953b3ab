// Package keyvaluestore is the CloudFront KeyValueStore API of the local AWS: the data plane,
// which reads and writes keys, and what the edges of CloudFront serve of it. Stores answers
// the API's requests. CloudFront's own API, which creates stores, is not here; AddKeyValueStore
// takes its place.
package keyvaluestore
