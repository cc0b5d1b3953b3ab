// Package ssm is the Systems Manager API of the local AWS: GetParameter of the
// Parameter Store. Parameters answers the API's requests.
package ssm
