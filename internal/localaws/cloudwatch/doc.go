// Package cloudwatch is the part of the CloudWatch API of the local AWS that deals with
// alarms and with reading metrics. Alarms answers the API's requests. It evaluates no
// alarms: their states are set by calls. It stores no metrics: a MetricProvider has their
// data, and GetMetricData makes statistics of them.
package cloudwatch
