package readme

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const figuresPage = "internal/cmd/figures/README.md"

// rootSection returns the text below a heading of the root's README.
func rootSection(t *testing.T, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(pageAt(t, rootPage).prose, "\n## "+heading+"\n")
	require.True(t, found, heading)
	section, _, _ := strings.Cut(rest, "\n## ")
	return strings.Join(strings.Fields(section), " ")
}

// Every price in the root's README stands in a table that a command prints.
func TestThePricesOfTheRootAreThoseOfTheFigures(t *testing.T) {
	t.Parallel()
	prices := regexp.MustCompile(`\$[0-9.]*[0-9]`).FindAllString(rootSection(t, "What it costs"), -1)
	assert.Len(t, prices, 5)
	figures := strings.ReplaceAll(pageAt(t, figuresPage).prose, "**", "")
	for _, price := range prices {
		assert.True(t, strings.Contains(figures, "| "+price+" |"), "%s is in no table of %s", price, figuresPage)
	}
}

// What the root's README says of the traffic is what the command says that it names.
func TestTheTrafficThatTheRootAsksForIsWhatThePlanSays(t *testing.T) {
	t.Parallel()
	said := regexp.MustCompile(`fails (\d) more requests in 100 is found in (\d+) % of the cases at (\d+) requests a minute, mostly after (\d+) minutes\. At (\d+) a minute, it is found in (\d+) %: ` +
		"`sluice (plan \\S+) --rpm (\\d+)`" + `\. With too few requests, this step waits up to (\d+) more minutes`).FindStringSubmatch(rootSection(t, "When the candidate is bad"))
	require.NotNil(t, said)
	assert.Equal(t, said[5], said[8])
	p := newPerson(t)
	for rpm, cell := range map[string]string{said[3]: said[4] + ":00 (" + said[2] + "%)", said[5]: "no (" + said[6] + "%)"} {
		plan := p.does(t, p.folder, p.sluice, append(words("sluice " + said[7])[1:], "--rpm", rpm)...)
		head := regexp.MustCompile(`(?m)^ +STEP +WEIGHT +BAKES .*$`).FindString(plan)
		column := strings.Index(head, said[1]+"% MORE")
		require.GreaterOrEqual(t, column, 0, plan)
		_, rest, _ := strings.Cut(plan, head+"\n")
		require.Greater(t, len(rest), column)
		assert.True(t, strings.HasPrefix(rest[column:], cell), "at %s requests a minute: %s", rpm, plan)
		assert.Contains(t, plan, "0.1% fail", "one in a thousand")
		assert.Contains(t, plan, "at most "+said[9]+"m after a step's bake")
	}
}
