// Package s3 is the S3 API of the local AWS: HeadObject of objects in buckets, addressed by
// their paths. Buckets answers the API's requests.
package s3
