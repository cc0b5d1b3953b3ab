package shift

import "strings"

// An alarm is known by its name. One of another region than the Deployment's is known by its
// ARN, because the same name there is another alarm.

// AlarmARN is the ARN of a CloudWatch alarm, in its parts:
// arn:PARTITION:cloudwatch:REGION:ACCOUNT:alarm:NAME.
type AlarmARN struct{ Partition, Region, Account, Name string }

const (
	lowercase = "abcdefghijklmnopqrstuvwxyz"
	// ofRegions are the characters of a region's name, such as us-gov-west-1. The name becomes
	// a part of the host that is called, so no other character may be in it.
	ofRegions = lowercase + Digits + "-"
	// ofPartitions are the characters of a partition's name, such as aws-us-gov.
	ofPartitions = lowercase + "-"

	maxRegion = 30
	ofAccount = 12 // digits
)

// ParseAlarmARN reads the ARN of an alarm. It says whether the text is one.
func ParseAlarmARN(text string) (AlarmARN, bool) {
	parts := strings.SplitN(text, ":", 7)
	if len(parts) < 7 || parts[0] != "arn" || parts[2] != "cloudwatch" || parts[5] != "alarm" {
		return AlarmARN{}, false
	}
	a := AlarmARN{Partition: parts[1], Region: parts[3], Account: parts[4], Name: parts[6]}
	isAccount := MadeOf(a.Account, Digits) && len(a.Account) == ofAccount
	return a, MadeOf(a.Partition, ofPartitions) && isRegion(a.Region) && isAccount && a.Name != ""
}

func isRegion(s string) bool {
	return MadeOf(s, ofRegions) && len(s) <= maxRegion && strings.Trim(s, "-") == s
}

// String returns the ARN.
func (a AlarmARN) String() string {
	return strings.Join([]string{"arn", a.Partition, "cloudwatch", a.Region, a.Account, "alarm", a.Name}, ":")
}

// AlarmTitle shows an alarm to people: its name, and its region if that is not the
// Deployment's.
func AlarmTitle(alarm string) string {
	if a, is := ParseAlarmARN(alarm); is {
		return a.Name + " in " + a.Region
	}
	return alarm
}

// AlarmTitles shows alarms to people.
func AlarmTitles(alarms []string) []string {
	titles := make([]string, len(alarms))
	for i, a := range alarms {
		titles[i] = AlarmTitle(a)
	}
	return titles
}
