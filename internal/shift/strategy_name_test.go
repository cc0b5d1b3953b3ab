package shift

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// A strategy's name is CodeDeploy's pattern with any numbers, and nothing else is
// one.
func TestTheNamesOfStrategiesFitTheirPattern(t *testing.T) {
	t.Parallel()
	const number = `(\d+(?:\.\d+)?)`
	canary := regexp.MustCompile(`^Canary` + number + `Percent` + number + `Minutes?$`)
	linear := regexp.MustCompile(`^Linear` + number + `PercentEvery` + number + `Minutes?$`)
	rapid.Check(t, func(t *rapid.T) {
		name := ""
		for _, pieces := range [][]string{
			{"Canary", "Linear", "canary", ""}, {"10", "0.5", "5.", ".5", "-1", "1e3", " 1", ""},
			{"Percent", "PercentEvery", "Every"}, {"5", "2.5", "1.2.3", "+1", "Percent5", ""}, {"Minutes", "Minute", "Minutess", "s", "Minutes\n", ""},
		} {
			name += rapid.SampledFrom(pieces).Draw(t, "piece")
		}
		for _, rule := range []struct {
			pattern         *regexp.Regexp
			begins, between string
		}{{canary, "Canary", "Percent"}, {linear, "Linear", "PercentEvery"}} {
			match := rule.pattern.FindStringSubmatch(name)
			share, minutes, ok := splitStrategyName(name, rule.begins, rule.between)
			assert.Equal(t, match != nil, ok, name)
			if ok && match != nil {
				assert.Equal(t, match[1:], []string{share, minutes}, name)
			}
		}
	})
}
