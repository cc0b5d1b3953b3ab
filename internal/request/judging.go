package request

import (
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/judge"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// Limits of what an input may say of the judge.
const (
	minTimes, maxTimes = 1, 100
	maxPatience        = 100
	minExcluded        = shift.Weight(10)
	maxControl         = shift.Weight(5000)
	minPerMinute       = 1
)

// decodeJudging reads how the Candidate is compared with Stable: one word, or an object. An
// input that says nothing of it means shift.DefaultJudging.
func decodeJudging(v strictjson.Value, home arn) shift.Judging {
	j := shift.DefaultJudging()
	switch {
	case !v.Present(): // the default
	case v.IsString():
		j.Mode = decodeMode(v, judge.Enforce)
	case v.IsObject():
		j = decodeJudgingObject(v, home)
	default:
		v.Problem(`must be "enforce", "observe" or "off", or an object such as {"mode": "observe"}, not %s`, v.Kind())
	}
	if j.Mode == judge.Off {
		return shift.Judging{Mode: judge.Off}
	}
	return j
}

func decodeJudgingObject(v strictjson.Value, home arn) shift.Judging {
	o := v.ObjectLike(`{"mode": "observe"}`, "mode", "slow", "throttles", "tolerates", "evidence", "controlPercent", "synthetic")
	j := shift.DefaultJudging()
	j.Mode = decodeMode(o.Field("mode"), judge.Enforce)
	j.Slow = decodeMode(o.Field("slow"), judge.Observe)
	j.Throttles = decodeMode(o.Field("throttles"), judge.Observe)
	j.Tolerates = decodeTolerance(o.Field("tolerates"), j.Tolerates)
	j.Evidence = decodeEvidence(o.Field("evidence"), j.Evidence)
	j.Control = percent(o.Field("controlPercent"), j.Control, shift.None, maxControl)
	j.Synthetic = decodeSynthetic(o.Field("synthetic"), home)
	if j.Mode == judge.Off && o.Field("synthetic").Present() {
		o.Field("synthetic").Problem(`asks for requests that nothing compares where the mode is "off": leave it out, or set the mode to "enforce" or "observe"`)
	}
	if j.Mode != judge.Enforce {
		for _, name := range []string{"slow", "throttles"} {
			if f := o.Field(name); f.IsString() && f.Text() == string(judge.Enforce) {
				f.Problem(`cannot be enforced where the mode is %q: leave it out, or set the mode to "enforce"`, j.Mode)
			}
		}
	}
	return j
}

// decodeMode reads a mode; other is the default.
func decodeMode(v strictjson.Value, other judge.Mode) judge.Mode {
	if !v.Present() {
		return other
	}
	return judge.Mode(v.OneOf(string(judge.Enforce), string(judge.Observe), string(judge.Off)))
}

func decodeTolerance(v strictjson.Value, t shift.Tolerance) shift.Tolerance {
	o := v.ObjectLike(`{"times": 1.5, "percent": 0.05}`, "times", "percent")
	if times := o.Field("times"); times.Present() {
		t.Times = times.Float(minTimes, maxTimes)
	}
	t.Points = percent(o.Field("percent"), t.Points, shift.None, shift.All)
	return t
}

func decodeEvidence(v strictjson.Value, e shift.Evidence) shift.Evidence {
	o := v.ObjectLike(`{"excludesPercent": 5}`, "excludesPercent", "patience", "whenUnsure")
	e.Excludes = percent(o.Field("excludesPercent"), e.Excludes, minExcluded, shift.All)
	if patience := o.Field("patience"); patience.Present() {
		e.Patience = int(patience.Int(0, maxPatience))
	}
	e.WhenUnsure = shift.WhenUnsure(o.Field("whenUnsure").OneOf(string(shift.ProceedUnsure), string(shift.RollBackUnsure)))
	return e
}

// decodeSynthetic reads the function that is asked for requests while evidence is missing.
func decodeSynthetic(v strictjson.Value, home arn) shift.Synthetic {
	if !v.Present() {
		return shift.Synthetic{}
	}
	o := v.ObjectLike(`{"function": "orders-load"}`, "function", "perMinute")
	s := shift.Synthetic{Function: decodeInvoked(o.Require("function"), home), PerMinute: shift.DefaultPerMinute}
	if rate := o.Field("perMinute"); rate.Present() {
		s.PerMinute = int(rate.Int(minPerMinute, shift.MaxPerMinute))
	}
	return s
}

// judgingOf is what is left of a Judging for the Targets of a release. The metrics of some kinds do
// not tell the versions' requests apart: where that is true of all, an input that wants them
// compared is refused.
func judgingOf(v strictjson.Value, release shift.Release) shift.Judging {
	judged := 0
	for _, a := range release.Arrivals {
		kind, _ := flow.KindOf(a.Target)
		if kind.Rules.ComparesVersions || a.Target == "" { // what cannot be read may be a function
			judged++
		}
	}
	if judged == 0 && len(release.Arrivals) > 0 && v.Present() && release.Judging.On() {
		v.Problem(`has nothing to compare: only the versions of functions can be told apart by their metrics. Leave it out, or set it to "off"`)
	}
	if release.Judging.Mode == judge.Off {
		return release.Judging
	}
	return release.Judging.ForTargets(judged, len(release.Arrivals))
}

// checkSynthetic refuses to ask a function that the release shifts. It would be asked to send
// requests to itself, as one of its own requests.
func checkSynthetic(v strictjson.Value, release shift.Release) {
	if !release.Judging.Synthetic.On() {
		return
	}
	asked, err := parseFunction(release.Judging.Synthetic.Function, arn{})
	if err != nil {
		return // it has been reported
	}
	for _, a := range release.Arrivals {
		if shifted, _, err := flow.SplitLambdaTarget(a.Target); err == nil && shifted == asked.name {
			v.Members().Field("synthetic").Members().Field("function").Problem("is shifted by this deployment, and cannot send the requests to itself: name another function, which invokes the alias")
			return
		}
	}
}

// percent reads a number of percent between two others.
func percent(v strictjson.Value, other, least, most shift.Weight) shift.Weight {
	if !v.Present() {
		return other
	}
	w, readable := number(v, shift.ParsePercent)
	if readable && (w < least || w > most) {
		v.Problem("must be from %s to %s, not %s", least.Percent(), most.Percent(), w.Percent())
	}
	return w
}
