package operator_test

import (
	"strings"
	"testing"

	"sluice/internal/operator"
)

// FuzzParseExecution reads what a person gives as an execution.
func FuzzParseExecution(f *testing.F) {
	f.Add("arn:aws:states:eu-west-1:111122223333:execution:sluice:main")
	f.Add("arn:aws-cn:states:::execution::x")
	f.Add("arn:aws:states:eu-west-1:111122223333:express:sluice:main:run")
	f.Add(strings.Repeat(":", 7))
	f.Fuzz(func(t *testing.T, text string) {
		x, err := operator.ParseExecution(text)
		if err != nil {
			if x != "" || len(err.Error()) > 1000 {
				t.Errorf("%q beside %d bytes of an error", x, len(err.Error()))
			}
			return
		}
		if !operator.IsARN(text) || string(x) != text || x.Name() == "" || strings.Contains(x.Name()+x.Region(), ":") {
			t.Errorf("%q was read as %q of %q", text, x.Name(), x.Region())
		}
		x.Console()
	})
}
