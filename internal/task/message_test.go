package task

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/sluice-aws/sluice/internal/shift"
)

// FuzzMessage reads the cause of a failure, which may be a user's hook's own text.
func FuzzMessage(f *testing.F) {
	f.Add(`{"errorMessage":"no","errorType":"Refused"}`)
	f.Add(`{"errorMessage":""}`)
	f.Add(`{"errorMessage":{"deep":[]}}`)
	f.Add("")
	f.Add("a text\nof lines\x00")
	f.Add(strings.Repeat("x", 40_000))
	f.Fuzz(func(t *testing.T, cause string) {
		text := errorMessage(cause)
		if text == "" {
			t.Error("nobody is told why")
		}
		var report struct {
			ErrorMessage string `json:"errorMessage"`
		}
		if json.Unmarshal([]byte(cause), &report) == nil && report.ErrorMessage != "" && text != report.ErrorMessage {
			t.Errorf("%q was made of the message %q", text, report.ErrorMessage)
		}
		for _, reason := range shift.Texts(shift.BoundReasons([]shift.Reason{{Text: text}})) {
			if len(reason) > 1024+3 || strings.ContainsAny(reason, "\n\r\x00") {
				t.Errorf("a reason is stored unbounded, or in lines: %q", reason)
			}
		}
	})
}
