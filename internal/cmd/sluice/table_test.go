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
	tb.add("3", "x", "arn:"+strings.Repeat("a", 90)+" then"+glue+"on")
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

func TestNumbersAreGroupedByThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567"} {
		assert.Equal(t, want, grouped(n))
	}
	assert.Equal(t, "1 step", counted(1, "step", "steps"))
	assert.Equal(t, "0 steps", counted(0, "step", "steps"))
}
