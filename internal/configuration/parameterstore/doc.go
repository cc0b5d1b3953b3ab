// Package parameterstore reads the configuration of event-started deployments from the
// Parameter Store of Systems Manager. Store.Configuration is the central method. Package
// request interprets the text.
package parameterstore
