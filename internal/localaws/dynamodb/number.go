package dynamodb

import (
	"math/big"
	"strconv"
	"strings"
)

// Numbers are decimals of up to 38 significant digits, between 1E-130 and 9.99…E+125
// (DynamoDB developer guide, "Data types: Number"). They are kept as text in the
// canonical form in which DynamoDB returns them: no exponent, no redundant zeros, no
// minus before zero. So equal numbers are equal strings.
const (
	maxDigits    = 38
	maxMagnitude = 125
	minMagnitude = -130
)

// canonicalNumber returns the canonical form of a number.
func canonicalNumber(text string) (string, error) {
	if isShortInteger(text) {
		return text, nil
	}
	unconvertible := invalid("The parameter cannot be converted to a numeric value: %s", text)
	mantissa, exponent, ok := splitExponent(text)
	if !ok {
		return "", unconvertible
	}
	unsigned, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(unsigned, ".")
	if whole+fraction == "" || !isDigits(whole) || !isDigits(fraction) {
		return "", unconvertible
	}
	if strings.Trim(whole+fraction, "0") == "" {
		// For zero, DynamoDB checks the written exponent against the range.
		return "0", inRange(exponent)
	}
	return formatNumber(negative, whole+fraction, exponent, len(fraction))
}

// isShortInteger reports whether text is an integer that is certainly canonical. Nearly
// all numbers are.
func isShortInteger(text string) bool {
	return len(text) > 0 && len(text) <= maxDigits && isDigits(text) && (text[0] != '0' || len(text) == 1)
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// splitExponent splits off the exponent. An exponent that does not fit in 64 bits is a
// conversion error; the range check handles a smaller one.
func splitExponent(text string) (mantissa string, exponent int64, ok bool) {
	at := strings.IndexAny(text, "eE")
	if at < 0 {
		return text, 0, true
	}
	digits := text[at+1:]
	if len(digits) > 1 && (digits[0] == '+' || digits[0] == '-') {
		digits = digits[1:]
	}
	exponent, err := strconv.ParseInt(text[at+1:], 10, 64)
	return text[:at], exponent, err == nil && isDigits(digits)
}

func inRange(magnitude int64) error {
	switch {
	case magnitude > maxMagnitude:
		return invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
	case magnitude < minMagnitude:
		return invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
	default:
		return nil
	}
}

// formatNumber formats digits × 10^(exponent − fraction), which must not be zero.
func formatNumber(negative bool, digits string, exponent int64, fraction int) (string, error) {
	digits = strings.TrimLeft(digits, "0")
	// An exponent near the limits of 64 bits must not overflow here.
	if err := inRange(max(min(exponent, 1<<32), -1<<32) + int64(len(digits)-fraction-1)); err != nil {
		return "", err
	}
	point := len(digits) - fraction + int(exponent) // digits before the decimal point
	digits = strings.TrimRight(digits, "0")
	if len(digits) > maxDigits {
		return "", invalid("Attempting to store more than 38 significant digits in a Number")
	}
	var text strings.Builder
	if negative {
		text.WriteByte('-')
	}
	switch {
	case point <= 0:
		text.WriteString("0." + strings.Repeat("0", -point) + digits)
	case point >= len(digits):
		text.WriteString(digits + strings.Repeat("0", point-len(digits)))
	default:
		text.WriteString(digits[:point] + "." + digits[point:])
	}
	return text.String(), nil
}

// compareNumbers compares two canonical numbers by value.
func compareNumbers(a, b string) int {
	a, aNegative := strings.CutPrefix(a, "-")
	b, bNegative := strings.CutPrefix(b, "-")
	switch {
	case aNegative && bNegative:
		return compareMagnitudes(b, a)
	case aNegative:
		return -1
	case bNegative:
		return 1
	default:
		return compareMagnitudes(a, b)
	}
}

func compareMagnitudes(a, b string) int {
	aWhole, aFraction, _ := strings.Cut(a, ".")
	bWhole, bFraction, _ := strings.Cut(b, ".")
	if len(aWhole) != len(bWhole) {
		return len(aWhole) - len(bWhole)
	}
	if order := strings.Compare(aWhole, bWhole); order != 0 {
		return order
	}
	return strings.Compare(aFraction, bFraction)
}

// addNumbers adds two canonical numbers exactly. A sum that needs more than 38 digits
// is an error, because it could not be stored.
func addNumbers(a, b string) (string, error) {
	if sum, ok := addShortIntegers(a, b); ok {
		return sum, nil
	}
	scale := max(fractionDigits(a), fractionDigits(b))
	sum := scaleToInteger(a, scale)
	sum.Add(sum, scaleToInteger(b, scale))
	if sum.Sign() == 0 {
		return "0", nil
	}
	digits, negative := strings.CutPrefix(sum.String(), "-")
	return formatNumber(negative, digits, 0, scale)
}

func subtractNumbers(a, b string) (string, error) {
	if positive, negative := strings.CutPrefix(b, "-"); negative {
		return addNumbers(a, positive)
	}
	if b == "0" {
		return a, nil
	}
	return addNumbers(a, "-"+b)
}

func addShortIntegers(a, b string) (string, bool) {
	const maxDigits64 = 18 // characters, with a sign: neither the terms nor the sum overflow 64 bits
	if len(a) > maxDigits64 || len(b) > maxDigits64 {
		return "", false
	}
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	if errX != nil || errY != nil {
		return "", false
	}
	return strconv.FormatInt(x+y, 10), true
}

func fractionDigits(number string) int {
	_, fraction, _ := strings.Cut(number, ".")
	return len(fraction)
}

// scaleToInteger returns number × 10^scale. scale must be large enough to leave no
// fraction.
func scaleToInteger(number string, scale int) *big.Int {
	whole, fraction, _ := strings.Cut(number, ".")
	digits := whole + fraction + strings.Repeat("0", scale-len(fraction))
	value, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		panic("dynamodb: not a canonical number: " + number)
	}
	return value
}

// numberSize returns the size of a canonical number in an item, in bytes: one, plus one
// for each two digits on either side of the decimal point, plus one for a minus.
// Leading and trailing zeros do not count. (The developer guide calls its own, simpler
// rule approximate; this one was measured against the service by the
// paritysuite/dynamodb-conformance project.)
func numberSize(number string) int {
	if number == "0" {
		return 1
	}
	magnitude, negative := strings.CutPrefix(number, "-")
	whole, fraction, _ := strings.Cut(magnitude, ".")
	if fraction == "" {
		whole = strings.TrimRight(whole, "0")
	}
	if whole == "0" {
		whole, fraction = "", strings.TrimLeft(fraction, "0")
	}
	size := 1 + (len(whole)+1)/2 + (len(fraction)+1)/2
	if negative {
		size++
	}
	return size
}
