// Package lambda is the Lambda API of the local AWS: functions, versions, aliases,
// tags, provisioned concurrency and Invoke. Functions answers the API's requests. It
// does not run functions itself: an Invoker runs them.
package lambda
