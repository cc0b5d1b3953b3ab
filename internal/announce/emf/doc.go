// Package emf counts announcements as CloudWatch metrics, in the Embedded Metric
// Format: a line of JSON in a Lambda's log, of which CloudWatch makes metrics by
// itself, without a call and without a permission.
//
// Announcer.Announce is the central method. It passes an announcement on, and only
// when that was taken writes what it means: Weight for each target, and one of
// Deployments for each Outcome. An announcement that is repeated counts again, as
// rarely as that is; one that was never taken does not.
package emf
