package shift

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Weight is a Candidate's share of traffic in basis points, 0 to 10000. It is
// written and shown as percent: 50 is 0.5 %.
type Weight int

const (
	// None is no traffic at all.
	None Weight = 0
	// All is all traffic.
	All Weight = 10000
	// Foreign is the Weight of a Route whose share is not a whole number of basis points.
	// Sluice never writes such a share.
	Foreign Weight = -1
)

// ParsePercent reads a decimal number of percent, exactly. It returns an error
// for anything outside 0 to 100, or finer than a basis point (0.01 %).
func ParsePercent(decimal string) (Weight, error) {
	if w, ok := parseShortPercent(decimal); ok {
		return w, nil
	}
	bp, err := parseHundredths(decimal)
	if err != nil {
		return None, err
	}
	if !bp.IsInt() {
		return None, fmt.Errorf("%s%% is finer than 0.01%%: write at most two decimals", decimal)
	}
	if bp.Sign() < 0 || bp.Cmp(big.NewRat(int64(All), 1)) > 0 {
		return None, fmt.Errorf("%s%% is not between 0 and 100%%", decimal)
	}
	return Weight(bp.Num().Int64()), nil
}

// parseShortPercent reads the usual percentages without arithmetic on fractions: up to 100,
// with up to two decimals.
func parseShortPercent(decimal string) (Weight, bool) {
	whole, fraction, pointed := strings.Cut(decimal, ".")
	if whole == "" || len(whole) > 3 || len(fraction) > 2 || pointed && fraction == "" {
		return None, false
	}
	w := Weight(0)
	for _, digit := range whole + (fraction + "00")[:2] {
		if digit < '0' || digit > '9' {
			return None, false
		}
		w = 10*w + Weight(digit-'0')
	}
	return w, w <= All
}

// maxDecimal bounds the length of a decimal. With isDecimal, it makes a hostile number such
// as 1e999999999 cheap to refuse.
const maxDecimal = 32

// isDecimal says whether a text is a number such as 10 or 0.5, without a sign.
func isDecimal(text string) bool {
	whole, fraction, pointed := strings.Cut(text, ".")
	return MadeOf(whole, Digits) && (!pointed || MadeOf(fraction, Digits))
}

func parseHundredths(decimal string) (*big.Rat, error) {
	r, ok := new(big.Rat), len(decimal) <= maxDecimal && isDecimal(strings.TrimPrefix(decimal, "-"))
	if ok {
		_, ok = r.SetString(decimal)
	}
	if !ok {
		return nil, fmt.Errorf("%.40q is not a plain decimal number", decimal)
	}
	return r.Mul(r, big.NewRat(100, 1)), nil
}

// Percent returns the Weight as a decimal number of percent, without trailing zeros.
func (w Weight) Percent() string {
	return strconv.FormatFloat(float64(w)/100, 'f', -1, 64)
}

// String shows the Weight to people, as in "10%".
func (w Weight) String() string {
	if w == Foreign {
		return "a weight finer than 0.01%"
	}
	return w.Percent() + "%"
}

// MarshalJSON writes the Weight as a number of percent.
func (w Weight) MarshalJSON() ([]byte, error) { return []byte(w.Percent()), nil }

// UnmarshalJSON reads a number of percent.
func (w *Weight) UnmarshalJSON(data []byte) error {
	parsed, err := ParsePercent(string(data))
	if err != nil {
		return fmt.Errorf("a weight is a number of percent: %w", err)
	}
	*w = parsed
	return nil
}
