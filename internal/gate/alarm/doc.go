// Package alarm reads CloudWatch alarms, of all types and regions. Gate.Alarms is the
// central method. shift.AlarmRules judges what the alarms mean for a Deployment.
package alarm
