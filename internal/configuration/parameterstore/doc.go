// Package parameterstore reads the configuration of event-started deployments from
// the Parameter Store of Systems Manager. Store.Configuration is all that it does:
// what the text means is for package request.
package parameterstore
