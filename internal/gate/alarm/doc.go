// Package alarm reads CloudWatch alarms, metric and composite ones. Gate.Alarms
// is all that it does: what the alarms mean for a Deployment is judged by
// shift.AlarmRules.
package alarm
