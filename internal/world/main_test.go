package world

import (
	"io"
	"log/slog"
	"os"
	"testing"

	"github.com/sluice-aws/sluice/internal/localaws/iam"
)

// TestMain keeps the handlers' log lines out of the tests' output, and enforces the stack's
// policies in all tests.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(io.Discard, nil)))
	templates := readTemplates()
	EnforcePolicies(func(s Stack) iam.Template {
		roles, err := templates.Roles(s)
		if err != nil {
			panic(err)
		}
		return roles
	})
	os.Exit(m.Run())
}

// readTemplates reads the golden templates of package infra.
func readTemplates() (t Templates) {
	for name, into := range map[string]*[]byte{"sluice": &t.Default, "sluice-by-name": &t.ByName, "sluice-front-ends": &t.FrontEnds, "sluice-hook-endpoint": &t.HookEndpoint} {
		var err error
		if *into, err = os.ReadFile("../../infra/testdata/" + name + ".template.json"); err != nil {
			panic(err)
		}
	}
	return t
}
