package eventbridge

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// pattern is an event pattern: the source and the detail-type, each one of some texts. Patterns
// on other members, and comparisons other than for equality, are refused.
type pattern struct{ sources, detailTypes []string }

func parsePattern(text string) (pattern, error) {
	var given map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &given) != nil || len(given) == 0 {
		return pattern{}, protocol.NewError(http.StatusBadRequest, "InvalidEventPatternException", "Event pattern is not valid.")
	}
	var p pattern
	lists := map[string]*[]string{"source": &p.sources, "detail-type": &p.detailTypes}
	for member, value := range given {
		if lists[member] == nil || json.Unmarshal(value, lists[member]) != nil {
			return pattern{}, protocol.NotImplemented(Name, "PutRule with a pattern on anything but texts of source and detail-type")
		}
	}
	// AWS's own services put their events on the bus by other ways than PutEvents. Here these
	// events reach no rules.
	if len(p.sources) == 0 || slices.ContainsFunc(p.sources, func(source string) bool { return strings.HasPrefix(source, "aws.") }) {
		return pattern{}, protocol.NotImplemented(Name, "PutRule for events of AWS's own services")
	}
	return p, nil
}

func (p pattern) matches(e Event) bool {
	return slices.Contains(p.sources, e.Source) && (p.detailTypes == nil || slices.Contains(p.detailTypes, e.DetailType))
}
