// Package ssm is the Systems Manager API of the local AWS: Parameter Store's
// GetParameter. Parameters answers the API's requests.
package ssm
