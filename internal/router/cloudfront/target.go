package cloudfront

import (
	"fmt"
	"regexp"
	"strings"

	"sluice/internal/shift"
)

// Kind is the kind of a Target that is a CloudFront distribution.
const Kind = "cloudfront"

// distributionPattern is the form of a distribution's id, which is also its key in the store.
var distributionPattern = regexp.MustCompile(`^[A-Z0-9]{1,64}$`)

// releasePattern is the form of a release's id, which is a folder in the bucket.
var releasePattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Target returns the Target of a distribution.
func Target(distribution string) shift.Target { return shift.Target(Kind + ":" + distribution) }

// splitTarget returns the distribution of a Target. It returns shift.ErrUnknownTarget for a
// Target of another kind.
func splitTarget(t shift.Target) (distribution string, err error) {
	distribution, ours := strings.CutPrefix(string(t), Kind+":")
	if !ours || !distributionPattern.MatchString(distribution) {
		return "", fmt.Errorf("%w: %q is not of the form cloudfront:DISTRIBUTION", shift.ErrUnknownTarget, shift.BoundText(string(t), 80))
	}
	return distribution, nil
}

// isRelease says whether a text can be the id of a release. A folder cannot be called . or ..
// in a path.
func isRelease(id string) bool {
	return releasePattern.MatchString(id) && id != "." && id != ".."
}
