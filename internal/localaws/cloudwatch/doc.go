// Package cloudwatch is the part of the CloudWatch API of the local AWS that deals with
// alarms. Alarms answers the API's requests. It does not evaluate metrics: the states
// of alarms are set by calls.
package cloudwatch
