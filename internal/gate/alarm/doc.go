// Package alarm reads CloudWatch alarms, both metric and composite ones. Gate.Alarms is the
// central method. shift.AlarmRules judges what the alarms mean for a Deployment.
package alarm
