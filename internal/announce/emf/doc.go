// Package emf counts announcements as CloudWatch metrics, in the Embedded Metric Format.
// CloudWatch makes the metrics from a line of JSON in a Lambda's log. This needs neither a
// call nor a permission.
//
// Announcer.Announce is the central method. It passes an announcement on. Only if that
// succeeds, it writes the metrics: Weight for each target, and a count of 1 in Deployments
// for an Outcome. An announcement that is repeated, which is rare, counts again. One that was
// never passed on does not count.
package emf
