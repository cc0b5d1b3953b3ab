package cloudfront

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// value is what a key holds. The CloudFront Function reads v, stable, candidate and weight.
type value struct {
	Version   int    `json:"v"`
	Stable    string `json:"stable"`
	Candidate string `json:"candidate,omitempty"`
	// Weight is the candidate's share in basis points. It is there if the candidate is.
	Weight *int `json:"weight,omitempty"`
	// Maker names the Deployment that created the key. The next write removes it.
	Maker string `json:"maker,omitempty"`
	// Nonce differs in each write.
	Nonce string `json:"n"`
}

// valueVersion is the version of the values that this package reads and writes.
const valueVersion = 1

// nonceBytes makes a nonce that no other write has by chance.
const nonceBytes = 16

// noncePattern is the form of a nonce.
var noncePattern = regexp.MustCompile(`^[0-9a-f]{32}$`)

// newNonce returns a nonce from a source of random bytes.
func newNonce(random io.Reader) (string, error) {
	var raw [nonceBytes]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("make a random token: %w", err)
	}
	return fmt.Sprintf("%x", raw), nil
}

// newValue converts a Route. The nonce is not set.
func newValue(r shift.Route) (value, error) {
	v := value{Version: valueVersion, Stable: string(r.Serving), Candidate: string(r.Additional)}
	switch {
	case !flow.IsRelease(v.Stable):
		return value{}, fmt.Errorf("%q is not the id of a release", shift.BoundText(v.Stable, 80))
	case r.Additional == "" && r.Weight != shift.None:
		return value{}, fmt.Errorf("it has a weight of %s but no candidate", r.Weight)
	case r.Additional == "":
		return v, nil
	case !flow.IsRelease(v.Candidate):
		return value{}, fmt.Errorf("%q is not the id of a release", shift.BoundText(v.Candidate, 80))
	case r.Weight < shift.None || r.Weight > shift.All:
		return value{}, fmt.Errorf("%d basis points are not a share of traffic", int(r.Weight))
	}
	weight := int(r.Weight)
	v.Weight = &weight
	return v, nil
}

// encode returns the text of a value.
func (v value) encode() string {
	text, _ := json.Marshal(v) // it can always be encoded
	return string(text)
}

// route converts a value.
func (v value) route() shift.Route {
	r := shift.Route{Serving: shift.Version(v.Stable), Additional: shift.Version(v.Candidate), Maker: v.Maker, Revision: shift.Revision(v.Nonce)}
	if v.Weight != nil {
		r.Weight = shift.Weight(*v.Weight)
	}
	return r
}

// parseValue reads a value of the form that encode writes. It accepts spaces between the
// parts, and nothing else: in any other value, the CloudFront Function could find something
// else than this package does.
func parseValue(text string) (value, error) {
	var v value
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return value{}, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(text)); err != nil {
		return value{}, err
	}
	if compact.String() != v.encode() {
		return value{}, errors.New("it has other parts, or they are in another order")
	}
	return v, v.check()
}

func (v value) check() error {
	switch {
	case v.Version != valueVersion:
		return fmt.Errorf("its version is %d, and not %d", v.Version, valueVersion)
	case !noncePattern.MatchString(v.Nonce):
		return errors.New("its n is not made of 32 hexadecimal digits")
	case (v.Candidate == "") != (v.Weight == nil):
		return errors.New("a candidate and a weight belong together")
	}
	_, err := newValue(v.route())
	return err
}

// foreignRoute is the Route of a value that Sluice did not write. No Deployment explains it,
// since no release has such an id. It has no Revision, so that it is never overwritten.
func foreignRoute(text string) shift.Route {
	return shift.Route{Serving: shift.Version(fmt.Sprintf("(a value that Sluice did not write: %q)", shift.BoundText(text, 120)))}
}

// isForeign says whether foreignRoute made a Route.
func isForeign(r shift.Route) bool { return r.Revision == "" }
