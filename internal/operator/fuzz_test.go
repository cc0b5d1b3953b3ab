package operator_test

import (
	"strings"
	"testing"

	"github.com/sluice-aws/sluice/internal/operator"
)

// FuzzParseExecution parses what a person may enter as an execution.
func FuzzParseExecution(f *testing.F) {
	f.Add("arn:aws:states:eu-west-1:111122223333:execution:sluice:main")
	f.Add("arn:aws-cn:states:::execution::x")
	f.Add("arn:aws:states:eu-west-1:111122223333:express:sluice:main:run")
	f.Add(strings.Repeat(":", 7))
	f.Fuzz(func(t *testing.T, text string) {
		x, err := operator.ParseExecution(text)
		if err != nil {
			if x != "" || len(err.Error()) > 1000 {
				t.Errorf("returned %q and an error of %d bytes", x, len(err.Error()))
			}
			return
		}
		if !operator.IsARN(text) || string(x) != text || x.Name() == "" || strings.Contains(x.Name()+x.Region(), ":") {
			t.Errorf("%q was parsed as the name %q in the region %q", text, x.Name(), x.Region())
		}
		x.Console()
	})
}
