package request

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sluice-aws/sluice/internal/shift"
)

// maxAlarmName is CloudWatch's (PutMetricAlarm, AlarmName).
const maxAlarmName = 255

// Alarm returns what an alarm is known by that a person has named: its name, or its ARN if it is
// of another region than the execution. Without an execution, an ARN stays as it is.
func (r Reader) Alarm(text string) (string, error) { return parseAlarm(text, r.home()) }

func parseAlarm(text string, home arn) (string, error) {
	if !strings.HasPrefix(text, "arn:") {
		return text, checkAlarmName(text)
	}
	a, is := shift.ParseAlarmARN(text)
	at := arn{partition: a.Partition, region: a.Region, account: a.Account}
	switch {
	case !is:
		return "", errors.New("is not the ARN of a CloudWatch alarm: arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME, with the 12 digits of the account")
	case strings.HasPrefix(a.Name, "arn:"): // without its own ARN around it, it would be taken for another alarm
		return "", errors.New("names an alarm whose name begins with arn: and would be taken for an ARN: give the alarm another name")
	case home != (arn{}) && at.account != home.account:
		return "", fmt.Errorf("is in account %s, and a deployment watches only alarms of its own account %s: create an alarm in that account, which may watch metrics of the other one, and name it here",
			at.account, home.account)
	case home != (arn{}) && at.partition != home.partition:
		return "", fmt.Errorf("is in the partition %.20s, and a deployment watches only alarms of its own partition %s: name an alarm of account %s there",
			at.partition, home.partition, home.account)
	case at == home:
		return a.Name, checkAlarmName(a.Name)
	}
	return text, checkAlarmName(a.Name)
}

func checkAlarmName(name string) error {
	if name == "" || shift.BoundText(name, maxAlarmName) != name {
		return fmt.Errorf("is not the name of an alarm: 1 to %d characters, none of them a control character or invisible", maxAlarmName)
	}
	return nil
}
