package flow

import (
	"fmt"
	"strings"
)

// SwitchPair is a name with the two distributions of which one serves it.
type SwitchPair struct {
	Name   string
	Switch string // has the name itself, or has not
	Other  string // has the wildcard that covers the name
}

// String returns the pair in the form that the setting of Switch has.
func (p SwitchPair) String() string { return p.Name + "/" + p.Switch + "/" + p.Other }

// ParseSwitchPairs reads pairs in the form NAME/SWITCH/OTHER, with spaces between them.
func ParseSwitchPairs(text string) ([]SwitchPair, error) {
	var pairs []SwitchPair
	seen := map[string]bool{}
	for _, item := range strings.Fields(text) {
		p, err := parseSwitchPair(item)
		switch {
		case err != nil:
			return nil, err
		case seen[p.Name]:
			return nil, fmt.Errorf("%q appears twice: leave one pair of distributions for it", p.Name)
		case seen[p.Switch]:
			return nil, fmt.Errorf("the distribution %s is the SWITCH of two names, and their writes would refuse each other: give each name one of its own", p.Switch)
		}
		seen[p.Name], seen[p.Switch] = true, true
		pairs = append(pairs, p)
	}
	return pairs, nil
}

func parseSwitchPair(item string) (SwitchPair, error) {
	parts := strings.Split(item, "/")
	if len(parts) != 3 {
		return SwitchPair{}, fmt.Errorf("%.80q is not of the form NAME/SWITCH/OTHER, such as www.example.com/E1SWITCH/E2OTHER", item)
	}
	p := SwitchPair{Name: parts[0], Switch: parts[1], Other: parts[2]}
	switch {
	case !IsSwitchedName(p.Name):
		return p, fmt.Errorf("%.80q %s", p.Name, NoSwitchedName)
	case !IsDistribution(p.Switch):
		return p, fmt.Errorf("%.80q %s", p.Switch, NoDistribution)
	case !IsDistribution(p.Other):
		return p, fmt.Errorf("%.80q %s", p.Other, NoDistribution)
	case p.Switch == p.Other:
		return p, fmt.Errorf("%.80q names one distribution twice: name the one that has the name or not, and the other one that has the wildcard", item)
	}
	return p, nil
}
