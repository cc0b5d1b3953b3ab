package route53

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/sluice-aws/sluice/internal/shift"
)

// guard is what the guard record says: a token that every write replaces. While the traffic
// is divided it also has the types of the divided records, so that a type that somebody has
// added or removed is noticed.
type guard struct {
	token string
	// additional has each divided type. Its value is a digest of the set identifier of the
	// Candidate's record in a pair of the user's, otherwise it is empty.
	additional map[string]string
}

const (
	tokenBytes = 16
	guardTTL   = 60
)

func newToken(random io.Reader) (string, error) {
	token := make([]byte, tokenBytes)
	if _, err := io.ReadFull(random, token); err != nil {
		return "", fmt.Errorf("draw a token: %w", err)
	}
	return hex.EncodeToString(token), nil
}

func digestOfSet(set string) string {
	sum := sha256.Sum256([]byte(set))
	return hex.EncodeToString(sum[:4])
}

// value returns the guard as the value of a TXT record, in quotes: "7b1f… A=1a2b3c4d AAAA".
func (g guard) value() string {
	text := g.token
	for _, kind := range kinds {
		if set, has := g.additional[kind]; has {
			text += " " + kind
			if set != "" {
				text += "=" + set
			}
		}
	}
	return `"` + text + `"`
}

const hexDigits = "0123456789abcdef"

// parseGuard reads what value has written.
func parseGuard(value string) (guard, bool) {
	fields := strings.Fields(strings.Trim(value, `"`))
	if len(fields) == 0 || len(fields[0]) != 2*tokenBytes || !shift.MadeOf(fields[0], hexDigits) {
		return guard{}, false
	}
	g := guard{token: fields[0], additional: map[string]string{}}
	for _, field := range fields[1:] {
		kind, set, _ := strings.Cut(field, "=")
		g.additional[kind] = set
	}
	return g, g.value() == value // so nothing else is in it
}

// set returns the guard as a record.
func (g guard) set(p place) types.ResourceRecordSet {
	return types.ResourceRecordSet{
		Name: aws.String(p.guard() + "."), Type: types.RRTypeTxt, TTL: aws.Int64(guardTTL),
		ResourceRecords: []types.ResourceRecord{{Value: aws.String(g.value())}},
	}
}

// guardText returns all that the guard's records hold, so that every change of them is
// noticed.
func guardText(sets []types.ResourceRecordSet) string {
	var text strings.Builder
	for _, set := range sets {
		fmt.Fprintf(&text, "%d %q %q\n", aws.ToInt64(set.TTL), aws.ToString(set.SetIdentifier), valuesOf(set))
	}
	return text.String()
}
