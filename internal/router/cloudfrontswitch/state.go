package cloudfrontswitch

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"github.com/sluice-aws/sluice/internal/shift"
)

// maxComment bounds the comment of a distribution, in characters (DistributionConfig,
// Comment).
const maxComment = 128

// state is the configuration of a distribution, with its ETag.
type state struct {
	config *types.DistributionConfig
	etag   string
}

// isSameName compares names as DNS does.
func isSameName(name string) func(string) bool {
	return func(other string) bool { return strings.EqualFold(name, other) }
}

// hasName says whether the distribution has an alternate name.
func (s state) hasName(name string) bool {
	return s.config.Aliases != nil && slices.ContainsFunc(s.config.Aliases.Items, isSameName(name))
}

// route is what the switch's configuration means for the name.
func (s state) route(p pair) shift.Route {
	found := shift.Route{Serving: shift.Version(p.Other), Revision: shift.Revision(s.etag)}
	if s.hasName(p.Name) {
		found.Serving = shift.Version(p.Switch)
	}
	return found
}

// checkEnabled returns shift.ErrRouteRefused for a distribution that serves nobody.
func (s state) checkEnabled(name, distribution string) error {
	if !aws.ToBool(s.config.Enabled) {
		return fmt.Errorf("%w: nobody would serve %s, because %s is disabled: enable it", shift.ErrRouteRefused, name, distribution)
	}
	return nil
}

// turn adds the name, or takes it away.
func (s state) turn(name string) {
	var names []string
	if s.config.Aliases != nil {
		names = slices.Clone(s.config.Aliases.Items)
	}
	if s.hasName(name) {
		names = slices.DeleteFunc(names, isSameName(name))
	} else {
		names = append(names, name)
	}
	s.config.Aliases = &types.Aliases{Quantity: aws.Int32(int32(len(names))), Items: names}
}

// marked returns another comment that people cannot tell apart from the one that is there: a
// space at its end comes or goes.
func (s state) marked() string {
	comment := aws.ToString(s.config.Comment)
	if without, marked := strings.CutSuffix(comment, " "); marked {
		return without
	}
	return comment + " "
}

// canMark says whether the comment has room for the space.
func (s state) canMark() bool { return utf8.RuneCountInString(s.marked()) <= maxComment }
