package request

import (
	"slices"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// promoteUnanswered is how an input says that a Step is taken when nobody has answered.
const promoteUnanswered = "promote"

// decodeApproval reads that a Step is taken only if a person agrees.
func decodeApproval(v strictjson.Value) shift.Approval {
	if !v.Present() {
		return shift.Approval{}
	}
	o := v.ObjectLike(`{"waitMinutes": 1440}`, "waitMinutes", "whenNobodyAnswers")
	a := shift.Approval{Wait: shift.DefaultApprovalWait, WhenNobodyAnswers: shift.RollBackAfterWait}
	if m := o.Field("waitMinutes"); m.Present() {
		if a.Wait = interval(m); a.Wait > shift.MaxApprovalWait {
			m.Problem("must be at most %d, which is %s", shift.MaxApprovalWait/60, shift.MaxApprovalWait)
		}
	}
	if o.Field("whenNobodyAnswers").OneOf(string(shift.RollBackAfterWait), promoteUnanswered) == promoteUnanswered {
		a.WhenNobodyAnswers = shift.GoOnAfterWait
	}
	return a
}

// decodeWindow reads when a Step may be taken.
func decodeWindow(v strictjson.Value) shift.Window {
	if !v.Present() {
		return shift.Window{}
	}
	o := v.ObjectLike(`{"days": ["Mon", "Tue"], "from": "09:00", "to": "16:00", "timeZone": "Europe/Berlin"}`, "days", "from", "to", "timeZone")
	w := shift.Window{Days: decodeDays(o.Require("days")), From: decodeDayTime(o.Require("from")), To: decodeDayTime(o.Require("to")), Zone: decodeZone(o.Require("timeZone"))}
	if v.HasProblem() {
		return shift.Window{}
	}
	if err := w.Check(); err != nil {
		v.Problem("%v", err)
	}
	return w
}

func decodeZone(v strictjson.Value) string {
	name := v.Text()
	if v.IsString() {
		if err := shift.CheckZone(name); err != nil {
			v.Problem("%v", err)
		}
	}
	return name
}

func decodeDays(v strictjson.Value) (days shift.Weekdays) {
	for _, item := range v.Array() {
		if name := item.Text(); item.IsString() {
			day, err := shift.ParseWeekday(name)
			switch {
			case err != nil:
				item.Problem("%v", err)
			case days&day != 0:
				item.Problem("%s appears twice", name)
			}
			days |= day
		}
	}
	return days
}

func decodeDayTime(v strictjson.Value) shift.DayTime {
	text := v.Text()
	if !v.IsString() {
		return 0
	}
	at, err := shift.ParseDayTime(text)
	if err != nil {
		v.Problem("%v", err)
	}
	return at
}

// withWindow gives the Window of a deployment to the Steps that have none of their own.
func withWindow(steps []shift.Step, w shift.Window) []shift.Step {
	steps = slices.Clone(steps)
	for i := range steps {
		if !steps[i].Window.IsSet() {
			steps[i].Window = w
		}
	}
	return steps
}
