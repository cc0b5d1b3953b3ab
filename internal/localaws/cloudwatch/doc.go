// Package cloudwatch is the CloudWatch API of the local AWS, as far as it is about
// alarms. Alarms answers the API's requests. It evaluates no metric: whoever owns
// it sets the states.
package cloudwatch
