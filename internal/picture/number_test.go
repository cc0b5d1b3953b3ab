package picture_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/picture"
)

func TestNumbersAreGroupedByThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567"} {
		assert.Equal(t, want, picture.GroupDigits(n))
	}
	assert.Equal(t, "1 step", picture.Quantity(1, "step", "steps"))
	assert.Equal(t, "0 steps", picture.Quantity(0, "step", "steps"))
}
