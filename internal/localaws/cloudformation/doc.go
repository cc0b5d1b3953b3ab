// Package cloudformation is the CloudFormation API of the local AWS, and an engine that creates,
// updates, rolls back and deletes stacks. Stacks answers the API's requests.
package cloudformation
