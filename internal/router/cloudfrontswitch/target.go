package cloudfrontswitch

import (
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// pair is a name with its two distributions.
type pair struct{ flow.SwitchPair }

// wildcard is the only wildcard that covers the name both for CloudFront and for browsers: the
// asterisk of a certificate stands for one label.
func (p pair) wildcard() string {
	_, parent, _ := strings.Cut(p.Name, ".")
	return "*." + parent
}

func (p pair) has(v shift.Version) bool { return string(v) == p.Switch || string(v) == p.Other }
