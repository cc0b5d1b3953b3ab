// Package edge holds the CloudFront Function that runs at the edges of CloudFront, and what
// others have to know of it: which release a viewer gets. Source is the function's text. Bucket
// and Release decide in Go what the function decides in JavaScript; a test holds the two
// together.
package edge

import (
	"crypto/sha256"
	_ "embed" // for function.js
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

const (
	// ReleasesPath begins the paths of all releases. A request for such a path is not changed.
	ReleasesPath = "/releases/"
	// PreviewHeader names a release that the request shall get. It is obeyed for the two
	// releases in the key only.
	PreviewHeader = "x-sluice-preview"
	// BucketCookie is the cookie that fixes a viewer's bucket, if the site sets it.
	BucketCookie = "sluice-bucket"
)

// MaxSource is how large a function may be, in bytes (CloudFront Developer Guide, quotas on
// CloudFront Functions).
const MaxSource = 10 << 10

// Buckets is the number of buckets: one for each basis point.
const Buckets = 10000

//go:embed function.js
var source string

// emptyFallback is the line of the function that Source completes.
const emptyFallback = "const FALLBACK = '';"

// Source returns the function's text with the release that viewers get while the key is
// missing or cannot be understood.
func Source(fallback string) (string, error) {
	if !isRelease(fallback) {
		return "", fmt.Errorf("%.80q is not the id of a release: it has 1 to 64 letters, digits, dots, hyphens and underscores", fallback)
	}
	return strings.Replace(source, emptyFallback, "const FALLBACK = '"+fallback+"';", 1), nil
}

var releasePattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func isRelease(id string) bool {
	return releasePattern.MatchString(id) && id != "." && id != ".."
}

var cookiePattern = regexp.MustCompile(`^[0-9]{1,4}$`)

// Bucket returns the bucket of a viewer, from 0 to 9999. cookie is the value of BucketCookie,
// or empty.
func Bucket(cookie, ip, userAgent string) int {
	if cookiePattern.MatchString(cookie) {
		bucket, _ := strconv.Atoi(cookie) // four digits
		return bucket
	}
	hash := sha256.Sum256([]byte(ip + "\n" + userAgent))
	return int(binary.BigEndian.Uint32(hash[:]) % Buckets)
}

// Release returns the release that a bucket gets, if the key holds a text. If the key is
// missing, text is empty.
func Release(text, fallback string, bucket int) string {
	stable, candidate, weight, ok := parse(text)
	switch {
	case !ok:
		return fallback
	case float64(bucket) < weight:
		return candidate
	}
	return stable
}

// parse reads a value as leniently as the function does.
func parse(text string) (stable, candidate string, weight float64, ok bool) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var route map[string]any // its keys are compared exactly
	if err := decoder.Decode(&route); err != nil || decoder.InputOffset() != int64(len(strings.TrimRight(text, " \t\r\n"))) {
		return "", "", 0, false
	}
	stable, _ = route["stable"].(string)
	if !isRelease(stable) || number(route["v"]) != 1 {
		return "", "", 0, false
	}
	candidate, _ = route["candidate"].(string)
	weight = number(route["weight"])
	if !isRelease(candidate) || weight != math.Trunc(weight) || math.IsInf(weight, 0) {
		return stable, stable, 0, true
	}
	return stable, candidate, weight, true
}

// number returns the number that JavaScript makes of a member, or NaN, which equals nothing.
func number(member any) float64 {
	decimal, ok := member.(json.Number)
	if !ok {
		return math.NaN()
	}
	value, _ := decimal.Float64() // with an error it is infinite, as in JavaScript
	return value
}
