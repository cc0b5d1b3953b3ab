package judges

import (
	"testing"
	"time"

	"house/scale"
)

func TestHeavy(t *testing.T) {
	if _, err := scale.Total(9, 10); err == nil {
		t.Error("10 is not too heavy for 9")
	}
}

func TestMetric(t *testing.T) {
	if scale.Kind("kg") != "metric" {
		t.Error("kg is metric")
	}
}

// TestSlow would notice more, and takes too long.
func TestSlow(t *testing.T) {
	time.Sleep(time.Minute)
	if scale.Kind("lb") != "imperial" {
		t.Error("lb is imperial")
	}
}
