package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTableAlignsItsColumnsAndWrapsTheLast(t *testing.T) {
	t.Parallel()
	tb := &table{indent: gutter, right: map[int]bool{0: true}}
	tb.add("NO", "NAME", "")
	tb.add("1", "ä", strings.Repeat("word ", 20)+"end")
	tb.add("22", "longer")
	tb.add("3", "x", "arn:"+strings.Repeat("a", 90)+" then"+noBreakSpace+"on")
	var text strings.Builder
	tb.write(&text)
	assert.Equal(t, `  NO  NAME
   1  ä       word word word word word word word word word word word word word
              word word word word word word word end
  22  longer
   3  x       arn:`+strings.Repeat("a", 90)+`
              then on
`, text.String())
}

func TestAWideTextRunsBelowAllColumns(t *testing.T) {
	t.Parallel()
	tb := &table{indent: gutter}
	tb.add("NO", "NAME", "")
	tb.addWide(strings.Repeat("word ", 16) + "end")
	tb.add("1", "a", "b")
	var text strings.Builder
	tb.write(&text)
	assert.Equal(t, `  NO  NAME
    word word word word word word word word word word word word word word word
    word end
  1   a     b
`, text.String())
}
