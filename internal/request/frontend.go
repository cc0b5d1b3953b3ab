package request

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// FrontEnds say which Targets other than Lambda aliases may be shifted. The zero value allows
// none.
type FrontEnds struct {
	store   string
	records []string
	pairs   []flow.SwitchPair
	any     bool
}

// AnyFrontEnd allows all. It is for who reads an input and does not know the stack's settings.
var AnyFrontEnd = FrontEnds{any: true}

// ParseFrontEnds reads the settings of the stack: the ARN of the KeyValueStore, the names in Route
// 53, each as ZONE/NAME, and the names that are switched between two distributions, each as
// NAME/SWITCH/OTHER. Spaces separate the items of a list. An empty setting turns its kind off.
func ParseFrontEnds(store, records, distributions string) (FrontEnds, error) {
	f := FrontEnds{store: store, records: strings.Fields(records)}
	if store != "" && !isStore(store) {
		return FrontEnds{}, wrongSetting(flow.CloudFront, store, "is not the ARN of a KeyValueStore, such as arn:aws:cloudfront::123456789012:key-value-store/a1b2c3")
	}
	for _, r := range f.records {
		zone, name, _ := strings.Cut(r, "/")
		if !flow.IsZone(zone) || !flow.IsDNSName(name) {
			return FrontEnds{}, wrongSetting(flow.Route53, r, "is not of the form ZONE/NAME, such as Z0123456789ABC/api.example.com, with the name in lower case and without a dot at the end")
		}
	}
	pairs, err := flow.ParseSwitchPairs(distributions)
	if err != nil {
		return FrontEnds{}, fmt.Errorf("%s: %w", flow.Switch.Variable, err)
	}
	f.pairs = pairs
	return f, nil
}

func wrongSetting(k flow.Kind, value, why string) error {
	return fmt.Errorf("%s: %q %s", k.Variable, shift.BoundText(value, 80), why)
}

// isStore says whether a text can be the ARN of a KeyValueStore (CloudFront API, KeyValueStore).
func isStore(s string) bool {
	parts := strings.Split(s, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "cloudfront" || parts[3] != "" || !shift.MadeOf(parts[4], shift.Digits) {
		return false
	}
	id, found := strings.CutPrefix(parts[5], "key-value-store/")
	return found && shift.MadeOf(parts[1], shift.OfNames) && shift.MadeOf(id, shift.OfNames)
}

// Store returns the ARN of the KeyValueStore. It is empty if CloudFront is not shifted.
func (f FrontEnds) Store() string { return f.store }

// ShiftsRecords says whether names in Route 53 are shifted.
func (f FrontEnds) ShiftsRecords() bool { return len(f.records) > 0 }

// SwitchPairs returns the names that are switched between two distributions.
func (f FrontEnds) SwitchPairs() []flow.SwitchPair { return f.pairs }

// check returns what is wrong with an Arrival that may not be shifted.
func (f FrontEnds) check(a shift.Arrival) error {
	if f.any {
		return nil
	}
	switch kind := a.Target.Kind(); kind {
	case shift.KindCloudFront:
		return isOn(flow.CloudFront, f.store != "")
	case shift.KindRoute53:
		return f.checkRecord(a.Target)
	case shift.KindSwitch:
		return f.checkSwitch(a)
	}
	return nil
}

func (f FrontEnds) checkRecord(t shift.Target) error {
	if err := isOn(flow.Route53, len(f.records) > 0); err != nil {
		return err
	}
	zone, name, err := flow.SplitRoute53Target(t)
	if record := zone + "/" + name; err == nil && !slices.Contains(f.records, record) {
		return fmt.Errorf("this stack shifts only %s in Route 53: add %s to its setting %s and deploy it again", firstOf(f.records), record, flow.Route53.Setting)
	}
	return err
}

func (f FrontEnds) checkSwitch(a shift.Arrival) error {
	if err := isOn(flow.Switch, len(f.pairs) > 0); err != nil {
		return err
	}
	name, err := flow.SplitSwitchTarget(a.Target)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(f.pairs, func(p flow.SwitchPair) bool { return p.Name == name })
	if i < 0 {
		return fmt.Errorf("this stack switches only %s: add %s/SWITCH/OTHER, with its two distributions, to its setting %s and deploy it again",
			firstOf(namesOf(f.pairs)), name, flow.Switch.Setting)
	}
	if p := f.pairs[i]; string(a.Candidate) != p.Switch && string(a.Candidate) != p.Other {
		return fmt.Errorf("%s is served by %s or %s, and not by %s: name the one of the two that does not serve it now, or change its pair in the setting %s and deploy again",
			name, p.Switch, p.Other, a.Candidate, flow.Switch.Setting)
	}
	return nil
}

func namesOf(pairs []flow.SwitchPair) []string {
	names := make([]string, len(pairs))
	for i, p := range pairs {
		names[i] = p.Name
	}
	return names
}

func isOn(k flow.Kind, on bool) error {
	if on {
		return nil
	}
	return fmt.Errorf("this stack does not shift %s: give it the setting %s and deploy it again, or leave this target out", k.Title, k.Setting)
}

// firstOf names a few of the items of a setting.
func firstOf(list []string) string {
	const few = 3
	if more := len(list) - few; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:few], ", "), more)
	}
	return strings.Join(list, ", ")
}
