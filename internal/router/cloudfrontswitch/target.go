package cloudfrontswitch

import (
	"fmt"
	"regexp"
	"strings"

	"sluice/internal/shift"
)

// Kind is the kind of a Target that is a name which one of two distributions serves.
const Kind = "switch"

// distributionPattern is the form of a distribution's id.
var distributionPattern = regexp.MustCompile(`^[A-Z0-9]{1,64}$`)

// namePattern is the form of a name with at least three labels. One with two has no wildcard
// that could cover it.
var namePattern = regexp.MustCompile(`^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63}){2,}$`)

// maxName bounds a name, in characters (RFC 1035).
const maxName = 253

// Pair is a name with its two distributions.
type Pair struct {
	Name   string
	Switch string // has the name or not
	Other  string // has the wildcard that covers the name
}

// ParsePairs reads Pairs in the form NAME/SWITCH/OTHER, with spaces between them.
func ParsePairs(text string) ([]Pair, error) {
	var pairs []Pair
	seen := map[string]bool{}
	for _, item := range strings.Fields(text) {
		parts := strings.Split(item, "/")
		if len(parts) != 3 {
			return nil, fmt.Errorf("%q is not of the form NAME/SWITCH/OTHER, as in www.example.com/E1SWITCH/E2OTHER", item)
		}
		p := Pair{Name: parts[0], Switch: parts[1], Other: parts[2]}
		switch {
		case !isName(p.Name):
			return nil, fmt.Errorf("%q is no name that can be switched: %s", p.Name, nameForm)
		case !distributionPattern.MatchString(p.Switch), !distributionPattern.MatchString(p.Other), p.Switch == p.Other:
			return nil, fmt.Errorf("%q does not name two distributions: write their ids, as in www.example.com/E1SWITCH/E2OTHER", item)
		case seen[p.Name]:
			return nil, fmt.Errorf("%s is given twice: leave one pair of distributions", p.Name)
		}
		seen[p.Name] = true
		pairs = append(pairs, p)
	}
	return pairs, nil
}

const nameForm = "write it in lower case, without an asterisk, and with at least three labels, because no wildcard covers a domain such as example.com itself"

func isName(name string) bool { return len(name) <= maxName && namePattern.MatchString(name) }

// NewTarget returns the Target of a name. It returns shift.ErrUnknownTarget.
func NewTarget(name string) (shift.Target, error) {
	t := shift.Target(Kind + ":" + strings.ToLower(name))
	_, err := splitTarget(t)
	return t, err
}

func splitTarget(t shift.Target) (name string, err error) {
	name, ours := strings.CutPrefix(string(t), Kind+":")
	if !ours || !isName(name) {
		return "", fmt.Errorf("%w: %q is not of the form switch:NAME: %s", shift.ErrUnknownTarget, shift.BoundText(string(t), 80), nameForm)
	}
	return name, nil
}

// wildcard is the only wildcard that covers the name both for CloudFront and for browsers: the
// asterisk of a certificate stands for one label.
func (p Pair) wildcard() string {
	_, parent, _ := strings.Cut(p.Name, ".")
	return "*." + parent
}

func (p Pair) has(v shift.Version) bool { return string(v) == p.Switch || string(v) == p.Other }
