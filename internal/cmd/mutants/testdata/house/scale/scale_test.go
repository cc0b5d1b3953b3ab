package scale

import "testing"

func TestTotal(t *testing.T) {
	if total, err := Total(9, 4, -1, 4); total != 8 || err != nil {
		t.Error(total, err)
	}
	if Spin(3) != 3 {
		t.Error("it does not turn three times")
	}
}
