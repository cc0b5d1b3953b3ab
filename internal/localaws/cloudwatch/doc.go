// Package cloudwatch is the part of the CloudWatch API of the local AWS that deals with
// alarms and with reading metrics. Alarms answers the API's requests. It evaluates no
// alarms: their states are set by calls. It stores no metrics: a MetricProvider has their
// data, and GetMetricData makes statistics of them.
//
// Each region has alarms, limits and metrics of its own. Regions sends a request to the region
// that it was signed for.
package cloudwatch
